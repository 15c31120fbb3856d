/**
 * Count, mean and spread of numbers in one pass, and their merging: numerically stable, so that partitions of a million
 * rows can be counted apart and added up.
 */

/** What is kept of a sample of numbers. */
export interface Spread {
  /** How many there are; NaN does not count. */
  count: number;
  /** Their mean; 0 when there are none. */
  mean: number;
  /** Sum of squared differences from the mean. */
  m2: number;
}

/**
 * Spread of numbers, by Welford's recurrence (Technometrics 4, 1962). Cost O(n), no cancellation.
 *
 * @param values The numbers; NaN is passed over.
 */
export function spreadOf(values: ArrayLike<number>): Spread {
  let count = 0;
  let mean = 0;
  let m2 = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (x !== x) continue;
    count++;
    const delta = x - mean;
    mean += delta / count;
    m2 += delta * (x - mean);
  }
  return { count, mean, m2 };
}

/**
 * Spread of two samples taken together, by the pairwise formula of Chan, Golub and LeVeque (1979):
 * δ = mean_b − mean_a, M2 = M2_a + M2_b + δ² n_a n_b / n.
 *
 * @example
 * ```ts
 * import { mergeSpreads, spreadOf } from "./spread.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(mergeSpreads(spreadOf([1, 2]), spreadOf([3])), spreadOf([1, 2, 3]));
 * ```
 */
export function mergeSpreads(a: Spread, b: Spread): Spread {
  const count = a.count + b.count;
  if (count === 0) return { count: 0, mean: 0, m2: 0 };
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + delta * b.count / count,
    m2: a.m2 + b.m2 + delta * delta * a.count * b.count / count,
  };
}

/**
 * Standard deviation of a whole population, as scikit-learn's StandardScaler has it: √(M2 / n).
 *
 * @returns The standard deviation; 0 for an empty sample.
 */
export function deviationOf(spread: Spread): number {
  return spread.count === 0 ? 0 : Math.sqrt(spread.m2 / spread.count);
}
