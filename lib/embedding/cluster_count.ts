/** How many clusters: the k whose clusters stay when tracks are left out, and how much two clusterings agree. */
import { deviation, greatest, mean, min } from "d3-array";
import { InputError } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import { countsOf, drawRows, lloyd, nearestCentroids, oneOfEachStretch, principalParts } from "../math/kmeans.ts";
import { type Matrix, squaredDistance, takeRows } from "../math/matrix.ts";
import type { Random } from "../math/random.ts";
import { loadTensorFlow } from "../math/tensor.ts";

/** Rows on which k is chosen. */
export const CHOOSING_ROWS = 30_000;
/** How well each k does. */
export interface ClusterCount {
  /** Number of clusters. */
  k: number;
  /** What was found for every k that was tried. */
  candidates: {
    k: number;
    /** Mean adjusted Rand index between the clusters of all rows and those made without a tenth of them, at most 1. */
    stability: number;
    /** Standard error of that mean over the ten tenths. */
    standardError: number;
    /** Mean silhouette in [-1, 1]; it does not decide. */
    silhouette: number;
  }[];
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
 * Chooses k by stability (Ben-Hur, Elisseeff & Guyon 2002; Hennig 2007), by {@linkcode CLUSTER_COUNT_CRITERION}: each
 * tenth of the rows is left out once, the others are clustered, and all rows get their nearest centroid. The largest k,
 * because more clusters tell more tastes apart; less the standard error, so that no k reaches the mark by chance
 * (Tibshirani, Walther & Hastie 2001). At most 30,000 rows are looked at, from all over.
 *
 * @param candidates Numbers of clusters to try, each at least 2; those beyond half the rows are left out.
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
  const measured = drawRows(sample.rows, SILHOUETTE_ROWS, random);
  const parts = drawRows(sample.rows, sample.rows, random).map((place) => place % FOLDS);
  const kept = (fold: number) => takeRows(sample, Int32Array.from(parts.keys()).filter((i) => parts[i] !== fold));
  const sets = [sample, ...Array.from({ length: FOLDS }, (_, fold) => kept(fold))];
  const starts: Matrix[][] = [];
  for (const rows of sets) starts.push(await principalParts(rows, numbers));
  const progress = startProgress("number of clusters", numbers.length);
  const tried = numbers.map((k, place) => {
    const [whole, ...others] = sets.map((rows, s) =>
      nearestCentroids(tf, sample, lloyd(tf, rows, starts[s][place], 100).centroids)
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
 */
export function meanAgreement(clusterings: readonly ArrayLike<number>[]): number {
  return mean(clusterings.flatMap((a, i) => clusterings.slice(0, i).map((b) => adjustedRandIndex(a, b))))!;
}

/**
 * Mean silhouette of clustered rows: (b − a) / max(a, b) with a the mean distance to the own cluster and b the smallest
 * mean distance to another; 0 for a cluster of one. Euclidean; equal to scikit-learn's `silhouette_score`. Cost O(n² d).
 *
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
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
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
