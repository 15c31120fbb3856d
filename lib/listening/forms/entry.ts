/** What a list of liked tracks is made of, and what a form of such lists is. */
import { HEADERS, plainHeader } from "../../catalog/headers.ts";
import type { SourceFile } from "../../data/sources.ts";
import { type Reading, readingsOfFile, readingsOfName } from "./names.ts";

/** An entry of a list of tracks. */
export interface LibraryEntry {
  /** What it may mean, the likeliest first; at least one. */
  readings: readonly Reading[];
  /** What the list calls it; artist and title of the first reading when left out. */
  called?: string;
  /** The audio file, as the list names it. */
  location?: string;
  /** How the listener rated it, in the scale of the file; only above 0. */
  rating?: number;
  /** The listener does not want this track. */
  banned?: boolean;
}

/** What a file holds. */
export interface LibraryList {
  /** Its entries, in its order. */
  entries: LibraryEntry[];
  /** Artists that the listener does not want. */
  bannedArtists?: string[];
  /** What to know when none of the entries is found. */
  doubt?: string;
}

/** A form of lists of tracks. */
export interface LibraryForm {
  /** Name, e.g. `"m3u"`. */
  name: string;
  /** What it is, for people. */
  title: string;
  /** Who writes it. */
  source: string;
  /** What is read of it, and what tells it. */
  told: string;
  /** How the names of its files end; of a folder or an archive only such are read. */
  files: readonly string[];
  /** What a file holds; undefined when it is not of this form. */
  read(file: Pick<SourceFile, "path" | "text">): LibraryList | undefined;
}

/** Names of fields: those of catalogues in nine languages, and those of players and services. */
const NAMES = {
  id: [...HEADERS.track_id ?? [], "spotify track uri", "spotify url", "identifier", "url"].map(plainHeader),
  title: [...HEADERS.title ?? [], "morceau", "brano", "música"].map(plainHeader),
  artist: [...HEADERS.artists ?? [], "artist name 1", "creator", "author", "interprète", "intérprete"].map(plainHeader),
  location: ["location", "path", "file", "file path", "full path", "filename", "src"].map(plainHeader),
};
type Field = keyof typeof NAMES;

/** Names of fields with ratings, in these languages. */
const RATING_NAMES =
  ("rating, stars, my rating, user rating, track rating, bewertung, wertung, sterne, note, évaluation, " +
    "étoiles, calificación, valoración, estrellas, valutazione, voto, avaliação, classificação, waardering, betyg")
    .split(", ").map(plainHeader);

/** A rating: a number above 0, as text also `4/5`, `4 stars`, `4,5` and `★★★★☆`; 0 is none. */
function ratingIn(value: unknown): number | undefined {
  const text = String(value ?? "").trim();
  const stars = text.match(/[★⭐]/gu)?.length;
  const rating = stars ??
    Number(/^(\d+(?:[.,]\d+)?)(?:\s*\/\s*\d+|\s*\p{L}+)?$/u.exec(text)?.[1].replace(",", ".") ?? NaN);
  return rating > 0 ? rating : undefined;
}

/** Whether a field of this name says something of a track. */
export function isFieldOfTrack(name: string): boolean {
  return Object.values(NAMES).some((names) => names.includes(plainHeader(name)));
}

/** Whether a value names a track of Spotify, whatever its field is called. */
export function isTrackUri(value: string): boolean {
  return /spotify:track:\w|open\.spotify\.com\/(?:intl-\w+\/)?track\/\w/.test(value);
}

/**
 * The entry that the fields of a row or an object tell.
 *
 * @param fields By name; names in nine languages, whatever their capitals and signs.
 * @returns Undefined when they name nothing.
 */
export function entryOf(fields: Readonly<Record<string, unknown>>): LibraryEntry | undefined {
  const values = new Map(Object.entries(fields).map(([name, value]) => [plainHeader(name), value]));
  const textsOf = (field: Field) => NAMES[field].flatMap((name) => textsIn(values.get(name)));
  const id = [...values.values()].flatMap(textsIn).find(isTrackUri) ?? textsOf("id")[0];
  const allTitles = textsOf("title");
  // In some tables `track` is the number on the album.
  const worded = allTitles.filter((title) => !/^\d+$/.test(title));
  const titles = worded.length > 0 ? worded : allTitles;
  const artists = NAMES.artist.flatMap((name) => artistsIn(values.get(name)));
  const credited = creditsIn(fields);
  if (credited.length > 0) artists.push({ artists: credited });
  const [location] = textsOf("location");
  const named: Reading[] = titles.flatMap((title) => artists.map((artist) => ({ title, ...artist })));
  if (titles.length === 0 && location === undefined && id === undefined) return undefined;
  const readings: Reading[] = [
    ...(named.length > 0 ? named : titles.flatMap(readingsOfName)),
    ...(location === undefined ? [] : readingsOfFile(location)),
  ];
  const rating = values.get(plainHeader("rating computed")) === true
    ? undefined
    : RATING_NAMES.map((name) => ratingIn(values.get(name))).find((rating) => rating !== undefined);
  return { readings: [{ ...readings[0], id }, ...readings.slice(1)], location, rating };
}

/** Whether an object names a track with certainty: playlists and albums have names too. */
export function namesTrack(fields: Readonly<Record<string, unknown>>): boolean {
  const named = Object.entries(fields).map(([name, value]) => [plainHeader(name), value] as const);
  const has = (field: Field, test: (value: unknown) => boolean) =>
    named.some(([name, value]) => NAMES[field].includes(name) && test(value));
  return has("title", (value) => textsIn(value).length > 0) && has("artist", (value) => artistsIn(value).length > 0) ||
    has("location", (value) => textsIn(value).some((text) => AUDIO.test(text))) ||
    named.some(([, value]) => textsIn(value).some(isTrackUri));
}

const AUDIO = /\.(?:mp3|flac|og[ga]|opus|m4[abp]|aac|wav|wma|aiff?|alac|ape|mpc|wv|dsf)$/i;

/** The texts in a field: a text that is not blank, a number, or several. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === "number") return [String(value)];
  return typeof value === "string" && value.trim() !== "" ? [value] : [];
}

/** The artists in a field: a credit in one text, or names or objects with names one by one. */
function artistsIn(value: unknown): Pick<Reading, "artist" | "artists">[] {
  if (typeof value !== "object" || value === null) return textsIn(value).map((artist) => ({ artist }));
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const artists = list.flatMap((one) => textsIn((one as { name?: unknown } | null)?.name ?? one));
  return artists.length > 0 ? [{ artists }] : [];
}

/** Artists as MusicBrainz credits them, one by one, wherever they stand. */
function creditsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const name = (value as { artist_credit_name?: unknown }).artist_credit_name;
  return typeof name === "string" ? [name] : Object.values(value).flatMap(creditsIn);
}
