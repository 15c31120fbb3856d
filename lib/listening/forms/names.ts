/** What names of tracks and files may mean: `Artist - Title`, `Music/Artist/Album/1-03 - Title.mp3`. */
import type { TrackReference } from "../../catalog/match.ts";

/** What an entry may mean. */
export interface Reading extends TrackReference {
  /** Where the title begins is not sure: another take of it will not do. */
  exact?: boolean;
}

/** What stands between artist, album and title. */
const DASH = /\s+[-‐-―−~]\s+/g;
/** What may follow a title behind a dash. */
const MARK =
  /\b(?:remaster(?:ed)?|live|version|edit|mono|stereo|bonus|feat|acoustic|demo|session|take|single|album|radio|extended|original|mix|\d{4})\b/i;
/** A number or a bullet in front: `03 `, `03. `, `1-03 - `, `A1 `, `[03] `, `- `. */
const NUMBER = /^[-*•]\s+|^[([]?(?:\d{1,2}[-.]\d{1,3}|[A-D]?\d{1,3})[)\]]?[\s.)-]+(?:[-‐-―]\s*)?/i;

/**
 * What a name may mean: artist and title with a dash between, also album or number between them, also the title first
 * or `Title by Artist`; with and without a number in front. Else it is a title, whose artist is not told.
 */
export function readingsOfName(name: string): Reading[] {
  return withoutNumber(name).flatMap((name) => {
    const cuts = [...name.matchAll(DASH)].map(({ index, 0: dash }) => [
      name.slice(0, index),
      name.slice(index + dash.length),
    ]);
    const by = /^(.*) by (.*?)$/i.exec(name);
    const byArtist: Reading[] = by ? [{ title: by[1], artist: by[2], exact: true }] : [];
    if (cuts.length === 0) return [{ title: name }, ...byArtist];
    const [first] = cuts[0];
    const artistFirst = cuts.flatMap(([left, right]) =>
      withoutNumber(right).flatMap((title) => {
        const exact = title.search(DASH) >= 0 && !MARK.test(title);
        return [...new Set([first, left])].map((artist): Reading => ({ artist, title, exact }));
      })
    );
    return [...artistFirst, ...cuts.map(([title, artist]): Reading => ({ artist, title, exact: true })), ...byArtist];
  });
}

/**
 * What the name of a file may mean, with the folders that it is in: each may be that of the artist.
 *
 * @param location A path of any system, or a URL; percent-encoded or not.
 */
export function readingsOfFile(location: string): Reading[] {
  const path = location.replace(/^[a-z][\w+.-]+:\/*([^?#]*).*$/i, "$1");
  return [...new Set([path, decoded(path)])].flatMap((path) => {
    const parts = path.split(/[\\/]/).filter((part) => !/^([a-z]:)?$/i.test(part));
    const name = (parts.pop() ?? "").replace(/\.\w{2,5}$/, "");
    // Without blanks, underscores and bare dashes stand for them: `03-some_artist-some_title`.
    const spaced = /\s/.test(name) ? name : name.replaceAll(/_*-[-_]*/g, " - ").replaceAll("_", " ");
    const names = [...new Set([name, spaced])];
    const folders = new Set(parts.slice(-3).reverse().flatMap((folder) => [folder, folder.split(DASH)[0]]));
    const titles = new Set(names.flatMap(withoutNumber));
    return [
      ...names.flatMap(readingsOfName),
      ...[...folders].flatMap((artist) => [...titles].map((title) => ({ artist, title }))),
    ];
  });
}

/** A text that was percent-encoded, from UTF-8 or else from Latin-1; one that was not stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
  }
}

/** A title with and without a number in front, for there are titles that begin with one. */
function withoutNumber(title: string): string[] {
  const whole = title.trim();
  const rest = whole.replace(NUMBER, "").trim();
  return rest === "" || rest === whole ? [whole] : [whole, rest];
}
