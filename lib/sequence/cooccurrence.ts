/**
 * Co-occurrence: in how many playlists two tracks stand together. Counts of parts add up to those of the whole, so
 * playlists may lie in any number of partitions.
 *
 * @module
 */

/** Tracks that stand together with a track, and in how many playlists each. */
export interface Companions {
  /** The companions. */
  tracks: Int32Array;
  /** Number of playlists. */
  counts: Int32Array;
}

/**
 * Counts the pairs of some playlists. Cost O(Σ length²).
 *
 * @param playlists Tracks of each playlist, as codes; a track that repeats counts once.
 * @returns The companions of each track: each pair comes both ways.
 *
 * @example
 * ```ts
 * import { countPairs } from "./cooccurrence.ts";
 * import assert from "node:assert/strict";
 *
 * const { tracks, counts } = countPairs([[1, 2], [2, 1, 3]]).get(1)!;
 * assert.deepEqual([[...tracks], [...counts]], [[2, 3], [2, 1]]);
 * ```
 */
export function countPairs(playlists: Iterable<Iterable<number>>): Map<number, Companions> {
  const total: Totals = new Map();
  for (const playlist of playlists) {
    const tracks = new Set(playlist);
    for (const a of tracks) {
      for (const b of tracks) if (a !== b) add(total, a, b, 1);
    }
  }
  return new Map([...total].map(([track, row]) => [track, companionsOf([...row])]));
}

/**
 * Adds up counts of pairs and keeps the k most frequent companions of each track; equal counts by track code.
 *
 * @param parts Companions of tracks in parts of the playlists, by track.
 * @param k Companions of a track.
 * @returns Companions by track, each list the most frequent first.
 */
export function topCompanions(parts: Iterable<readonly [number, Companions]>, k: number): Map<number, Companions> {
  const total: Totals = new Map();
  for (const [track, { tracks, counts }] of parts) {
    tracks.forEach((companion, e) => add(total, track, companion, counts[e]));
  }
  return new Map(
    [...total].map(([track, row]) => [
      track,
      companionsOf([...row].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k)),
    ]),
  );
}

type Totals = Map<number, Map<number, number>>;

function add(total: Totals, track: number, companion: number, count: number): void {
  let row = total.get(track);
  if (!row) total.set(track, row = new Map());
  row.set(companion, (row.get(companion) ?? 0) + count);
}

function companionsOf(pairs: [number, number][]): Companions {
  return { tracks: Int32Array.from(pairs, ([track]) => track), counts: Int32Array.from(pairs, ([, count]) => count) };
}
