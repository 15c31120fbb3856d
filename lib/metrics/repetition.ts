/**
 * Repetition: how soon a track, a work, an artist or an album comes back, and how long a library takes to be heard.
 *
 * @module
 */
import { cumsum, max } from "d3-array";
import type { CodedLists } from "../catalog/catalog.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { expectPlays } from "./plays.ts";

/**
 * What a play is labelled with: one code a track (−1: not known, never a repeat), or a list of codes (its artists).
 */
export type Labels = Int32Array | CodedLists;

/**
 * How many plays back the latest play with a common label lies. Cost O(plays × labels a track).
 *
 * @param plays Track indices in the order in which they were played.
 * @param labels Labels of every track of the catalogue: works, albums, artists, or the track indices themselves.
 * @returns For every play the distance, 1 for the play just before; 0 when no play before has a common label.
 * @throws {InputError} When a play is not a track index.
 */
export function repeatGaps(plays: ArrayLike<number>, labels: Labels): Int32Array {
  const single = labels instanceof Int32Array;
  expectPlays(plays, single ? labels.length : labels.offsets.length - 1, 0);
  const codesOf = (track: number) =>
    single
      ? labels.subarray(track, track + 1)
      : labels.codes.subarray(labels.offsets[track], labels.offsets[track + 1]);
  const last = new Map<number, number>();
  const gaps = new Int32Array(plays.length);
  for (let p = 0; p < plays.length; p++) {
    const codes = codesOf(plays[p]).filter((code) => code >= 0);
    gaps[p] = p - (max(codes, (code) => last.get(code)) ?? p);
    for (const code of codes) last.set(code, p);
  }
  return gaps;
}

/**
 * Repeat rate over every window: the share of plays whose label is among the N plays before them, for N = 1 … windows.
 * Range [0, 1], never falling in N. The first plays of a sequence, which have fewer than N before them, count as plays.
 *
 * @param plays Track indices in the order in which they were played.
 * @param labels Labels of every track of the catalogue.
 * @param windows Largest window, at least 1.
 * @returns Rates; element N − 1 belongs to window N.
 * @throws {InputError} When there is no play, or a play is not a track index.
 *
 * @example
 * ```ts
 * import { repeatRates } from "./repetition.ts";
 * import assert from "node:assert/strict";
 *
 * // Plays a b a a: the last repeats within one play, the third within two.
 * const tracks = Int32Array.of(0, 1);
 * assert.deepEqual([...repeatRates([0, 1, 0, 0], tracks, 2)], [0.25, 0.5]);
 * ```
 */
export function repeatRates(plays: ArrayLike<number>, labels: Labels, windows: number = 50): Float64Array {
  expectInteger("windows", windows, 1);
  const gaps = repeatGaps(plays, labels);
  if (gaps.length === 0) throw new InputError("Expected at least 1 play but found 0");
  const counts = new Float64Array(windows);
  for (const gap of gaps) if (gap > 0 && gap <= windows) counts[gap - 1]++;
  return cumsum(counts).map((count) => count / gaps.length);
}

/**
 * How much of a library has been heard after each play. Range (0, 1], never falling.
 *
 * @param plays Track indices in the order in which they were played.
 * @param library The distinct tracks of the library.
 * @returns Share heard after play 1, 2, …; plays outside the library count as nothing.
 * @throws {InputError} When the library is empty.
 */
export function heardShare(plays: ArrayLike<number>, library: ArrayLike<number>): Float64Array {
  if (library.length === 0) throw new InputError("Expected at least one track in the library but found none");
  const unheard = new Set(Array.from(library));
  const size = unheard.size;
  return Float64Array.from(Array.from(plays), (track) => {
    unheard.delete(track);
    return 1 - unheard.size / size;
  });
}

/**
 * Time until a share of a library has been heard, in plays. A shuffle without replacement needs exactly the share times
 * the library's size; a draw with replacement needs about n log n for all of n tracks (the coupon collector's problem).
 *
 * @param plays Track indices in the order in which they were played.
 * @param library The distinct tracks of the library.
 * @param share Share that must have been heard, in (0, 1]; 1 by default: heard through.
 * @returns Number of plays, or `undefined` when that share was not reached.
 * @throws {InputError} When the library is empty or the share is not in [0, 1].
 */
export function playsUntilHeard(
  plays: ArrayLike<number>,
  library: ArrayLike<number>,
  share: number = 1,
): number | undefined {
  expectNumber("share", share, 0, 1);
  // A share is a multiple of 1 / size; the slack is for its rounding.
  const at = heardShare(plays, library).findIndex((heard) => heard >= share - 1e-9);
  return at < 0 ? undefined : at + 1;
}
