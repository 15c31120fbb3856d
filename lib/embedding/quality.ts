/** How much of what matters an embedding keeps. */
import { deviation, mean, rollup, sum } from "d3-array";
import { expectInteger } from "../data/errors.ts";
import { type Matrix, squaredDistance, takeRows } from "../math/matrix.ts";
import type { ExactNeighbors } from "../math/neighbors.ts";

/** A mean over queries with its standard error. */
export interface MeanEstimate {
  /** Mean over the tracks. */
  mean: number;
  /** Its standard error, sd / √n. */
  standardError: number;
  /** Number of queries it is over. */
  count: number;
}

/**
 * Share of the variance that a reconstruction misses: Σ ‖x − x̂‖² / Σ ‖x − centre‖². 0 is perfect, 1 is what guessing
 * the centre gives.
 *
 * @param center What guessing would say, length d: the mean of the training rows.
 */
export function unexplainedShare(x: Matrix, reconstruction: Matrix, center: ArrayLike<number>): number {
  let error = 0;
  let total = 0;
  for (let i = 0; i < x.data.length; i++) {
    error += (x.data[i] - reconstruction.data[i]) ** 2;
    total += (x.data[i] - center[i % x.columns]) ** 2;
  }
  return total > 0 ? error / total : 0;
}

/** Root mean squared error of each column. */
export function columnErrors(x: Matrix, reconstruction: Matrix): Float64Array {
  const sums = new Float64Array(x.columns);
  for (let i = 0; i < x.data.length; i++) sums[i % x.columns] += (x.data[i] - reconstruction.data[i]) ** 2;
  return sums.map((sum) => Math.sqrt(sum / x.rows));
}

/**
 * Trustworthiness of an embedding (Venna & Kaski 2001): 1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_{j ∈ U_k(i)} (r(i, j) − k),
 * where U_k(i) are the rows among the k nearest of i in the embedding but not in the original, and r(i, j) is the rank
 * of j by distance from i in the original. Euclidean distances; equal to scikit-learn's `trustworthiness`. Cost
 * O(n² (d + k)): give it a sample.
 *
 * @param k Number of neighbours, in [1, n / 2).
 * @returns A value in [0, 1]; 1 when no neighbour is new.
 */
export function trustworthiness(original: Matrix, embedding: Matrix, k: number): number {
  const n = original.rows;
  const near = new Int32Array(k);
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    nearest(distancesFrom(embedding, i), near);
    const distances = distancesFrom(original, i);
    for (const j of near) penalty += Math.max(0, rankOf(distances, j) - k);
  }
  return 1 - penalty * 2 / (n * k * (2 * n - 3 * k - 1));
}

/** For each query the share of its k nearest neighbours that two spaces have in common. */
export function overlapShares(a: ExactNeighbors, b: ExactNeighbors): Float64Array {
  return Float64Array.from({ length: a.indices.length / a.k }, (_, q) => {
    const [one, other] = [a, b].map(({ indices, k }) => indices.subarray(q * k, (q + 1) * k));
    return one.filter((index) => other.includes(index)).length / a.k;
  });
}

/**
 * For each query the share of its neighbours that have a label in common with it: genre purity when the labels are
 * genres. Queries without a label are NaN; neighbours without one count as different.
 *
 * @param labels Labels of every row, possibly none or several.
 */
export function labelShares(
  neighbors: ExactNeighbors,
  queries: Int32Array,
  labels: readonly (readonly string[])[],
): Float64Array {
  return Float64Array.from(queries, (query, q) => {
    const own = labels[query];
    const near = neighbors.indices.subarray(q * neighbors.k, (q + 1) * neighbors.k);
    const same = near.filter((index) => labels[index].some((label) => own.includes(label)));
    return own.length > 0 ? same.length / neighbors.k : NaN;
  });
}

/**
 * Share of a point's nearest points of a picture that have its label, and what a random picture would give.
 *
 * @param positions Positions [n, 2].
 * @param rows The rows that are looked at, and among which neighbours are sought. Cost O(rows²).
 * @param k Number of neighbours, in [1, rows.length − 1].
 * @returns The mean share, and the chance that two different rows have one label; both in [0, 1].
 * @throws {InputError} When k is out of range.
 */
export function neighborPurity2d(
  positions: Matrix,
  labels: ArrayLike<number>,
  rows: Int32Array,
  k: number = 10,
): { purity: number; chance: number } {
  const points = takeRows(positions, rows);
  const near = new Int32Array(expectInteger("k", k, 1, rows.length - 1));
  let same = 0;
  for (let i = 0; i < rows.length; i++) {
    nearest(distancesFrom(points, i), near);
    for (const j of near) if (labels[rows[j]] === labels[rows[i]]) same++;
  }
  const n = rows.length;
  const sizes = rollup(rows, (alike) => alike.length, (r) => labels[r]);
  const pairs = sum(sizes.values(), (size) => size * (size - 1));
  return { purity: same / n / k, chance: pairs / n / (n - 1) };
}

/**
 * Mean and standard error.
 *
 * @param values The values; NaN are left out.
 * @returns The estimate; NaN when there is no value.
 */
export function estimate(values: ArrayLike<number>): MeanEstimate {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const standardError = (deviation(known) ?? NaN) / Math.sqrt(known.length);
  return { mean: mean(known) ?? NaN, standardError, count: known.length };
}

/** Squared distances from row i to all rows; infinite to itself. */
function distancesFrom(x: Matrix, i: number): Float64Array {
  return Float64Array.from({ length: x.rows }, (_, r) => r === i ? Infinity : squaredDistance(x, i, x, r));
}

/** Fills `near` with the indices of the smallest distances, the smallest first. */
function nearest(distances: Float64Array, near: Int32Array): void {
  let filled = 0;
  for (let r = 0; r < distances.length; r++) {
    if (filled === near.length && distances[r] >= distances[near[filled - 1]]) continue;
    let at = filled < near.length ? filled++ : filled - 1;
    for (; at > 0 && distances[near[at - 1]] > distances[r]; at--) near[at] = near[at - 1];
    near[at] = r;
  }
}

/** Rank of j from 1 when rows are ordered by distance, the smaller index first among equals. */
function rankOf(distances: Float64Array, j: number): number {
  let rank = 1;
  for (let r = 0; r < distances.length; r++) {
    if (distances[r] < distances[j] || (distances[r] === distances[j] && r < j)) rank++;
  }
  return rank;
}
