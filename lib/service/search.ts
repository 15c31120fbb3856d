/**
 * Search over titles and artists: as one types, with typos, in milliseconds at a million tracks. SQLite's full-text
 * index finds the words; what a misspelt word may have been is found among all words by edit distance.
 *
 * @module
 */
import { bisectLeft, range, sort } from "d3-array";
import { distance } from "fastest-levenshtein";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Catalog, listsOf, readCatalog, textsOf } from "../catalog/catalog.ts";
import { normalizeTitle } from "../catalog/find.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { writeAtomicWith } from "../data/atomic.ts";
import { runStage, type StageReport } from "../data/stages.ts";

/** The file of the index in a data folder. */
export const SEARCH_FILE = "search.sqlite";

/** Tracks looked at before the best are chosen: the most popular ones that match. */
const POOL = 200;
/** Other spellings of a word that are looked for. */
const SPELLINGS = 12;
/** Words of a search; more are left out. */
const MOST_WORDS = 8;
/** The index has lists for beginnings of up to so many letters. */
const LISTED = 4;
/** A longer beginning that at most so many words have is searched for as these words: no lists need be merged. */
const MOST_ENDINGS = 64;
/** Words of the vocabulary that may be meant by a misspelt one have at most so many letters. */
const LONGEST_WORD = 30;
/** Words up to this length may have one letter wrong, longer ones two. */
const SHORT_WORD = 4;
/** With more words that no track has only half as many spellings are looked for: the words bear each other out. */
const FEW_UNKNOWN = 2;
/** Words that are known and may be a slip all the same: so many, the rarest ones. */
const MOST_DOUBTED = 4;
/** A word that so many tracks have is no slip. */
const BEYOND_DOUBT = 5000;
/** Known words are doubted in searches of up to so many words. */
const FEW_WORDS = 5;
/** Words that are searched for, in five forms each, before the first search. */
const WARM_UP = 40;
/** Bytes of the index file that are mapped into memory; what is read often is then not copied. */
const MAPPED_BYTES = 1 << 28;

/** What a search found. */
export interface SearchResult {
  /** Rows of the tracks in the catalogue, best first. */
  tracks: number[];
  /** The words that were searched for instead, when a word was in no title; undefined otherwise. */
  corrected?: string;
}

/**
 * Builds the index of a data folder from `tracks.parquet`, unless it is up to date.
 *
 * @param directory The data folder.
 * @param options `force` builds it anyway.
 * @returns What came of it.
 */
export function searchStage(directory: string, options: { force?: boolean } = {}): Promise<StageReport> {
  return runStage(directory, {
    name: "search",
    inputs: ["tracks.parquet"],
    parameters: { layout: 3 },
    outputs: [SEARCH_FILE],
    force: options.force,
    run: async () => {
      const columns = ["track_id", "title", "artists", "popularity"] as const;
      const catalog = await readCatalog(join(directory, "tracks.parquet"), columns);
      await writeAtomicWith(join(directory, SEARCH_FILE), (path) => Promise.resolve(buildSearchIndex(path, catalog)));
      return { tracks: catalog.length };
    },
  });
}

/**
 * Writes an index file. Rows are entered by falling popularity, so that the first matches of the index are the most
 * popular ones and no search has to sort. Cost O(words).
 *
 * @param path The file; an existing one is replaced.
 * @param catalog The catalogue.
 */
export function buildSearchIndex(path: string, catalog: Catalog): void {
  rmSync(path, { force: true });
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE VIRTUAL TABLE words USING fts5(title, artists, content='', detail=none, prefix='${
    Array.from({ length: LISTED }, (_, l) => l + 1).join(" ")
  }',
      tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Cn Co'");
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
    CREATE TABLE memory (words TEXT NOT NULL, tracks TEXT NOT NULL, ranks BLOB NOT NULL);`);
  const titles = textsOf(catalog, "title");
  const artists = listsOf(catalog, "artists");
  const order = Int32Array.from({ length: catalog.length }, (_, i) => i);
  const popularity = catalog.numbers.popularity;
  if (popularity) order.sort((a, b) => (popularity[b] || 0) - (popularity[a] || 0) || a - b);
  const enterWords = database.prepare("INSERT INTO words (rowid, title, artists) VALUES (?, ?, ?)");
  database.exec("BEGIN");
  order.forEach((track, rank) => {
    enterWords.run(rank + 1, ...fieldsOf(titles[track], artists[track]));
  });
  database.exec("COMMIT; INSERT INTO words (words) VALUES ('optimize')");
  database.prepare(`INSERT INTO memory
    SELECT coalesce(group_concat(term, ' '), ''), coalesce(group_concat(doc, ' '), ''), ? FROM vocabulary`)
    .run(new Uint8Array(order.buffer));
  database.close();
}

/** A search index that is open for reading. */
export class SearchIndex {
  #database: DatabaseSync;
  #match: StatementSync;
  #vocabulary: Vocabulary;
  /** Track by rank, from 0. */
  #ranks: Int32Array;
  #titles: (string | null)[];
  #artists: string[][];

  /**
   * Opens an index.
   *
   * @param path The file that {@linkcode buildSearchIndex} wrote.
   * @param catalog The catalogue it was built from.
   * @throws {InputError} When the file is missing.
   */
  constructor(path: string, catalog: Catalog) {
    if (!existsSync(path)) throw new InputError(`${path}: no such file; the search index is built by segue serve`);
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}`);
    this.#match = this.#database.prepare(`SELECT rowid AS rank FROM words WHERE words MATCH ? LIMIT ${POOL}`);
    const { words, tracks, ranks } = this.#database.prepare("SELECT words, tracks, ranks FROM memory").get() as {
      words: string;
      tracks: string;
      ranks: Uint8Array;
    };
    this.#vocabulary = new Vocabulary(words ? words.split(" ") : [], tracks ? tracks.split(" ").map(Number) : []);
    this.#ranks = new Int32Array(ranks.slice().buffer);
    this.#titles = textsOf(catalog, "title");
    this.#artists = listsOf(catalog, "artists");
  }

  /**
   * Finds tracks whose title or artists have all words of a text, the last one as a beginning. Case, accents and
   * punctuation do not count. When that finds nothing, words are replaced by other spellings, the fewest edits first,
   * until it does.
   *
   * @param text What was typed.
   * @param limit How many tracks at most, in [1, 100].
   * @returns The tracks: whole titles first, then beginnings of titles, then the more popular.
   * @throws {InputError} When the limit is out of range.
   */
  search(text: string, limit: number = 10): SearchResult {
    expectInteger("limit", limit, 1, 100);
    const words = wordsOf(text);
    if (words.length === 0) return { tracks: [] };
    const found = this.#find(words);
    if (found.length > 0) return { tracks: this.#best(found, words, limit) };
    const mended = this.#mended(words);
    if (!mended) return { tracks: [] };
    return { tracks: this.#best(mended.tracks, mended.words, limit), corrected: mended.words.join(" ") };
  }

  /**
   * Searches for words of the index as they stand, cut, misspelt and accented, so that the first one who searches waits
   * for neither compiler nor disk.
   */
  warmUp(): void {
    const { words } = this.#vocabulary;
    for (const place of range(0, words.length, Math.max(1, words.length / WARM_UP))) {
      const word = words[Math.floor(place)];
      const [cut, swapped] = [word.slice(0, -1), `${word.slice(1, 2)}${word[0]}${word.slice(2)}`];
      for (const text of [word, word.slice(0, 2), `${word} & ${cut}`, swapped, `${word}é`]) this.search(text);
    }
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #find(words: string[]): number[] {
    const last = words.length - 1;
    if (!words.every((word, w) => this.#has(word, w === last))) return [];
    return this.#tracksOf(words.map((word, w) => this.#term(word, w === last)));
  }

  #tracksOf(terms: string[]): number[] {
    return (this.#match.all([...new Set(terms)].join(" AND ")) as { rank: number }[]).map(({ rank }) =>
      this.#ranks[rank - 1]
    );
  }

  #term(word: string, isPrefix: boolean): string {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    if (!isPrefix) return quoted(word);
    const words = word.length > LISTED ? this.#vocabulary.beginningWith(word, MOST_ENDINGS + 1) : [];
    return words.length === 0 || words.length > MOST_ENDINGS
      ? `${quoted(word)}*`
      : `(${words.map(quoted).join(" OR ")})`;
  }

  #has(word: string, isLast: boolean): boolean {
    return isLast ? this.#vocabulary.beginningWith(word, 1).length > 0 : this.#vocabulary.tracksOf(word) > 0;
  }

  /**
   * The tracks that need the fewest edits when words may be spelt otherwise: those that the index does not know, and
   * when that finds nothing, the rarest of the others as well.
   */
  #mended(words: string[]): { tracks: number[]; words: string[] } | undefined {
    const last = words.length - 1;
    const unknown = words.map((word, w) => !this.#has(word, w === last));
    const count = unknown.filter(Boolean).length;
    const most = count > FEW_UNKNOWN ? SPELLINGS / 2 : SPELLINGS;
    const spellings = words.map((word, w) =>
      unknown[w] ? this.#vocabulary.near(word, w === last, 2, most) : [{ word, edits: 0 }]
    );
    if (spellings.some((list) => list.length === 0)) return undefined;
    const mended = count > 0 ? this.#fewestEdits(spellings) : undefined;
    if (mended) return mended;
    if (words.length > FEW_WORDS) return undefined;
    const tracks = (word: string) => this.#vocabulary.tracksOf(word);
    const known = new Set(words.filter((word, w) => !unknown[w] && tracks(word) < BEYOND_DOUBT));
    const doubted = sort(known, tracks).slice(0, MOST_DOUBTED);
    if (doubted.length === 0) return undefined;
    return this.#fewestEdits(spellings.map((list, w) => {
      if (unknown[w] || !doubted.includes(words[w])) return list;
      // The more tracks have a word, the less likely it is a slip: half an edit for ten times as many.
      const doubt = Math.log10(1 + tracks(words[w])) / 2;
      const others = this.#vocabulary.near(words[w], w === last, 1, SPELLINGS / 2);
      return [...list, ...others.map((near) => ({ ...near, edits: near.edits + doubt }))];
    }));
  }

  /** One query finds the tracks in which some spelling of every word stands; each then tells which. */
  #fewestEdits(spellings: Pick<NearWord, "word" | "edits">[][]): { tracks: number[]; words: string[] } | undefined {
    const last = spellings.length - 1;
    const terms = ({ word, edits }: { word: string; edits: number }, isLast: boolean) =>
      edits === 0
        ? this.#term(word, isLast)
        : `(${word.split(" ").map((part) => this.#term(part, false)).join(" AND ")})`;
    const query = spellings.map((list, w) => `(${list.map((spelling) => terms(spelling, w === last)).join(" OR ")})`);
    let best: { tracks: number[]; words: string[]; edits: number } | undefined;
    for (const track of this.#tracksOf(query)) {
      const own = fieldsOf(this.#titles[track], this.#artists[track]).join(" ").split(" ");
      const chosen = spellings.map((list, w) =>
        list.find(({ word, edits }) =>
          edits === 0 && w === last
            ? own.some((one) => one.startsWith(word))
            : word.split(" ").every((part) => own.includes(part))
        ) ?? list[list.length - 1]
      );
      const edits = chosen.reduce((sum, spelling) => sum + spelling.edits, 0);
      if (edits === 0 || (best && edits > best.edits)) continue;
      if (best && edits === best.edits) best.tracks.push(track);
      else best = { tracks: [track], edits, words: chosen.flatMap(({ word }) => word.split(" ")) };
    }
    return best;
  }

  #best(tracks: number[], words: string[], limit: number): number[] {
    const wanted = words.join(" ");
    const grade = (track: number) => {
      const title = wordsOf(this.#titles[track] ?? "").join(" ");
      if (title === wanted) return 0;
      if (wordsOf(this.#artists[track].join(" ")).join(" ") === wanted) return 1;
      return title.startsWith(wanted) ? 2 : 3;
    };
    return sort(tracks, grade).slice(0, limit);
  }
}

/** A word that a misspelt one may have been. */
interface NearWord {
  /** The word, or two words that were written as one. */
  word: string;
  /** Letters changed, dropped, added or swapped; half an edit more when only its beginning is near. */
  edits: number;
  /** Tracks that have it. */
  tracks: number;
}

/**
 * The vocabulary, and which of its words a misspelt one may have been. A set of letters a word, one bit a letter, rules
 * nearly all words out before an edit distance is reckoned: an edit changes at most two letters of the set.
 */
class Vocabulary {
  /** In the order of their letters. */
  readonly words: string[];
  #tracks: Int32Array;
  #letters: Int32Array;
  /** The first two letters of each word: of two edits hardly ever both change these. */
  #starts: Uint32Array;

  constructor(words: string[], tracks: number[]) {
    const order = sort(range(words.length), (w) => words[w]);
    this.words = order.map((w) => words[w]);
    this.#tracks = Int32Array.from(order, (w) => tracks[w]);
    this.#letters = Int32Array.from(this.words, lettersOf);
    this.#starts = Uint32Array.from(this.words, (word) => word.charCodeAt(0) << 16 | word.charCodeAt(1));
  }

  /** How many tracks have a word; 0 when it is none of the words. */
  tracksOf(word: string): number {
    const place = bisectLeft(this.words, word);
    return this.words[place] === word ? this.#tracks[place] : 0;
  }

  /**
   * Words that begin so.
   *
   * @param beginning The beginning.
   * @param most How many at most.
   * @returns The first in the order of their letters.
   */
  beginningWith(beginning: string, most: number): string[] {
    const low = bisectLeft(this.words, beginning);
    let end = low;
    while (end - low < most && this.words[end]?.startsWith(beginning)) end++;
    return this.words.slice(low, end);
  }

  /**
   * Other words that are near.
   *
   * @param word The word.
   * @param isPrefix It may go on: words are near that begin nearly so.
   * @param most Edits allowed; a short word may have one.
   * @param count How many words at most.
   * @returns The fewest edits first, then the frequent ones.
   */
  near(word: string, isPrefix: boolean, most: number, count: number): NearWord[] {
    if (word.length < 2 || word.length > LONGEST_WORD) return [];
    if (word.length <= SHORT_WORD) most = 1;
    const letters = lettersOf(word);
    const found = this.#split(word);
    const [a, b] = [word.charCodeAt(0), word.charCodeAt(1)];
    // Words with the same beginning mostly follow each other.
    let beginning = "";
    let editsOfBeginning = Infinity;
    for (let w = 0; w < this.words.length; w++) {
      const other = this.#letters[w];
      if (bitCount(letters & ~other) > most) continue;
      const [c, d] = [this.#starts[w] >>> 16, this.#starts[w] & 0xffff];
      if (a !== c && b !== d && a !== d && b !== c) continue;
      const longer = this.words[w].length - word.length;
      if (longer < -most || this.words[w].length > LONGEST_WORD) continue;
      let edits = Infinity;
      if (longer <= most && bitCount(letters ^ other) <= 2 * most) edits = editsBetween(word, this.words[w]);
      if (isPrefix && longer > 0) {
        if (beginning === "" || !this.words[w].startsWith(beginning)) {
          beginning = this.words[w].slice(0, word.length);
          editsOfBeginning = editsBetween(word, beginning) + 0.5;
        }
        edits = Math.min(edits, editsOfBeginning);
      }
      if (edits === 0 || edits > most + 0.5) continue;
      found.push({ word: this.words[w], edits, tracks: this.#tracks[w] });
    }
    return sort(found, ({ edits }) => edits, ({ tracks }) => -tracks, ({ word }) => word.length).slice(0, count);
  }

  /** The two words that were written as one, if that is what it may be; the pair whose rarer word is most frequent. */
  #split(word: string): NearWord[] {
    let best: NearWord[] = [];
    for (let i = 2; i <= word.length - 2; i++) {
      const tracks = Math.min(this.tracksOf(word.slice(0, i)), this.tracksOf(word.slice(i)));
      if (tracks > (best[0]?.tracks ?? 0)) best = [{ word: `${word.slice(0, i)} ${word.slice(i)}`, edits: 1, tracks }];
    }
    return best;
  }
}

/** One bit a letter; letters of other scripts share the bits. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let i = 0; i < word.length; i++) letters |= 1 << (word.charCodeAt(i) & 31);
  return letters;
}

function bitCount(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Edit distance in which two neighbouring letters swapped are one edit, when that is all that differs. */
function editsBetween(a: string, b: string): number {
  const edits = distance(a, b);
  if (edits !== 2 || a.length !== b.length) return edits;
  let i = 0;
  while (a[i] === b[i]) i++;
  return a[i] === b[i + 1] && a[i + 1] === b[i] ? 1 : 2;
}

/**
 * Title and artists as they are indexed: the words that {@linkcode normalizeTitle} leaves, with spaces between. Who is
 * written with an "n" between words is found with "and" as well.
 */
function fieldsOf(title: string | null, artists: readonly string[]): [string, string] {
  const words = (text: string) => normalizeTitle(text).replaceAll(" n ", " n and ");
  return [words(title ?? ""), artists.map(words).join(" ")];
}

/** Words as the index has them. */
function wordsOf(text: string): string[] {
  const words = normalizeTitle(text);
  return words ? words.split(" ").slice(0, MOST_WORDS) : [];
}
