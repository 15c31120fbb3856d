/**
 * Ingest of one CSV file through a table in memory: the kernel reads what is plainly good, the exact rules in SQL judge
 * the other rows, and all of them are cleaned here. What comes out is what `ingestInSql` gives, row for row.
 *
 * @module
 */
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { writeAtomic } from "../storage/atomic.ts";
import type { CatalogColumn, NumericColumn } from "./catalog.ts";
import { type CsvScan, isGzip, isParquet, scanCsv } from "./csv_scan.ts";
import { columnNames, type Form, recogniseForm, SOURCE_COLUMNS, UNIT_FEATURES } from "./forms.ts";
import type { IngestAccount, IngestOptions } from "./ingest.ts";
import type { Judged } from "./judge.ts";
import { md5Numbers } from "./md5.ts";
import { countReasons, type Reject, rejectsCsv } from "./rejects.ts";
import { FIX, isList, isNumeric, SILENT_FEATURES } from "./rules.ts";
import { type OpenRows, Table, type Works } from "./table.ts";

/** More odd rows than this are faster to read in SQL with all the others. */
const MOST_ODD = 100_000;
const HEAD = 1 << 20;

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
  const { files: [file, ...others], map = {} } = options;
  if (others.length > 0 || isParquet(file)) return undefined;
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
  { files: [file], onMissing, tracks = Infinity, seed = 42 }: IngestOptions,
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
    const judged = await judge(table, open, `${scratch}.odd.part`);
    if (!judged || judged.problems.length === table.rows) return undefined;
    const chains = await table.chain(judged.changed);
    const merging = mergeDuplicates(table, columns, chains);
    if (!merging) return undefined;
    const notSampled = sample(table, tracks, seed);
    const imputed = await impute(table, columns);
    const same = merging.merged === 0 && notSampled === 0;
    const works = await groupWorks(table, same ? chains.works : await table.works());
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
      ...{ rowsIn, rejected: rejects.length, merged: merging.merged, notSampled, out },
      ...{ reasons: countReasons(rejects), duplicates: merging.duplicates, imputed, works, keyUnknown },
    };
  } finally {
    table.close();
    rmSync(`${scratch}.odd.part`, { force: true });
  }
}

/** Judges the open rows: those that lack a value are no good, for the others the exact rules are asked. */
async function judge(table: Table, open: OpenRows, scratch: string): Promise<Judged | undefined> {
  const asked = open.odd.length > 0 || open.exactKeys.length > 0
    ? await (await import("./judge.ts")).judgeOpenRows(table, open, scratch)
    : { problems: [], changed: [] };
  return asked && {
    changed: asked.changed,
    problems: [
      ...open.missing.map(({ row, column }) => ({
        ...{ row, id: table.text("track_id", row) ?? "", problem: `missing ${column}` },
      })),
      ...asked.problems,
    ],
  };
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
  { first, repeated }: { first: Uint32Array; repeated: number },
): { merged: number; duplicates: IngestAccount["duplicates"] } | undefined {
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

/** Keeps the rows whose ids come first by MD5 of seed and id, as many as are wanted. Returns how many it leaves out. */
function sample(table: Table, tracks: number, seed: number): number {
  const keep = table.keep;
  const rows = Uint32Array.from({ length: countKept(table, () => true) });
  for (let row = 0, i = 0; row < table.rows; row++) if (keep[row]) rows[i++] = row;
  if (tracks >= rows.length) return 0;
  // Two numbers of 48 bits each: among a million ids, two that agree in both are one chance in 10^17.
  const md5 = md5Numbers();
  const [high, low] = [new Float64Array(rows.length), new Float64Array(rows.length)];
  rows.forEach((row, i) => {
    [high[i], low[i]] = md5(`${seed}/${table.text("track_id", row)}`);
  });
  const border = select(high.slice(), tracks - 1);
  const atBorder = Array.from(rows.keys()).filter((i) => high[i] === border).sort((a, b) => low[a] - low[b] || a - b);
  const room = tracks - high.reduce((count, value) => count + (value < border ? 1 : 0), 0);
  const taken = new Set(atBorder.slice(0, room));
  rows.forEach((row, i) => {
    if (high[i] > border || (high[i] === border && !taken.has(i))) keep[row] = 0;
  });
  return rows.length - tracks;
}

/** Imputes what is missing by a marker. Returns how many values, by column. */
async function impute(table: Table, columns: readonly CatalogColumn[]): Promise<Record<string, number>> {
  const { fix, keep } = table;
  const gaps: number[] = [];
  for (let row = 0; row < table.rows; row++) if (keep[row] && fix[row] !== 0) gaps.push(row);
  if (gaps.length === 0) return {};
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
  const open = (["tempo", ...SILENT_FEATURES] as const).filter((name) => {
    const values = table.numbers(name)!;
    return gaps.some((row) => Number.isNaN(values[row]));
  });
  const years = gaps.filter((row) => fix[row] & FIX.year);
  const medians = await table.medians(years.length > 0 ? [...open, "year"] : open);
  const genres = columns.includes("genres") && open.length > 0 ? await table.groupByFirst("genres", gaps) : undefined;
  for (const [i, name] of open.entries()) {
    const values = table.numbers(name)!;
    const own = genres?.members.map((rows) => median(Float64Array.from(rows, (row) => values[row])));
    fill(name, (_, gap) => {
      const ofGenre = own?.[genres!.groups[gap]] ?? NaN;
      return Number.isNaN(ofGenre) ? medians[i] : ofGenre;
    });
  }
  if (columns.includes("time_signature")) {
    const beats = gaps.some((row) => fix[row] & FIX.time_signature) ? commonest(table, "time_signature") : NaN;
    fill("time_signature", (row) => fix[row] & FIX.time_signature ? beats : NaN);
  }
  if (years.length > 0) {
    const found = await artistYears(table, years, Math.round(medians[open.length]));
    fill("year", (row) => found.get(row) ?? NaN);
  }
  return counts;
}

/** The years to impute: the median of the first artist's, else of all. */
async function artistYears(table: Table, gaps: readonly number[], all: number): Promise<Map<number, number>> {
  const { groups, members } = await table.groupByFirst("artists", gaps);
  const year = table.numbers("year")!;
  const own = members.map((rows) => Math.round(median(Float64Array.from(rows, (row) => year[row]))));
  return new Map(gaps.map((row, gap) => [row, own[groups[gap]] || all]));
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

/** The commonest value of a column of small whole numbers, the one that comes first among equals. */
function commonest(table: Table, name: NumericColumn): number {
  const values = table.numbers(name)!;
  const keep = table.keep;
  const counts = new Float64Array(256);
  for (let row = 0; row < values.length; row++) if (keep[row] && values[row] >= 0) counts[values[row]]++;
  const most = counts.reduce((a, b) => Math.max(a, b));
  if (most === 0) return NaN;
  for (let row = 0;; row++) if (keep[row] && counts[values[row]] === most) return values[row];
}

/** Gives the takes of works that have several the id of the first of them, in column `work_id`. */
async function groupWorks(table: Table, found: Works): Promise<IngestAccount["works"]> {
  const { takes } = found;
  const works = { several: 0, tracks: 0, largest: 0 };
  for (let row = 0; row < table.rows; row++) {
    if (takes[row] < 2) continue;
    works.several++;
    works.tracks += takes[row];
    works.largest = Math.max(works.largest, takes[row]);
  }
  await table.addWorkIds(found);
  return works;
}
