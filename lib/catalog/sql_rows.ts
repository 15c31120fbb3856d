/** Source files as rows of a DuckDB table, each row checked by the exact rules. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { describeParquet, queryColumns, sqlName, sqlText } from "../data/parquet.ts";
import { kindOf } from "../data/source_file.ts";
import type { CatalogColumn } from "./catalog.ts";
import { type CsvScan, scanCsv } from "./csv_scan.ts";
import { type Form, recogniseForm } from "./forms.ts";
import { checkedRows, type SourceColumns } from "./read_sql.ts";
import type { Reject } from "./rejects.ts";
import { sqlType } from "./rules.ts";

/** An opened file, and the rows that DuckDB reads from it. */
export interface Source extends SourceColumns, Pick<CsvScan, "records" | "damaged" | "blankLines" | "lineOf"> {
  file: string;
}

/**
 * Opens a file: tells its form, and how DuckDB is to read it. Temporary files begin with the path `scratch`.
 *
 * @throws {InputError} When the file is empty, of no known form or not text.
 */
export async function openSource(
  connection: DuckDBConnection,
  file: string,
  map: Record<string, string>,
  scratch: string,
  forms?: readonly Form[],
): Promise<Source> {
  if (kindOf(file) === "parquet") {
    const types = await describeParquet(connection, file);
    const form = recogniseForm(file, Object.keys(types), map, forms);
    const sql = `read_parquet(${sqlText(file)})`;
    const records = await scalar(connection, `SELECT count(*) FROM ${sql}`);
    return {
      ...{ file, form, sql, types, records, damaged: [], blankLines: 0, control: true },
      lineOf: (record) => record + 1,
    };
  }
  const scan = await scanCsv(file, scratch);
  const form = recogniseForm(file, scan.header, map, forms);
  const names = scan.header.map((name, c) => scan.header.indexOf(name) === c && name !== "" ? name : `column ${c}`);
  const definition = names.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(", ");
  // Not strict: the scan was, and DuckDB 1.5 reads lines that end in LF here and in CRLF there only so. No new_line: it
  // reads no rows at all when that is given as \r\n.
  const sql = `read_csv(${sqlText(scan.path)}, auto_detect = false, header = false, skip = 1,
      columns = {${definition}}, delim = ',', quote = '"', escape = '"',
      strict_mode = false, compression = 'none', parallel = ${!scan.multiline})`;
  return { ...scan, file, form, sql, types: Object.fromEntries(names.map((name) => [name, "VARCHAR"])) };
}

/**
 * Fills table `tracks` with the rows that are good, in order of their rowid.
 *
 * @returns The rows that are not.
 */
export async function loadSources(
  connection: DuckDBConnection,
  sources: readonly Source[],
  columns: readonly CatalogColumn[],
  dropMissing: boolean,
): Promise<Reject[]> {
  const definition = columns.map((name) => `${sqlName(name)} ${sqlType(name)}`).join(", ");
  await connection.run(`CREATE TABLE tracks (${definition}, fix UTINYINT, problem VARCHAR, work_key UBIGINT)`);
  const rejects: Reject[][] = [];
  let first = 0;
  for (const source of sources) {
    const { file, records, damaged } = source;
    if (records > 0) await connection.run(`INSERT INTO tracks BY NAME ${checkedRows(source, columns, dropMissing)}`);
    const total = await scalar(connection, "SELECT count(*) FROM tracks");
    if (total - first !== records) {
      throw new Error(`${file}: ${records} records by our scan but ${total - first} by DuckDB's`);
    }
    const { record, track_id, problem } = await queryColumns(
      connection,
      `SELECT rowid - ${first} AS record, track_id, problem FROM tracks WHERE problem IS NOT NULL AND rowid >= ${first}`,
    ) as { record: Float64Array; track_id: (string | null)[]; problem: string[] };
    const wrong = Array.from(record, (i, r): Reject => {
      return { file, line: source.lineOf(i), id: track_id[r] ?? "", reason: problem[r] };
    });
    const broken = damaged.map((damage): Reject => ({ file, id: "", ...damage }));
    rejects.push([...broken, ...wrong].sort((a, b) => a.line - b.line));
    first = total;
  }
  await connection.run("DELETE FROM tracks WHERE problem IS NOT NULL");
  return rejects.flat();
}

/** The single number that a query gives. */
export async function scalar(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await connection.runAndReadAll(sql)).getRows()[0][0]);
}
