/**
 * The Gini coefficient.
 *
 * @module
 */
import { InputError } from "./errors.ts";

/**
 * Gini coefficient of exposure, of tracks in plays or in neighbour lists: G = Σ_i (2i − n − 1) x_i / (n Σ x) with x
 * sorted upwards and i from 1 (Shani & Gunawardana, Evaluating recommendation systems, 2011). Range [0, 1 − 1/n]: 0 when all items are played equally often, 1 − 1/n when one has all plays.
 *
 * @param counts Exposure of each of n items, not negative.
 * @returns The coefficient.
 * @throws {InputError} When a count is negative or not finite, or nothing was played.
 */
export function giniOfExposure(counts: ArrayLike<number>): number {
  const sorted = Float64Array.from(Array.from(counts)).sort();
  const n = sorted.length;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    if (!(sorted[i] >= 0 && sorted[i] < Infinity)) {
      throw new InputError(`Expected exposures to be finite and not negative but found ${sorted[i]}`);
    }
    total += sorted[i];
    weighted += (2 * (i + 1) - n - 1) * sorted[i];
  }
  if (total === 0) throw new InputError("Expected at least one play but found none");
  return Math.max(0, weighted / (n * total));
}
