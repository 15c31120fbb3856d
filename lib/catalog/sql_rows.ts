/** Source files as rows of a DuckDB table, each row checked by the exact rules. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { InputError } from "../data/errors.ts";
import { describeParquet, queryColumns, sqlName, sqlText } from "../data/parquet.ts";
import { SEPARATORS } from "../data/separator.ts";
import { kindOf } from "../data/source_file.ts";
import { unpackZip } from "../data/zip.ts";
import type { CatalogColumn } from "./catalog.ts";
import { type CsvScan, scanCsv } from "./csv_scan.ts";
import { type Form, recogniseForm } from "./forms.ts";
import { checkedRows, givenColumns, goodValue, type SourceColumns, sourceText } from "./read_sql.ts";
import { tellReadings } from "./readings.ts";
import type { Reject } from "./rejects.ts";
import { isNumeric, sqlType } from "./rules.ts";

/** An opened file, and the rows that DuckDB reads from it. */
export interface Source extends SourceColumns, Pick<CsvScan, "records" | "damaged" | "blankLines" | "lineOf"> {
  /** The file, or the archive and the file in it. */
  file: string;
  /** How the text is written, where that is unusual: `Windows-1252, semicolons`. */
  written: string;
}

/** A file of an archive that is no catalogue. */
export interface LeftOut {
  /** Path of the file. */
  file: string;
  /** Why it is left out. */
  reason: string;
}

/** Files of an archive that may be catalogues. */
const TABLES = /\.(?:csv|tsv|tab|txt|parquet)(?:\.gz)?$/i;

/**
 * Opens a file, or the catalogues in a zip archive. Temporary files begin with the path `scratch`.
 *
 * @returns What was opened, and what else the archive holds.
 * @throws {InputError} When a file is empty, of no known form or not text, or an archive holds no catalogue.
 */
export async function openSources(
  connection: DuckDBConnection,
  file: string,
  map: Record<string, string>,
  scratch: string,
  forms?: readonly Form[],
): Promise<{ sources: Source[]; leftOut: LeftOut[] }> {
  if (kindOf(file) !== "zip") {
    return { sources: [await openSource(connection, file, map, scratch, forms)], leftOut: [] };
  }
  const sources: Source[] = [];
  const leftOut: LeftOut[] = [];
  const others: string[] = [];
  const tables = await unpackZip(file, `${scratch}.zip`, (name) => TABLES.test(name) || others.push(name) < 0);
  for (const { name, path } of tables) {
    const inArchive = `${file}/${name}`;
    try {
      const source = await openSource(connection, path, map, path, forms);
      if (source.records + source.damaged.length === 0) {
        leftOut.push({ file: name, reason: "has a header but no rows" });
      } else sources.push({ ...source, file: inArchive });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      leftOut.push({ file: name, reason: error.message.replace(`${path}: `, "") });
    }
  }
  if (sources.length > 0) {
    return { sources, leftOut: [...leftOut, ...others.map((file) => ({ file, reason: "is no table" }))] };
  }
  const [first] = leftOut;
  if (first) throw new InputError(`${file}/${first.file}: ${first.reason}`);
  const isBook = others.includes("xl/workbook.xml");
  const found = isBook ? "an Excel workbook; save it as CSV" : others.slice(0, 5).join(", ") || "nothing";
  throw new InputError(`${file}: expected a zip archive with a CSV, TSV or Parquet file in it but found ${found}`);
}

async function openSource(
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
      ...{ file, form, sql, types, records, damaged: [], blankLines: 0, control: true, readings: {}, written: "" },
      lineOf: (record) => record + 1,
    };
  }
  const scan = await scanCsv(file, scratch);
  const form = recogniseForm(file, scan.header, map, forms, scan.sample);
  const names = scan.header.map((name, c) => scan.header.indexOf(name) === c && name !== "" ? name : `column ${c}`);
  const definition = names.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(", ");
  const quote = sqlText(scan.quoted ? '"' : "");
  // Not strict: the scan was, and DuckDB 1.5 reads lines that end in LF here and in CRLF there only so. No new_line: it
  // reads no rows at all when that is given as \r\n.
  const sql = `read_csv(${sqlText(scan.path)}, auto_detect = false, header = false, skip = ${scan.headerLine},
      columns = {${definition}}, delim = ${sqlText(scan.separator)}, quote = ${quote}, escape = ${quote},
      strict_mode = false, compression = 'none', parallel = ${!scan.multiline})`;
  const written = [
    ...(scan.encoding === "UTF-8" ? [] : [scan.encoding]),
    ...(scan.separator === "," ? [] : [SEPARATORS[scan.separator]]),
    ...(scan.quoted ? [] : ["no quotes"]),
  ].join(", ");
  const types = Object.fromEntries(names.map((name) => [name, "VARCHAR"]));
  return { ...scan, file, form, sql, types, readings: {}, written };
}

/**
 * Fills table `tracks` with the rows that are good, in order of their rowid. A source with values that cannot be is read
 * once more when another way of writing explains them.
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
  await connection.run(
    `CREATE TABLE tracks (${definition}, fix UTINYINT, problem VARCHAR, odd VARCHAR, work_key UBIGINT)`,
  );
  const rejects: Reject[][] = [];
  let [first, seen] = [0, 0];
  for (const source of sources) {
    const { file, records, damaged } = source;
    const load = () => connection.run(`INSERT INTO tracks BY NAME ${checkedRows(source, columns, dropMissing)}`);
    if (records > 0) {
      await connection.run("BEGIN");
      await load();
      const countStrange = () =>
        scalar(connection, "SELECT count_if(contains(problem, ' but found ') OR odd IS NOT NULL) FROM tracks");
      const isRead = await countStrange() > seen && await findReadings(connection, source);
      await connection.run(isRead ? "ROLLBACK" : "COMMIT");
      if (isRead) await load();
      seen = await countStrange();
    }
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

/** Sets the readings of a source; true when there are any. */
async function findReadings(connection: DuckDBConnection, source: Source): Promise<boolean> {
  const { sql, form, types } = source;
  const told = givenColumns(form).filter((name) => isNumeric(name) || name === "release_date");
  const values = Object.fromEntries(told.map((name) => [name, sourceText(name, form, types)]));
  source.readings = await tellReadings(connection, sql, values, form.columns, goodValue);
  return Object.keys(source.readings).length > 0;
}

/** The single number that a query gives. */
export async function scalar(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await connection.runAndReadAll(sql)).getRows()[0][0]);
}
