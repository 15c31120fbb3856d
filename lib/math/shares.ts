/** How shares are spread: the Gini coefficient, the entropy, and how far one distribution is from another. */
import { sum } from "d3-array";

/**
 * Gini coefficient of exposure, of tracks in plays or in neighbour lists: G = Σ_i (2i − n − 1) x_i / (n Σ x) with x
 * sorted upwards and i from 1 (Shani & Gunawardana, Evaluating recommendation systems, 2011). Range [0, 1 − 1/n]: 0 when all items are played equally often, 1 − 1/n when one has all plays.
 *
 * @param counts Exposure of each of n items, not negative.
 * @throws {RangeError} When a count is negative or not finite, or nothing was played.
 */
export function giniOfExposure(counts: ArrayLike<number>): number {
  const sorted = Float64Array.from(Array.from(counts)).sort();
  const n = sorted.length;
  const wrong = sorted.find((count) => !(count >= 0 && count < Infinity));
  if (wrong !== undefined) throw new RangeError(`Expected exposures to be finite and not negative but found ${wrong}`);
  const total = sum(sorted);
  if (total === 0) throw new RangeError("Expected at least one play but found none");
  return Math.max(0, sum(sorted, (count, i) => (2 * (i + 1) - n - 1) * count) / (n * total));
}

/**
 * Entropy of a distribution, H = −Σ p ln p, in nats (Shani & Gunawardana, Evaluating recommendation systems, 2011).
 * Range [0, ln K] for K classes: 0 when all is in one class, ln K when all classes are equal.
 *
 * @param shares Non-negative numbers, not all zero; they are divided by their sum.
 * @throws {RangeError} When a share is negative or not finite, or all are zero.
 */
export function shannonEntropy(shares: ArrayLike<number>): number {
  const p = normalised("shares", shares).filter((share) => share > 0);
  return Math.max(0, -sum(p, (share) => share * Math.log(share)));
}

/** Keeps a divergence finite where a class of the taste was not played. */
const ALPHA = 0.01;

/**
 * Miscalibration KL(p ‖ q̃) with q̃ = (1 − α) q + α p and α = 0.01 (Steck, Calibrated recommendations, RecSys 2018): how far the
 * shares of what was played, q, are from those of the taste, p. Range [0, −ln α] in nats: 0 when they are equal, −ln
 * 0.01 = 4.6 when nothing of the taste was played.
 *
 * @param taste Shares p of the listener's taste over K classes (clusters or genres); divided by their sum.
 * @param played Shares q of what was played over the same classes; divided by their sum.
 * @returns The divergence in nats; lower is better calibrated.
 * @throws {RangeError} When the lengths differ, a share is negative, or all shares are zero.
 */
export function miscalibration(taste: ArrayLike<number>, played: ArrayLike<number>): number {
  if (taste.length !== played.length) {
    throw new RangeError(`Expected ${taste.length} classes in played as in taste but found ${played.length}`);
  }
  const p = normalised("taste", taste);
  const q = normalised("played", played);
  const divergence = sum(p, (own, k) => own > 0 ? own * Math.log(own / ((1 - ALPHA) * q[k] + ALPHA * own)) : 0);
  return Math.max(0, divergence);
}

/** Divides by the sum. */
function normalised(name: string, values: ArrayLike<number>): Float64Array {
  const shares = Float64Array.from(values);
  const wrong = shares.findIndex((value) => !(value >= 0 && value < Infinity));
  if (wrong >= 0) {
    throw new RangeError(`Expected ${name} to be finite and not negative but found ${values[wrong]} at ${wrong}`);
  }
  const total = sum(shares);
  if (total === 0) throw new RangeError(`Expected ${name} with a positive sum but found 0`);
  return shares.map((value) => value / total);
}
