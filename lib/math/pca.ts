/**
 * Principal component analysis: the covariance matrix in one pass over the rows, its symmetric eigendecomposition, and
 * the scores.
 */
import { maxIndex, sum } from "d3-array";
import { EigenvalueDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { checkInteger } from "./check.ts";
import { checkFinite, type Matrix } from "./matrix.ts";
import { inBlocks, loadTensorFlow, mapRows } from "./tensor.ts";

/**
 * Count, mean and scatter matrix of some rows: all that PCA needs to know of them. The moments of two disjoint sets of
 * rows merge into those of their union, so parts may be computed anywhere and in any order.
 */
export interface Moments {
  /** Number of rows seen. */
  count: number;
  /** Mean of each column, length d. */
  mean: Float64Array;
  /** Σ (x − mean)(x − mean)ᵀ, row-major [d, d], symmetric. */
  scatter: Float64Array;
}

/** A fitted PCA. Rows of `components` are orthonormal, in order of falling variance. */
export interface PcaModel {
  /** Components [k, d], row-major; the largest loading of each, by absolute value, is positive. */
  components: Float64Array;
  /** Mean of each column, length d. */
  mean: Float64Array;
  /** Variance along each component (divisor n − 1), length k. */
  explainedVariance: Float64Array;
  /** Share of the total variance, length k. */
  explainedVarianceRatio: Float64Array;
  /** Variance along all d directions, falling: the scree plot. */
  spectrum: Float64Array;
}

/** How many components are kept. */
export interface PcaOptions {
  /** Share of the variance to explain, in (0, 1]; default 0.95. Not used when `components` is given. */
  variance?: number;
  /** Number of components, in [1, min(n − 1, d)]. */
  components?: number;
}

/**
 * Moments of the rows in one pass. TensorFlow sums blocks of rows in float32 about their own mean; these are merged in
 * float64 by {@linkcode mergeMoments}, so that a large mean costs the variance no digits. Cost O(n d²).
 *
 * @throws {RangeError} When an element is NaN or infinite.
 */
export async function accumulateMoments(x: Matrix): Promise<Moments> {
  const { tf } = await loadTensorFlow();
  const d = x.columns;
  let total: Moments = { count: 0, mean: new Float64Array(d), scatter: new Float64Array(d * d) };
  const blocks = inBlocks(tf, x, (block) => {
    const rough = tf.mean(block, 0, true);
    const shifted = tf.sub(block, rough);
    const rest = tf.mean(shifted, 0, true);
    const centred = tf.sub(shifted, rest);
    return tf.concat([rough, rest, tf.matMul(centred, centred, true)]);
  });
  for (const { count, values } of blocks) {
    const mean = Float64Array.from({ length: d }, (_, j) => values[j] + values[d + j]);
    total = mergeMoments(total, { count, mean, scatter: Float64Array.from(values.subarray(2 * d)) });
  }
  if (!total.scatter.every(Number.isFinite)) {
    checkFinite(x);
    throw new RangeError("Expected numbers below 1e18 in size but found larger ones; scale the columns first");
  }
  return total;
}

/**
 * Moments of the union of two disjoint sets of rows (Chan, Golub and LeVeque, "Updating formulae and a pairwise
 * algorithm for computing sample variances", 1979): with δ = mean_b − mean_a,
 * S = S_a + S_b + δδᵀ n_a n_b / (n_a + n_b). Cost O(d²).
 *
 * @returns New moments; the arguments are unchanged.
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const d = a.mean.length;
  const count = a.count + b.count;
  const weight = count > 0 ? b.count / count : 0;
  const delta = b.mean.map((mean, j) => mean - a.mean[j]);
  return {
    count,
    mean: a.mean.map((mean, j) => mean + delta[j] * weight),
    scatter: a.scatter.map((sum, at) =>
      sum + b.scatter[at] + a.count * weight * delta[Math.floor(at / d)] * delta[at % d]
    ),
  };
}

/**
 * Fits a PCA.
 *
 * @param source The matrix [n, d], or its moments.
 * @throws {RangeError} When there are fewer than two rows, no column varies, an element is not finite, or more
 * components are asked for than there are.
 *
 * @example
 * ```ts
 * import { fitPca, pcaScores } from "./pca.ts";
 * import { matrix } from "./matrix.ts";
 *
 * const x = matrix(3, 2, Float32Array.of(0, 0, 1, 2, 2, 4)); // on a line: one component says it all
 * const model = await fitPca(x);
 * console.log(model.explainedVarianceRatio.length, (await pcaScores(x, model)).data);
 * ```
 */
export async function fitPca(source: Matrix | Moments, options: PcaOptions = {}): Promise<PcaModel> {
  const moments = "scatter" in source ? source : await accumulateMoments(source);
  const d = moments.mean.length;
  if (moments.count < 2) throw new RangeError(`Expected at least 2 rows for PCA but found ${moments.count}`);
  const { values, vectors } = eigenSymmetric(moments.scatter, d, moments.count - 1);
  const total = sum(values);
  if (!(total > 0)) throw new RangeError(`Expected columns that vary but found ${d} constant columns`);
  const rank = Math.min(d, moments.count - 1);
  const k = options.components === undefined
    ? componentsForVariance(values, total, options.variance ?? 0.95, rank)
    : checkInteger("components", options.components, 1, rank);
  const components = vectors.slice(0, k * d);
  for (let c = 0; c < k; c++) fixSign(components.subarray(c * d, (c + 1) * d));
  return {
    components,
    mean: moments.mean,
    explainedVariance: values.slice(0, k),
    explainedVarianceRatio: values.slice(0, k).map((value) => value / total),
    spectrum: values,
  };
}

/**
 * Projects rows onto the components: Z = (X − mean) Wᵀ. Cost O(n k d).
 *
 * @param model A fitted PCA over d columns, with k components.
 * @returns The scores [n, k].
 * @throws {RangeError} When the numbers of columns differ.
 */
export async function pcaScores(x: Matrix, model: PcaModel): Promise<Matrix> {
  const d = model.mean.length;
  if (x.columns !== d) throw new RangeError(`Expected ${d} columns, as the PCA has, but found ${x.columns}`);
  const k = model.explainedVariance.length;
  const { tf } = await loadTensorFlow();
  const [mean, components] = [Float32Array.from(model.mean), Float32Array.from(model.components)];
  return mapRows(
    tf,
    x,
    k,
    (block) => tf.matMul(tf.sub(block, mean), tf.tensor2d(components, [k, d]), false, true),
  );
}

/**
 * Back from scores to columns: X̂ = Z W + mean, with the first `scores.columns` components. Cost O(n k d).
 *
 * @param scores Scores [n, k], k at most the number of components.
 * @returns The reconstruction [n, d].
 */
export async function pcaReconstruct(scores: Matrix, model: PcaModel): Promise<Matrix> {
  const d = model.mean.length;
  const k = scores.columns;
  const { tf } = await loadTensorFlow();
  const [mean, components] = [Float32Array.from(model.mean), Float32Array.from(model.components.subarray(0, k * d))];
  return mapRows(tf, scores, d, (block) => tf.add(tf.matMul(block, tf.tensor2d(components, [k, d])), mean));
}

/** Eigenvalues of scatter / divisor, falling and not below zero, with their eigenvectors as rows. */
function eigenSymmetric(scatter: Float64Array, d: number, divisor: number) {
  const covariance = DenseMatrix.from1DArray(d, d, scatter).div(divisor);
  const { realEigenvalues: found, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const order = Array.from(found.keys()).sort((a, b) => found[b] - found[a]);
  return {
    values: Float64Array.from(order, (i) => Math.max(0, found[i])),
    vectors: Float64Array.from(order.flatMap((i) => eigenvectorMatrix.getColumn(i))),
  };
}

/** The fewest components whose variance reaches the share, but none without variance. */
function componentsForVariance(values: Float64Array, total: number, share: number, rank: number): number {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`Expected variance to be a number in [0, 1] but found ${share}`);
  }
  let sum = 0;
  for (let k = 0; k < rank; k++) {
    if (k > 0 && values[k] <= values[0] * 1e-12) return k;
    sum += values[k];
    if (sum >= share * total * (1 - 1e-12)) return k + 1;
  }
  return rank;
}

/** Turns a component so that its largest loading, by absolute value, is positive. */
function fixSign(component: Float64Array): void {
  const largest = maxIndex(component, Math.abs);
  if (component[largest] < 0) component.forEach((loading, j) => component[j] = -loading);
}
