/**
 * The patterns by which the takes of a work are told, as regular expressions on which the dialects of RE2 (in SQL) and of
 * JavaScript agree. Letters of either case are meant.
 *
 * @module
 */

/** Words that name another take of the same work. */
const TAKE = "re-?master(?:ed|izado|izada|isé|ise)?|live|ao vivo|en vivo|en directo|dal vivo|unplugged|acoustic|" +
  "acústico|demo|bonus track|explicit|clean|radio edit|edit|mono|stereo|re-?record(?:ed|ing)|original|" +
  "(?:radio|single|album|original|extended|short|long|video|main|full|edited|studio) (?:edit|version|mix|length|cut)|" +
  "anniversary";
/** A title with one of these is another work, whatever else it says. */
const OTHER = "remix|rmx|bootleg|mashup|vip|dub|cover|karaoke|instrumental";
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

const [everyGuest, everyWith, everyBracket, everyDash] = [GUESTS, WITH, BRACKETS, DASH].map((pattern) =>
  new RegExp(pattern, "gi")
);
const [namesGuest, namesTake, namesOther] = [NAMES_GUEST, NAMES_TAKE, NAMES_OTHER].map((pattern) =>
  new RegExp(pattern, "i")
);

/**
 * What `bareTitle` in `work.ts` gives, for an ASCII title.
 *
 * @param title The title, ASCII without control characters.
 * @returns The bare title.
 */
export function bareAsciiTitle(title: string): string {
  const guestless = namesGuest.test(title) ? title.replace(everyGuest, " ").replace(everyWith, " ") : title;
  const inBrackets = /[([]/.test(title);
  if (!(inBrackets || title.includes(" - ")) || !namesTake.test(title) || namesOther.test(title)) return guestless;
  const open = inBrackets ? guestless.replace(everyBracket, " ").replace(everyBracket, " ") : guestless;
  return open.includes(" - ") ? open.replace(everyDash, " ").replace(everyDash, " ") : open;
}

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
