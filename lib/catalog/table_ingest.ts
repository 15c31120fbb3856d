/**
 * Ingest of one CSV file through a table in memory: the kernel reads what is plainly good, the exact rules in SQL judge
 * the other rows, and all of them are cleaned here. What comes out is what `ingestInSql` gives, row for row.
 *
 * @module
 */
import { type DuckDBConnection, DuckDBDataChunk, INTEGER, VARCHAR } from "@duckdb/node-api";
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { writeAtomic } from "../storage/atomic.ts";
import { type ColumnValues, queryColumns, withDuckDB } from "../storage/parquet.ts";
import { type CatalogColumn, LIST_COLUMNS, type ListColumn, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";
import { type CsvScan, isGzip, isParquet, scanCsv } from "./csv_scan.ts";
import { type Form, recogniseForm, SOURCE_COLUMNS, UNIT_FEATURES } from "./forms.ts";
import type { IngestAccount, IngestOptions } from "./ingest.ts";
import { FIX, registerPythonList, SILENT_FEATURES } from "./read_sql.ts";
import { countReasons, type Reject, rejectsCsv } from "./rejects.ts";
import { columnNames, csvColumns, loadSources } from "./sql_rows.ts";
import { type OpenRows, Table } from "./table.ts";
import { bareTitle, plainOr, plainText } from "./work.ts";

/** More odd rows than this are faster to read in SQL with all the others. */
const MOST_ODD = 100_000;
const HEAD = 1 << 20;
const CHUNK = 2048;

/** A file as it is to be read. */
interface Reading {
  path: string;
  header: string[];
  crlf: boolean;
  form: Form;
  /** What the scan for damaged lines found; without one the file is taken to be regular. */
  scan?: CsvScan;
}

/**
 * Ingests one CSV file.
 *
 * @param directory The data folder.
 * @param options The file, and how to treat it.
 * @returns The account; nothing when this way of reading is not for these files, and nothing has been written.
 * @throws {InputError} When the file is empty, of no known form or not text.
 */
export async function ingestTable(directory: string, options: IngestOptions): Promise<IngestAccount | undefined> {
  const { files: [file, ...others], map = {}, tracks } = options;
  if (others.length > 0 || tracks !== undefined || isParquet(file)) return undefined;
  const scratch = join(directory, `.ingest-${process.pid}`);
  const head = isGzip(file) ? undefined : plainHeader(file);
  if (head) {
    const reading = { path: file, ...head, form: recogniseForm(file, head.header, map) };
    const account = await ingestReading(directory, scratch, reading, options);
    if (account) return account;
  }
  const scan = await scanCsv(file, scratch);
  try {
    const crlf = scan.newLine === "\r\n";
    const form = recogniseForm(file, scan.header, map);
    if (scan.records === 0) return undefined;
    return await ingestReading(directory, scratch, { path: scan.path, header: scan.header, crlf, form, scan }, options);
  } finally {
    for (const temporary of scan.temporary) rmSync(temporary, { force: true });
  }
}

/** The header of a file that begins like a regular one: UTF-8 without mark, quotes or strange line ends. */
function plainHeader(path: string): { header: string[]; crlf: boolean } | undefined {
  const bytes = Buffer.alloc(HEAD);
  const file = openSync(path, "r");
  let count: number;
  try {
    count = readSync(file, bytes, 0, HEAD, 0);
  } finally {
    closeSync(file);
  }
  const end = bytes.subarray(0, count).indexOf(10);
  if (end < 2) return undefined;
  const crlf = bytes[end - 1] === 13;
  const line = bytes.subarray(0, crlf ? end - 1 : end);
  if (!isUtf8(line) || line[0] === 0xef || line.length === 0) return undefined;
  if (line.includes(13) || line.includes(34) || line.includes(0)) return undefined;
  return { header: line.toString("utf8").split(",").map((name) => name.trim()), crlf };
}

async function ingestReading(
  directory: string,
  scratch: string,
  { path, header, crlf, form, scan }: Reading,
  { files: [file], onMissing }: IngestOptions,
): Promise<IngestAccount | undefined> {
  const columns = SOURCE_COLUMNS.filter((name) =>
    name in form.columns || (name === "year" && "release_date" in form.columns)
  );
  const multiline = scan?.multiline ?? false;
  const dropMissing = onMissing === "drop";
  const read = await Table.read({ path, header, crlf, multiline, form, columns, dropMissing });
  if (!read) return undefined;
  const { table, open } = read;
  try {
    if (open.odd.length > MOST_ODD || (scan && scan.records !== table.rows)) return undefined;
    const judged = await judgeOpenRows(table, open, `${scratch}.odd.part`);
    if (!judged || judged.problems.length === table.rows) return undefined;
    const merging = mergeDuplicates(table, columns, judged.changed);
    if (!merging) return undefined;
    const imputed = impute(table, columns);
    const works = groupWorks(table);
    const keyUnknown = countKept(table, (row) => Number.isNaN(table.numbers("key")![row]));
    const out = await table.write(join(directory, "tracks.parquet"), [...columns, "work_id"]);
    const lineOf = scan?.lineOf ?? ((record: number) => record + 2);
    const rejects: Reject[] = [
      ...(scan?.damaged ?? []).map(({ line, reason }) => ({ file, line, id: "", reason })),
      ...judged.problems.map(({ row, id, problem }) => ({ file, line: lineOf(row), id, reason: problem })),
    ].sort((a, b) => a.line - b.line);
    writeAtomic(join(directory, "rejects.csv"), rejectsCsv(rejects));
    const rowsIn = table.rows + (scan?.damaged.length ?? 0);
    const used = Object.values(form.columns);
    return {
      files: [{
        file: basename(file),
        form: form.name,
        rows: rowsIn,
        blankLines: scan?.blankLines ?? 0,
        ignored: columnNames(header).filter((name) => !used.includes(name)),
      }],
      ...{ rowsIn, rejected: rejects.length, merged: merging.merged, notSampled: 0, out },
      ...{ reasons: countReasons(rejects), duplicates: merging.duplicates, imputed, works, keyUnknown },
    };
  } finally {
    table.close();
    rmSync(`${scratch}.odd.part`, { force: true });
  }
}

/** What the exact rules say. */
interface Judged {
  /** Rows that are no good, ascending. */
  problems: { row: number; id: string; problem: string }[];
  /** Odd rows that are good after all. */
  changed: number[];
}

/** Lets the exact rules judge the odd rows and make the keys that the kernel cannot; nothing when the table cannot hold them. */
async function judgeOpenRows(table: Table, { odd, exactKeys }: OpenRows, scratch: string): Promise<Judged | undefined> {
  if (odd.length === 0 && exactKeys.length === 0) return { problems: [], changed: [] };
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

function isList(name: CatalogColumn): name is ListColumn {
  return (LIST_COLUMNS as readonly string[]).includes(name);
}

function isNumeric(name: CatalogColumn): name is NumericColumn {
  return (NUMERIC_COLUMNS as readonly string[]).includes(name);
}

function countKept(table: Table, test: (row: number) => boolean): number {
  const keep = table.keep;
  let count = 0;
  for (let row = 0; row < table.rows; row++) if (keep[row] && test(row)) count++;
  return count;
}

/** Replaces rows with one id by the first of them. Nothing when the table cannot hold a merged list. */
function mergeDuplicates(
  table: Table,
  columns: readonly CatalogColumn[],
  changed: readonly number[],
): { merged: number; duplicates: IngestAccount["duplicates"] } | undefined {
  const { first, repeated } = table.chainIds(changed);
  const duplicates = { ids: 0, popularityConflicts: 0, featureConflicts: 0 };
  if (repeated === 0) return { merged: 0, duplicates };
  const groups = new Map<number, number[]>();
  const keep = table.keep;
  for (let row = 0; row < table.rows; row++) {
    if (!keep[row] || first[row] === row) continue;
    const group = groups.get(first[row]);
    if (group) group.push(row);
    else groups.set(first[row], [first[row], row]);
  }
  const all = [...groups.values()];
  duplicates.ids = all.length;
  const popularity = table.numbers("popularity");
  const features = [...UNIT_FEATURES, "loudness", "tempo", "key", "mode"] as const;
  const measured = features.map((name) => table.numbers(name)!);
  for (const rows of all) {
    const popular = popularity ? rows.map((row) => popularity[row]).filter(isNumber) : [];
    if (popular.some((value) => value !== popular[0])) duplicates.popularityConflicts++;
    if (measured.some((values) => rows.some((row) => differ(values[row], values[rows[0]])))) {
      duplicates.featureConflicts++;
    }
  }
  for (const name of columns) if (!mergeColumn(table, name, all)) return undefined;
  const { fix, keep: kept } = table;
  for (const [target, ...rest] of all) {
    for (const row of rest) {
      fix[target] = Math.min(fix[target], fix[row]);
      kept[row] = 0;
    }
  }
  return { merged: repeated, duplicates };
}

function isNumber(value: number): boolean {
  return !Number.isNaN(value);
}

function differ(a: number, b: number): boolean {
  return a !== b && !(Number.isNaN(a) && Number.isNaN(b));
}

/** Gives the first row of each group what its rows say together in a column; false when the table cannot hold it. */
function mergeColumn(table: Table, name: CatalogColumn, groups: readonly number[][]): boolean {
  if (isNumeric(name)) {
    const values = table.numbers(name)!;
    for (const rows of groups) {
      const known = rows.map((row) => values[row]).filter(isNumber);
      values[rows[0]] = known.length === 0 ? NaN : name === "popularity" ? Math.max(...known) : known[0];
    }
    return true;
  }
  if (!isList(name)) {
    for (const rows of groups) {
      const found = rows.find((row) => !table.isNull(name, row));
      if (found !== undefined && found !== rows[0]) table.share(name, rows[0], found);
    }
    return true;
  }
  const joined = ["genres", "subgenres", "playlists"].includes(name);
  return groups.every((rows) => {
    const [target] = rows;
    const one = joined ? rows.every((row) => table.alike(name, row, target)) : undefined;
    const told = (one ? [target] : rows).map((row) => table.list(name, row)).filter((list) => list !== null);
    if (told.length === 0) return true;
    return table.setList(name, target, [...new Set(joined ? told.flat() : told[0])]);
  });
}

/** Imputes what is missing by a marker. Returns how many values, by column. */
function impute(table: Table, columns: readonly CatalogColumn[]): Record<string, number> {
  const { fix, keep } = table;
  const gaps: number[] = [];
  for (let row = 0; row < table.rows; row++) if (keep[row] && fix[row] !== 0) gaps.push(row);
  const counts: Record<string, number> = {};
  const fill = (name: NumericColumn, valueOf: (row: number, gap: number) => number) => {
    const values = table.numbers(name)!;
    const open = gaps.map((row, gap) => ({ row, gap })).filter(({ row }) => Number.isNaN(values[row]));
    const filled = open.map(({ row, gap }) => valueOf(row, gap));
    open.forEach(({ row }, i) => {
      if (Number.isNaN(filled[i])) return;
      values[row] = filled[i];
      counts[name] = (counts[name] ?? 0) + 1;
    });
  };
  const genres = columns.includes("genres") && gaps.length > 0 ? table.groupByFirst("genres", gaps) : undefined;
  for (const name of ["tempo", ...SILENT_FEATURES] as const) {
    const values = table.numbers(name)!;
    if (!gaps.some((row) => Number.isNaN(values[row]))) continue;
    const all = medianOf(table, name);
    const own = genres?.members.map((rows) => median(Float64Array.from(rows, (row) => values[row])));
    fill(name, (_, gap) => {
      const ofGenre = own?.[genres!.groups[gap]] ?? NaN;
      return Number.isNaN(ofGenre) ? all : ofGenre;
    });
  }
  if (columns.includes("time_signature")) {
    const beats = gaps.some((row) => fix[row] & FIX.time_signature) ? commonest(table, "time_signature") : NaN;
    fill("time_signature", (row) => fix[row] & FIX.time_signature ? beats : NaN);
  }
  if (columns.includes("year")) {
    const years = artistYears(table, gaps.filter((row) => fix[row] & FIX.year));
    fill("year", (row) => years.get(row) ?? NaN);
  }
  return counts;
}

/** The years to impute: the median of the first artist's, else of all. */
function artistYears(table: Table, gaps: readonly number[]): Map<number, number> {
  if (gaps.length === 0) return new Map();
  const { groups, members } = table.groupByFirst("artists", gaps);
  const year = table.numbers("year")!;
  const all = Math.round(medianOf(table, "year"));
  const own = members.map((rows) => Math.round(median(Float64Array.from(rows, (row) => year[row]))));
  return new Map(gaps.map((row, gap) => [row, own[groups[gap]] || all]));
}

/** The median of a column over the rows that are kept. */
function medianOf(table: Table, name: NumericColumn): number {
  const values = table.numbers(name)!;
  const keep = table.keep;
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) if (keep[row]) kept[count++] = values[row];
  return median(kept.subarray(0, count));
}

/** The median of the numbers that are known, between the middle two of an even count. Reorders the values. */
function median(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) values[count++] = value;
  if (count === 0) return NaN;
  const known = values.subarray(0, count);
  const low = select(known, (count - 1) >> 1);
  const high = count % 2 ? low : select(known, count >> 1);
  return low + (high - low) * 0.5;
}

/** The value at a place of the order (Hoare 1961). O(n) on average. */
function select(values: Float64Array, place: number): number {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = values[(left + right) >> 1];
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const held = values[i];
        values[i++] = values[j];
        values[j--] = held;
      }
    }
    if (place <= j) right = j;
    else if (place >= i) left = i;
    else break;
  }
  return values[place];
}

/** The commonest value of a column, the one that comes first among equals. */
function commonest(table: Table, name: NumericColumn): number {
  const values = table.numbers(name)!;
  const keep = table.keep;
  const counts = new Map<number, number>();
  for (let row = 0; row < values.length; row++) {
    if (keep[row] && !Number.isNaN(values[row])) counts.set(values[row], (counts.get(values[row]) ?? 0) + 1);
  }
  let best = NaN;
  for (const [value, count] of counts) if (Number.isNaN(best) || count > counts.get(best)!) best = value;
  return best;
}

/** Gives the takes of works that have several the id of the first of them, in column `work_id`. */
function groupWorks(table: Table): IngestAccount["works"] {
  const { first, takes } = table.chainKeys();
  const works = { several: 0, tracks: 0, largest: 0 };
  for (let row = 0; row < table.rows; row++) {
    if (takes[row] < 2) continue;
    works.several++;
    works.tracks += takes[row];
    works.largest = Math.max(works.largest, takes[row]);
  }
  table.addWorkIds((row) => first[row]);
  return works;
}
