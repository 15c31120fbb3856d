/**
 * The patterns by which the takes of a work are told: regular expressions for SQL, and the words in them for the kernel
 * of `table.as`. Letters of either case are meant.
 *
 * @module
 */

const every = (...parts: string[][]): string[] =>
  parts.reduce((texts, part) => texts.flatMap((text) => part.map((more) => text + more)), [""]);

/** Words that name another take of the same work. */
export const TAKE_WORDS: readonly string[] = [
  ...every(["re-master", "remaster"], ["ed", "izado", "izada", "isé", "ise", ""]),
  ...[
    "live",
    "ao vivo",
    "en vivo",
    "en directo",
    "dal vivo",
    "unplugged",
    "acoustic",
    "acústico",
    "demo",
    "bonus track",
  ],
  ...["explicit", "clean", "radio edit", "edit", "mono", "stereo"],
  ...every(["re-record", "rerecord"], ["ed", "ing"]),
  ...every(
    ["radio", "single", "album", "original", "extended", "short", "long", "video", "main", "full", "edited", "studio"],
    [" "],
    ["edit", "version", "mix", "length", "cut"],
  ),
  ...["original", "anniversary"],
];
/** A title with one of these is another work, whatever else it says. */
export const OTHER_WORDS: readonly string[] = [
  ...["remix", "rmx", "bootleg", "mashup", "vip", "dub", "cover", "karaoke", "instrumental"],
];

const TAKE = TAKE_WORDS.join("|");
const OTHER = OTHER_WORDS.join("|");
/** A guest credit. */
export const GUESTS = "\\s[(\\[]?(?:feat|ft|featuring)[. ][^)\\]]*[)\\]]?";
/** A guest credit in brackets. */
export const WITH = "[(\\[]with [^()\\[\\]]*[)\\]]";
/** A mark of a take in brackets. */
export const BRACKETS = `[(\\[](?:[^()\\[\\]]*[^()\\[\\]a-z])?(?:${TAKE})(?:[^()\\[\\]a-z][^()\\[\\]]*)?[)\\]]`;
/** A hyphen inside a word does not start a new segment of the title. */
const SEGMENT = "(?:[^-]|\\b-\\b)*";
/** A mark of a take behind a dash. */
export const DASH = ` [-–] (?:${SEGMENT}[^a-z-])?(?:${TAKE})(?:[^a-z-]${SEGMENT})?$`;
/** What every title with a guest credit has. */
export const NAMES_GUEST = "[ (\\[](?:feat|ft|featuring|with)[. ]";
/** What every title with the mark of a take has. */
export const NAMES_TAKE = `\\b(?:${TAKE})\\b`;
/** What makes a title that of another work. */
export const NAMES_OTHER = `\\b(?:${OTHER})\\b`;

/** First and last letter of {@linkcode LATIN}. */
export const LATIN_RANGE: readonly [number, number] = [0xc0, 0x17f];

/**
 * What `plainText` in `work.ts` makes of each of the accented Latin letters U+00C0 … U+017F: the letter in lower case
 * without its accent, or nothing for a sign.
 *
 * @returns One text a letter.
 */
export function plainLatin(): string[] {
  const [first, last] = LATIN_RANGE;
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const letter = String.fromCharCode(first + i);
    if (!/\p{L}/u.test(letter)) return "";
    return letter === "İ" ? "i" : letter.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  });
}
