/**
 * Reading the Million Playlist Dataset (https://www.aicrowd.com/challenges/spotify-million-playlist-dataset-challenge):
 * raw slices in, ordered interactions and a table of names out.
 */
import type { DuckDBAppender } from "@duckdb/node-api";
import { sum } from "d3-array";
import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { InputError } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import { writeAtomicWith } from "../data/atomic.ts";
import { sqlText, withDuckDB } from "../data/parquet.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { findSlices, readSlice } from "./mpd_slices.ts";
import { type MpdDamage, type MpdPiece, type MpdPlaylist, type MpdTrack, scanPlaylists } from "./scan_mpd.ts";

/** What {@linkcode readMpd} did. */
export interface MpdReport {
  /** Files read. */
  files: number;
  /** Bytes read. */
  bytes: number;
  /** Playlists written. */
  playlists: number;
  /** Rows of `interactions.csv`. */
  interactions: number;
  /** Distinct tracks. */
  tracks: number;
  /** Rows left out because the track stood earlier in its playlist. */
  repeatedTracks: number;
  /** Playlists left out because their number (`pid`) had been seen. */
  repeatedPlaylists: number;
  /** Rows left out because they name no track. */
  namelessTracks: number;
  /** Playlists left out because no track remained. */
  emptyPlaylists: number;
  /** Files of the given folders and archives that are no slices. */
  leftOut: string[];
  /** Stretches of files that could not be read, at most 100 of them. */
  damages: ({ file: string } & MpdDamage)[];
  /** Number of such stretches. */
  damaged: number;
}

/** Options of {@linkcode readMpd}. */
export interface MpdOptions {
  /** Keep tracks that stand in a playlist more than once at every place; only their first place by default. */
  keepRepeats?: boolean;
  /** Finds the playlists of slices, in their order; in this process when left out. */
  scan?: SliceScan;
}

/** Finds what slices hold, slice by slice in the order given. */
export type SliceScan = (slices: readonly string[]) => AsyncIterable<{ file: string; pieces: Iterable<MpdPiece> }>;

/** The distinct tracks: codes in memory, names in DuckDB, because a million names would fill the memory. */
interface TrackTable {
  codes: Map<string, number>;
  names: DuckDBAppender;
}

/** So many damages are named one by one; the rest is only counted. */
const DAMAGES_NAMED = 100;

/**
 * Reads slices of the Million Playlist Dataset and writes `interactions.csv` (`user_id,track_id,timestamp`) and
 * `track_names.parquet` (`track_id, track_uri, title, artist, album, duration_ms, count`).
 *
 * The rules: `user_id` is the playlist's `pid`. `track_id` counts the distinct URIs from 0 in order of appearance.
 * `timestamp` is `modified_at` minus the number of tracks still to come, in seconds, so that it grows along the
 * playlist. A track that stands more than once in a playlist is kept at its first place. A playlist whose `pid` was
 * seen is left out. Of a damaged file all whole playlists are kept, the rest is counted and named. Memory grows with
 * the number of distinct tracks (about 150 bytes each), not with the number of files.
 *
 * @param files Slices, plain or gzipped, or folders and zip archives that hold `mpd.slice.*.json`.
 * @throws {InputError} When a file is missing, or no file holds a single whole playlist.
 */
export async function readMpd(
  files: readonly string[],
  directory: string,
  options: MpdOptions = {},
): Promise<MpdReport> {
  const { slices, files: sources, leftOut } = findSlices(files);
  const report: MpdReport = {
    files: slices.length,
    bytes: sum(sources, (file) => statSync(file).size),
    playlists: 0,
    interactions: 0,
    tracks: 0,
    repeatedTracks: 0,
    repeatedPlaylists: 0,
    namelessTracks: 0,
    emptyPlaylists: 0,
    leftOut,
    damages: [],
    damaged: 0,
  };
  await withDuckDB(async (connection) => {
    await connection.run(
      `CREATE TABLE names
         (track_id INTEGER, track_uri VARCHAR, title VARCHAR, artist VARCHAR, album VARCHAR, duration_ms INTEGER)`,
    );
    const table = { codes: new Map<string, number>(), names: await connection.createAppender("names") };
    const interactions = join(directory, "interactions.csv");
    await writeAtomicWith(
      interactions,
      (temporary) => writeFile(temporary, interactionTexts(slices, table, report, options)),
    );
    table.names.closeSync();
    report.tracks = table.codes.size;
    const rows = `read_csv(${sqlText(interactions)}, header = true)`;
    await writeAtomicWith(join(directory, "track_names.parquet"), async (temporary) => {
      await connection.run(
        `COPY (SELECT names.*, n::INTEGER AS "count" FROM names
           JOIN (SELECT track_id, count(*) AS n FROM ${rows} GROUP BY ALL) USING (track_id) ORDER BY track_id)
         TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
      );
    });
  }, "1GB");
  return report;
}

/**
 * The stage that turns playlists into interactions: {@linkcode readMpd} on `playlists/` of a data folder, or on given
 * files, unless that is up to date.
 *
 * @param options Slices (by default `playlists/mpd.slice.*.json` of the folder), and what to do with repeats.
 * @throws {InputError} When there are no slices, or none can be read.
 */
export async function mpdStage(
  directory: string,
  options: MpdOptions & { files?: readonly string[]; force?: boolean } = {},
): Promise<StageReport> {
  const { files = [join(directory, "playlists")], force, ...rules } = options;
  const inputs = findSlices(files).files.map((file) => resolve(file));
  // To hash a thousand slices would take longer than to read them: their sizes and times have to do.
  const isFew = inputs.length <= 20;
  return await runStage(directory, {
    name: "mpd",
    inputs: isFew ? inputs : [],
    parameters: {
      keepRepeats: rules.keepRepeats ?? false,
      slices: isFew ? [] : inputs.map((file) => [file, statSync(file).size, statSync(file).mtimeMs]),
    },
    outputs: ["interactions.csv", "track_names.parquet"],
    force,
    run: async () => ({ ...await readMpd(inputs, directory, rules) }),
  });
}

/** The lines of `interactions.csv`, about a mebibyte at a time. */
async function* interactionTexts(
  slices: string[],
  table: TrackTable,
  report: MpdReport,
  { keepRepeats = false, scan = scanHere }: MpdOptions,
): AsyncGenerator<string> {
  const progress = startProgress("mpd", slices.length);
  const seen = new Set<number>();
  let text = "user_id,track_id,timestamp\n";
  let unnumbered = -1;
  try {
    let done = 0;
    for await (const { file, pieces } of scan(slices)) {
      for (const piece of pieces) {
        if ("damage" in piece) {
          report.damaged++;
          if (report.damages.length < DAMAGES_NAMED) report.damages.push({ file, ...piece.damage });
          continue;
        }
        const pid = Number.isInteger(piece.playlist.pid) ? piece.playlist.pid! : unnumbered--;
        if (seen.has(pid)) {
          report.repeatedPlaylists++;
          continue;
        }
        seen.add(pid);
        text += playlistLines(piece.playlist, pid, table, report, keepRepeats);
        if (text.length > 1 << 20) {
          yield text;
          text = "";
        }
      }
      progress.update(++done, `${report.playlists} playlists, ${table.codes.size} tracks`);
    }
  } finally {
    progress.stop();
  }
  if (report.playlists === 0) {
    const first = report.damages[0];
    const why = first ? ` (${first.reason}, byte ${first.offset})` : "";
    throw new InputError(`${slices[0]}: expected slices of the Million Playlist Dataset but found no playlist${why}`);
  }
  yield text;
}

async function* scanHere(slices: readonly string[]): AsyncGenerator<{ file: string; pieces: Iterable<MpdPiece> }> {
  for (const file of slices) yield { file, pieces: scanSlice(file) };
}

/** Finds playlists and damages of one slice, as {@linkcode readSlice} finds it, in its order. */
export function scanSlice(path: string): Iterable<MpdPiece> {
  return scanPlaylists(readSlice(path));
}

function playlistLines(
  playlist: MpdPlaylist,
  pid: number,
  table: TrackTable,
  report: MpdReport,
  keepRepeats: boolean,
): string {
  const { tracks } = playlist;
  const end = (Number.isInteger(playlist.modified_at) ? playlist.modified_at! : tracks.length) - tracks.length + 1;
  const here = new Set<number>();
  let text = "";
  for (let t = 0; t < tracks.length; t++) {
    const track = tracks[t];
    if (typeof track?.track_uri !== "string" || track.track_uri === "") {
      report.namelessTracks++;
      continue;
    }
    const code = codeOf(track, table);
    if (!keepRepeats && here.has(code)) {
      report.repeatedTracks++;
      continue;
    }
    here.add(code);
    text += `${pid},${code},${end + t}\n`;
    report.interactions++;
  }
  if (text === "") report.emptyPlaylists++;
  else report.playlists++;
  return text;
}

/** The code of a track, from 0 in order of appearance; a new track also gets a row of names. */
function codeOf(track: MpdTrack, { codes, names }: TrackTable): number {
  const { track_uri, track_name, artist_name, album_name, duration_ms } = track;
  const known = codes.get(track_uri!);
  if (known !== undefined) return known;
  const code = codes.size;
  codes.set(track_uri!, code);
  names.appendInteger(code);
  for (const text of [track_uri, track_name, artist_name, album_name]) {
    if (typeof text === "string") names.appendVarchar(text);
    else names.appendNull();
  }
  if (Number.isFinite(duration_ms)) names.appendInteger(Math.round(duration_ms!));
  else names.appendNull();
  names.endRow();
  return code;
}
