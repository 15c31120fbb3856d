/**
 * From catalogue files of any known form to `tracks.parquet` and `rejects.csv`, with an account in which every row that
 * came in is found again: in = out + merged + rejected (+ not sampled). In SQL, out of core beyond a gigabyte and a half.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expectInteger, InputError } from "../data/errors.ts";
import { makeFolder, writeAtomic, writeAtomicWith } from "../data/atomic.ts";
import { queryColumns, sqlName, sqlText, withDuckDB } from "../data/parquet.ts";
import type { CatalogColumn } from "./catalog.ts";
import { registerLists } from "./list_sql.ts";
import { type Form, SOURCE_COLUMNS, UNIT_FEATURES } from "./forms.ts";
import { failedChecks } from "./read_sql.ts";
import { countReasons, reasonKind, type Reject, rejectsCsv, sourceName } from "./rejects.ts";
import { FIX, isList, SILENT_FEATURES } from "./rules.ts";
import { type CreditAccount, readCredits } from "./sql_credits.ts";
import { type LeftOut, loadSources, openSources, scalar, type Source } from "./sql_rows.ts";

const MEMORY_LIMIT = "1500MB";

/** How to ingest. */
export interface IngestOptions {
  /** Catalogue files: tables in text, gzipped or not, Parquet, and zip archives of these, each of any known form. */
  files: string[];
  /** Source column by canonical column, for files of no known form; an empty one leaves the column out. */
  map?: Record<string, string>;
  /** Keep a seeded sample of that many tracks, in file order; all when left out. */
  tracks?: number;
  /** Seed of the sample. Default 42. */
  seed?: number;
  /** What becomes of rows with tempo 0, time signature 0 or year 0. Default `"impute"`. */
  onMissing?: "impute" | "drop";
  /** The known forms. Default {@linkcode FORMS}. */
  forms?: readonly Form[];
}

/** What became of the rows. `rowsIn = out + merged + rejected + notSampled`. */
export interface IngestAccount {
  /**
   * The files: name, form, rows (damaged lines included), blank lines (no rows), columns that were not used, how the text
   * is written where that is unusual, and which columns were read in another way than usual.
   */
  files: {
    file: string;
    form: string;
    rows: number;
    blankLines: number;
    ignored: string[];
    written: string;
    readings: string[];
  }[];
  /** Files of archives that were not read. */
  leftOut: LeftOut[];
  /** Rows that came in. */
  rowsIn: number;
  /** Rows that are in `rejects.csv`. */
  rejected: number;
  /** Rows merged into an earlier row with the same id. */
  merged: number;
  /** Tracks that the sample left out. */
  notSampled: number;
  /** Tracks in `tracks.parquet`. */
  out: number;
  /** Rejected rows by reason. */
  reasons: Record<string, number>;
  /** Optional values that could not be used and are missing, by what was expected: how many, and one of them. */
  odd: Record<string, { count: number; example: string }>;
  /** Credits that may name several artists. */
  credits: CreditAccount;
  /** Ids that stood in several rows, and in how many of them the rows disagreed. */
  duplicates: { ids: number; popularityConflicts: number; featureConflicts: number };
  /** Tracks of `tracks.parquet` whose value was imputed, by column, and tracks whose key is unknown. */
  imputed: Record<string, number>;
  /** Tracks without a key (key −1). */
  keyUnknown: number;
  /** Works with several takes, the tracks among them, and the most takes of one work. */
  works: { several: number; tracks: number; largest: number };
}

/**
 * Ingests catalogue files without looking at the manifest.
 *
 * Rules. A row with a damaged line, a missing critical value or a value that cannot be is rejected. Rows with one id
 * become one track: values of the first row that has them, all genres, subgenres and playlists in order of appearance,
 * the highest popularity. Tempo 0, time signature 0 and year 0 mean missing; with `"impute"` tempo (and danceability,
 * speechiness and valence where they are 0 beside tempo 0: the analysis failed) becomes the median of the first genre,
 * else of all; the time signature becomes the commonest; the year the median of the first artist, else of all. Takes of
 * one work (same first artist, same title but for remaster, live, edit and guest marks) share a `work_id`: the id of
 * the first of them. Cost O(rows), out of core beyond 1 GB.
 *
 * @param directory The data folder; made when missing.
 * @param options The files, and how to treat them.
 * @throws {InputError} When a file is empty, of no known form or not text, or when no row came through.
 */
export async function ingestFiles(directory: string, options: IngestOptions): Promise<IngestAccount> {
  const { files, map = {}, tracks, seed = 42, onMissing = "impute", forms } = options;
  if (tracks !== undefined) expectInteger("tracks", tracks, 1);
  if (!["impute", "drop"].includes(onMissing)) {
    throw new InputError(`Expected on-missing to be impute or drop but found '${onMissing}'`);
  }
  const scratch = join(directory, `.ingest-${process.pid}`);
  const dropFolders = makeFolder(scratch);
  try {
    return await withDuckDB(async (connection) => {
      const sources: Source[] = [];
      const leftOut: LeftOut[] = [];
      for (const [f, file] of files.entries()) {
        const opened = await openSources(connection, file, map, join(scratch, String(f)), forms);
        sources.push(...opened.sources);
        leftOut.push(...opened.leftOut);
      }
      const credits = new Map<string, string[]>();
      registerLists(connection, credits);
      const found = await readCredits(connection, sources);
      for (const [credit, artists] of found.credits) credits.set(credit, artists);
      const columns = SOURCE_COLUMNS.filter((name) =>
        sources.some(({ form }) => name in form.columns || (name === "year" && "release_date" in form.columns))
      );
      const rejects = await loadSources(connection, sources, columns, onMissing === "drop");
      const account = await clean(connection, directory, { sources, columns, rejects, tracks, seed });
      return { ...account, leftOut, credits: found.account };
    }, MEMORY_LIMIT);
  } finally {
    rmSync(scratch, { recursive: true });
    dropFolders();
  }
}

async function clean(
  connection: DuckDBConnection,
  directory: string,
  { sources, columns, rejects, tracks, seed }: {
    sources: readonly Source[];
    columns: readonly CatalogColumn[];
    rejects: readonly Reject[];
    tracks: number | undefined;
    seed: number;
  },
): Promise<Omit<IngestAccount, "leftOut" | "credits">> {
  const rowsIn = sources.reduce((sum, source) => sum + source.records + source.damaged.length, 0);
  const reasons = countReasons(rejects);
  const good = rowsIn - rejects.length;
  if (good === 0) {
    const where = sources.map(({ file }) => file).join(", ");
    if (rowsIn === 0) throw new InputError(`${where}: has a header but no rows`);
    throw new InputError(
      `${where}: none of ${rowsIn} rows could be used; ${await whyNone(connection, sources, rejects)}`,
    );
  }
  const odd = await countOdd(connection);
  const duplicates = await mergeDuplicates(connection, columns);
  const distinct = await scalar(connection, "SELECT count(*) FROM tracks");
  if (tracks !== undefined && tracks < distinct) {
    await connection.run(`CREATE TABLE sample AS SELECT rowid AS n FROM tracks
      ORDER BY md5(${sqlText(`${seed}/`)} || track_id), n LIMIT ${tracks}`);
    await connection.run("DELETE FROM tracks WHERE rowid NOT IN (SELECT n FROM sample)");
  }
  const imputed = await impute(connection, columns);
  const works = await groupWorks(connection);
  const out = await writeTracks(connection, join(directory, "tracks.parquet"), columns);
  writeAtomic(join(directory, "rejects.csv"), rejectsCsv(rejects));
  return {
    files: sources.map((source) => ({
      file: sourceName(source.file),
      form: source.form.name,
      rows: source.records + source.damaged.length,
      blankLines: source.blankLines,
      ignored: Object.keys(source.types).filter((name) => !Object.values(source.form.columns).includes(name)),
      written: source.written,
      readings: Object.values(source.readings).map(({ told }) => told),
    })),
    odd,
    ...{ rowsIn, rejected: rejects.length, merged: good - distinct, notSampled: distinct - out, out, reasons },
    ...{ duplicates, imputed, works },
    keyUnknown: await scalar(connection, "SELECT count(*) FROM tracks WHERE key IS NULL"),
  };
}

/** What is wrong where no row is good: for each check one value that fails it, the commonest first. */
async function whyNone(
  connection: DuckDBConnection,
  sources: readonly Source[],
  rejects: readonly Reject[],
): Promise<string> {
  const reasons: string[] = [];
  for (const source of sources.filter(({ records }) => records > 0)) {
    const { rows, reason } = await queryColumns(connection, `${failedChecks(source)} ORDER BY f.rows DESC`);
    (reason as string[]).forEach((text, i) => reasons.push(`${rows[i]} of them: ${text}`));
  }
  const broken = rejects.filter(({ reason }) => reason.startsWith("damaged line"));
  for (const [reason, count] of Object.entries(countReasons(broken))) reasons.push(`${count} of them: ${reason}`);
  const more = reasons.length > 8 ? `; and ${reasons.length - 8} other faults` : "";
  return `${reasons.slice(0, 8).join("; ")}${more} (first in line ${rejects[0].line})`;
}

/** Counts the optional values that could not be used, in rows that are. */
async function countOdd(connection: DuckDBConnection): Promise<IngestAccount["odd"]> {
  const { reason, count } = await queryColumns(
    connection,
    `SELECT min(reason) AS reason, count(*)::DOUBLE AS count FROM
      (SELECT unnest(string_split(odd, chr(31))) AS reason FROM tracks WHERE odd IS NOT NULL)
      GROUP BY regexp_replace(reason, ' but found .*', '', 's') ORDER BY count DESC, reason`,
  ) as { reason: string[]; count: Float64Array };
  return Object.fromEntries(reason.map((text, i) => [
    reasonKind(text),
    { count: count[i], example: text.slice(reasonKind(text).length + " but found ".length) },
  ]));
}

/** Replaces rows with one id by one row, at the place of the first of them. */
async function mergeDuplicates(
  connection: DuckDBConnection,
  columns: readonly CatalogColumn[],
): Promise<IngestAccount["duplicates"]> {
  await connection.run(`CREATE TABLE repeated AS SELECT track_id FROM tracks
    GROUP BY track_id HAVING count(*) > 1`);
  if (await scalar(connection, "SELECT count(*) FROM repeated") === 0) {
    return { ids: 0, popularityConflicts: 0, featureConflicts: 0 };
  }
  const values = columns.map((name) => {
    const column = sqlName(name);
    if (name === "popularity") return `max(${column}) AS ${column}`;
    if (["genres", "subgenres", "playlists"].includes(name)) {
      return `flatten(list(${column} ORDER BY t.rowid) FILTER (${column} IS NOT NULL)) AS ${column}`;
    }
    return `arg_min(${column}, t.rowid) AS ${column}`;
  });
  const features = [...UNIT_FEATURES, "loudness", "tempo", "key", "mode"].map(sqlName).join(", ");
  const popularity = columns.includes("popularity") ? "count(DISTINCT popularity) > 1" : "FALSE";
  await connection.run(`CREATE TABLE merged AS
    SELECT ${values.join(", ")}, min(fix) AS fix, arg_min(work_key, t.rowid) AS work_key, min(t.rowid) AS n,
      ${popularity} AS popularity_conflict, count(DISTINCT hash(${features})) > 1 AS feature_conflict
    FROM tracks t SEMI JOIN repeated USING (track_id) GROUP BY t.track_id`);
  const names = columns.map(sqlName).join(", ");
  const once = columns.map((name) =>
    isList(name)
      ? `list_filter(${sqlName(name)}, lambda x, i: list_position(${sqlName(name)}, x) = i) AS ${sqlName(name)}`
      : sqlName(name)
  );
  await connection.run(`CREATE TABLE distinct_tracks AS SELECT * EXCLUDE (n) FROM (
    SELECT ${names}, fix, work_key, t.rowid AS n FROM tracks t ANTI JOIN repeated USING (track_id)
    UNION ALL SELECT ${once.join(", ")}, fix, work_key, n FROM merged) ORDER BY n`);
  await connection.run("DROP TABLE tracks");
  await connection.run("ALTER TABLE distinct_tracks RENAME TO tracks");
  const [ids, popularityConflicts, featureConflicts] = (await connection.runAndReadAll(
    "SELECT count(*), count_if(popularity_conflict), count_if(feature_conflict) FROM merged",
  )).getRows()[0].map(Number);
  return { ids, popularityConflicts, featureConflicts };
}

/** Imputes what is missing by a marker. Returns how many values, by column. */
async function impute(
  connection: DuckDBConnection,
  columns: readonly CatalogColumn[],
): Promise<Record<string, number>> {
  if (await scalar(connection, "SELECT count(*) FROM tracks WHERE fix <> 0") === 0) return {};
  const genre = columns.includes("genres") ? "genres[1]" : "NULL::VARCHAR";
  const measured = ["tempo", ...SILENT_FEATURES];
  const median = (name: string) => `median(${name}) AS ${name}`;
  const wanted: string[] = measured.map((name) => `COALESCE(g.${name}, a.${name}) AS ${name}`);
  const all = measured.map(median);
  if (columns.includes("time_signature")) {
    all.push("mode(time_signature) AS time_signature");
    wanted.push(`CASE WHEN c.fix & ${FIX.time_signature} > 0 THEN a.time_signature END AS time_signature`);
  }
  if (columns.includes("year")) {
    all.push("round(median(year))::INTEGER AS year");
    wanted.push(`CASE WHEN c.fix & ${FIX.year} > 0 THEN COALESCE(b.year, a.year) END AS year`);
  }
  const artistYear = columns.includes("year") ? "round(median(year))::INTEGER" : "NULL";
  await connection.run(`CREATE TABLE filled AS
    WITH t AS (SELECT rowid AS n, *, ${genre} AS genre, artists[1] AS artist FROM tracks),
      c AS (SELECT * FROM t WHERE fix <> 0),
      a AS (SELECT ${all.join(", ")} FROM t),
      g AS (SELECT genre, ${
    measured.map(median).join(", ")
  } FROM t WHERE genre IN (SELECT genre FROM c) GROUP BY genre),
      b AS (SELECT artist, ${artistYear} AS year FROM t WHERE artist IN (SELECT artist FROM c) GROUP BY artist)
    SELECT c.n, ${wanted.join(", ")} FROM c CROSS JOIN a LEFT JOIN g USING (genre) LEFT JOIN b USING (artist)`);
  const names = [...measured, "time_signature", "year"].filter((name) => columns.includes(name as CatalogColumn));
  const counts = names.map((name) => `count_if(t.${name} IS NULL AND f.${name} IS NOT NULL)`);
  const row = (await connection.runAndReadAll(
    `SELECT ${counts.join(", ")} FROM filled f JOIN tracks t ON t.rowid = f.n`,
  )).getRows()[0].map(Number);
  const values = names.map((name) => `${name} = COALESCE(tracks.${name}, f.${name})`);
  await connection.run(`UPDATE tracks SET ${values.join(", ")} FROM filled f WHERE tracks.rowid = f.n`);
  return Object.fromEntries(names.map((name, i) => [name, row[i]] as const).filter(([, count]) => count > 0));
}

/** Gives the takes of works that have several the id of the first of them, in column `work_id`. */
async function groupWorks(connection: DuckDBConnection): Promise<IngestAccount["works"]> {
  await connection.run(`CREATE TABLE works AS SELECT work_key, arg_min(track_id, rowid) AS work_id, count(*) AS takes
    FROM tracks GROUP BY work_key HAVING count(*) > 1`);
  await connection.run("ALTER TABLE tracks ADD COLUMN work_id VARCHAR");
  await connection.run("UPDATE tracks SET work_id = w.work_id FROM works w WHERE tracks.work_key = w.work_key");
  const [several, tracks, largest] = (await connection.runAndReadAll(
    "SELECT count(*), COALESCE(sum(takes), 0), COALESCE(max(takes), 0) FROM works",
  )).getRows()[0].map(Number);
  return { several, tracks, largest };
}

/**
 * Writes the rows in their order, which DuckDB keeps in a scan without a join. A large dictionary would cost a third
 * of the time and save little: most texts stand once. Zstandard would save a third of the file and cost as much time.
 */
async function writeTracks(
  connection: DuckDBConnection,
  path: string,
  columns: readonly CatalogColumn[],
): Promise<number> {
  await writeAtomicWith(path, async (temporary) => {
    await connection.run(`COPY (
      SELECT ${columns.map(sqlName).join(", ")}, COALESCE(work_id, track_id) AS work_id FROM tracks
    ) TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1000)`);
  });
  return await scalar(connection, `SELECT count(*) FROM read_parquet(${sqlText(path)})`);
}
