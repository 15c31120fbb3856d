/**
 * Which takes are one work: the same first artist, and the same title but for the words that name a take (remaster,
 * live, radio edit, feat. …). As SQL, so that a million titles take a second. The patterns mean letters of either case.
 */
import { sqlText } from "../data/parquet.ts";

const every = (...parts: string[][]): string[] =>
  parts.reduce((texts, part) => texts.flatMap((text) => part.map((more) => text + more)), [""]);

/** Words that name another take of the same work. */
const TAKE_WORDS: readonly string[] = [
  ...every(["re-master", "remaster"], ["ed", "izado", "izada", "isé", "ise", ""]),
  ...["live", "ao vivo", "en vivo", "en directo", "dal vivo", "unplugged", "acoustic", "acústico", "demo"],
  ...["bonus track", "explicit", "clean", "radio edit", "edit", "mono", "stereo"],
  ...every(["re-record", "rerecord"], ["ed", "ing"]),
  ...every(
    ["radio", "single", "album", "original", "extended", "short", "long", "video", "main", "full", "edited", "studio"],
    [" "],
    ["edit", "version", "mix", "length", "cut"],
  ),
  ...["original", "anniversary"],
];
/** A title with one of these is another work, whatever else it says. */
const OTHER_WORDS = ["remix", "rmx", "bootleg", "mashup", "vip", "dub", "cover", "karaoke", "instrumental"];

const TAKE = TAKE_WORDS.join("|");
const OTHER = OTHER_WORDS.join("|");
/** A guest credit. */
const GUESTS = "\\s[(\\[]?(?:feat|ft|featuring)[. ][^)\\]]*[)\\]]?";
/** A guest credit in brackets. */
const WITH = "[(\\[]with [^()\\[\\]]*[)\\]]";
/** A mark of a take in brackets. */
const BRACKETS = `[(\\[](?:[^()\\[\\]]*[^()\\[\\]a-z])?(?:${TAKE})(?:[^()\\[\\]a-z][^()\\[\\]]*)?[)\\]]`;
/** A hyphen inside a word does not start a new segment of the title. */
const SEGMENT = "(?:[^-]|\\b-\\b)*";
/** A mark of a take behind a dash. */
const DASH = ` [-–] (?:${SEGMENT}[^a-z-])?(?:${TAKE})(?:[^a-z-]${SEGMENT})?$`;
/** What every title with a guest credit has. */
const NAMES_GUEST = "[ (\\[](?:feat|ft|featuring|with)[. ]";
/** What every title with the mark of a take has. */
const NAMES_TAKE = `\\b(?:${TAKE})\\b`;
/** What makes a title that of another work. */
const NAMES_OTHER = `\\b(?:${OTHER})\\b`;

/**
 * SQL of a title without guest credits and without remaster, live or edit marks: `Heroes - 2017 Remaster` gives
 * `Heroes`. A remix is another work and keeps its title. Best of a column, for it is repeated.
 */
export function bareTitle(title: string): string {
  const replace = (text: string, pattern: string) => `regexp_replace(${text}, ${sqlText(`(?i)${pattern}`)}, ' ', 'g')`;
  const matches = (pattern: string) => `regexp_matches(${title}, ${sqlText(`(?i)${pattern}`)})`;
  const guestless = `CASE WHEN ${matches(NAMES_GUEST)}
    THEN ${replace(replace(title, GUESTS), WITH)} ELSE ${title} END`;
  const marked = `(contains(${title}, '(') OR contains(${title}, '[') OR contains(${title}, ' - ')
    OR contains(${title}, ' – '))`;
  return `CASE WHEN ${marked} AND ${matches(NAMES_TAKE)} AND NOT ${matches(NAMES_OTHER)}
    THEN ${replace(replace(replace(replace(guestless, BRACKETS), BRACKETS), DASH), DASH)} ELSE ${guestless} END`;
}

/**
 * SQL of the letters and digits of a text, in lower case, without accents and spaces: what is compared when two names
 * are held to be the same. An `&` counts as `and`. Best of a column, for it is repeated.
 */
export function plainText(text: string): string {
  const dense = `replace(${text}, ' ', '')`;
  return `CASE WHEN regexp_full_match(${text}, '[A-Za-z0-9 ]*') THEN lower(${dense})
    ELSE regexp_replace(strip_accents(lower(replace(${dense}, '&', 'and'))), '[^\\pL\\pN]+', '', 'g') END`;
}

/**
 * SQL of a number that takes of one work share: a 64-bit hash of work title and first artist, each plain. A text that has
 * no letters and digits is compared as it is.
 */
export function workKey(title: string, artist: string, plainTitle: string, plainArtist: string): string {
  const plainOr = (plain: string, text: string) => `CASE WHEN ${plain} = '' THEN lower(${text}) ELSE ${plain} END`;
  return `hash(${plainOr(plainTitle, title)}, ${plainOr(plainArtist, artist)})`;
}
