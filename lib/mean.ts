/**
 * The mean.
 *
 * @module
 */

/**
 * Arithmetic mean. O(n).
 *
 * @param values The values; a NaN among them makes the mean NaN.
 * @returns Their mean; NaN when there are none.
 */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
