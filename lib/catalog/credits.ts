/** Artists that stand in one text: `Vela feat. Tomas`, `A, B & C`, `["A", "B"]`. The one place that takes them apart. */
import { group } from "d3-array";
import { normalizeTitle } from "./find.ts";

/** What a credit was found to say. */
export interface Credit {
  /** The artists in the order of the text, at least one unless the text is empty. */
  artists: string[];
  /** True when a sign that may separate artists was left standing, for neither side of it is known as an artist. */
  inDoubt: boolean;
}

/** What holds guests in brackets. */
const GUESTS_IN_BRACKETS = /\s*[(\[]\s*(?:feat|ft|featuring)\b\.?\s*:?\s*([^)\]]*)[)\]]/gi;
/** What announces guests between two names; `Little Feat & A` names a band. */
const GUESTS = /(?<=\S)\s+(?:feat|ft|featuring)\b\.?(?!\s*(?:[&,+/×]|(?:x|and|with)\s|$))\s*:?\s*(?=\S)/gi;
/** What may separate artists, or stand in the name of one. A comma between digits does not (`10,000 Maniacs`). */
const SIGNS =
  /\s*(?:,(?!\d)|(?<!\d),|[，、])\s*(?:(?:and|&)\s+)?|\s+(?:x|×|and|with|w\/|vs\.?)\s+(?!(?:[xX×&+/,]|and|with|vs)\s)|\s*[&＆+/]\s*/gi;

/** The names of artists as {@linkcode splitCredit} looks them up: without case, accents and punctuation. */
export function knownArtists(names: Iterable<string>): Set<string> {
  return new Set(Array.from(names, normalizeTitle));
}

/**
 * Takes a credit apart. Lists as JSON and Python print them, `;`, `feat.`, `ft.` and `featuring` always separate.
 * A comma, `&`, `+`, `/`, `x`, `vs`, "and" and "with" separate only beside an artist who is known; the other one may be
 * new, and all signs like the one that was found to separate do. A credit that is itself a known artist stays whole.
 * Cost O(parts²) look-ups.
 *
 * @param known Artists who stand alone elsewhere in the catalogue or the file, as {@linkcode knownArtists} gives them.
 *
 * @example
 * ```ts
 * import { knownArtists, splitCredit } from "./credits.ts";
 * import assert from "node:assert/strict";
 *
 * const known = knownArtists(["Vela", "Earth, Wind & Fire"]);
 * assert.deepEqual(splitCredit("Vela & Tomas", known), { artists: ["Vela", "Tomas"], inDoubt: false });
 * assert.deepEqual(splitCredit("Vela x Earth, Wind & Fire", known).artists, ["Vela", "Earth, Wind & Fire"]);
 * assert.deepEqual(splitCredit("Lys & Ferrow", known), { artists: ["Lys & Ferrow"], inDoubt: true });
 * ```
 */
export function splitCredit(credit: string, known: ReadonlySet<string>): Credit {
  const { list, pieces } = piecesOf(credit);
  return list ? { artists: pieces, inDoubt: false } : joined(pieces.map((piece) => splitPiece(piece, known)));
}

/**
 * Takes all credits of a catalogue or a file apart, each by the artists who stand alone in the others: first those
 * without a doubtful sign, then the shorter before the longer, so that `A, B & C` holds `B & C` together where that
 * stands alone.
 *
 * @param others Artists known from elsewhere, as they are written.
 */
export function splitCredits(credits: Iterable<string>, others: Iterable<string> = []): Map<string, Credit> {
  const known = knownArtists(others);
  const read = Array.from(new Set(credits), (credit) => ({ credit, ...piecesOf(credit) }));
  const lengthOf = ({ list, pieces }: typeof read[number]) =>
    list ? 1 : Math.max(1, ...pieces.map((piece) => partsOf(piece).length));
  const found = new Map<string, Credit>();
  const byLength = [...group(read, lengthOf)].sort(([a], [b]) => a - b);
  for (const [, level] of byLength) {
    const whole: string[] = [];
    for (const { credit, list, pieces } of level) {
      const split = list
        ? pieces.map((name) => ({ artists: [name], inDoubt: false }))
        : pieces.map((piece) => splitPiece(piece, known));
      found.set(credit, joined(split));
      for (const { artists } of split) if (artists.length === 1) whole.push(artists[0]);
    }
    for (const name of whole) known.add(normalizeTitle(name));
  }
  return found;
}

/**
 * Takes a credit apart whose number of artists is known: at its commas, else at all signs.
 *
 * @returns The artists; `undefined` when the text cannot be that many.
 */
export function splitCounted(credit: string, count: number): string[] | undefined {
  if (count === 1) return [credit];
  const ways = [
    credit.split(/\s*[,，、;]\s*/),
    piecesOf(credit).pieces.flatMap((p) => partsOf(p).map(({ text }) => text)),
  ];
  return ways.find((names) => names.length === count && names.every((name) => name !== ""));
}

/** The parts of a credit that always separate, and whether the text is a printed list. */
function piecesOf(credit: string): { list: boolean; pieces: string[] } {
  const tidy = (names: string[]) => names.map((name) => name.trim()).filter((name) => name !== "");
  const list = parsePythonList(credit);
  if (list) return { list: true, pieces: tidy(list) };
  const separated = credit.replace(GUESTS_IN_BRACKETS, ";$1;").replace(GUESTS, ";").split(";");
  return { list: false, pieces: tidy(separated.map((piece) => piece.replace(/^\s*[&,+]\s+/, ""))) };
}

/** A stretch of a text between signs; `sign` is the one before it. */
interface Part {
  text: string;
  start: number;
  end: number;
  sign: string;
}

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let [start, sign] = [0, ""];
  for (const { index, 0: mark } of [...text.matchAll(SIGNS), { index: text.length, 0: "" }]) {
    if (index > start) parts.push({ text: text.slice(start, index), start, end: index, sign });
    start = index + mark.length;
    sign = mark.trim().replace(/^[,，、].*$/, ",").toLowerCase();
  }
  return parts;
}

function splitPiece(text: string, known: ReadonlySet<string>): Credit {
  const parts = partsOf(text);
  if (parts.length < 2 || known.has(normalizeTitle(text))) return { artists: [text], inDoubt: false };
  // The stretch of parts that is a known artist, the longest first; -1 for parts of none.
  const artist = new Int32Array(parts.length).fill(-1);
  for (let length = parts.length - 1; length > 0; length--) {
    for (let i = 0; i + length <= parts.length; i++) {
      const free = artist.subarray(i, i + length).every((a) => a < 0);
      if (free && known.has(normalizeTitle(text.slice(parts[i].start, parts[i + length - 1].end)))) {
        artist.fill(i, i, i + length);
      }
    }
  }
  const beside = (i: number) => artist[i] !== artist[i - 1];
  const signs = new Set(parts.flatMap(({ sign }, i) => i > 0 && beside(i) ? [sign] : []));
  const starts = parts.keys().filter((i) => i === 0 || beside(i) || (artist[i] < 0 && signs.has(parts[i].sign)))
    .toArray();
  const inDoubt = parts.some((_, i) => artist[i] < 0 && !starts.includes(i));
  const artists = starts.map((i, s) => text.slice(parts[i].start, parts[(starts[s + 1] ?? parts.length) - 1].end));
  return { artists: artists.length === 1 ? [text] : artists, inDoubt };
}

function joined(credits: readonly Credit[]): Credit {
  return {
    artists: [...new Set(credits.flatMap(({ artists }) => artists))],
    inDoubt: credits.some(({ inDoubt }) => inDoubt),
  };
}

const ESCAPES: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "/": "/",
};
const STRING = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|\]$)/gsy;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs;

/**
 * Parses a list of strings as Python or JSON prints it. Swapping quotes and reading the result as JSON fails on names with
 * apostrophes, so this is a parser of the literal itself.
 *
 * @param text The literal, e.g. `['Guns N\' Roses', "Destiny's Child"]`.
 * @returns The strings, or `undefined` when the text is not such a literal.
 *
 * @example
 * ```ts
 * import { parsePythonList } from "./credits.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parsePythonList(`['A', "B's"]`), ["A", "B's"]);
 * assert.equal(parsePythonList("A;B"), undefined);
 * ```
 */
export function parsePythonList(text: string): string[] | undefined {
  const literal = text.trim();
  if (!literal.startsWith("[") || !literal.endsWith("]")) return undefined;
  const items: string[] = [];
  STRING.lastIndex = 1;
  while (!/^\s*\]$/.test(literal.slice(STRING.lastIndex))) {
    const found = STRING.exec(literal);
    if (!found) return undefined;
    const item = unescapeText(found[1] ?? found[2]);
    if (item === undefined) return undefined;
    items.push(item);
    if (found[3] !== ",") break;
  }
  return items;
}

function unescapeText(text: string): string | undefined {
  if (!text.includes("\\")) return text;
  let known = true;
  const plain = text.replace(ESCAPE, (_all, two, four, eight, one) => {
    const code = two ?? four ?? eight;
    if (code !== undefined) {
      const point = parseInt(code, 16);
      if (point <= 0x10ffff) return String.fromCodePoint(point);
    } else if (one in ESCAPES) return ESCAPES[one];
    known = false;
    return "";
  });
  return known ? plain : undefined;
}
