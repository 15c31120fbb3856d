/** A listener's own library: the tracks that may be played. */
import { isAbsolute, resolve } from "node:path";
import { textsOf } from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { countMatches, matchTracks, type TrackReference } from "../catalog/match.ts";
import { readJson, readSources, readTable, type SourceFile } from "../data/sources.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";

/** A library as it was found in a collection. */
export interface Library {
  /** The tracks, in the order of the file, each once. */
  tracks: TrackIndex[];
  /** Entries of the file. */
  entries: number;
  /** Entries by how their track was found. */
  matchedBy: { id: number; title: number; work: number };
  /** What is not in the catalogue, in the order of the file. */
  unmatched: TrackReference[];
  /** The audio file by track id, of entries of an M3U8 playlist that are found by their names. */
  locations: ReadonlyMap<string, string>;
}

const LIBRARY_FILES = /^YourLibrary\.json$|\.m3u8?$/i;

const COLUMNS = {
  id: ["track_id", "track uri", "spotify uri", "spotify id", "uri", "id", "track url", "url"],
  title: ["title", "track_name", "track name", "name", "track", "song"],
  artist: ["artist", "artists", "track_artist", "artist_name", "artist name", "artist name(s)", "artists.name"],
};

/**
 * Reads a library and finds its tracks: ids (one a line), a CSV file (a column of ids or URIs, or of titles and
 * artists, as Exportify writes it), Spotify's `YourLibrary.json`, an M3U8 playlist, a JSPF playlist.
 *
 * @param paths The file, or several: what all of them hold. Also the folder or zip archive of an account export.
 * @returns The tracks, and what was not found.
 * @throws {InputError} When the file is missing, is of none of these forms, or none of its tracks is in the catalogue.
 */
export function readLibrary(collection: Collection, paths: string | readonly string[]): Library {
  const references = readSources([paths].flat(), LIBRARY_FILES).flatMap(readReferences);
  const matches = matchTracks(collection.catalog, references);
  const found = references.map((reference, i) => ({ ...reference, ...matches[i] })).filter(({ by }) => by !== "none");
  if (found.length === 0) {
    throw new InputError(`${[paths].flat().join(", ")}: none of its ${references.length} tracks is in the catalogue`);
  }
  const ids = textsOf(collection.catalog, "track_id");
  // Of several files of a track the first is taken.
  const located = found.filter(({ location, by }) => location !== undefined && by !== "id").reverse();
  return {
    tracks: [...new Set(found.map(({ track }) => track))],
    entries: references.length,
    matchedBy: countMatches(matches),
    unmatched: references.filter((_, i) => matches[i].by === "none"),
    locations: new Map(located.map(({ track, location }) => [ids[track]!, location!])),
  };
}

function readReferences(file: SourceFile): TrackReference[] {
  const start = file.text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) return fromJson(file);
  if (start.startsWith("#EXTM3U") || /\.m3u8?$/i.test(file.path)) return fromM3u(file);
  return fromTable(file);
}

/** Spotify's library `{tracks: [{artist, track, uri}]}`, a JSPF playlist, or a plain array of ids. */
function fromJson(file: SourceFile): TrackReference[] {
  const value = readJson(file);
  if (Array.isArray(value) && value.every((id) => typeof id === "string")) return value.map((id) => ({ id }));
  const { tracks, playlist } = value as {
    tracks?: { artist?: string; track?: string; uri?: string }[];
    playlist?: { track?: { title?: string; creator?: string; identifier?: string | string[] }[] };
  };
  if (Array.isArray(tracks)) return tracks.map(({ artist, track, uri }) => ({ id: uri, title: track, artist }));
  if (Array.isArray(playlist?.track)) {
    return playlist.track.map(({ title, creator, identifier }) => ({
      id: Array.isArray(identifier) ? identifier[0] : identifier,
      title,
      artist: creator,
    }));
  }
  throw new InputError(`${file.path}: expected Spotify's YourLibrary.json, a JSPF playlist or an array of ids`);
}

/**
 * `#EXTINF:seconds,Artist - Title`, then the location, of which the id may be a part. Where the name is not told, that
 * of the file is taken, without folder, ending and number in front: `Music/03 Artist - Title.mp3`.
 */
function fromM3u({ path, text }: SourceFile): TrackReference[] {
  const references: TrackReference[] = [];
  let name: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const told = /^#EXTINF:[^,]*,(.*)$/.exec(line)?.[1];
    if (told !== undefined) name = told;
    else if (line.trim() !== "" && !line.startsWith("#")) {
      const id = line.trim();
      const location = isAbsolute(id) || /^[a-z]\w*:/i.test(id) ? id : resolve(path, "..", id);
      references.push({ id, location, ...named(name ?? fileName(line)) });
      name = undefined;
    }
  }
  return references;
}

function named(name: string): TrackReference {
  const [artist, ...title] = name.split(" - ");
  return title.length > 0 ? { artist: artist.trim(), title: title.join(" - ").trim() } : { title: name };
}

function fileName(path: string): string {
  const last = path.trim().split(/[\\/]/).at(-1)!;
  return last.replace(/\.\w{2,4}$/, "").replace(/^\d{1,3}[. ]+(?:- )?/, "");
}

/** A CSV file with a header that is known, or ids alone, one a line. */
function fromTable({ path, text }: SourceFile): TrackReference[] {
  const { header, columns: { id, title, artist }, rows } = readTable(text, COLUMNS);
  if (id >= 0 || (title >= 0 && artist >= 0)) {
    return rows.slice(1).map((row) => ({
      id: row[id] || undefined,
      title: row[title] || undefined,
      artist: row[artist] || undefined,
    }));
  }
  if (rows.length > 0 && rows.every((row) => row.length === 1)) return rows.map(([id]) => ({ id }));
  throw new InputError(
    `${path}: expected ids, one a line, or a CSV file with a column track_id or uri, or title and artist, but found ` +
      (header.slice(0, 6).join(", ") || "an empty file"),
  );
}
