/**
 * Drawing in proportion to weights, many times from one table.
 *
 * @module
 */
import type { Random } from "../../random.ts";

/**
 * Running sums of weights.
 *
 * @param weights Non-negative weights.
 * @returns The sums, of the same length.
 */
export function accumulate(weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < sums.length; i++) sums[i] = sum += weights[i];
  return sums;
}

/**
 * Draws an index in proportion to the steps of running sums. Cost O(log n).
 *
 * @param sums What {@linkcode accumulate} gave; the last must be positive.
 * @param random Source of randomness.
 * @returns The index.
 */
export function drawFrom(sums: Float64Array, random: Random): number {
  const target = random() * sums[sums.length - 1];
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
