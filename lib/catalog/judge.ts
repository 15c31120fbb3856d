/**
 * What the exact rules in SQL say of the rows of a table that the kernel leaves open.
 *
 * @module
 */
import { type DuckDBConnection, DuckDBDataChunk, INTEGER, VARCHAR } from "@duckdb/node-api";
import { writeAtomic } from "../storage/atomic.ts";
import { type ColumnValues, queryColumns, withDuckDB } from "../storage/parquet.ts";
import { registerPythonList } from "./read_sql.ts";
import { isList, isNumeric } from "./rules.ts";
import { csvColumns, loadSources } from "./sql_rows.ts";
import type { OpenRows, Table } from "./table.ts";
import { bareTitle, plainOr, plainText } from "./work.ts";

const CHUNK = 2048;

/** What the exact rules say. */
export interface Judged {
  /** Rows that are no good, ascending. */
  problems: { row: number; id: string; problem: string }[];
  /** Odd rows that are good after all. */
  changed: number[];
}

/**
 * Lets the exact rules judge the odd rows and make the keys that the kernel cannot.
 *
 * @param table The table; odd rows that are good after all are put into it.
 * @param open The open rows.
 * @param scratch Path of a temporary file, which the caller removes.
 * @returns The judgement; nothing when the table cannot hold a row.
 */
export async function judgeOpenRows(
  table: Table,
  { odd, exactKeys }: OpenRows,
  scratch: string,
): Promise<Judged | undefined> {
  return await withDuckDB(async (connection) => {
    const judged = odd.length > 0 ? await judgeOdd(connection, table, odd, scratch) : { problems: [], changed: [] };
    if (!judged) return undefined;
    await makeKeys(connection, table, [...exactKeys, ...judged.changed]);
    return judged;
  });
}

async function judgeOdd(
  connection: DuckDBConnection,
  table: Table,
  odd: number[],
  scratch: string,
): Promise<Judged | undefined> {
  const { header, form, columns, dropMissing, crlf } = table.file;
  writeAtomic(scratch, chain(new TextEncoder().encode(crlf ? "header\r\n" : "header\n"), table.records(odd)));
  registerPythonList(connection);
  const source = {
    ...{ file: table.file.path, form, ...csvColumns(scratch, header, false), records: odd.length, first: 0 },
    ...{ damaged: [], blankLines: 0, lineOf: (record: number) => record, temporary: [] },
  };
  await loadSources(connection, [source], columns, dropMissing);
  const bad = await queryColumns(
    connection,
    "SELECT n, track_id, problem FROM problems JOIN tracks ON tracks.rowid = n ORDER BY n",
  );
  const problems = Array.from(bad.n as Float64Array, (n, i) => ({
    row: odd[n],
    id: (bad.track_id as (string | null)[])[i] ?? "",
    problem: (bad.problem as string[])[i],
  }));
  const names = columns.map((name) => `"${name}"`).join(", ");
  const good = await queryColumns(connection, `SELECT rowid AS n, fix, ${names} FROM tracks WHERE good ORDER BY rowid`);
  const changed = Array.from(good.n as Float64Array, (n) => odd[n]);
  return changed.every((row, i) => setRow(table, row, good, i)) ? { problems, changed } : undefined;
}

function* chain(first: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Puts a row that SQL has read into the table. */
function setRow(table: Table, row: number, values: Record<string, ColumnValues>, i: number): boolean {
  for (const name of table.file.columns) {
    if (isList(name)) {
      if (!table.setList(name, row, (values[name] as (string[] | null)[])[i])) return false;
    } else if (isNumeric(name)) table.numbers(name)![row] = (values[name] as Float64Array)[i];
    else table.setText(name, row, (values[name] as (string | null)[])[i]);
  }
  table.fix[row] = (values.fix as Float64Array)[i];
  table.keep[row] = 1;
  return true;
}

/** Makes the keys of works whose title or artist is not ASCII. */
async function makeKeys(connection: DuckDBConnection, table: Table, rows: number[]): Promise<void> {
  if (rows.length === 0) return;
  await connection.run("CREATE TABLE names (n INTEGER, title VARCHAR, artist VARCHAR)");
  const appender = await connection.createAppender("names");
  for (let start = 0; start < rows.length; start += CHUNK) {
    const part = rows.slice(start, start + CHUNK);
    const chunk = DuckDBDataChunk.create([INTEGER, VARCHAR, VARCHAR], part.length);
    chunk.setColumnValues(0, part.map((_, i) => start + i));
    chunk.setColumnValues(1, part.map((row) => table.text("title", row)));
    chunk.setColumnValues(2, part.map((row) => table.firstOf("artists", row)));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  const found = await queryColumns(
    connection,
    `SELECT n, ${plainOr("plain_title", "title")} AS t, ${plainOr("plain_artist", "artist")} AS a
    FROM (SELECT *, ${plainText("bare_title")} AS plain_title, ${plainText("artist")} AS plain_artist
    FROM (SELECT *, ${bareTitle("title")} AS bare_title FROM names))`,
  );
  const [titles, artists] = [found.t as string[], found.a as string[]];
  (found.n as Float64Array).forEach((n, i) => table.setKey(rows[n], titles[i], artists[i]));
}
