/** k-means clustering. */
import { greatest, sum } from "d3-array";
import { checkInteger } from "./check.ts";
import { checkFinite, type Matrix, matrix, squaredDistance, takeRows } from "./matrix.ts";
import { accumulateMoments, fitPca, pcaScores } from "./pca.ts";
import { type Random, randomInteger, sampleCategorical, seededRandom, shuffleInPlace } from "./random.ts";
import { inBlocks, loadTensorFlow, type TensorFlow } from "./tensor.ts";

/** A clustering. */
export interface KMeansResult {
  /** Cluster of each row, in [0, k), the largest cluster first. */
  labels: Int32Array;
  /** Centroids [k, d]. */
  centroids: Matrix;
  /** Sum of squared distances to the nearest centroid. */
  inertia: number;
  iterations: number;
}

/** How to cluster. */
export interface KMeansOptions {
  /**
   * Where the centroids start: `"principal"` (default) needs no randomness; `"k-means++"` draws rows, six times, and the
   * start with the smallest inertia is kept.
   */
  start?: "principal" | "k-means++";
  /** Most iterations of a start. Default 300. */
  iterations?: number;
  /** Most rows, from all over, on which the centroids are found; all rows get their nearest. Default 100,000. */
  sample?: number;
}

/** Starts of k-means++. */
const STARTS = 6;
/** Rows that k-means++ draws from. */
const SEEDING_ROWS = 5_000;
/** Iterations end when the inertia falls by no more than this share. */
const TOLERANCE = 1e-6;

/**
 * k-means by Lloyd's iterations. They start from the means of parts of the rows: the part with the largest sum of
 * squares is cut in two across its first principal component until there are k (Su & Dy 2004), so the same rows give the
 * same clusters whatever the seed. Beyond 100,000 rows the centroids are found on as many, from all over. The other
 * start is greedy k-means++ (Arthur & Vassilvitskii 2007); `test/bench/embedding_bench.ts` compares the two. Cost
 * O(n k d) an iteration.
 *
 * @param k Number of clusters, in [1, n]. Fewer are returned when there are fewer distinct rows.
 * @param random Source of randomness, for k-means++ alone.
 * @throws {RangeError} When k is out of range or an element is not finite.
 */
export async function kMeans(
  x: Matrix,
  k: number,
  random: Random,
  options: KMeansOptions = {},
): Promise<KMeansResult> {
  checkInteger("k", k, 1, x.rows);
  checkFinite(x);
  const { start = "principal", iterations = 300, sample = 100_000 } = options;
  const { tf } = await loadTensorFlow();
  const base = oneOfEachStretch(x, Math.max(sample, 20 * k));
  let best: Centroids | undefined;
  for (let s = 0; s < (start === "principal" ? 1 : STARTS); s++) {
    const begin = start === "principal"
      ? (await principalParts(base, [k]))[0]
      : greedyPlusPlus(takeRows(base, drawRows(base.rows, Math.max(SEEDING_ROWS, 20 * k), random)), k, random);
    const found = lloyd(tf, base, begin, iterations);
    if (!best || found.inertia < best.inertia) best = found;
  }
  const { centroids, iterations: done } = best!;
  const labels = nearestCentroids(tf, x, centroids);
  let inertia = 0;
  for (let i = 0; i < x.rows; i++) inertia += squaredDistance(x, i, centroids, labels[i]);
  return largestFirst({ labels, centroids, inertia, iterations: done });
}

/**
 * How many rows each label has.
 *
 * @param labels Label of each row, at least 0.
 * @returns One count a label, from 0 to the largest.
 */
export function countsOf(labels: ArrayLike<number>): Float64Array {
  let most = -1;
  for (let i = 0; i < labels.length; i++) most = Math.max(most, labels[i]);
  const counts = new Float64Array(most + 1);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}

/** Centroids, and how they were found. */
export type Centroids = Omit<KMeansResult, "labels">;

/**
 * Nearest centroid of each row, the first among equals. TensorFlow compares in float32 about the centroids' mean.
 *
 * @returns One number a row, in [0, k).
 */
export function nearestCentroids(tf: TensorFlow, x: Matrix, centroids: Matrix): Int32Array {
  const labels = new Int32Array(x.rows);
  const [near, shift, half] = tf.tidy(() => {
    const all = tf.tensor2d(centroids.data, [centroids.rows, centroids.columns]);
    const shift = tf.mean(all, 0, true);
    const near = tf.sub(all, shift);
    return [near, shift, tf.mul(tf.sum(tf.square(near), 1), 0.5)];
  });
  const blocks = inBlocks(
    tf,
    x,
    (block) => tf.argMin(tf.sub(half, tf.matMul(tf.sub(block, shift), near, false, true)), 1),
  );
  for (const { start, values } of blocks) labels.set(values, start);
  tf.dispose([near, shift, half]);
  return labels;
}

/** Lloyd's iterations. A centroid without rows stays where it is. */
export function lloyd(tf: TensorFlow, x: Matrix, start: Matrix, limit: number): Centroids {
  const d = x.columns;
  const centroids = matrix(start.rows, d, start.data.slice());
  const labels = new Int32Array(x.rows).fill(-1);
  const sizes = new Float64Array(centroids.rows);
  const sums = new Float64Array(centroids.data.length);
  const count = (i: number, cluster: number, sign: number) => {
    sizes[cluster] += sign;
    for (let j = 0, at = i * d, to = cluster * d; j < d; j++) sums[to++] += sign * x.data[at++];
  };
  let squares = 0;
  for (let at = 0; at < x.data.length; at++) squares += x.data[at] ** 2;
  let last = Infinity;
  for (let iterations = 1;; iterations++) {
    const next = nearestCentroids(tf, x, centroids);
    // Few rows change their cluster after the first iterations: only these are moved between the sums.
    for (let i = 0; i < x.rows; i++) {
      if (labels[i] === next[i]) continue;
      if (labels[i] >= 0) count(i, labels[i], -1);
      count(i, next[i], 1);
      labels[i] = next[i];
    }
    // Σ ‖x − c‖² = Σ ‖x‖² + Σ_c (n_c ‖c‖² − 2 c · Σ x).
    let inertia = squares;
    for (let at = 0; at < sums.length; at++) {
      const [size, value] = [sizes[Math.floor(at / d)], centroids.data[at]];
      inertia += value * (size * value - 2 * sums[at]);
      if (size > 0) centroids.data[at] = sums[at] / size;
    }
    if (iterations >= limit || !(inertia < last * (1 - TOLERANCE))) return { centroids, inertia, iterations };
    last = inertia;
  }
}

/**
 * Means of parts, for each of several numbers of parts: each time the part with the largest sum of squares is cut across
 * its first principal component.
 *
 * @returns The means for each number; fewer means where nothing is left to cut.
 */
export async function principalParts(x: Matrix, numbers: readonly number[]): Promise<Matrix[]> {
  const describe = async (rows: Int32Array) => {
    const moments = await accumulateMoments(takeRows(x, rows));
    return { rows, moments, spread: sum(moments.scatter.filter((_, at) => at % (x.columns + 1) === 0)) };
  };
  const parts = [await describe(Int32Array.from({ length: x.rows }, (_, i) => i))];
  const least = parts[0].spread * 1e-9;
  const means = new Map<number, Matrix>();
  for (const k of numbers.toSorted((a, b) => a - b)) {
    while (parts.length < k) {
      const widest = greatest(parts, ({ spread }) => spread)!;
      if (!(widest.spread > least)) break;
      const model = await fitPca(widest.moments, { components: 1 });
      const { data: scores } = await pcaScores(takeRows(x, widest.rows), model);
      const halves = [true, false].map((side) => widest.rows.filter((_, i) => scores[i] > 0 === side));
      if (halves.some((half) => half.length === 0)) widest.spread = 0;
      else parts.splice(parts.indexOf(widest), 1, await describe(halves[0]), await describe(halves[1]));
    }
    means.set(k, matrix(parts.length, x.columns, Float32Array.from(parts.flatMap(({ moments }) => [...moments.mean]))));
  }
  return numbers.map((k) => means.get(k)!);
}

/**
 * Greedy k-means++: for each next centroid 2 + ⌊ln k⌋ rows are drawn in proportion to their squared distance, and the one
 * that leaves the least inertia is taken. Fewer than k when there are fewer distinct rows.
 */
function greedyPlusPlus(x: Matrix, k: number, random: Random): Matrix {
  const d = x.columns;
  const tries = 2 + Math.floor(Math.log(k));
  const centroids = matrix(k, d);
  let distances = new Float64Array(x.rows).fill(Infinity);
  let better = new Float64Array(x.rows);
  let trial = new Float64Array(x.rows);
  for (let c = 0; c < k; c++) {
    let least = Infinity;
    for (let t = 0; t < (c === 0 ? 1 : tries); t++) {
      const row = c === 0 ? randomInteger(random, x.rows) : sampleCategorical(distances, random);
      let left = 0;
      for (let i = 0; i < x.rows; i++) left += trial[i] = Math.min(distances[i], squaredDistance(x, i, x, row));
      if (left >= least) continue;
      least = left;
      [better, trial] = [trial, better];
      centroids.data.set(x.data.subarray(row * d, (row + 1) * d), c * d);
    }
    [distances, better] = [better, distances];
    if (least === 0) return matrix(c + 1, d, centroids.data.slice(0, (c + 1) * d));
  }
  return centroids;
}

/**
 * A sample that is the same on every run: the rows are cut into equal stretches, and one row of each is drawn. A pattern
 * that repeats in the order of the rows does not bias it.
 *
 * @param count Number of rows wanted, at least 1.
 * @returns A new matrix of `count` rows in their order; `x` itself when it has no more.
 */
export function oneOfEachStretch(x: Matrix, count: number): Matrix {
  if (x.rows <= count) return x;
  const random = seededRandom(count);
  const border = (i: number) => Math.floor(i * x.rows / count);
  return takeRows(
    x,
    Int32Array.from({ length: count }, (_, i) => border(i) + randomInteger(random, border(i + 1) - border(i))),
  );
}

/**
 * Rows drawn without replacement.
 *
 * @returns Row indices in random order; all rows when there are no more than `count`.
 */
export function drawRows(rows: number, count: number, random: Random): Int32Array {
  return shuffleInPlace(Int32Array.from({ length: rows }, (_, i) => i), random).slice(0, count);
}

/** Numbers the clusters by falling size and drops empty ones. */
function largestFirst(result: KMeansResult): KMeansResult {
  const sizes = countsOf(result.labels);
  const order = Array.from(sizes.keys()).filter((c) => sizes[c] > 0).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const rank = new Int32Array(sizes.length);
  order.forEach((c, r) => rank[c] = r);
  return { ...result, labels: result.labels.map((label) => rank[label]), centroids: takeRows(result.centroids, order) };
}
