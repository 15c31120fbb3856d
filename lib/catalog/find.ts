/** Finding a track by what a person types: an id, a title, the start of a title, or title and artist. */
import { range, sort } from "d3-array";
import { createRequire } from "node:module";
import { InputError } from "../data/errors.ts";
import { type Catalog, listsOf, textsOf } from "./catalog.ts";

/**
 * Finds the one track that a text means. In this order: the exact id; the exact title (of several the most popular);
 * `title - artist` or `artist - title`; the only title that starts with the text; the only title that contains it.
 * Case, accents and punctuation do not count. Cost O(n); the first call on a catalogue prepares its titles.
 *
 * @param catalog The catalogue, with track_id, title and artists.
 * @returns Row of the track in [0, n).
 * @throws {InputError} When no track or several tracks match, with the closest ones.
 *
 * @example
 * ```ts
 * import { findTrack } from "./find.ts";
 * import assert from "node:assert/strict";
 *
 * const catalog = {
 *   length: 2,
 *   numbers: {},
 *   texts: { track_id: ["a1", "b2"], title: ["Ágætis byrjun", "Svefn-g-englar"] },
 *   lists: { artists: [["Sigur Rós"], ["Sigur Rós"]] },
 * };
 * assert.equal(findTrack(catalog, "agaetis"), 0);
 * assert.equal(findTrack(catalog, "sigur ros - svefn g englar"), 1);
 * ```
 */
export function findTrack(catalog: Catalog, text: string): number {
  const id = textsOf(catalog, "track_id").indexOf(text.trim());
  if (id >= 0) return id;
  const wanted = normalizeTitle(text);
  if (wanted === "") throw new InputError(`Expected a track id or a title but found '${text}'`);
  const titles = normalizedTitles(catalog);
  // The rows that pass a test, the most popular first.
  const rows = (test: (title: string, row: number) => boolean) =>
    sort(range(titles.length).filter((i) => test(titles[i], i)), (i) => -(catalog.numbers.popularity?.[i] || 0));

  const exact = rows((title) => title === wanted);
  if (exact.length > 0) return exact[0];
  const artists = listsOf(catalog, "artists");
  for (const [title, artist] of titleAndArtist(text)) {
    const found = rows((t, i) => t === title && artists[i].some((a) => normalizeTitle(a) === artist));
    if (found.length > 0) return found[0];
  }
  const names = (rows: readonly number[]) => rows.slice(0, 3).map((i) => trackName(catalog, i)).join("; ");
  let several: number[] = [];
  for (const test of [(t: string) => t.startsWith(wanted), (t: string) => t.includes(wanted)]) {
    const found = rows(test);
    if (found.length === 1) return found[0];
    if (found.length > 1 && several.length === 0) several = found;
  }
  if (several.length > 0) {
    throw new InputError(
      `'${text}' matches ${several.length} tracks, among them ${names(several)}: ` +
        "write the whole title, 'title - artist', or the id",
    );
  }
  const readings = [wanted, ...titleAndArtist(text).map(([title]) => title)];
  throw new InputError(`No track has the id or title '${text}'; closest are ${names(closestTitles(titles, readings))}`);
}

/** The name of a track for people: `Svefn-g-englar by Sigur Rós`. */
export function trackName(catalog: Catalog, row: number): string {
  return `${textsOf(catalog, "title")[row]} by ${listsOf(catalog, "artists")[row].join(", ")}`;
}

/**
 * A title without what people leave out when they type: case, accents, punctuation, repeated spaces. Signs that stand
 * for letters become them: `P!nk` is `pink`, `Ke$ha` is `kesha`, `&` and `+` between words are `and`.
 *
 * @returns E.g. `agaetis byrjun` for `Ágætis byrjun`. A text of punctuation alone keeps it.
 */
export function normalizeTitle(text: string): string {
  const title = /[!$&+]/.test(text)
    ? text.replace(/(?<=\p{L})!(?=\p{L})/gu, "i").replace(/(?<=\p{L})\$|\$(?=\p{L})/gu, "s")
      .replace(/(?<=\s)[&+](?=\s)/g, "and")
    : text;
  if (/^[\0-\x7f]*$/.test(title)) {
    const plain = title.toLowerCase().replaceAll("'", "");
    return plain.replace(/[^a-z0-9]+/g, " ").trim() || plain.trim();
  }
  const plain = title.normalize("NFKD").replace(/\p{Mark}/gu, "").toLowerCase()
    .replace(/['’ʼ]/g, "").replaceAll("æ", "ae").replaceAll("ø", "o").replaceAll("ß", "ss");
  return plain.replace(/[^\p{Letter}\p{Number}]+/gu, " ").trim() || plain.trim();
}

const TITLES = new WeakMap<Catalog, string[]>();

function normalizedTitles(catalog: Catalog): string[] {
  let titles = TITLES.get(catalog);
  if (!titles) TITLES.set(catalog, titles = textsOf(catalog, "title").map((title) => normalizeTitle(title ?? "")));
  return titles;
}

/** Every way to read a text as title and artist: at each " - " and " by ", either first. */
function titleAndArtist(text: string): [string, string][] {
  const readings: [string, string][] = [];
  for (const { index, 0: separator } of text.matchAll(/ (?:-|–|—|by) /gi)) {
    const left = normalizeTitle(text.slice(0, index));
    const right = normalizeTitle(text.slice(index + separator.length));
    readings.push([left, right], [right, left]);
  }
  return readings;
}

/** The rows whose titles are the fewest edits away from one of some texts, each title once. */
export function closestTitles(titles: readonly string[], wanted: readonly string[]): number[] {
  // Loaded when it is needed, for it takes as long as all else that a command needs to start.
  const { distance } = createRequire(import.meta.url)("fastest-levenshtein") as typeof import("fastest-levenshtein");
  const rows = new Map(titles.map((title, row): [string, number] => [title, row]).reverse());
  const edits = (title: string) => Math.min(...wanted.map((text) => distance(title, text)));
  return sort(rows, ([title]) => edits(title), ([, row]) => row).map(([, row]) => row);
}

/** The row whose title is the fewest edits away from a text. Cost O(n). */
export function nearestTrack(catalog: Catalog, text: string): number {
  return closestTitles(normalizedTitles(catalog), [normalizeTitle(text)])[0];
}
