/**
 * Seeded randomness. Every random function of the library takes a `random: Random` argument made here, so that the
 * same seed gives the same result; `Math.random` is banned by the linter.
 */
import { bisectRight } from "d3-array";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of uniform numbers in [0, 1), as `Math.random` is, but seeded. */
export type Random = () => number;

/**
 * Makes a seeded source of uniform numbers in [0, 1) with 53 random bits each (xoroshiro128+).
 *
 * Streams with the same seed and different labels are independent of each other, so that one part of a program can
 * draw more numbers without changing what another part draws.
 *
 * @param label Names the stream, e.g. `"artists"`.
 *
 * @example
 * ```ts
 * import { seededRandom } from "./random.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(seededRandom(42)(), seededRandom(42)());
 * assert.notEqual(seededRandom(42, "titles")(), seededRandom(42, "years")());
 * ```
 */
export function seededRandom(seed: number, label: string = ""): Random {
  const generator = xoroshiro128plus(hash(`${seed}/${label}`));
  return () => {
    const high = generator.next() >>> 5;
    const low = generator.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  };
}

/**
 * Draws a uniform integer.
 *
 * @param count Number of possible values, at least 1.
 * @returns An integer in [0, count).
 */
export function randomInteger(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/**
 * Shuffles in place (Fisher–Yates, as Knuth gives it in TAOCP 3.4.2, algorithm P).
 *
 * @param values What to shuffle; an array or a typed array.
 */
export function shuffleInPlace<T extends { length: number; [index: number]: unknown }>(values: T, random: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = randomInteger(random, i + 1);
    const value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
  return values;
}

/**
 * Draws without replacement: the Fisher–Yates shuffle from the front, ended when enough is drawn.
 *
 * @param values What to draw from; what is drawn changes places with what stands in front.
 * @param count How many; all when there are fewer. So many numbers are taken from `random` in any case.
 * @returns What was drawn, in random order: a copy.
 */
export function drawToFront(values: Int32Array, count: number, random: Random): Int32Array {
  for (let i = 0; i < count; i++) {
    const j = i + randomInteger(random, values.length - i);
    // Beyond the end a typed array has nothing to exchange.
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values.slice(0, count);
}

/**
 * Draws an index with probability proportional to its weight. Cost O(n).
 *
 * @param weights Non-negative weights, not all zero; they need not sum to 1.
 * @returns An index in [0, weights.length).
 */
export function sampleCategorical(weights: ArrayLike<number>, random: Random): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  let rest = random() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] <= 0) continue;
    rest -= weights[i];
    last = i;
    if (rest < 0) return i;
  }
  return last;
}

/**
 * Draws an index with probability proportional to its weight, many times from one table. Cost O(log n).
 *
 * @param sums Running sums of non-negative weights, as d3's `cumsum` gives them; the last must be positive.
 * @returns An index in [0, sums.length).
 */
export function drawFrom(sums: Float64Array, random: Random): number {
  return bisectRight(sums, random() * sums[sums.length - 1], 0, sums.length - 1);
}

/** FNV-1a with a final avalanche, so that neighbouring seeds give unrelated streams. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
