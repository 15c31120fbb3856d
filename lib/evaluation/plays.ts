/**
 * What every metric begins with: the check that plays are plays and shares are shares.
 *
 * @module
 */
import { InputError } from "../errors.ts";

/**
 * Checks that a sequence of plays is long enough and names tracks that exist.
 *
 * @param plays Track indices in the order in which they were played.
 * @param trackCount Number of tracks n; every play must lie in [0, n).
 * @param minimum Least number of plays that the metric needs.
 * @returns The plays, unchanged.
 * @throws {InputError} `Expected at least 2 plays but found 1`, or
 * `Expected play 3 to be a track index in [0, 19999] but found 20000`.
 */
export function expectPlays<T extends ArrayLike<number>>(plays: T, trackCount: number, minimum: number = 1): T {
  if (plays.length < minimum) {
    throw new InputError(`Expected at least ${minimum} play${minimum === 1 ? "" : "s"} but found ${plays.length}`);
  }
  for (let p = 0; p < plays.length; p++) {
    if (!Number.isInteger(plays[p]) || plays[p] < 0 || plays[p] >= trackCount) {
      throw new InputError(`Expected play ${p} to be a track index in [0, ${trackCount - 1}] but found ${plays[p]}`);
    }
  }
  return plays;
}

/**
 * Divides by the sum.
 *
 * @param name What to call the numbers in the error.
 * @param values Non-negative numbers, not all zero.
 * @returns Numbers that sum to 1.
 * @throws {InputError} When one is negative or not finite, or all are zero.
 */
export function normalised(name: string, values: ArrayLike<number>): Float64Array {
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0 && values[i] < Infinity)) {
      throw new InputError(`Expected ${name} to be finite and not negative but found ${values[i]} at ${i}`);
    }
    total += values[i];
  }
  if (total === 0) throw new InputError(`Expected ${name} with a positive sum but found 0`);
  return Float64Array.from(Array.from(values), (value) => value / total);
}
