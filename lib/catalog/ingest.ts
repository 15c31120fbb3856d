/**
 * From catalogue files of any known form to `tracks.parquet` and `rejects.csv`, with an account in which every row that
 * came in is found again: in = out + merged + rejected (+ not sampled).
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { expectInteger, InputError } from "../data/errors.ts";
import { runStage, type StageReport } from "../data/stages.ts";

/** How to ingest. */
export interface IngestOptions {
  /** Catalogue files: CSV, gzipped CSV or Parquet, each of any known form. */
  files: string[];
  /** Source column by canonical column, for files of no known form. */
  map?: Record<string, string>;
  /** Keep a seeded sample of that many tracks, in file order; all when left out. */
  tracks?: number;
  /** Seed of the sample. Default 42. */
  seed?: number;
  /** What becomes of rows with tempo 0, time signature 0 or year 0. Default `"impute"`. */
  onMissing?: "impute" | "drop";
}

/** What became of the rows. `rowsIn = out + merged + rejected + notSampled`. */
export interface IngestAccount {
  /** The files: name, form, rows (damaged lines included), blank lines (no rows), and columns that were not used. */
  files: { file: string; form: string; rows: number; blankLines: number; ignored: string[] }[];
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
 * Stage `ingest`: reads catalogue files, cleans them, and writes `tracks.parquet` and `rejects.csv`.
 *
 * @param directory The data folder; made when missing.
 * @param options The files, and how to treat them.
 * @returns The report; its facts are an {@linkcode IngestAccount}.
 * @throws {InputError} When a file is missing, empty, of no known form or not text, or when no row came through.
 */
export async function ingestStage(
  directory: string,
  options: IngestOptions & { force?: boolean },
): Promise<StageReport> {
  const files = options.files.map((file) => resolve(file));
  if (files.length === 0) throw new InputError("Expected at least one catalogue file but found none");
  for (const file of files) if (!existsSync(file)) throw new InputError(`${file}: no such file`);
  const { map = {}, tracks, seed = 42, onMissing = "impute", force } = options;
  return await runStage(directory, {
    name: "ingest",
    inputs: files,
    parameters: { map, tracks: tracks ?? null, seed: tracks === undefined ? null : seed, onMissing },
    outputs: ["tracks.parquet", "rejects.csv"],
    force,
    run: async () => ({ ...await ingestFiles(directory, { ...options, files }) }),
  });
}

/**
 * Does the work of {@linkcode ingestStage} without looking at the manifest.
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
 * @returns The account.
 * @throws {InputError} As {@linkcode ingestStage}.
 */
export async function ingestFiles(directory: string, options: IngestOptions): Promise<IngestAccount> {
  const { tracks, onMissing = "impute" } = options;
  if (tracks !== undefined) expectInteger("tracks", tracks, 1);
  if (!["impute", "drop"].includes(onMissing)) {
    throw new InputError(`Expected on-missing to be impute or drop but found '${onMissing}'`);
  }
  mkdirSync(directory, { recursive: true });
  // DuckDB is loaded only where it is needed.
  const { ingestInSql } = await import("./sql_ingest.ts");
  return await ingestInSql(directory, options);
}
