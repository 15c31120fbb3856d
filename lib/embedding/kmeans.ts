/**
 * k-means clustering and the choice of k.
 *
 * @module
 */
import { deviation, greatest, mean, min, sum } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { firstNonFinite, type Matrix, matrix, takeRows } from "../math/matrix.ts";
import { startProgress } from "../data/progress.ts";
import { type Random, randomInteger, sampleCategorical, seededRandom, shuffleInPlace } from "../math/random.ts";
import { inBlocks, loadTensorFlow, type TensorFlow } from "../math/tensor.ts";
import { accumulateMoments, fitPca, pcaScores } from "./pca.ts";

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
  /** Where the centroids start: `"principal"` (default) needs no randomness, `"k-means++"` draws rows. */
  start?: "principal" | "k-means++";
  /** Starts of k-means++, of which the one with the smallest inertia is kept. Default 6. */
  starts?: number;
  /** Most iterations of a start. Default 300. */
  iterations?: number;
  /** Most rows, from all over, on which the centroids are found; all rows get their nearest. Default 100,000. */
  sample?: number;
}

/** Rows that k-means++ draws from. */
const SEEDING_ROWS = 5_000;
/** Rows on which k is chosen. */
export const CHOOSING_ROWS = 30_000;
/** Iterations end when the inertia falls by no more than this share. */
const TOLERANCE = 1e-6;

/**
 * k-means. The centroids start from parts of the rows: the part with the largest sum of squares is cut in two across its
 * first principal component until there are k (Su & Dy 2004), so that the same rows give the same clusters whatever the
 * seed. Lloyd's iterations follow; beyond 100,000 rows they run on as many from all over, and the others get their
 * nearest centroid: on a million rows that leaves less inertia than scikit-learn's mini-batches do. With `start: "k-means++"` the start
 * is greedy k-means++ (Arthur & Vassilvitskii 2007) instead: `test/bench/embedding_bench.ts` measures how much less
 * inertia that leaves, and how far its seeds lie apart. Cost O(n k d) an iteration.
 *
 * @param x The matrix [n, d].
 * @param k Number of clusters, in [1, n]. Fewer are returned when there are fewer distinct rows.
 * @param random Source of randomness, for k-means++ alone.
 * @param options Starts and limits.
 * @returns The clustering.
 * @throws {InputError} When k is out of range or an element is not finite.
 */
export async function kMeans(
  x: Matrix,
  k: number,
  random: Random,
  options: KMeansOptions = {},
): Promise<KMeansResult> {
  expectInteger("k", k, 1, x.rows);
  const broken = firstNonFinite(x);
  if (broken) {
    throw new InputError(`Expected finite numbers but found another in row ${broken.row}, column ${broken.column}`);
  }
  const { start = "principal", iterations = 300, sample = 100_000 } = options;
  const starts = start === "principal" ? 1 : expectInteger("starts", options.starts ?? 6, 1);
  const { tf } = await loadTensorFlow();
  const base = oneOfEachStretch(x, Math.max(sample, 20 * k));
  let best: Found | undefined;
  for (let s = 0; s < starts; s++) {
    const begin = start === "principal"
      ? (await principalParts(base, [k]))[0]
      : greedyPlusPlus(takeRows(base, drawIndices(base.rows, Math.max(SEEDING_ROWS, 20 * k), random)), k, random);
    const found = lloyd(tf, base, begin, iterations);
    if (!best || found.inertia < best.inertia) best = found;
  }
  const { centroids, iterations: done } = best!;
  const labels = nearest(tf, x, centroids);
  let inertia = 0;
  for (let i = 0; i < x.rows; i++) inertia += squaredDistance(x, i, centroids, labels[i]);
  return largestFirst({ labels, centroids, inertia, iterations: done });
}

/** How well each k does. */
export interface ClusterCount {
  /** The number of clusters taken. */
  k: number;
  /** What was found for every k that was tried. */
  candidates: ClusterCountCandidate[];
}

/** One number of clusters that was tried. */
export interface ClusterCountCandidate {
  /** The number of clusters. */
  k: number;
  /** Mean adjusted Rand index between the clusters of all rows and those made without a tenth of them, at most 1. */
  stability: number;
  /** Standard error of that mean over the ten tenths. */
  standardError: number;
  /** Mean silhouette in [-1, 1]; it does not decide. */
  silhouette: number;
}

/** Agreement of clusterings that counts as excellent (Steinley 2004). */
export const STABLE_AGREEMENT = 0.9;

/** The criterion by which k is chosen, in words. */
export const CLUSTER_COUNT_CRITERION: string =
  "the largest k tried whose clusters stay when a tenth of the tracks is left out, each tenth once (mean adjusted Rand " +
  `index with the clusters of all tracks, less its standard error, of at least ${STABLE_AGREEMENT}); the k whose ` +
  "clusters stay best when none does";

/** Parts of which each is left out once. */
const FOLDS = 10;
/** Rows whose silhouette is taken. */
const SILHOUETTE_ROWS = 1_500;

/**
 * Chooses k by stability (Ben-Hur, Elisseeff & Guyon 2002; Hennig 2007): the largest k whose clusters hardly depend on
 * which tracks happen to be there. The rows are parted in ten; each part is left out once, the others are clustered,
 * and all rows get their nearest centroid. The mean adjusted Rand index between these clusterings and that of all rows,
 * less its standard error, must be at least 0.9, which Steinley (2004) calls excellent. When no k does it, the one with
 * the largest mean is taken. The largest, because more clusters tell more tastes apart; less the standard error, so
 * that a k that reaches the mark by chance does not count, as in the rules for the gap statistic (Tibshirani, Walther &
 * Hastie 2001). At most 30,000 rows are looked at, from all over.
 *
 * @param x The matrix [n, d].
 * @param candidates Numbers of clusters to try, each at least 2; those beyond half the rows are left out.
 * @param random Draws the tenths.
 * @returns The choice.
 * @throws {InputError} When no candidate is left.
 */
export async function chooseClusterCount(
  x: Matrix,
  candidates: readonly number[],
  random: Random,
): Promise<ClusterCount> {
  const sample = oneOfEachStretch(x, CHOOSING_ROWS);
  const numbers = candidates.filter((k) => k >= 2 && k <= sample.rows / 2);
  if (numbers.length === 0) {
    throw new InputError(`Expected more rows to choose a number of clusters but found ${x.rows}`);
  }
  const { tf } = await loadTensorFlow();
  const measured = drawIndices(sample.rows, SILHOUETTE_ROWS, random);
  const parts = drawIndices(sample.rows, sample.rows, random).map((place) => place % FOLDS);
  const kept = (fold: number) => takeRows(sample, Int32Array.from(parts.keys()).filter((i) => parts[i] !== fold));
  const sets = [sample, ...Array.from({ length: FOLDS }, (_, fold) => kept(fold))];
  const starts: Matrix[][] = [];
  for (const rows of sets) starts.push(await principalParts(rows, numbers));
  const progress = startProgress("number of clusters", numbers.length);
  const tried = numbers.map((k, place) => {
    const [whole, ...others] = sets.map((rows, s) =>
      nearest(tf, sample, lloyd(tf, rows, starts[s][place], 100).centroids)
    );
    const agreements = others.map((other) => adjustedRandIndex(whole, other));
    progress.update(place + 1);
    return {
      k,
      stability: mean(agreements)!,
      standardError: deviation(agreements)! / Math.sqrt(FOLDS),
      silhouette: silhouette(takeRows(sample, measured), measured.map((i) => whole[i])),
    };
  });
  progress.stop();
  const stable = tried.filter(({ stability, standardError }) => stability - standardError >= STABLE_AGREEMENT);
  const { k } = stable.length > 0
    ? greatest(stable, (candidate) => candidate.k)!
    : greatest(tried, (candidate) => candidate.stability)!;
  return { k, candidates: tried };
}

/**
 * Mean adjusted Rand index over all pairs of clusterings.
 *
 * @param clusterings Labels of the same rows, two clusterings or more.
 * @returns The mean, at most 1.
 * @throws {InputError} When there are fewer than two clusterings.
 */
export function meanAgreement(clusterings: readonly ArrayLike<number>[]): number {
  const n = clusterings.length;
  if (n < 2) throw new InputError(`Expected at least 2 clusterings but found ${n}`);
  return mean(clusterings.flatMap((a, i) => clusterings.slice(0, i).map((b) => adjustedRandIndex(a, b))))!;
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
  const sizes = countsOf(labels);
  let total = 0;
  for (let i = 0; i < x.rows; i++) {
    if (sizes[labels[i]] < 2) continue;
    const sums = new Float64Array(sizes.length);
    for (let j = 0; j < x.rows; j++) sums[labels[j]] += Math.sqrt(squaredDistance(x, i, x, j));
    const own = sums[labels[i]] / (sizes[labels[i]] - 1);
    const other = min(sums, (sum, c) => c !== labels[i] && sizes[c] > 0 ? sum / sizes[c] : Infinity)!;
    if (other < Infinity && Math.max(own, other) > 0) total += (other - own) / Math.max(own, other);
  }
  return total / x.rows;
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
  const [rows, columns] = [countsOf(a), countsOf(b)];
  const cells = new Float64Array(rows.length * columns.length);
  for (let i = 0; i < a.length; i++) cells[a[i] * columns.length + b[i]]++;
  const pairs = (counts: Float64Array) => counts.reduce((sum, count) => sum + count * (count - 1) / 2, 0);
  const together = pairs(cells);
  const inA = pairs(rows);
  const inB = pairs(columns);
  const expected = inA * inB / pairs(Float64Array.of(a.length));
  const largest = (inA + inB) / 2;
  return largest === expected ? 1 : (together - expected) / (largest - expected);
}

/** How many rows each label has. */
function countsOf(labels: ArrayLike<number>): Float64Array {
  let most = -1;
  for (let i = 0; i < labels.length; i++) most = Math.max(most, labels[i]);
  const counts = new Float64Array(most + 1);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}

/** Centroids, and how they were found. */
interface Found {
  centroids: Matrix;
  inertia: number;
  iterations: number;
}

/** Nearest centroid of each row, the first among equals. TensorFlow compares in float32 about the centroids' mean. */
function nearest(tf: TensorFlow, x: Matrix, centroids: Matrix): Int32Array {
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
function lloyd(tf: TensorFlow, x: Matrix, start: Matrix, limit: number): Found {
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
    const next = nearest(tf, x, centroids);
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
 * its first principal component. Fewer means where nothing is left to cut.
 */
async function principalParts(x: Matrix, numbers: readonly number[]): Promise<Matrix[]> {
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
 * Greedy k-means++: each next centroid is, of 2 + ⌊ln k⌋ rows drawn with probability in proportion to their squared
 * distance, the one that leaves the least. Fewer than k when there are fewer distinct rows.
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

function squaredDistance(x: Matrix, i: number, y: Matrix, c: number): number {
  const d = x.columns;
  let sum = 0;
  for (let j = 0, a = i * d, b = c * d; j < d; j++) {
    const difference = x.data[a++] - y.data[b++];
    sum += difference * difference;
  }
  return sum;
}

/**
 * One row of each of as many equal stretches, at a place that is drawn but the same on every run: a sample that no seed
 * decides, and that no period in the order of the rows leads astray.
 *
 * @param x The matrix [n, d].
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

/** Rows drawn without replacement, all when there are no more than `count`. */
function drawIndices(rows: number, count: number, random: Random): Int32Array {
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
