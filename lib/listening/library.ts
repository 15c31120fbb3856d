/** A listener's own library: the tracks that may be played. */
import { group, least } from "d3-array";
import { basename, dirname } from "node:path";
import { type Catalog, listsOf, textsOf } from "../catalog/catalog.ts";
import { nearestTrack, normalizeTitle, trackName } from "../catalog/find.ts";
import { countMatches, matchTracks, type TrackMatch } from "../catalog/match.ts";
import { InputError } from "../data/errors.ts";
import { readSources, type SourceFile, type Sources } from "../data/sources.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import type { LibraryEntry, LibraryForm, LibraryList } from "./forms/entry.ts";
import { JSON_LIST, XML_LIST } from "./forms/objects.ts";
import type { Reading } from "./forms/names.ts";
import { M3U, PLS } from "./forms/playlists.ts";
import { LINES, TABLE } from "./forms/tables.ts";
import type { FileLocation } from "./locations.ts";

/** The known forms; the first that reads a file is taken. A new form is an entry in `forms/` and a place here. */
export const LIBRARY_FORMS: readonly LibraryForm[] = [M3U, PLS, JSON_LIST, XML_LIST, TABLE, LINES];

/** A library as it was found in a collection. */
export interface Library {
  /** The tracks, in the order of the files, each once. */
  tracks: TrackIndex[];
  /** Of every entry that was found its track, in the order of the files, repeats too. */
  found: TrackIndex[];
  /** How the listener rated tracks, in the scale of the files. */
  ratings: ReadonlyMap<TrackIndex, number>;
  /** Entries of the files. */
  entries: number;
  /** Entries by how their track was found. */
  matchedBy: { id: number; title: number; work: number };
  /** What is not in the catalogue, in the order of the files, as people call it. */
  unmatched: string[];
  /** Tracks that the library names and bans: themselves, or one of their artists. */
  banned: { tracks: number; artists: number };
  /** What is to be told of it, a line each; empty when all is found. */
  notes: string[];
  /** The audio file by track id, where a playlist names it. */
  locations: ReadonlyMap<string, FileLocation>;
}

/**
 * Reads a library and finds its tracks. {@linkcode LIBRARY_FORMS} says of which forms it may be.
 *
 * @param paths Files; or folders or zip archives of an account export or of playlists.
 * @throws {InputError} When a file is missing, is of none of these forms, or no track of them is in the catalogue.
 */
export function readLibrary(
  { catalog }: Collection,
  paths: readonly string[],
  forms: readonly LibraryForm[] = LIBRARY_FORMS,
): Library {
  const endings = forms.flatMap(({ files }) => files);
  const wanted = new RegExp(`(?:${endings.map((ending) => ending.replace(".", "\\.")).join("|")})$`, "i");
  const { files, leftOut } = readSources(paths, wanted, `a list of tracks (${endings.join(", ")})`);
  const lists = files.map((file) => ({ folder: dirname(file.path), ...readList(file, forms) }));
  const all = lists.flatMap(({ entries, folder }) => entries.map((entry) => ({ entry, folder })));
  const matches = matchEntries(catalog, all.map(({ entry }) => entry));
  const matched = all.map((entry, i) => ({ ...entry, ...matches[i] }));
  const liked = matched.filter(({ entry }) => !entry.banned);
  const found = liked.filter(({ by }) => by !== "none");
  const name = paths.join(", ");
  if (found.length === 0) {
    const doubts = lists.flatMap(({ doubt }) => doubt ?? []);
    throw new InputError(`${name}: ${[noneOf(catalog, liked.map(({ entry }) => entry)), ...doubts].join("; ")}`);
  }
  const distinct = [...new Set(found.map(({ track }) => track))];
  const bannedTracks = new Set(matched.flatMap(({ entry, track }) => entry.banned ? [track] : []));
  const bannedArtists = new Set(lists.flatMap(({ bannedArtists = [] }) => bannedArtists.map(normalizeTitle)));
  const allowed = distinct.filter((track) => !bannedTracks.has(track));
  const artists = listsOf(catalog, "artists");
  const tracks = allowed.filter((track) => !artists[track].some((artist) => bannedArtists.has(normalizeTitle(artist))));
  if (tracks.length === 0) throw new InputError(`${name}: bans all ${distinct.length} tracks that it names`);
  const banned = { tracks: distinct.length - allowed.length, artists: allowed.length - tracks.length };
  const unmatched = liked.filter(({ by }) => by === "none").map(({ entry }) => nameOf(entry));
  return {
    tracks,
    found: found.map(({ track }) => track),
    ratings: new Map(found.flatMap(({ track, entry: { rating } }) => rating === undefined ? [] : [[track, rating]])),
    entries: liked.length,
    matchedBy: countMatches(liked),
    unmatched,
    banned,
    notes: notesOf(liked.length, unmatched, banned, leftOut).map((note) => `${name}: ${note}`),
    locations: locationsOf(catalog, found),
  };
}

/** The files of entries; of several files of a track the first. */
function locationsOf(catalog: Catalog, found: readonly (TrackMatch & { entry: LibraryEntry; folder: string })[]) {
  const locations = new Map<string, FileLocation>();
  for (const { track, entry: { location }, folder } of found) {
    const id = textsOf(catalog, "track_id")[track]!;
    if (location !== undefined && location !== id && !locations.has(id)) locations.set(id, { path: location, folder });
  }
  return locations;
}

function readList(file: SourceFile, forms: readonly LibraryForm[]): LibraryList {
  for (const form of forms) {
    const list = form.read(file);
    if (list) return list;
  }
  const known = forms.map(({ title }) => title).join("; ");
  throw new InputError(`${file.path}: expected a list of tracks (${known}) but found an empty file`);
}

/** Finds each entry by the reading that is surest: by id, by the whole title, by another take of the work. */
function matchEntries(catalog: Catalog, entries: readonly LibraryEntry[]): TrackMatch[] {
  const readings = entries.flatMap(({ readings }) => readings);
  const matches = matchTracks(catalog, readings);
  let end = 0;
  return entries.map((entry) => {
    const start = end;
    end += entry.readings.length;
    const own = matches.slice(start, end);
    const works = entry.readings.map(({ title, exact }, i) => ({ ...own[i], exact, length: title?.length ?? 0 }))
      .filter(({ by, exact }) => by === "work" && !exact).sort((a, b) => a.length - b.length);
    const best = own.find(({ by }) => by === "id") ?? own.find(({ by }) => by === "title") ?? works[0];
    return best ? { track: best.track, by: best.by } : { track: -1, by: "none" };
  });
}

/** How an entry is called: `Artist - Title`, else the file or the id. */
function nameOf({ readings: [reading], called, location }: LibraryEntry): string {
  const artist = artistOf(reading);
  const both = reading.title !== undefined && artist !== undefined ? `${artist} - ${reading.title}` : undefined;
  return oneLine(called ?? both ?? location ?? reading.title ?? reading.id ?? "?");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function artistOf({ artist, artists }: Reading): string | undefined {
  return artist ?? artists?.join(", ");
}

function notesOf(
  entries: number,
  unmatched: readonly string[],
  banned: Library["banned"],
  leftOut: Sources["leftOut"],
): string[] {
  const some = (texts: readonly string[]) => texts.slice(0, 3).join(", ") + (texts.length > 3 ? ", …" : "");
  const notes = [];
  if (unmatched.length > 0) {
    notes.push(`${unmatched.length} of ${entries} tracks are not in the catalogue: ${some(unmatched)}`);
  }
  if (banned.tracks + banned.artists > 0) {
    notes.push(
      `tracks left out because the file bans them: ${banned.tracks}, and by artists that it bans: ${banned.artists}`,
    );
  }
  for (const [reason, files] of group(leftOut, ({ reason }) => reason)) {
    notes.push(`${files.length} left out (${reason}): ${some(files.map(({ path }) => basename(path)))}`);
  }
  return notes;
}

/** Why no entry was found: what was looked for, and what is nearest to it. */
function noneOf(catalog: Catalog, entries: readonly LibraryEntry[]): string {
  const isWord = (text: string) => /\p{L}/u.test(text);
  const looked = entries.slice(0, 3).map((entry) => {
    const called = nameOf(entry);
    const titles = entry.readings.flatMap(({ title = "", ...by }) =>
      isWord(title) && isWord(artistOf(by) ?? "") ? [title] : []
    );
    // Without an album and a number in front.
    const title = least(titles, ({ length }) => length) ?? entry.readings[0].title;
    if (title === undefined) return `${called} as an id (ids are like ${textsOf(catalog, "track_id")[0]})`;
    const artists = new Set(
      entry.readings.flatMap((reading) => reading.title === title ? artistOf(reading) ?? [] : []),
    );
    const by = [...artists].filter(isWord).slice(0, 3).join(" or ") || "an artist that is not told";
    const nearest = trackName(catalog, nearestTrack(catalog, title));
    return oneLine(`${called} as ${title} by ${by} (nearest is ${nearest})`);
  });
  return `none of its ${entries.length} tracks is in the catalogue, which was searched for ${looked.join(", ")}`;
}
