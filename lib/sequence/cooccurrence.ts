/**
 * Co-occurrence: in how many playlists two tracks stand together. Counts of parts add up to those of the whole, so
 * playlists may lie in any number of partitions.
 */

/** The tracks that stand together with a track, and in how many playlists each. */
export type Companions = Map<number, number>;

/**
 * Counts the pairs of some playlists. Cost O(Σ length²).
 *
 * @param playlists Tracks of each playlist, as codes; a track that repeats counts once.
 *
 * @example
 * ```ts
 * import { countPairs } from "./cooccurrence.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...countPairs([[1, 2], [2, 1, 3]]).get(1)!], [[2, 2], [3, 1]]);
 * ```
 */
export function countPairs(playlists: Iterable<Iterable<number>>): Map<number, Companions> {
  const total = new Map<number, Companions>();
  for (const playlist of playlists) {
    const tracks = new Set(playlist);
    for (const a of tracks) {
      const row = total.get(a) ?? new Map<number, number>();
      total.set(a, row);
      for (const b of tracks) if (a !== b) row.set(b, (row.get(b) ?? 0) + 1);
    }
  }
  return total;
}

/** Adds up counts of pairs and keeps the k most frequent companions of each track; equal counts by track code. */
export function topCompanions(parts: Iterable<readonly [number, Companions]>, k: number): Map<number, Companions> {
  const total = new Map<number, Companions>();
  for (const [track, companions] of parts) {
    const row = total.get(track) ?? new Map<number, number>();
    total.set(track, row);
    for (const [companion, count] of companions) row.set(companion, (row.get(companion) ?? 0) + count);
  }
  for (const [track, row] of total) {
    total.set(track, new Map([...row].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k)));
  }
  return total;
}
