/**
 * A listener's real past: the exports of Spotify, Last.fm and ListenBrainz, read into a {@linkcode UserState}.
 *
 * @module
 */
import { InputError } from "../data/errors.ts";
import { matchTracks, type TrackReference } from "../catalog/match.ts";
import { readJson, readSources, readTable, type SourceFile } from "../data/sources.ts";
import type { UserState } from "../score/state.ts";

/** The kinds of files that {@linkcode readHistory} knows. */
export const HISTORY_FORMS = ["spotify-extended", "spotify-short", "lastfm", "listenbrainz"] as const;

/** Name of a kind of history file. */
export type HistoryForm = typeof HISTORY_FORMS[number];

/** One entry of a history. */
export interface Listening {
  /** Which track. */
  reference: TrackReference;
  /** When it started, in ms since 1970. */
  start: number;
  /** How long it played, in ms; NaN when the source does not say. */
  played: number;
  /** The listener went on to the next track; null when the source does not say. */
  skipped: boolean | null;
  /** Played in shuffle mode; null when the source does not say. */
  shuffle: boolean | null;
}

/** What was read. */
export interface History {
  /** The entries, by start. */
  listenings: Listening[];
  /** The files, with their kinds and numbers of entries. */
  files: { path: string; form: HistoryForm; entries: number }[];
  /** Entries that are no music (podcasts, audiobooks) or have no title. */
  notMusic: number;
  /** Entries without a usable time. */
  undated: number;
  /** Entries that stood in more than one file. */
  duplicates: number;
}

/** Files of an account export that hold plays. */
const HISTORY_FILES =
  /^(Streaming_History_Audio_.*|endsong_\d+|StreamingHistory(_music)?_?\d*|listens.*|\d+)\.jsonl?$|scrobbles.*\.csv$/i;

/** From this on a stream counts as played, as services and charts reckon. */
const PLAY_MS = 30_000;

/** An entry as it stands in its file; undefined when it is no music. */
type RawListening = Omit<Listening, "start"> & { start: number } | undefined;

/**
 * Reads listening histories: files, folders, or the zip archives that the services send.
 *
 * - Spotify, extended (`Streaming_History_Audio_*.json`, earlier `endsong_*.json`): `ts` is when the stream ended; the
 *   start is reckoned from `ms_played`.
 * - Spotify, short (`StreamingHistory*.json`): `endTime` is when it ended, to the minute, UTC; there are no ids.
 * - Last.fm as CSV, with a header (`uts` or `date`, `artist`, `track`) or without one (artist, album, track, date).
 * - ListenBrainz as JSON or JSON lines: `listened_at` and `track_metadata`.
 *
 * @param paths The files.
 * @returns All entries by time, each once.
 * @throws {InputError} When a file is missing, is not JSON or CSV, or is of none of these forms.
 */
export function readHistory(paths: readonly string[]): History {
  const history: History = { listenings: [], files: [], notMusic: 0, undated: 0, duplicates: 0 };
  for (const file of readSources(paths, HISTORY_FILES)) {
    const { form, entries } = readEntries(file);
    history.files.push({ path: file.path, form, entries: entries.length });
    for (const entry of entries) {
      if (entry === undefined) history.notMusic++;
      else if (!(entry.start > 0)) history.undated++;
      else history.listenings.push(entry);
    }
  }
  const all = history.listenings.length;
  const once = new Map(history.listenings.map((entry) => [identity(entry), entry]));
  history.listenings = [...once.values()].sort((a, b) => a.start - b.start);
  history.duplicates = all - history.listenings.length;
  return history;
}

/** What became of a history. */
export interface HistoryReport {
  /** Plays entered: at least 30 s of the track, or to its end, or a scrobble. */
  plays: number;
  /** Skips entered: the listener went on before half of the track, or before 30 s of a track of unknown length. */
  skips: number;
  /** Entries of known tracks that are neither: broken off early without a skip. */
  neither: number;
  /** Entries by how their track was found. */
  matchedBy: { id: number; title: number; work: number };
  /** Entries whose track is not in the catalogue. */
  unmatched: number;
  /** The tracks that were not found and have most entries, at most 10. */
  mostUnmatched: { title: string; artist: string; entries: number }[];
  /** Different tracks found. */
  tracks: number;
  /** First and last entry of a known track, ISO 8601; null when there is none. */
  period: [first: string, last: string] | null;
}

/**
 * Enters a history in a listener's state.
 *
 * @param state The listener; the entries are added behind what is known already.
 * @param history What {@linkcode readHistory} gave.
 * @returns How many plays and skips were entered, and what was not found.
 */
export function applyHistory(state: UserState, history: History): HistoryReport {
  const { catalog } = state.collection;
  const matches = matchTracks(catalog, history.listenings.map(({ reference }) => reference));
  const durations = catalog.numbers.duration_ms;
  const report: HistoryReport = {
    plays: 0,
    skips: 0,
    neither: 0,
    matchedBy: { id: 0, title: 0, work: 0 },
    unmatched: 0,
    mostUnmatched: [],
    tracks: 0,
    period: null,
  };
  const tracks = new Set<number>();
  const missing = new Map<string, { title: string; artist: string; entries: number }>();
  history.listenings.forEach((listening, i) => {
    const { track, by } = matches[i];
    if (by === "none") {
      report.unmatched++;
      const { title = listening.reference.id ?? "?", artist = "?" } = listening.reference;
      const known = missing.get(`${artist}\t${title}`);
      if (known) known.entries++;
      else missing.set(`${artist}\t${title}`, { title, artist, entries: 1 });
      return;
    }
    report.matchedBy[by]++;
    tracks.add(track);
    const { played, skipped } = judge(listening, durations?.[track] ?? NaN);
    if (played) state.play(track, listening.start);
    if (skipped) state.skip(track, listening.start + listening.played);
    report.plays += Number(played);
    report.skips += Number(skipped);
    report.neither += Number(!played && !skipped);
    const time = new Date(listening.start).toISOString();
    report.period = [report.period?.[0] ?? time, time];
  });
  report.tracks = tracks.size;
  report.mostUnmatched = [...missing.values()].sort((a, b) => b.entries - a.entries).slice(0, 10);
  return report;
}

/** A play, a skip, both (a long track left before its half) or neither. */
function judge(listening: Listening, duration: number): { played: boolean; skipped: boolean } {
  const { played, skipped } = listening;
  if (Number.isNaN(played)) return { played: true, skipped: false };
  const long = played >= PLAY_MS;
  return {
    played: long || played >= 0.9 * duration,
    skipped: skipped === true && (duration > 0 ? played < duration / 2 : !long),
  };
}

function readEntries(file: SourceFile): { form: HistoryForm; entries: RawListening[] } {
  const start = file.text.trimStart()[0];
  return start === "[" || start === "{" ? fromJson(file) : fromTable(file);
}

/** An object of a JSON file, before anything is known of it. */
type Json = Record<string, unknown>;

function fromJson(file: SourceFile): { form: HistoryForm; entries: RawListening[] } {
  const objects = objectsOf(readJson(file));
  const first = objects[0] ?? {};
  if ("ts" in first && "ms_played" in first) return { form: "spotify-extended", entries: objects.map(spotifyExtended) };
  if ("endTime" in first && "msPlayed" in first) return { form: "spotify-short", entries: objects.map(spotifyShort) };
  if ("track_metadata" in first) return { form: "listenbrainz", entries: objects.map(listenBrainz) };
  throw new InputError(
    `${file.path}: expected a listening history (Spotify's ts and ms_played or endTime and msPlayed, or ListenBrainz's ` +
      `track_metadata) but found objects with ${Object.keys(first).slice(0, 5).join(", ") || "nothing in them"}`,
  );
}

/** An array of objects, one object, or ListenBrainz's answer with the array in `payload.listens`. */
function objectsOf(value: unknown): Json[] {
  const wrapped = (value as { payload?: { listens?: unknown } })?.payload?.listens ?? value;
  const list = Array.isArray(wrapped) ? wrapped : [wrapped];
  return list.filter((entry) => entry !== null && typeof entry === "object");
}

function spotifyExtended(entry: Json): RawListening {
  const title = text(entry.master_metadata_track_name);
  const id = text(entry.spotify_track_uri);
  if (title === undefined && id === undefined) return undefined;
  const played = Number(entry.ms_played);
  return {
    reference: { id, title, artist: text(entry.master_metadata_album_artist_name) },
    start: Date.parse(String(entry.ts)) - played,
    played,
    skipped: typeof entry.skipped === "boolean" ? entry.skipped || isForward(entry) : isForward(entry),
    shuffle: typeof entry.shuffle === "boolean" ? entry.shuffle : null,
  };
}

/** The listener pressed the button for the next track: before 2022 `skipped` is null and only the reason tells. */
function isForward(entry: Json): boolean {
  return entry.reason_end === "fwdbtn";
}

function spotifyShort(entry: Json): RawListening {
  const title = text(entry.trackName);
  if (title === undefined) return undefined;
  const played = Number(entry.msPlayed);
  const reference = { title, artist: text(entry.artistName) };
  return { reference, start: parseTime(String(entry.endTime)) - played, played, skipped: null, shuffle: null };
}

function listenBrainz(entry: Json): RawListening {
  const metadata = entry.track_metadata as Json | null;
  const title = text(metadata?.track_name);
  if (title === undefined) return undefined;
  const info = metadata?.additional_info as Json | undefined;
  const reference = { id: text(info?.spotify_id), title, artist: text(metadata?.artist_name) };
  return { reference, start: 1000 * Number(entry.listened_at), played: NaN, skipped: null, shuffle: null };
}

/** Names that exporters give the columns of a Last.fm history. */
const LASTFM_COLUMNS = {
  artist: ["artist", "artist_name", "artist name"],
  title: ["track", "track_name", "track name", "title", "song", "name"],
  time: ["uts", "timestamp", "utc_time", "date", "datetime", "time", "date_uts", "scrobbled_at"],
};

function fromTable({ path, text: content }: SourceFile): { form: HistoryForm; entries: RawListening[] } {
  const { header, columns, rows } = readTable(content, LASTFM_COLUMNS);
  let { artist, title, time } = columns;
  const headless = artist < 0 && title < 0 && rows[0]?.length === 4 && !Number.isNaN(parseTime(rows[0][3]));
  if (headless) [artist, title, time] = [0, 2, 3];
  else if (artist < 0 || title < 0 || time < 0) {
    throw new InputError(
      `${path}: expected a Last.fm history (columns artist, track and uts or date, or the four columns artist, ` +
        `album, track, date without a header) but found ${header.slice(0, 6).join(", ") || "an empty file"}`,
    );
  }
  const entries = rows.slice(headless ? 0 : 1).map((row): RawListening => {
    const reference = { title: text(row[title]), artist: text(row[artist]) };
    if (reference.title === undefined) return undefined;
    return { reference, start: parseTime(row[time] ?? ""), played: NaN, skipped: null, shuffle: null };
  });
  return { form: "lastfm", entries };
}

/** Seconds or milliseconds since 1970, ISO 8601, or `01 Jan 2024, 20:35`; UTC unless the text names a zone. */
function parseTime(value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && !Number.isNaN(number)) return number > 1e11 ? number : 1000 * number;
  const plain = value.trim().replace(",", "");
  const zoned = /(?:z|utc|gmt|[+-]\d\d:?\d\d)$/i.test(plain) ? plain : `${plain.replace("T", " ")} UTC`;
  return Date.parse(zoned);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function identity({ reference, start, played }: Listening): string {
  return `${start}\t${played}\t${reference.id ?? ""}\t${reference.artist}\t${reference.title}`;
}
