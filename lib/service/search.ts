/**
 * Search over titles and artists while one types, with typing errors, in milliseconds among a million tracks.
 *
 * SQLite's full-text index (FTS5) finds the tracks that have given words. When it finds none, the words are replaced by
 * similar words of the index.
 */
import { range, sort } from "d3-array";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Catalog, listsOf, readCatalog, textsOf } from "../catalog/catalog.ts";
import { normalizeTitle } from "../catalog/find.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { writeAtomicWith } from "../data/atomic.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { type NearWord, Vocabulary } from "./vocabulary.ts";

/** Name of the index file in a data folder. */
export const SEARCH_FILE = "search.sqlite";

/** The index gives this many matching tracks, the most popular ones; the best of them are shown. */
const POOL = 200;
/** Further words of a search are ignored. */
const MOST_WORDS = 8;
/** The index stores a list of tracks for every beginning of a word of up to this many letters. */
const LISTED = 4;
/** A longer beginning that at most this many words have is replaced by these words, which is faster. */
const MOST_ENDINGS = 64;
/** How many similar words are tried in place of a word. */
const SPELLINGS = 12;
/** When more words than this are unknown, only half as many similar words are tried for each. */
const FEW_UNKNOWN = 2;
/** Known words are replaced as well in searches of up to this many words; */
const FEW_WORDS = 5;
/** but only this many of them, the rarest ones, */
const MOST_DOUBTED = 4;
/** and none that this many tracks have: it is surely meant. */
const BEYOND_DOUBT = 5000;
/** For this many words of the index {@linkcode SearchIndex.warmUp} searches, in five forms each. */
const WARM_UP = 40;
/** Bytes of the index file that are mapped into memory, so that frequent reads copy nothing. */
const MAPPED_BYTES = 1 << 28;

/** Builds the index of a data folder from `tracks.parquet`, unless it is up to date. */
export function searchStage(directory: string): Promise<StageReport> {
  return runStage(directory, {
    name: "search",
    inputs: ["tracks.parquet"],
    parameters: { layout: 3 },
    outputs: [SEARCH_FILE],
    run: async () => {
      const columns = ["track_id", "title", "artists", "popularity"] as const;
      const catalog = await readCatalog(join(directory, "tracks.parquet"), columns);
      await writeAtomicWith(join(directory, SEARCH_FILE), (path) => Promise.resolve(buildSearchIndex(path, catalog)));
      return { tracks: catalog.length };
    },
  });
}

/**
 * Writes an index file. The most popular tracks are entered first and found first, so no search has to sort. Cost
 * O(words).
 *
 * @param path The file; an existing one is replaced.
 */
export function buildSearchIndex(path: string, catalog: Catalog): void {
  rmSync(path, { force: true });
  const database = new DatabaseSync(path);
  const prefixes = range(1, LISTED + 1).join(" ");
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE VIRTUAL TABLE words USING fts5(title, artists, content='', detail=none, prefix='${prefixes}',
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
  /** The track of each row of the index, the most popular first. */
  #ranks: Int32Array;
  #titles: (string | null)[];
  #artists: string[][];

  /**
   * Opens an index.
   *
   * @param path The file that {@linkcode buildSearchIndex} wrote.
   * @throws {InputError} When the file is missing.
   */
  constructor(path: string, catalog: Catalog) {
    if (!existsSync(path)) throw new InputError(`${path}: no such file; the search index is built by segue serve`);
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}`);
    this.#match = this.#database.prepare(`SELECT rowid AS rank FROM words WHERE words MATCH ? LIMIT ${POOL}`);
    const memory = this.#database.prepare("SELECT words, tracks, ranks FROM memory").get();
    const { words, tracks, ranks } = memory as { words: string; tracks: string; ranks: Uint8Array };
    this.#vocabulary = new Vocabulary(words ? words.split(" ") : [], tracks ? tracks.split(" ").map(Number) : []);
    this.#ranks = new Int32Array(ranks.slice().buffer);
    this.#titles = textsOf(catalog, "title");
    this.#artists = listsOf(catalog, "artists");
  }

  /**
   * Finds tracks whose title and artists have all words of a text; of the last word the beginning is enough. Case,
   * accents and punctuation do not matter. When nothing is found, similar words are searched for: those that need the
   * fewest edits.
   *
   * @param limit How many tracks at most, in [1, 100].
   * @returns The tracks: first those whose whole title or artist was typed, then those whose title begins so, then the
   * others; within each group the more popular first.
   * @throws {InputError} When the limit is out of range.
   */
  search(text: string, limit: number = 10): { tracks: number[]; corrected?: string } {
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
   * Searches for some words of the index: whole, cut, misspelt and with accents. The code is then compiled and the file
   * read, so that the first listener need not wait.
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

  /** Tracks that have all words, as they are typed. */
  #find(words: string[]): number[] {
    const last = words.length - 1;
    if (!words.every((word, w) => this.#has(word, w === last))) return [];
    return this.#tracksOf(words.map((word, w) => this.#term(word, w === last)));
  }

  /** Tracks that match all terms of a query. */
  #tracksOf(terms: string[]): number[] {
    return (this.#match.all([...new Set(terms)].join(" AND ")) as { rank: number }[]).map(({ rank }) =>
      this.#ranks[rank - 1]
    );
  }

  /** A word, or the beginning of one, in the query language of FTS5. */
  #term(word: string, isPrefix: boolean): string {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    if (!isPrefix) return quoted(word);
    const words = word.length > LISTED ? this.#vocabulary.beginningWith(word, MOST_ENDINGS + 1) : [];
    return words.length === 0 || words.length > MOST_ENDINGS
      ? `${quoted(word)}*`
      : `(${words.map(quoted).join(" OR ")})`;
  }

  #has(word: string, isPrefix: boolean): boolean {
    return isPrefix ? this.#vocabulary.beginningWith(word, 1).length > 0 : this.#vocabulary.tracksOf(word) > 0;
  }

  /**
   * The tracks that are found with the fewest edits when words are replaced by similar ones: at first only words that
   * the index does not have; when that finds nothing, the rarest of the other words as well.
   */
  #mended(words: string[]): Mended | undefined {
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
      // A frequent word is less likely to be an error: to replace it costs half an edit more for ten times the tracks.
      const doubt = Math.log10(1 + tracks(words[w])) / 2;
      const others = this.#vocabulary.near(words[w], w === last, 1, SPELLINGS / 2);
      return [...list, ...others.map((near) => ({ ...near, edits: near.edits + doubt }))];
    }));
  }

  /**
   * The tracks that have one spelling of every word and need the fewest edits. One query finds all tracks that have any
   * spelling of every word; the text of each track then tells which spellings it has.
   */
  #fewestEdits(spellings: Spelling[][]): Mended | undefined {
    const last = spellings.length - 1;
    const term = ({ word, edits }: Spelling, isLast: boolean) =>
      edits === 0
        ? this.#term(word, isLast)
        : `(${word.split(" ").map((part) => this.#term(part, false)).join(" AND ")})`;
    const query = spellings.map((list, w) => `(${list.map((spelling) => term(spelling, w === last)).join(" OR ")})`);
    let best: Mended & { edits: number } | undefined;
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

  /** The best tracks for what was typed: see {@linkcode SearchIndex.search} for their order. */
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

type Spelling = Pick<NearWord, "word" | "edits">;

/** Tracks that were found with other words, and these words. */
interface Mended {
  tracks: number[];
  words: string[];
}

/** Title and artists as they stand in the index. An "n" between words ("Guns N' Roses") is found as "and" as well. */
function fieldsOf(title: string | null, artists: readonly string[]): [string, string] {
  const words = (text: string) => normalizeTitle(text).replaceAll(" n ", " n and ");
  return [words(title ?? ""), artists.map(words).join(" ")];
}

/** The words of a text, written as in the index. */
function wordsOf(text: string): string[] {
  const words = normalizeTitle(text);
  return words ? words.split(" ").slice(0, MOST_WORDS) : [];
}
