/** A listener's real past: the exports of the services, read into a {@linkcode UserState}. */
import { rollups } from "d3-array";
import { basename } from "node:path";
import { normalizeTitle } from "../catalog/find.ts";
import { countMatches, matchTracks, type TrackReference } from "../catalog/match.ts";
import { InputError } from "../data/errors.ts";
import { readJson, readSources, readTable, type SourceFile } from "../data/sources.ts";
import type { DateOrder } from "../data/times.ts";
import { outcomeOf } from "../score/outcome.ts";
import type { UserState } from "../score/state.ts";
import { type Doubles, type FiledListening, withoutDoubles } from "./doubles.ts";
import type { HistoryForm, Json, Listening } from "./forms/form.ts";
import { LASTFM } from "./forms/lastfm.ts";
import { LISTENBRAINZ } from "./forms/listenbrainz.ts";
import { SPOTIFY_EXTENDED, SPOTIFY_SHORT } from "./forms/spotify.ts";
import { YOUTUBE } from "./forms/youtube.ts";

/** The known forms; the first that reads a file is taken. A new form is a file in `forms/` and a place here. */
export const HISTORY_FORMS: readonly HistoryForm[] = [SPOTIFY_EXTENDED, SPOTIFY_SHORT, LISTENBRAINZ, YOUTUBE, LASTFM];

/** What was read. */
export interface History {
  /** The entries, by start; the same play may be among them twice. */
  listenings: FiledListening[];
  /** The files, with their forms (`empty` for one without entries), numbers of entries, and what was told from each. */
  files: { path: string; form: string; entries: number; notes: string }[];
  /** Files of folders and archives that were not read, and why. */
  leftOut: { path: string; reason: string }[];
  /** Entries that are no music (podcasts, audiobooks) or have no title. */
  notMusic: number;
  /** Entries without a usable time. */
  undated: number;
}

/** How to read. */
export interface HistoryOptions {
  /** The forms; {@linkcode HISTORY_FORMS} when left out. */
  forms?: readonly HistoryForm[];
  /** The order of day and month in dates of numbers alone; told from each file when left out. */
  dates?: DateOrder;
}

/** In a folder or an archive such files are looked into; what they hold is told by their content. */
const TEXT_FILES = /\.(?:json|jsonl|ndjson|csv|tsv|txt)$/i;

/**
 * Reads listening histories: files, folders, or the zip archives that the services send.
 *
 * @throws {InputError} When a file is missing, is not JSON or a table, or is of none of these forms, when dates do not
 * tell the day from the month, or when a folder or an archive holds no history.
 */
export function readHistory(
  paths: readonly string[],
  { forms = HISTORY_FORMS, dates }: HistoryOptions = {},
): History {
  const { files, leftOut } = readSources(paths, TEXT_FILES, "a listening history (.json, .jsonl, .csv, .tsv or .txt)");
  const history: History = { listenings: [], files: [], leftOut, notMusic: 0, undated: 0 };
  for (const file of files) {
    const isGiven = paths.includes(file.path);
    let objects: Json[] | undefined;
    try {
      objects = /^\s*[[{]/.test(file.text) ? objectsOf(readJson(file)) : undefined;
    } catch (error) {
      if (isGiven || !(error instanceof InputError)) throw error;
      leftOut.push({ path: file.path, reason: error.message.replace(`${file.path}: `, "") });
      continue;
    }
    const known = readEntries(file, objects, forms, dates);
    if (known === undefined) {
      const found = describeContent(file.text, objects);
      if (isGiven) throw new InputError(`${file.path}: expected ${describe(forms)} but found ${found}`);
      leftOut.push({ path: file.path, reason: `is no listening history but ${found}` });
      continue;
    }
    const notes = [file.encoding === "UTF-8" ? "" : `in ${file.encoding}`, known.note ?? ""].filter((note) => note)
      .join("; ");
    history.files.push({ path: file.path, form: known.form, entries: known.entries.length, notes });
    for (const entry of known.entries) {
      if (entry === undefined) history.notMusic++;
      else if (!(entry.start > 0)) history.undated++;
      else history.listenings.push({ ...entry, file: history.files.length - 1 });
    }
  }
  if (history.files.every(({ form }) => form === "empty")) {
    const found = leftOut.slice(0, 3).map(({ path, reason }) => `${basename(path)}: ${reason}`).join("; ");
    throw new InputError(`${paths.join(", ")}: expected ${describe(forms)} but found ${found || "no entries"}`);
  }
  history.listenings.sort((a, b) => a.start - b.start);
  return history;
}

function readEntries(
  { path, text }: SourceFile,
  objects: Json[] | undefined,
  forms: readonly HistoryForm[],
  dates?: DateOrder,
): { form: string; entries: (Listening | undefined)[]; note?: string } | undefined {
  if (text.trim() === "" || objects?.length === 0) return { form: "empty", entries: [] };
  try {
    for (const form of forms) {
      const known = form.read({ text, objects, dates });
      if (known) return { form: form.name, ...known };
    }
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
  return undefined;
}

function describe(forms: readonly HistoryForm[]): string {
  return `a listening history (${forms.map(({ title, told }) => `${title}: ${told}`).join("; ")})`;
}

function describeContent(text: string, objects?: readonly Json[]): string {
  if (objects) return `objects with ${Object.keys(objects[0]).slice(0, 5).join(", ") || "nothing in them"}`;
  return readTable(text, {}).header.slice(0, 6).join(", ").slice(0, 100);
}

/** An array of objects, one object, or an object that wraps the array, as the servers of the services answer. */
function objectsOf(value: unknown): Json[] {
  type Wrapped = { payload?: { listens?: unknown }; scrobbles?: unknown; recenttracks?: { track?: unknown } } | null;
  const wrapped = value as Wrapped;
  const listed = wrapped?.payload?.listens ?? wrapped?.scrobbles ?? wrapped?.recenttracks?.track ?? value;
  const list = Array.isArray(listed) ? listed.flat() : [listed];
  return list.filter((entry) => entry !== null && typeof entry === "object");
}

/** What became of a history. */
export interface HistoryReport {
  /** Plays entered: streams that were kept, and scrobbles. */
  plays: number;
  /** Plays among them of which nobody told how long they were. */
  unknown: number;
  /** Skips entered: streams that were not kept. */
  skips: number;
  /** Entries that were left out because the same play stood elsewhere. */
  duplicates: number;
  /** The same by what told it. */
  doubles: Doubles;
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
 * Enters a history in a listener's state: every stream as a play or a skip at its start, the same play once.
 *
 * @param state The listener; the entries are added behind what is known already.
 */
export function applyHistory(state: UserState, history: History): HistoryReport {
  const { collection } = state;
  const { catalog } = collection;
  const matches = matchTracks(catalog, history.listenings.map(({ reference }) => reference));
  const { entries, doubles } = withoutDoubles(
    history.listenings.map((listening, i) => ({ ...listening, ...matches[i] })),
    ({ track, reference }) => track < 0 ? nameOf(reference, normalizeTitle) : collection.workOf(track),
  );
  const missing = entries.filter(({ by }) => by === "none");
  const found = entries.filter(({ by }) => by !== "none");
  const counts = { plays: 0, unknown: 0, skips: 0 };
  for (const { track, start, played } of found) {
    const outcome = outcomeOf(played, catalog.numbers.duration_ms?.[track] ?? NaN);
    if (outcome === "skipped") state.skip(track, start);
    else state.play(track, start);
    counts[outcome === "skipped" ? "skips" : "plays"]++;
    counts.unknown += Number(outcome === "unknown");
  }
  const unmatched = rollups(missing, ({ length }) => length, ({ reference }) => nameOf(reference));
  const timeOf = ({ start }: FiledListening) => new Date(start).toISOString();
  return {
    ...counts,
    duplicates: doubles.offline + doubles.overlapping + doubles.acrossFiles,
    doubles,
    matchedBy: countMatches(entries),
    unmatched: missing.length,
    mostUnmatched: unmatched.sort((a, b) => b[1] - a[1]).slice(0, 10).map(([name, entries]) => {
      const [artist, title] = name.split("\t");
      return { title, artist, entries };
    }),
    tracks: new Set(found.map(({ track }) => track)).size,
    period: found.length > 0 ? [timeOf(found[0]), timeOf(found[found.length - 1])] : null,
  };
}

function nameOf({ id = "?", title = id, artist = "?" }: TrackReference, plain = (text: string) => text): string {
  return `${plain(artist)}\t${plain(title)}`;
}
