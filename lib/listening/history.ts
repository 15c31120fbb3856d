/** A listener's real past: the exports of the services, read into a {@linkcode UserState}. */
import { rollups } from "d3-array";
import { InputError } from "../data/errors.ts";
import { countMatches, matchTracks } from "../catalog/match.ts";
import { readJson, readSources, readTable, type SourceFile } from "../data/sources.ts";
import type { UserState } from "../score/state.ts";
import type { HistoryForm, Json, Listening } from "./forms/form.ts";
import { LASTFM } from "./forms/lastfm.ts";
import { LISTENBRAINZ } from "./forms/listenbrainz.ts";
import { SPOTIFY_EXTENDED, SPOTIFY_SHORT } from "./forms/spotify.ts";

/** The known forms; the first that reads a file is taken. A new form is a file in `forms/` and a place here. */
export const HISTORY_FORMS: readonly HistoryForm[] = [SPOTIFY_EXTENDED, SPOTIFY_SHORT, LISTENBRAINZ, LASTFM];

/** What was read. */
export interface History {
  /** The entries, by start. */
  listenings: Listening[];
  /** The files, with their kinds and numbers of entries. */
  files: { path: string; form: string; entries: number }[];
  /** Entries that are no music (podcasts, audiobooks) or have no title. */
  notMusic: number;
  /** Entries without a usable time. */
  undated: number;
  /** Entries that stood in more than one file. */
  duplicates: number;
}

/** From this on a stream counts as played, as services and charts reckon. */
const PLAY_MS = 30_000;

/**
 * Reads listening histories: files, folders, or the zip archives that the services send.
 *
 * @returns All entries by time, each once.
 * @throws {InputError} When a file is missing, is not JSON or CSV, or is of none of these forms.
 */
export function readHistory(paths: readonly string[], forms: readonly HistoryForm[] = HISTORY_FORMS): History {
  const history: History = { listenings: [], files: [], notMusic: 0, undated: 0, duplicates: 0 };
  const wanted = new RegExp(forms.map(({ files }) => files.source).join("|"), "i");
  for (const file of readSources(paths, wanted)) {
    const { form, entries } = readEntries(file, forms);
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

function readEntries(file: SourceFile, forms: readonly HistoryForm[]) {
  const objects = /^\s*[[{]/.test(file.text) ? objectsOf(readJson(file)) : undefined;
  for (const form of forms) {
    const entries = form.read({ text: file.text, objects });
    if (entries) return { form: form.name, entries };
  }
  const found = objects
    ? `objects with ${Object.keys(objects[0] ?? {}).slice(0, 5).join(", ") || "nothing in them"}`
    : readTable(file.text, {}).header.slice(0, 6).join(", ") || "an empty file";
  const known = forms.map(({ title, told }) => `${title}: ${told}`).join("; ");
  throw new InputError(`${file.path}: expected a listening history (${known}) but found ${found}`);
}

/** An array of objects, one object, or ListenBrainz's answer with the array in `payload.listens`. */
function objectsOf(value: unknown): Json[] {
  const wrapped = (value as { payload?: { listens?: unknown } })?.payload?.listens ?? value;
  const list = Array.isArray(wrapped) ? wrapped : [wrapped];
  return list.filter((entry) => entry !== null && typeof entry === "object");
}

function identity({ reference, start, played }: Listening): string {
  return `${start}\t${played}\t${reference.id ?? ""}\t${reference.artist}\t${reference.title}`;
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
  const known = history.listenings.map((listening, i) => ({ ...listening, ...matches[i] }));
  const missing = known.filter(({ by }) => by === "none");
  const found = known.filter(({ by }) => by !== "none");
  const counts = { plays: 0, skips: 0, neither: 0 };
  for (const listening of found) {
    const { track, start } = listening;
    const { played, skipped } = outcomeOf(listening, durations?.[track] ?? NaN);
    if (played) state.play(track, start);
    if (skipped) state.skip(track, start + listening.played);
    counts.plays += Number(played);
    counts.skips += Number(skipped);
    counts.neither += Number(!played && !skipped);
  }
  const unmatched = rollups(
    missing,
    ({ length }) => length,
    ({ reference: { id = "?", title = id, artist = "?" } }) => `${artist}\t${title}`,
  );
  const timeOf = ({ start }: Listening) => new Date(start).toISOString();
  return {
    ...counts,
    matchedBy: countMatches(matches),
    unmatched: missing.length,
    mostUnmatched: unmatched.sort((a, b) => b[1] - a[1]).slice(0, 10).map(([name, entries]) => {
      const [artist, title] = name.split("\t");
      return { title, artist, entries };
    }),
    tracks: new Set(found.map(({ track }) => track)).size,
    period: found.length > 0 ? [timeOf(found[0]), timeOf(found[found.length - 1])] : null,
  };
}

/** A play, a skip, both (a long track left before its half) or neither. */
function outcomeOf(listening: Listening, duration: number): { played: boolean; skipped: boolean } {
  const { played, skipped } = listening;
  if (Number.isNaN(played)) return { played: true, skipped: false };
  const long = played >= PLAY_MS;
  return {
    played: long || played >= 0.9 * duration,
    skipped: skipped === true && (duration > 0 ? played < duration / 2 : !long),
  };
}
