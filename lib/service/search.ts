/**
 * Search over titles and artists: as one types, with typos, in milliseconds at a million tracks. SQLite's full-text
 * index finds the words; a second index over the vocabulary finds what a misspelt word may have been.
 *
 * @module
 */
import { distance } from "fastest-levenshtein";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Catalog, listsOf, readCatalog, textsOf } from "../catalog/catalog.ts";
import { expectInteger, InputError } from "../errors.ts";
import { writeAtomicWith } from "../storage/atomic.ts";
import { runStage, type StageReport } from "../storage/stages.ts";

/** The file of the index in a data folder. */
export const SEARCH_FILE = "search.sqlite";

/** Tracks looked at before the best are chosen: the most popular ones that match. */
const POOL = 200;
/** Spellings tried for a word that is in no title. */
const SPELLINGS = 4;
/** Words of the vocabulary that share the most trigrams with a misspelt one, looked at by edit distance. */
const SIMILAR_WORDS = 60;

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
    parameters: {},
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
    CREATE TABLE rank_to_track (rank INTEGER PRIMARY KEY, track INTEGER NOT NULL);
    CREATE VIRTUAL TABLE words USING fts5(title, artists, content='', prefix='1 2 3',
      tokenize="unicode61 remove_diacritics 2");
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
    CREATE VIRTUAL TABLE spellings USING fts5(word, detail='none', tokenize='trigram');`);
  const titles = textsOf(catalog, "title");
  const artists = listsOf(catalog, "artists");
  const order = Int32Array.from({ length: catalog.length }, (_, i) => i);
  const popularity = catalog.numbers.popularity;
  if (popularity) order.sort((a, b) => (popularity[b] || 0) - (popularity[a] || 0) || a - b);
  const enterRank = database.prepare("INSERT INTO rank_to_track VALUES (?, ?)");
  const enterWords = database.prepare("INSERT INTO words (rowid, title, artists) VALUES (?, ?, ?)");
  database.exec("BEGIN");
  order.forEach((track, rank) => {
    enterRank.run(rank + 1, track);
    enterWords.run(rank + 1, titles[track]!, artists[track].join(" "));
  });
  database.exec(`INSERT INTO spellings SELECT term FROM vocabulary WHERE length(term) BETWEEN 3 AND 30;
    COMMIT; INSERT INTO words (words) VALUES ('optimize');`);
  database.close();
}

/** A search index that is open for reading. */
export class SearchIndex {
  #database: DatabaseSync;
  #match: StatementSync;
  #known: StatementSync;
  #similar: StatementSync;
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
    this.#match = this.#database.prepare(
      `SELECT track FROM (SELECT rowid AS rank FROM words WHERE words MATCH ? LIMIT ${POOL}) JOIN rank_to_track USING (rank)`,
    );
    this.#known = this.#database.prepare("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1");
    this.#similar = this.#database.prepare(
      `SELECT word FROM spellings WHERE spellings MATCH ? ORDER BY rank LIMIT ${SIMILAR_WORDS}`,
    );
    this.#titles = textsOf(catalog, "title");
    this.#artists = listsOf(catalog, "artists");
  }

  /**
   * Finds tracks whose title or artists have all words of a text, the last one as a beginning. Case and accents do not
   * count. When that finds nothing, words that no title has are replaced by the nearest spelling.
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
    const corrected = words.map((word, w) => this.#has(word, w === words.length - 1) ? word : this.#respell(word));
    if (corrected.every((word, w) => word === words[w])) return { tracks: [] };
    return { tracks: this.#best(this.#find(corrected), corrected, limit), corrected: corrected.join(" ") };
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #find(words: string[]): number[] {
    const query = words.map((word, w) => term(word, w === words.length - 1)).join(" ");
    return (this.#match.all(query) as { track: number }[]).map(({ track }) => track);
  }

  #has(word: string, isLast: boolean): boolean {
    return this.#known.get(term(word, isLast)) !== undefined;
  }

  /**
   * The spelling of the vocabulary with the fewest edits: two letters swapped, else among the words that share trigrams;
   * the word itself if there is none.
   */
  #respell(word: string): string {
    if (word.length < 3) return word;
    for (let i = 0; i + 1 < word.length; i++) {
      const swapped = word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2);
      if (this.#has(swapped, false)) return swapped;
    }
    const trigrams = Array.from({ length: word.length - 2 }, (_, i) => `"${word.slice(i, i + 3)}"`);
    const similar = (this.#similar.all(trigrams.join(" OR ")) as { word: string }[])
      .map(({ word: other }) => ({
        other,
        edits: distance(word, other),
        prefix: distance(word, other.slice(0, word.length)),
      }))
      .sort((a, b) => Math.min(a.edits, a.prefix + 0.5) - Math.min(b.edits, b.prefix + 0.5))
      .slice(0, SPELLINGS);
    const most = word.length < 5 ? 1 : 2;
    const best = similar.find(({ edits, prefix }) => Math.min(edits, prefix) <= most);
    return best?.other ?? word;
  }

  #best(tracks: number[], words: string[], limit: number): number[] {
    const wanted = words.join(" ");
    const grade = (track: number) => {
      const title = wordsOf(this.#titles[track] ?? "").join(" ");
      if (title === wanted) return 0;
      if (wordsOf(this.#artists[track].join(" ")).join(" ") === wanted) return 1;
      return title.startsWith(wanted) ? 2 : 3;
    };
    const graded = tracks.map((track, place) => ({ track, place, grade: grade(track) }));
    return graded.sort((a, b) => a.grade - b.grade || a.place - b.place).slice(0, limit).map(({ track }) => track);
  }
}

/** Words as the index has them: lower case, no accents, letters and digits only. */
function wordsOf(text: string): string[] {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu)?.slice(0, 12) ?? [];
}

function term(word: string, isPrefix: boolean): string {
  return `"${word}"${isPrefix ? "*" : ""}`;
}
