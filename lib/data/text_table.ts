/**
 * Tables in text files as people have them: plain or gzipped, with one or two characters between the fields, quoted or
 * not, in any encoding that text.ts knows. DuckDB reads them.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { dsvFormat } from "d3-dsv";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { InputError } from "./errors.ts";
import { sqlText, withDuckDB } from "./parquet.ts";
import { gunzip, headOf, kindOf } from "./source_file.ts";
import { type Encoding, encodingOf, writeUtf8 } from "./text.ts";

/** How a table is written. */
export interface TextForm {
  /** What stands between the fields. Quotes have no meaning where it is `::` or `|`. */
  separator: string;
  /** Whether the first line names the columns. */
  header: boolean;
}

/**
 * Opens a table in a text file.
 *
 * @param path The file. A gzipped one is unpacked first.
 * @param findForm Tells from the first lines how the table is written.
 * @param use Gets the connection to DuckDB; `source`, the rows in the order of the file as an SQL table function whose
 * columns `c0`, `c1`, … are texts, empty ones NULL; the form; and `lineOf`, which finds the line of a row, from 1.
 * @throws {InputError} When the file is a folder, a zip archive, Parquet, or a gzip file that is cut, or DuckDB cannot
 * read it.
 */
export async function withTextTable<Form extends TextForm, T>(
  path: string,
  findForm: (lines: string[]) => Form,
  use: (table: {
    connection: DuckDBConnection;
    source: string;
    form: Form;
    lineOf: (row: number) => Promise<{ line: number; text: string }>;
  }) => Promise<T>,
): Promise<T> {
  const kind = kindOf(path);
  if (kind === "zip") {
    throw new InputError(`${path}: expected a text file but found a zip archive; unpack it and give the file within`);
  }
  if (kind === "parquet") throw new InputError(`${path}: expected a text file but found Parquet; export it as CSV`);
  if (kind === "gzip") {
    return await withCopy(path, (copy) => gunzip(path, copy), (copy) => withTextTable(copy, findForm, use));
  }
  const inUtf8 = (encoding?: Encoding) =>
    withCopy(path, (copy) => writeUtf8(path, copy, encoding), (copy) => withTextTable(copy, findForm, use));
  const head = headOf(path, 1 << 16);
  if (encodingOf(head) !== "UTF-8") return await inUtf8();
  const lines = new TextDecoder().decode(head).split(/\r?\n/);
  // The end of the head may cut a line.
  if (lines.length > 1) lines.pop();
  const form = findForm(lines);
  const columns = fieldsOf(lines[0], form.separator).map((_, c) => `c${c}: 'VARCHAR'`).join(", ");
  const quote = sqlText(/::|\|/.test(form.separator) ? "" : '"');
  const source = `read_csv(${sqlText(path)}, delim = ${sqlText(form.separator)}, quote = ${quote}, escape = ${quote},
    header = ${form.header}, columns = {${columns}}, auto_detect = false, strict_mode = false, null_padding = true)`;
  try {
    return await withDuckDB((connection) =>
      use({ connection, source, form, lineOf: (row) => lineOf(path, form, row) })
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    // The first letter beyond ASCII may stand far behind the head.
    if (/not utf-8 encoded/.test(String(error))) return await inUtf8("Windows-1252");
    throw new InputError(`${path}: expected a table in text but DuckDB says: ${String(error).slice(0, 300)}`);
  }
}

/** The fields of a line, without the quotes around them; `separator` stands between fields. */
export function fieldsOf(line: string, separator: string): string[] {
  return separator.length > 1 ? line.split(separator) : dsvFormat(separator).parseRows(line)[0] ?? [];
}

/** Rows as DuckDB counts them: empty lines are none. */
async function lineOf(path: string, { header }: TextForm, row: number): Promise<{ line: number; text: string }> {
  let line = 0;
  let rows = header ? -1 : 0;
  for await (const text of createInterface({ input: createReadStream(path) })) {
    line++;
    if (text !== "" && ++rows === row) return { line, text };
  }
  return { line, text: "" };
}

/** Works with a copy of a file in plain UTF-8; messages name the file itself. */
async function withCopy<T>(
  path: string,
  write: (copy: string) => Promise<unknown>,
  use: (copy: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "segue-table-"));
  const copy = join(folder, "copy");
  try {
    await write(copy);
    return await use(copy);
  } catch (error) {
    throw error instanceof InputError ? new InputError(error.message.replaceAll(copy, path)) : error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
