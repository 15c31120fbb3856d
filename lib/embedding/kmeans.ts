/**
 * k-means clustering and the choice of k.
 *
 * @module
 */
import { expectInteger, InputError } from "../errors.ts";
import { firstNonFinite, type Matrix, matrix, takeRows } from "../matrix.ts";
import { type Random, randomInteger, sampleCategorical, shuffleInPlace } from "../random.ts";
import { type Kernel, scoresKernel, type ScoresLane } from "./kernels.ts";
import { fitPca, pcaScores } from "./pca.ts";

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
  /** Rows beyond which mini-batches are used. Default 100,000. */
  miniBatchBeyond?: number;
}

/** Rows that k-means++ draws from. */
const SEEDING_ROWS = 5_000;
/** Rows on which mini-batches start, and on which k is chosen. */
const SAMPLE = 20_000;
/** Rows of a mini-batch and number of mini-batches. */
const BATCH = 2_048;
const BATCHES = 400;
/** Iterations end when the inertia falls by no more than this share. */
const TOLERANCE = 1e-6;

/**
 * k-means. The centroids start from parts of the rows: the part with the largest sum of squares is cut in two across its
 * first principal component until there are k (Su & Dy 2004), so that the same rows give the same clusters whatever the
 * seed. Lloyd's iterations follow; beyond 100,000 rows they run on a sample of 20,000 and mini-batches of all rows
 * follow (Sculley 2010). With `start: "k-means++"` the start is greedy k-means++ (Arthur & Vassilvitskii 2007) instead.
 * Cost O(n k d) an iteration.
 *
 * @param x The matrix [n, d].
 * @param k Number of clusters, in [1, n]. Fewer are returned when there are fewer distinct rows.
 * @param random Source of randomness, for k-means++, samples and mini-batches.
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
  const { start = "principal", iterations = 300, miniBatchBeyond = 100_000 } = options;
  const starts = start === "principal" ? 1 : expectInteger("starts", options.starts ?? 6, 1);
  const finder = nearestCentroids(columnMeans(x));
  const large = x.rows > miniBatchBeyond;
  const base = large ? drawRows(x, Math.max(SAMPLE, 20 * k), random) : x;
  let best: Found | undefined;
  for (let s = 0; s < starts; s++) {
    const first = start === "principal"
      ? principalParts(base, k)
      : greedyPlusPlus(drawRows(base, Math.max(SEEDING_ROWS, 20 * k), random), k, random);
    const found = lloyd(base, first, finder, iterations);
    if (!best || found.inertia < best.inertia) best = found;
  }
  if (large) best = miniBatches(x, best!, finder, random);
  const labels = new Int32Array(x.rows);
  const inertia = assign(x, best!.centroids, labels);
  return largestFirst({ labels, centroids: best!.centroids, inertia, iterations: best!.iterations });
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
  /** Mean adjusted Rand index between clusterings that each were made without a tenth of the rows, at most 1. */
  stability: number;
  /** Mean silhouette in [-1, 1]; it does not decide. */
  silhouette: number;
}

/** Agreement of clusterings that counts as good (Steinley 2004). */
export const STABLE_AGREEMENT = 0.8;

/** The criterion by which k is chosen, in words. */
export const CLUSTER_COUNT_CRITERION: string =
  "the largest k tried whose clusters stay when a random tenth of the tracks is left out (adjusted Rand index of at " +
  `least ${STABLE_AGREEMENT} between such clusterings, on average); the k whose clusters stay best when none does`;

/** Clusterings that are compared for every k. */
const RUNS = 5;
/** Share of the rows that each of them does without. */
const LEFT_OUT = 0.1;
/** Rows whose silhouette is taken. */
const SILHOUETTE_ROWS = 1_500;

/**
 * Chooses k by stability (Ben-Hur, Elisseeff & Guyon 2002; von Luxburg 2010): the largest k whose clusters hardly depend
 * on which tracks happen to be there. Five times a random tenth of the rows is left out, the others are clustered, and
 * all rows get their nearest centroid; the mean adjusted Rand index over the pairs of these clusterings must be at
 * least 0.8, which Steinley (2004) calls good. When no k does it, the one with the largest index is taken. The
 * largest, because more clusters tell more tastes apart. At most 20,000 rows are looked at.
 *
 * @param x The matrix [n, d].
 * @param candidates Numbers of clusters to try, each at least 2; those beyond half the rows are left out.
 * @param random Source of randomness.
 * @returns The choice.
 * @throws {InputError} When no candidate is left.
 */
export function chooseClusterCount(x: Matrix, candidates: readonly number[], random: Random): ClusterCount {
  const sample = x.rows > SAMPLE ? drawRows(x, SAMPLE, random) : x;
  const measured = drawIndices(sample.rows, SILHOUETTE_ROWS, random);
  const distances = pairwise(takeRows(sample, measured));
  const tried = candidates.filter((k) => k >= 2 && k <= sample.rows / 2).map((k) => {
    const runs = Array.from({ length: RUNS }, () => clusterWithout(sample, k, LEFT_OUT, random, { iterations: 100 }));
    return {
      k,
      stability: meanAgreement(runs),
      silhouette: meanSilhouette(distances, measured.map((i) => runs[0][i])),
    };
  });
  if (tried.length === 0) throw new InputError(`Expected more rows to choose a number of clusters but found ${x.rows}`);
  const stable = tried.filter(({ stability }) => stability >= STABLE_AGREEMENT);
  const { k } = stable.length > 0
    ? stable.reduce((best, candidate) => candidate.k > best.k ? candidate : best)
    : tried.reduce((best, candidate) => candidate.stability > best.stability ? candidate : best);
  return { k, candidates: tried };
}

/**
 * Clusters all rows but some, and gives every row the nearest centroid: how much such clusterings differ says how much
 * depends on the rows that happen to be there.
 *
 * @param x The matrix [n, d].
 * @param k Number of clusters.
 * @param share Share of the rows that the centroids are found without, in [0, 1).
 * @param random Picks the rows.
 * @param options As for `kMeans`.
 * @returns Cluster of each row.
 */
export function clusterWithout(
  x: Matrix,
  k: number,
  share: number,
  random: Random,
  options: KMeansOptions = {},
): Int32Array {
  const kept = drawIndices(x.rows, x.rows - Math.floor(share * x.rows), random).sort();
  const { centroids } = kMeans(takeRows(x, kept), k, random, options);
  const labels = new Int32Array(x.rows);
  assign(x, centroids, labels);
  return labels;
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
  let sum = 0;
  for (let a = 1; a < n; a++) for (let b = 0; b < a; b++) sum += adjustedRandIndex(clusterings[a], clusterings[b]);
  return sum / (n * (n - 1) / 2);
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

/** Finds nearest centroids in float32, four at a time; what is returned in the end is assigned in float64. */
interface Finder {
  /** The point about which it computes, length d. */
  center: Float64Array;
  /**
   * Writes the nearest centroid of each row to `labels` and returns how much nearer the rows are to their centroids than
   * to the centre: Σ (‖x − m‖² − ‖x − c‖²).
   */
  assign(x: Matrix, centroids: Matrix, labels: Int32Array): number;
}

function nearestCentroids(center: Float64Array): Finder {
  const d = center.length;
  const kernels = new Map<number, Kernel<ScoresLane>>();
  const assign = (x: Matrix, centroids: Matrix, labels: Int32Array): number => {
    const k = centroids.rows;
    const weights = new Float64Array(k * d);
    const half = new Float64Array(k);
    for (let c = 0, at = 0; c < k; c++) {
      for (let j = 0; j < d; j++, at++) {
        weights[at] = centroids.data[at] - center[j];
        half[c] += weights[at] * weights[at] / 2;
      }
    }
    let kernel = kernels.get(k);
    if (kernel) kernel.own.weigh(weights);
    else kernels.set(k, kernel = scoresKernel(weights, center, k, 0));
    let gain = 0;
    for (let start = 0; start < x.rows; start += kernel.blockRows) {
      const count = Math.min(kernel.blockRows, x.rows - start);
      kernel.own.begin(x.data.subarray(start * d, (start + count) * d));
      const { scores } = kernel.own;
      for (let r = start, at = 0; r < start + count; r++) {
        let most = -Infinity;
        let label = 0;
        for (let c = 0; c < k; c++, at++) {
          const nearer = scores[at] - half[c];
          if (nearer > most) {
            most = nearer;
            label = c;
          }
        }
        labels[r] = label;
        gain += most;
      }
    }
    return 2 * gain;
  };
  return { center, assign };
}

/** Centroids, how many rows are theirs, and how they were found. */
interface Found {
  centroids: Matrix;
  sizes: Int32Array;
  inertia: number;
  iterations: number;
}

/** Lloyd's iterations, which change the centroids. A centroid without rows stays where it is. */
function lloyd(x: Matrix, centroids: Matrix, finder: Finder, limit: number): Found {
  const d = x.columns;
  const spread = spreadAbout(x, finder.center);
  const labels = new Int32Array(x.rows);
  const before = new Int32Array(x.rows).fill(-1);
  const sums = new Float64Array(centroids.data.length);
  const sizes = new Int32Array(centroids.rows);
  const count = (i: number, cluster: number, sign: number) => {
    sizes[cluster] += sign;
    for (let j = 0, at = i * d, to = cluster * d; j < d; j++) sums[to++] += sign * x.data[at++];
  };
  let last = Infinity;
  for (let iterations = 1;; iterations++) {
    const inertia = spread - finder.assign(x, centroids, labels);
    // Few rows change their cluster after the first iterations: only these are moved between the sums.
    for (let i = 0; i < x.rows; i++) {
      if (labels[i] === before[i]) continue;
      if (before[i] >= 0) count(i, before[i], -1);
      count(i, labels[i], 1);
      before[i] = labels[i];
    }
    for (let c = 0, at = 0; c < sizes.length; c++) {
      for (let j = 0; j < d; j++, at++) if (sizes[c] > 0) centroids.data[at] = sums[at] / sizes[c];
    }
    if (iterations >= limit || !(inertia < last * (1 - TOLERANCE))) return { centroids, sizes, inertia, iterations };
    last = inertia;
  }
}

/** Each centroid becomes the running mean of its rows: those of its start and those of the batches. */
function miniBatches(x: Matrix, found: Found, finder: Finder, random: Random): Found {
  const { centroids, sizes } = found;
  const d = x.columns;
  const counts = Float64Array.from(sizes, (size) => Math.max(1, size));
  const labels = new Int32Array(BATCH);
  for (let b = 0; b < BATCHES; b++) {
    const batch = takeRows(x, Int32Array.from({ length: BATCH }, () => randomInteger(random, x.rows)));
    finder.assign(batch, centroids, labels);
    for (let i = 0; i < BATCH; i++) {
      const c = labels[i];
      const rate = 1 / ++counts[c];
      for (let j = 0; j < d; j++) {
        centroids.data[c * d + j] += rate * (batch.data[i * d + j] - centroids.data[c * d + j]);
      }
    }
  }
  return { ...found, iterations: BATCHES };
}

/** Means of parts: the part with the largest sum of squares is cut across its first principal component until k are. */
function principalParts(x: Matrix, k: number): Matrix {
  const describe = (rows: Int32Array) => {
    const part = takeRows(x, rows);
    const center = columnMeans(part);
    return { rows, center, spread: spreadAbout(part, center) };
  };
  const parts = [describe(Int32Array.from({ length: x.rows }, (_, i) => i))];
  const least = parts[0].spread * 1e-9;
  while (parts.length < k) {
    const widest = parts.reduce((a, b) => b.spread > a.spread ? b : a);
    if (!(widest.spread > least)) break;
    const part = takeRows(x, widest.rows);
    const scores = pcaScores(part, fitPca(part, { components: 1 })).data;
    const halves = [true, false].map((side) => widest.rows.filter((_, i) => scores[i] > 0 === side));
    if (halves.some((half) => half.length === 0)) widest.spread = 0;
    else parts.splice(parts.indexOf(widest), 1, ...halves.map(describe));
  }
  const centroids = matrix(parts.length, x.columns);
  parts.forEach(({ center }, c) => centroids.data.set(center, c * x.columns));
  return centroids;
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

function columnMeans(x: Matrix): Float64Array {
  const means = new Float64Array(x.columns);
  for (let i = 0, at = 0; i < x.rows; i++) for (let j = 0; j < x.columns; j++) means[j] += x.data[at++];
  return means.map((sum) => sum / x.rows);
}

/** Sum of squared distances of the rows to a point. */
function spreadAbout(x: Matrix, center: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = 0; i < x.rows; i++) for (let j = 0; j < x.columns; j++) sum += (x.data[at++] - center[j]) ** 2;
  return sum;
}

/** Rows drawn without replacement, all when there are no more than `count`. */
function drawRows(x: Matrix, count: number, random: Random): Matrix {
  return takeRows(x, drawIndices(x.rows, count, random));
}

function drawIndices(rows: number, count: number, random: Random): Int32Array {
  return shuffleInPlace(Int32Array.from({ length: rows }, (_, i) => i), random).slice(0, count);
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
