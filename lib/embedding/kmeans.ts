/**
 * k-means clustering and the choice of k.
 *
 * @module
 */
import { expectInteger, InputError } from "../errors.ts";
import { firstNonFinite, type Matrix, matrix, takeRows } from "../matrix.ts";
import { type Random, randomInteger, sampleCategorical, shuffleInPlace } from "../random.ts";

/** A clustering. */
export interface KMeansResult {
  /** Cluster of each row, in [0, k), the largest cluster first. */
  labels: Int32Array;
  /** Centroids [k, d]. */
  centroids: Matrix;
  /** Sum of squared distances to the nearest centroid. */
  inertia: number;
  /** Iterations done. */
  iterations: number;
}

/** How to cluster. */
export interface KMeansOptions {
  /** Starts, of which the one with the smallest inertia is kept. Default 6. */
  starts?: number;
  /** Most iterations of a start. Default 100. */
  iterations?: number;
  /** Rows beyond which mini-batches are used. Default 100,000. */
  miniBatchBeyond?: number;
}

/** Rows that the choice of k and the start of the centroids look at. */
const SAMPLE = 5_000;
/** Rows whose silhouette is taken. */
const SILHOUETTE_ROWS = 1_500;
/** Rows of a mini-batch and number of mini-batches. */
const BATCH = 2_048;
const BATCHES = 400;

/**
 * k-means from k-means++ starts (Arthur & Vassilvitskii 2007): Lloyd's iterations over all rows, or, beyond 100,000
 * rows, mini-batches (Sculley 2010) and one assignment of all rows. Cost O(n k d) an iteration.
 *
 * @param x The matrix [n, d].
 * @param k Number of clusters, in [1, n]. Fewer are returned when there are fewer distinct rows.
 * @param random Source of randomness.
 * @param options Starts and limits.
 * @returns The clustering.
 * @throws {InputError} When k is out of range or an element is not finite.
 */
export function kMeans(x: Matrix, k: number, random: Random, options: KMeansOptions = {}): KMeansResult {
  expectInteger("k", k, 1, x.rows);
  const broken = firstNonFinite(x);
  if (broken) {
    throw new InputError(`Expected finite numbers but found another in row ${broken.row}, column ${broken.column}`);
  }
  const { starts = 6, iterations = 100, miniBatchBeyond = 100_000 } = options;
  let best: KMeansResult | undefined;
  for (let start = 0; start < starts; start++) {
    const found = x.rows > miniBatchBeyond ? miniBatch(x, k, random) : lloyd(x, k, random, iterations);
    if (!best || found.inertia < best.inertia) best = found;
  }
  return largestFirst(best!);
}

/** How well each k does. */
export interface ClusterCount {
  /** The number of clusters taken. */
  k: number;
  /** Mean silhouette for every k that was tried, in [-1, 1]. */
  candidates: { k: number; silhouette: number }[];
}

/** The criterion by which k is chosen, in words. */
export const CLUSTER_COUNT_CRITERION = "the k with the largest mean silhouette, among those tried";

/**
 * Chooses k: the one with the largest mean silhouette (Rousseeuw 1987) within bounds, on a sample of at most 5,000 rows
 * clustered and 1,500 measured.
 *
 * @param x The matrix [n, d].
 * @param candidates Numbers of clusters to try, each at least 2; those beyond half the rows are left out.
 * @param random Source of randomness.
 * @returns The choice.
 * @throws {InputError} When no candidate is left.
 */
export function chooseClusterCount(x: Matrix, candidates: readonly number[], random: Random): ClusterCount {
  const rows = shuffleInPlace(Int32Array.from({ length: x.rows }, (_, i) => i), random);
  const sample = takeRows(x, rows.subarray(0, SAMPLE));
  const measured = Int32Array.from({ length: Math.min(SILHOUETTE_ROWS, sample.rows) }, (_, i) => i);
  const distances = pairwise(takeRows(sample, measured));
  const tried = candidates.filter((k) => k >= 2 && k <= sample.rows / 2).map((k) => {
    const { labels } = kMeans(sample, k, random, { starts: 2 });
    return { k, silhouette: meanSilhouette(distances, labels.subarray(0, measured.length)) };
  });
  if (tried.length === 0) throw new InputError(`Expected more rows to choose a number of clusters but found ${x.rows}`);
  const { k } = tried.reduce((best, candidate) => candidate.silhouette > best.silhouette ? candidate : best);
  return { k, candidates: tried };
}

/**
 * Mean silhouette of clustered rows: (b − a) / max(a, b) with a the mean distance to the own cluster and b the smallest
 * mean distance to another; 0 for a cluster of one. Euclidean; equal to scikit-learn's `silhouette_score`. Cost O(n² d).
 *
 * @param x Rows [n, d].
 * @param labels Cluster of each row.
 * @returns A value in [-1, 1]; 0 when there is one cluster only.
 */
export function silhouette(x: Matrix, labels: ArrayLike<number>): number {
  return meanSilhouette(pairwise(x), labels);
}

/**
 * Adjusted Rand index of two clusterings (Hubert & Arabie 1985): 1 when they agree, about 0 when they are unrelated.
 *
 * @param a Cluster of each row.
 * @param b Cluster of each row in the other clustering.
 * @returns A value of at most 1.
 * @throws {InputError} When the lengths differ.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new InputError(`Expected ${a.length} labels but found ${b.length}`);
  const cells = new Map<string, number>();
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    const cell = `${a[i]}/${b[i]}`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
    rows.set(a[i], (rows.get(a[i]) ?? 0) + 1);
    columns.set(b[i], (columns.get(b[i]) ?? 0) + 1);
  }
  const pairs = (counts: Iterable<number>) => {
    let sum = 0;
    for (const count of counts) sum += count * (count - 1) / 2;
    return sum;
  };
  const together = pairs(cells.values());
  const inA = pairs(rows.values());
  const inB = pairs(columns.values());
  const expected = inA * inB / pairs([a.length]);
  const largest = (inA + inB) / 2;
  return largest === expected ? 1 : (together - expected) / (largest - expected);
}

function lloyd(x: Matrix, k: number, random: Random, iterations: number): KMeansResult {
  const centroids = plusPlus(x, k, random);
  const labels = new Int32Array(x.rows);
  let inertia = Infinity;
  for (let iteration = 1;; iteration++) {
    const next = assign(x, centroids, labels);
    if (iteration >= iterations || next >= inertia * (1 - 1e-5)) {
      return { labels, centroids, inertia: next, iterations: iteration };
    }
    inertia = next;
    moveToMeans(x, centroids, labels);
  }
}

/** Each batch row pulls its centroid by 1 / (rows that this centroid has had). */
function miniBatch(x: Matrix, k: number, random: Random): KMeansResult {
  const d = x.columns;
  const draw = (count: number) => Int32Array.from({ length: count }, () => randomInteger(random, x.rows));
  const centroids = plusPlus(takeRows(x, draw(Math.max(SAMPLE, 20 * k))), k, random);
  const counts = new Float64Array(centroids.rows);
  const nearest = new Int32Array(BATCH);
  for (let b = 0; b < BATCHES; b++) {
    const batch = takeRows(x, draw(BATCH));
    assign(batch, centroids, nearest);
    for (let i = 0; i < BATCH; i++) {
      const c = nearest[i];
      const rate = 1 / ++counts[c];
      for (let j = 0; j < d; j++) {
        centroids.data[c * d + j] += rate * (batch.data[i * d + j] - centroids.data[c * d + j]);
      }
    }
  }
  const labels = new Int32Array(x.rows);
  const inertia = assign(x, centroids, labels);
  return { labels, centroids, inertia, iterations: BATCHES };
}

/** k-means++: each next centroid is a row, drawn with probability in proportion to its squared distance. */
function plusPlus(x: Matrix, k: number, random: Random): Matrix {
  const d = x.columns;
  const centroids = matrix(k, d);
  const distances = new Float64Array(x.rows).fill(Infinity);
  let chosen = randomInteger(random, x.rows);
  for (let c = 0; c < k; c++) {
    centroids.data.set(x.data.subarray(chosen * d, (chosen + 1) * d), c * d);
    let left = 0;
    for (let i = 0; i < x.rows; i++) {
      distances[i] = Math.min(distances[i], squaredDistance(x, i, centroids, c));
      left += distances[i];
    }
    if (left === 0) return matrix(c + 1, d, centroids.data.slice(0, (c + 1) * d));
    chosen = sampleCategorical(distances, random);
  }
  return centroids;
}

function assign(x: Matrix, centroids: Matrix, labels: Int32Array): number {
  let inertia = 0;
  for (let i = 0; i < x.rows; i++) {
    let best = Infinity;
    for (let c = 0; c < centroids.rows; c++) {
      const distance = squaredDistance(x, i, centroids, c);
      if (distance < best) {
        best = distance;
        labels[i] = c;
      }
    }
    inertia += best;
  }
  return inertia;
}

function squaredDistance(x: Matrix, i: number, y: Matrix, c: number): number {
  const d = x.columns;
  let sum = 0;
  for (let j = 0, a = i * d, b = c * d; j < d; j++) {
    const difference = x.data[a++] - y.data[b++];
    sum += difference * difference;
  }
  return sum;
}

/** Moves each centroid to the mean of its rows; one without rows stays where it is. */
function moveToMeans(x: Matrix, centroids: Matrix, labels: Int32Array): void {
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

/** Numbers the clusters by falling size and drops empty ones. */
function largestFirst(result: KMeansResult): KMeansResult {
  const sizes = new Int32Array(result.centroids.rows);
  for (const label of result.labels) sizes[label]++;
  const order = Array.from(sizes.keys()).filter((c) => sizes[c] > 0).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const rank = new Int32Array(sizes.length);
  order.forEach((c, r) => rank[c] = r);
  return { ...result, labels: result.labels.map((label) => rank[label]), centroids: takeRows(result.centroids, order) };
}

/** Distances between all pairs of rows, [n, n]. */
function pairwise(x: Matrix): Matrix {
  const distances = matrix(x.rows, x.rows);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < i; j++) {
      const distance = Math.sqrt(squaredDistance(x, i, x, j));
      distances.data[i * x.rows + j] = distance;
      distances.data[j * x.rows + i] = distance;
    }
  }
  return distances;
}

function meanSilhouette(distances: Matrix, labels: ArrayLike<number>): number {
  const n = distances.rows;
  let k = 0;
  for (let i = 0; i < n; i++) k = Math.max(k, labels[i] + 1);
  const sizes = new Int32Array(k);
  for (let i = 0; i < n; i++) sizes[labels[i]]++;
  const sums = new Float64Array(k);
  let total = 0;
  for (let i = 0; i < n; i++) {
    sums.fill(0);
    for (let j = 0; j < n; j++) sums[labels[j]] += distances.data[i * n + j];
    const own = labels[i];
    if (sizes[own] < 2) continue;
    const a = sums[own] / (sizes[own] - 1);
    let b = Infinity;
    for (let c = 0; c < k; c++) if (c !== own && sizes[c] > 0) b = Math.min(b, sums[c] / sizes[c]);
    if (b < Infinity && Math.max(a, b) > 0) total += (b - a) / Math.max(a, b);
  }
  return total / n;
}
