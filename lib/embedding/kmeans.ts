/**
 * k-means clustering.
 *
 * @module
 */
import { expectInteger } from "../errors.ts";
import { type Matrix, matrix } from "../matrix.ts";
import { type Random, randomInteger, sampleCategorical } from "../random.ts";

/** A clustering. */
export interface KMeansResult {
  /** Cluster of each row, in [0, k). */
  labels: Int32Array;
  /** Centroids [k, d]. */
  centroids: Matrix;
  /** Sum of squared distances to the own centroid. */
  inertia: number;
  /** Iterations done. */
  iterations: number;
}

/**
 * Lloyd's k-means from a k-means++ start (Arthur & Vassilvitskii 2007). Cost O(n k d) an iteration.
 *
 * @param x The matrix [n, d].
 * @param k Number of clusters, in [1, n].
 * @param random Source of randomness.
 * @param iterations Most iterations.
 * @returns The clustering.
 * @throws {InputError} When k is out of range.
 */
export function kMeans(x: Matrix, k: number, random: Random, iterations: number = 100): KMeansResult {
  expectInteger("k", k, 1, x.rows);
  const centroids = plusPlus(x, k, random);
  const labels = new Int32Array(x.rows);
  let inertia = Infinity;
  for (let iteration = 1;; iteration++) {
    const next = assign(x, centroids, labels);
    if (iteration >= iterations || next >= inertia * (1 - 1e-6)) {
      return { labels, centroids, inertia: next, iterations: iteration };
    }
    inertia = next;
    update(x, centroids, labels);
  }
}

function plusPlus(x: Matrix, k: number, random: Random): Matrix {
  const d = x.columns;
  const centroids = matrix(k, d);
  const distances = new Float64Array(x.rows).fill(Infinity);
  for (let c = 0, chosen = randomInteger(random, x.rows); c < k; c++, chosen = sampleCategorical(distances, random)) {
    centroids.data.set(x.data.subarray(chosen * d, (chosen + 1) * d), c * d);
    for (let i = 0; i < x.rows; i++) {
      let sum = 0;
      for (let j = 0, a = i * d, b = c * d; j < d; j++, a++, b++) sum += (x.data[a] - centroids.data[b]) ** 2;
      if (sum < distances[i]) distances[i] = sum;
    }
  }
  return centroids;
}

function assign(x: Matrix, centroids: Matrix, labels: Int32Array): number {
  const d = x.columns;
  let inertia = 0;
  for (let i = 0; i < x.rows; i++) {
    let best = Infinity;
    for (let c = 0; c < centroids.rows; c++) {
      let sum = 0;
      for (let j = 0, a = i * d, b = c * d; j < d; j++, a++, b++) {
        const difference = x.data[a] - centroids.data[b];
        sum += difference * difference;
      }
      if (sum < best) {
        best = sum;
        labels[i] = c;
      }
    }
    inertia += best;
  }
  return inertia;
}

function update(x: Matrix, centroids: Matrix, labels: Int32Array): void {
  const d = x.columns;
  const sums = new Float64Array(centroids.data.length);
  const counts = new Int32Array(centroids.rows);
  for (let i = 0; i < x.rows; i++) {
    counts[labels[i]]++;
    for (let j = 0; j < d; j++) sums[labels[i] * d + j] += x.data[i * d + j];
  }
  for (let c = 0; c < centroids.rows; c++) {
    if (counts[c] > 0) { for (let j = 0; j < d; j++) centroids.data[c * d + j] = sums[c * d + j] / counts[c]; }
  }
}
