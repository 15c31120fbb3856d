/** Finding the tracks that other programs speak of: by id, else by title and artist. */
import { sort } from "d3-array";
import { type Catalog, listsOf, textsOf } from "./catalog.ts";
import { splitCredit } from "./credits.ts";
import { normalizeTitle } from "./find.ts";

/** How a history, a library or a playlist names a track. */
export interface TrackReference {
  /** Id as the source gives it: a bare id, `spotify:track:ID` or `https://open.spotify.com/track/ID`. */
  id?: string;
  /** Title. */
  title?: string;
  /** Artist, or all of them in one text: `Vela feat. Tomas`. */
  artist?: string;
  /** The artists one by one, where the source has them so; else `artist` is taken apart. */
  artists?: readonly string[];
}

/** What a reference was found to be. */
export interface TrackMatch {
  /** Row of the track in the catalogue; −1 when it was not found. */
  track: number;
  /** By what: the id; the same title and artist; another take of the same work by the artist; or not at all. */
  by: "id" | "title" | "work" | "none";
}

/**
 * Finds referenced tracks in a catalogue: by id, else by title and artist without case, accents and punctuation, else
 * by the title without what stands in brackets or behind a dash (remaster, live and feature marks; a remix is another
 * work) and the artist. As the artist the whole credit is tried, then its first artist, then the others. Of several
 * tracks the one that shares most artists with the credit, then the most popular.
 * Cost O(n + references); only the titles of artists that are referenced are looked at.
 *
 * @param catalog The catalogue, with track_id, title and artists.
 * @returns One match a reference, in the same order.
 */
export function matchTracks(catalog: Catalog, references: readonly TrackReference[]): TrackMatch[] {
  const rows = rowsById(catalog, references);
  const named = references.filter(({ id, title }) => title !== undefined && !rows.has(bareId(id ?? "")));
  const names = named.length > 0 ? namesOf(catalog) : new Map<string, string>();
  const credits = creditsOf(named, names);
  const tracks = tracksByName(catalog, new Set([...credits.values()].flat()), names);
  const popularity = catalog.numbers.popularity;
  const find = (by: "title" | "work", title: string, credit: readonly string[]) => {
    const plain = by === "title" ? normalizeTitle(title) : baseTitle(title);
    const found = credit.map((artist) => tracks.get(keyOf(artist, by, plain))).find((rows) => rows !== undefined);
    const shared = (row: number) =>
      listsOf(catalog, "artists")[row].filter((a) => credit.includes(names.get(a)!)).length;
    return found && sort(found, (row) => -shared(row), (row) => -(popularity?.[row] || 0))[0];
  };
  return references.map(({ id, title, artist, artists }): TrackMatch => {
    const byId = id === undefined ? undefined : rows.get(bareId(id));
    if (byId !== undefined) return { track: byId, by: "id" };
    const credit = credits.get(creditKey(artist, artists)) ?? [];
    for (const by of ["title", "work"] as const) {
      const track = title === undefined ? undefined : find(by, title, credit);
      if (track !== undefined) return { track, by };
    }
    return { track: -1, by: "none" };
  });
}

/** How many references were found by each means. */
export function countMatches(matches: readonly TrackMatch[]): { id: number; title: number; work: number } {
  const countBy = (wanted: string) => matches.filter(({ by }) => by === wanted).length;
  return { id: countBy("id"), title: countBy("title"), work: countBy("work") };
}

/** The bare id in what names a track: `spotify:track:ID`, `https://open.spotify.com/track/ID?si=…` or the id itself. */
export function bareId(text: string): string {
  return /(?:spotify:track:|open\.spotify\.com\/(?:intl-\w+\/)?track\/|musicbrainz\.org\/recording\/)([\w-]+)/.exec(
    text,
  )?.[1] ?? text.trim();
}

function rowsById(catalog: Catalog, references: readonly TrackReference[]): Map<string, number> {
  const wanted = new Set<string>();
  for (const { id } of references) if (id !== undefined) wanted.add(bareId(id));
  const rows = new Map<string, number>();
  if (wanted.size > 0) textsOf(catalog, "track_id").forEach((id, row) => wanted.has(id!) && rows.set(id!, row));
  return rows;
}

/** The plain name of each artist of a catalogue. */
function namesOf(catalog: Catalog): Map<string, string> {
  const names = new Map<string, string>();
  for (const list of listsOf(catalog, "artists")) {
    for (const name of list) if (!names.has(name)) names.set(name, normalizeTitle(name));
  }
  return names;
}

function creditKey(artist: string | undefined, artists: readonly string[] = []): string {
  return [artist ?? "", ...artists].join("\n");
}

/** The plain names to try for each credit: the whole, then one artist after the other. */
function creditsOf(references: readonly TrackReference[], names: Map<string, string>): Map<string, string[]> {
  const known = new Set(names.values());
  const credits = new Map<string, string[]>();
  for (const { artist, artists } of references) {
    const key = creditKey(artist, artists);
    if (credits.has(key)) continue;
    const single = artists ?? (artist === undefined ? [] : splitCredit(artist, known).artists);
    credits.set(key, [...new Set([artist ?? [], single].flat().map(normalizeTitle))]);
  }
  return credits;
}

/** The rows of every title of some artists, by {@linkcode keyOf}. */
function tracksByName(
  catalog: Catalog,
  artists: ReadonlySet<string>,
  names: Map<string, string>,
): Map<string, number[]> {
  const tracks = new Map<string, number[]>();
  if (artists.size === 0) return tracks;
  const titles = textsOf(catalog, "title");
  listsOf(catalog, "artists").forEach((list, row) => {
    for (const name of list) {
      const artist = names.get(name)!;
      if (!artists.has(artist)) continue;
      const title = titles[row] ?? "";
      for (const key of [keyOf(artist, "title", normalizeTitle(title)), keyOf(artist, "work", baseTitle(title))]) {
        const rows = tracks.get(key);
        if (rows === undefined) tracks.set(key, [row]);
        else rows.push(row);
      }
    }
  });
  return tracks;
}

/** Marks behind a title that make it another work. */
const OTHER_WORK = /\b(?:remix|rmx|mix|bootleg|mashup|dub|cover|karaoke|instrumental)\b/i;

/** The title without what stands in brackets or behind a dash, unless that names another work. */
function baseTitle(title: string): string {
  const base = title.replace(/\s*[([][^)\]]*[)\]]/g, "").replace(/\s[-–]\s.*$/, "");
  return normalizeTitle(base === "" || OTHER_WORK.test(title) ? title : base);
}

function keyOf(artist: string, by: "title" | "work", plainTitle: string): string {
  return `${artist}\t${by}\t${plainTitle}`;
}
