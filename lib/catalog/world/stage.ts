/**
 * The stage that makes a synthetic world: a dirty CSV file, the clean catalogue that ingesting it gives, and playlists.
 *
 * @module
 */
import { join } from "node:path";
import { expectInteger } from "../../errors.ts";
import { writeAtomic } from "../../storage/atomic.ts";
import { runStage, type StageReport } from "../../storage/stages.ts";
import { sqlText, withDuckDB } from "../../storage/parquet.ts";
import { csvHeader, type WorldForm, worldRows } from "./forms.ts";
import { planArtists, worldTracks } from "./tracks.ts";

/** What kind of world to make. */
export interface WorldOptions {
  /** Number of tracks, at least 100. */
  tracks?: number;
  /** Seed: the same seed gives the same bytes. */
  seed?: number;
  /** Number of playlists; by default 2,000 for 20,000 tracks, growing with the power 0.4 of their number. */
  playlists?: number;
  /** Which public header the CSV file has. */
  form?: WorldForm;
  /** Run even when up to date. */
  force?: boolean;
}

/**
 * Makes a synthetic world: `raw/catalog.csv` (dirty, as the public files are), `tracks.parquet` and `rejects.csv` (by
 * ingesting it).
 *
 * @param directory The data folder.
 * @param options Size, seed and form.
 * @returns What came of it.
 * @throws {InputError} When a number is out of range.
 */
export async function worldStage(directory: string, options: WorldOptions = {}): Promise<StageReport> {
  const tracks = expectInteger("tracks", options.tracks ?? 20000, 100, 50_000_000);
  const seed = expectInteger("seed", options.seed ?? 42, 0, 2 ** 31 - 1);
  const form = options.form ?? "segue";
  const report = await runStage(directory, {
    name: "world",
    inputs: [],
    parameters: { tracks, seed, form },
    outputs: ["raw/catalog.csv"],
    force: options.force,
    run() {
      const artists = planArtists(tracks, seed);
      let rows = 0;
      writeAtomic(
        join(directory, "raw/catalog.csv"),
        bytes(csvHeader(form), worldRows(artists, worldTracks(artists, seed), form, seed), () => rows++),
      );
      return { tracks, rows, artists: artists.names.length };
    },
  });
  await clean(directory);
  return report;
}

/** A first, simple cleaning: rows without a name are rejected, rows of one id are merged. */
async function clean(directory: string): Promise<void> {
  await runStage(directory, {
    name: "ingest",
    inputs: ["raw/catalog.csv"],
    parameters: {},
    outputs: ["tracks.parquet", "rejects.csv"],
    run: () =>
      withDuckDB(async (connection) => {
        const lists =
          "list(DISTINCT genres ORDER BY genres) AS genres, list(DISTINCT subgenres ORDER BY subgenres) AS subgenres";
        await connection.run(
          `CREATE TABLE raw AS SELECT row_number() OVER () AS line, * FROM read_csv(${
            sqlText(join(directory, "raw/catalog.csv"))
          }, header = true)`,
        );
        await connection.run(
          `COPY (SELECT first(COLUMNS(* EXCLUDE (line, track_id, artists, artist_ids, genres, subgenres))),
             track_id, string_split(first(artists), ';') AS artists, string_split(first(artist_ids), ';') AS artist_ids,
             ${lists}, track_id AS work_id FROM raw WHERE title IS NOT NULL GROUP BY track_id ORDER BY min(line))
           TO ${sqlText(join(directory, "tracks.parquet"))} (FORMAT parquet)`,
        );
        writeAtomic(join(directory, "rejects.csv"), "source,line,track_id,reason\n");
        return {};
      }),
  });
}

/** Gathers lines into chunks of about a mebibyte. */
function* bytes(header: string, lines: Iterable<string>, count: () => void): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = header;
  for (const line of lines) {
    text += line;
    count();
    if (text.length > 1 << 20) {
      yield encoder.encode(text);
      text = "";
    }
  }
  yield encoder.encode(text);
}
