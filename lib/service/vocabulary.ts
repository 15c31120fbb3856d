/** The words of the search index, and which of them a misspelt word may stand for. */
import { bisectLeft, range, sort } from "d3-array";
import { distance } from "fastest-levenshtein";

/** Words with more letters than this are never corrected, and never proposed as a correction. */
const LONGEST_WORD = 30;
/** A word of at most this many letters may have one wrong letter; a longer word may have two. */
const SHORT_WORD = 4;
/** What a match of the beginning alone costs, in edits. */
const BEGINNING_COST = 0.5;

/** A word of the index that a misspelt word may stand for. */
export interface NearWord {
  /** The word; or two words with a space between, when the misspelt word was both written as one. */
  word: string;
  /** Letters that were changed, left out, added, or swapped with their neighbour. */
  edits: number;
  /** How many tracks have the word. */
  tracks: number;
}

/**
 * All words of the index in alphabetical order.
 *
 * The edit distance to every word would take too long. So each word also has a set of its letters, one bit a letter.
 * One edit changes at most two letters of this set, which rules out nearly all words at once.
 */
export class Vocabulary {
  readonly words: string[];
  #tracks: Int32Array;
  #letters: Int32Array;
  /** The first two letters of each word: it is rare that two edits change both of them. */
  #starts: Uint32Array;

  /** Takes the words in any order, and for each how many tracks have it. */
  constructor(words: string[], tracks: number[]) {
    const order = sort(range(words.length), (w) => words[w]);
    this.words = order.map((w) => words[w]);
    this.#tracks = Int32Array.from(order, (w) => tracks[w]);
    this.#letters = Int32Array.from(this.words, lettersOf);
    this.#starts = Uint32Array.from(this.words, (word) => word.charCodeAt(0) << 16 | word.charCodeAt(1));
  }

  /** How many tracks have a word; 0 when the index does not have it. */
  tracksOf(word: string): number {
    const place = bisectLeft(this.words, word);
    return this.words[place] === word ? this.#tracks[place] : 0;
  }

  /** The first `most` words, in alphabetical order, that begin with a text. */
  beginningWith(beginning: string, most: number): string[] {
    const low = bisectLeft(this.words, beginning);
    let end = low;
    while (end - low < most && this.words[end]?.startsWith(beginning)) end++;
    return this.words.slice(low, end);
  }

  /**
   * Other words that a word may stand for. Cost O(words).
   *
   * @param isPrefix The word may be unfinished: then words count as well whose beginning is near.
   * @returns The words with the fewest edits first, and of these the frequent ones first.
   */
  near(word: string, isPrefix: boolean, most: number, count: number): NearWord[] {
    if (word.length < 2 || word.length > LONGEST_WORD) return [];
    if (word.length <= SHORT_WORD) most = 1;
    const letters = lettersOf(word);
    const found = this.#split(word);
    const [a, b] = [word.charCodeAt(0), word.charCodeAt(1)];
    // Words with the same beginning follow each other: their common distance is computed once.
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
          editsOfBeginning = editsBetween(word, beginning) + BEGINNING_COST;
        }
        edits = Math.min(edits, editsOfBeginning);
      }
      if (edits === 0 || edits > most + BEGINNING_COST) continue;
      found.push({ word: this.words[w], edits, tracks: this.#tracks[w] });
    }
    return sort(found, ({ edits }) => edits, ({ tracks }) => -tracks, ({ word }) => word.length).slice(0, count);
  }

  /** The two words that were perhaps written as one; of several pairs the one whose rarer word is most frequent. */
  #split(word: string): NearWord[] {
    let best: NearWord[] = [];
    for (let i = 2; i <= word.length - 2; i++) {
      const tracks = Math.min(this.tracksOf(word.slice(0, i)), this.tracksOf(word.slice(i)));
      if (tracks > (best[0]?.tracks ?? 0)) best = [{ word: `${word.slice(0, i)} ${word.slice(i)}`, edits: 1, tracks }];
    }
    return best;
  }
}

/** The set of a word's letters, one bit a letter. Letters of other alphabets share the 32 bits. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let i = 0; i < word.length; i++) letters |= 1 << (word.charCodeAt(i) & 31);
  return letters;
}

/** How many bits are 1. */
function bitCount(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The edit distance, but 1 when two neighbouring letters are swapped and nothing else differs. */
function editsBetween(a: string, b: string): number {
  const edits = distance(a, b);
  if (edits !== 2 || a.length !== b.length) return edits;
  let i = 0;
  while (a[i] === b[i]) i++;
  return a[i] === b[i + 1] && a[i + 1] === b[i] ? 1 : 2;
}
