/** Finding the tracks that other programs speak of: by id, else by title and artist. */
import { type Catalog, listsOf, textsOf } from "./catalog.ts";
import { normalizeTitle } from "./find.ts";

/** How a history, a library or a playlist names a track. */
export interface TrackReference {
  /** Id as the source gives it: a bare id, `spotify:track:ID` or `https://open.spotify.com/track/ID`. */
  id?: string;
  /** Title. */
  title?: string;
  /** Artist; any one of several. */
  artist?: string;
  /** The audio file, where a playlist of files names it. */
  location?: string;
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
 * work) and the artist. Of several the most popular.
 * Cost O(n + references); only the titles of artists that are referenced are looked at.
 *
 * @param catalog The catalogue, with track_id, title and artists.
 * @param references What to find.
 * @returns One match a reference, in the same order.
 */
export function matchTracks(catalog: Catalog, references: readonly TrackReference[]): TrackMatch[] {
  const rows = rowsById(catalog, references);
  const names = tracksByName(catalog, references.filter(({ id }) => id === undefined || !rows.has(bareId(id))));
  return references.map((reference): TrackMatch => {
    const byId = reference.id === undefined ? undefined : rows.get(bareId(reference.id));
    if (byId !== undefined) return { track: byId, by: "id" };
    if (reference.title === undefined || reference.artist === undefined) return { track: -1, by: "none" };
    const artist = normalizeTitle(reference.artist);
    const byTitle = names.get(keyOf(artist, "title", reference.title));
    if (byTitle !== undefined) return { track: byTitle, by: "title" };
    const byWork = names.get(keyOf(artist, "work", reference.title));
    return byWork === undefined ? { track: -1, by: "none" } : { track: byWork, by: "work" };
  });
}

/** How many references were found by each means. */
export function countMatches(matches: readonly TrackMatch[]): { id: number; title: number; work: number } {
  const countBy = (wanted: string) => matches.filter(({ by }) => by === wanted).length;
  return { id: countBy("id"), title: countBy("title"), work: countBy("work") };
}

/** The bare id in what names a track: `spotify:track:ID`, `https://open.spotify.com/track/ID?si=…` or the id itself. */
export function bareId(text: string): string {
  return /(?:spotify:track:|open\.spotify\.com\/(?:intl-\w+\/)?track\/)([A-Za-z0-9]+)/.exec(text)?.[1] ?? text.trim();
}

function rowsById(catalog: Catalog, references: readonly TrackReference[]): Map<string, number> {
  const wanted = new Set<string>();
  for (const { id } of references) if (id !== undefined) wanted.add(bareId(id));
  const rows = new Map<string, number>();
  if (wanted.size > 0) textsOf(catalog, "track_id").forEach((id, row) => wanted.has(id!) && rows.set(id!, row));
  return rows;
}

function tracksByName(catalog: Catalog, references: readonly TrackReference[]): Map<string, number> {
  const artists = new Set<string>();
  for (const { artist } of references) if (artist !== undefined) artists.add(normalizeTitle(artist));
  const rows = new Map<string, number>();
  if (artists.size === 0) return rows;
  const titles = textsOf(catalog, "title");
  const popularity = catalog.numbers.popularity;
  const offer = (key: string, row: number) => {
    const known = rows.get(key);
    if (known === undefined || (popularity?.[row] ?? 0) > (popularity?.[known] ?? 0)) rows.set(key, row);
  };
  const plainNames = new Map<string, string>();
  listsOf(catalog, "artists").forEach((list, row) => {
    for (const name of list) {
      let artist = plainNames.get(name);
      if (artist === undefined) plainNames.set(name, artist = normalizeTitle(name));
      if (!artists.has(artist)) continue;
      offer(keyOf(artist, "title", titles[row]!), row);
      offer(keyOf(artist, "work", titles[row]!), row);
    }
  });
  return rows;
}

/** Marks behind a title that make it another work. */
const OTHER_WORK = /\b(?:remix|rmx|mix|bootleg|mashup|dub|cover|karaoke|instrumental)\b/i;

/** The title without what stands in brackets or behind a dash, unless that names another work. */
function baseTitle(title: string): string {
  const base = title.replace(/\s*[([][^)\]]*[)\]]/g, "").replace(/\s[-–]\s.*$/, "");
  return normalizeTitle(base === "" || OTHER_WORK.test(title) ? title : base);
}

function keyOf(artist: string, by: "title" | "work", title: string): string {
  return `${artist}\t${by}\t${by === "title" ? normalizeTitle(title) : baseTitle(title)}`;
}
