/**
 * Co-occurrence: in how many playlists two tracks stand together. Partition functions whose counts add up, so playlists
 * may lie in any number of parts.
 *
 * @module
 */

/** Counts of pairs: track i and track j stand together in `counts[e]` playlists; each pair comes both ways. */
export interface PairCounts {
  /** The first track. */
  first: Int32Array;
  /** The second one. */
  second: Int32Array;
  /** Number of playlists. */
  counts: Int32Array;
}

/** The second track of a pair is kept in so many bits below the first. */
const SHIFT = 2 ** 26;

/**
 * Counts the pairs of some playlists. Cost O(Σ length²).
 *
 * @param playlists Tracks of each playlist, as codes in [0, 67 million); a track that repeats counts once.
 * @returns The counts, in the order of the pairs.
 *
 * @example
 * ```ts
 * import { countPairs } from "./cooccurrence.ts";
 * import assert from "node:assert/strict";
 *
 * const { first, second, counts } = countPairs([[1, 2], [2, 1, 3]]);
 * assert.deepEqual([...first], [1, 1, 2, 2, 3, 3]);
 * assert.deepEqual([...second], [2, 3, 1, 3, 1, 2]);
 * assert.deepEqual([...counts], [2, 1, 2, 1, 1, 1]);
 * ```
 */
export function countPairs(playlists: Iterable<Iterable<number>>): PairCounts {
  const total = new Map<number, number>();
  for (const playlist of playlists) {
    const tracks = [...new Set(playlist)];
    for (const a of tracks) {
      for (const b of tracks) {
        if (a === b) continue;
        const pair = a * SHIFT + b;
        total.set(pair, (total.get(pair) ?? 0) + 1);
      }
    }
  }
  const pairs = Float64Array.from(total.keys()).sort();
  return {
    first: Int32Array.from(pairs, (pair) => Math.floor(pair / SHIFT)),
    second: Int32Array.from(pairs, (pair) => pair % SHIFT),
    counts: Int32Array.from(pairs, (pair) => total.get(pair)!),
  };
}

/**
 * Adds up counts of pairs and keeps the k most frequent companions of each track; equal counts by track code.
 *
 * @param parts Counts of parts.
 * @param k Companions of a track.
 * @returns Companions by track, each list the most frequent first.
 */
export function topCompanions(
  parts: Iterable<PairCounts>,
  k: number,
): Map<number, { tracks: Int32Array; counts: Int32Array }> {
  const total = new Map<number, Map<number, number>>();
  for (const { first, second, counts } of parts) {
    for (let e = 0; e < first.length; e++) {
      let row = total.get(first[e]);
      if (!row) total.set(first[e], row = new Map());
      row.set(second[e], (row.get(second[e]) ?? 0) + counts[e]);
    }
  }
  return new Map(
    [...total].map(([track, row]) => {
      const best = [...row].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
      return [track, { tracks: Int32Array.from(best, ([t]) => t), counts: Int32Array.from(best, ([, n]) => n) }];
    }),
  );
}
