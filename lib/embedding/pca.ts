/**
 * Principal component analysis: the covariance matrix in one pass over the rows, its symmetric eigendecomposition, and
 * the scores.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { expectInteger, expectNumber, InputError } from "../errors.ts";
import { forBlocks, momentsKernel, scoresKernel } from "./kernels.ts";
import { firstNonFinite, type Matrix, matrix } from "../matrix.ts";

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
 * Moments of a range of rows in one pass. Blocks of up to 2048 rows are summed about a point near their mean and merged
 * by Chan, Golub and LeVeque's formula, so that a large mean does not eat the digits of the variance. Large inputs are
 * shared with a second thread once that runs; the result is the same to the last bit. Cost O(n d²).
 *
 * @param x The matrix [n, d].
 * @param from First row.
 * @param to One past the last row.
 * @returns The moments.
 * @throws {InputError} When an element is NaN or infinite.
 */
export function accumulateMoments(x: Matrix, from: number = 0, to: number = x.rows): Moments {
  const d = x.columns;
  const total: Moments = { count: 0, mean: new Float64Array(d), scatter: new Float64Array(d * d) };
  const kernel = momentsKernel(d, to - from);
  // Blocks are merged in their order, so that the sums are the same to the last bit on one thread and on two.
  const finished = new Map<number, Moments>();
  let merged = from;
  forBlocks(
    kernel,
    from,
    to,
    (lane, begin, end) => {
      const rows = x.data.subarray(begin * d, end * d);
      lane.begin(rows, roughMeans(rows, d));
    },
    (lane, begin, end) => {
      finished.set(begin, { count: end - begin, mean: lane.mean.slice(), scatter: lane.scatter.slice() });
      for (let part = finished.get(merged); part; part = finished.get(merged)) {
        mergeInto(total, part);
        finished.delete(merged);
        merged += part.count;
      }
    },
  );
  mirror(total);
  if (!total.scatter.every(Number.isFinite)) expectFinite(x);
  return total;
}

/**
 * Moments of the union of two disjoint sets of rows (Chan, Golub and LeVeque, "Updating formulae and a pairwise
 * algorithm for computing sample variances", 1979): with δ = mean_b − mean_a,
 * S = S_a + S_b + δδᵀ n_a n_b / (n_a + n_b). Cost O(d²).
 *
 * @param a Moments of some rows.
 * @param b Moments of other rows over the same columns.
 * @returns New moments; the arguments are unchanged.
 * @throws {InputError} When the numbers of columns differ.
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.mean.length !== b.mean.length) {
    throw new InputError(`Expected moments over ${a.mean.length} columns but found ${b.mean.length}`);
  }
  const merged = { count: a.count, mean: a.mean.slice(), scatter: a.scatter.slice() };
  mergeInto(merged, b);
  mirror(merged);
  return merged;
}

/**
 * Fits a PCA.
 *
 * @param source The matrix [n, d], or its moments.
 * @param options How many components to keep.
 * @returns The model.
 * @throws {InputError} When there are fewer than two rows, no column varies, an element is not finite, or more
 * components are asked for than there are.
 *
 * @example
 * ```ts
 * import { fitPca, pcaScores } from "./pca.ts";
 * import { matrix } from "../matrix.ts";
 *
 * const x = matrix(3, 2, Float32Array.of(0, 0, 1, 2, 2, 4)); // on a line: one component says it all
 * const model = fitPca(x);
 * console.log(model.explainedVarianceRatio.length, pcaScores(x, model).data);
 * ```
 */
export function fitPca(source: Matrix | Moments, options: PcaOptions = {}): PcaModel {
  const moments = "scatter" in source ? source : accumulateMoments(source);
  const d = moments.mean.length;
  if (moments.count < 2) throw new InputError(`Expected at least 2 rows for PCA but found ${moments.count}`);
  const { values, vectors } = eigenSymmetric(moments.scatter, d, moments.count - 1);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) throw new InputError(`Expected columns that vary but found ${d} constant columns`);
  const rank = Math.min(d, moments.count - 1);
  const k = options.components === undefined
    ? componentsForVariance(values, total, expectNumber("variance", options.variance ?? 0.95, 0, 1), rank)
    : expectInteger("components", options.components, 1, rank);
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
 * @param x The matrix [n, d].
 * @param model A fitted PCA over d columns.
 * @param dimensions How many components to use; all when left out.
 * @returns The scores [n, k].
 * @throws {InputError} When the numbers of columns differ.
 */
export function pcaScores(x: Matrix, model: PcaModel, dimensions?: number): Matrix {
  const d = model.mean.length;
  if (x.columns !== d) throw new InputError(`Expected ${d} columns, as the PCA has, but found ${x.columns}`);
  const all = model.explainedVariance.length;
  const k = dimensions === undefined ? all : expectInteger("dimensions", dimensions, 1, all);
  const scores = matrix(x.rows, k);
  const kernel = scoresKernel(model.components, model.mean, k, x.rows);
  forBlocks(
    kernel,
    0,
    x.rows,
    (lane, begin, end) => lane.begin(x.data.subarray(begin * d, end * d)),
    (lane, begin, end) => scores.data.set(lane.scores.subarray(0, (end - begin) * k), begin * k),
  );
  return scores;
}

/**
 * Back from scores to columns: X̂ = Z W + mean, with the first `scores.columns` components. Cost O(n k d).
 *
 * @param scores Scores [n, k], k at most the number of components.
 * @param model The PCA they come from.
 * @returns The reconstruction [n, d].
 * @throws {InputError} When the scores have more columns than the PCA has components.
 */
export function pcaReconstruct(scores: Matrix, model: PcaModel): Matrix {
  const d = model.mean.length;
  const k = expectInteger("columns of the scores", scores.columns, 1, model.explainedVariance.length);
  const x = matrix(scores.rows, d);
  const sum = new Float64Array(d);
  for (let r = 0; r < scores.rows; r++) {
    sum.set(model.mean);
    for (let c = 0; c < k; c++) {
      const z = scores.data[r * k + c];
      for (let j = 0, at = c * d; j < d; j++, at++) sum[j] += z * model.components[at];
    }
    x.data.set(sum, r * d);
  }
  return x;
}

/** Means over every 16th row: near enough to sum about. */
function roughMeans(rows: Float32Array, d: number): Float64Array {
  const mean = new Float64Array(d);
  const step = 16 * d;
  for (let at = 0; at < rows.length; at += step) for (let j = 0; j < d; j++) mean[j] += rows[at + j];
  const count = Math.ceil(rows.length / step);
  for (let j = 0; j < d; j++) mean[j] /= count;
  return mean;
}

function expectFinite(x: Matrix): never {
  const at = firstNonFinite(x);
  if (!at) throw new InputError("Expected numbers below 1e18 in size but found larger ones; scale the columns first");
  const found = x.data[at.row * x.columns + at.column];
  throw new InputError(`Expected finite numbers but found ${found} in row ${at.row}, column ${at.column}`);
}

/** Adds b to a; only the upper triangles of the scatter matrices are used. */
function mergeInto(a: Moments, b: Moments): void {
  const d = a.mean.length;
  const count = a.count + b.count;
  if (count === 0) return;
  const factor = a.count * b.count / count;
  for (let i = 0; i < d; i++) {
    const scaled = (b.mean[i] - a.mean[i]) * factor;
    for (let j = i, at = i * d + i; j < d; j++, at++) {
      a.scatter[at] += b.scatter[at] + scaled * (b.mean[j] - a.mean[j]);
    }
  }
  for (let i = 0; i < d; i++) a.mean[i] += (b.mean[i] - a.mean[i]) * b.count / count;
  a.count = count;
}

/** Copies the upper triangle to the lower one. */
function mirror(moments: Moments): void {
  const d = moments.mean.length;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) moments.scatter[i * d + j] = moments.scatter[j * d + i];
  }
}

/** Eigenvalues of scatter / divisor, falling and not below zero, with their eigenvectors as rows. */
function eigenSymmetric(scatter: Float64Array, d: number, divisor: number) {
  const covariance = new DenseMatrix(d, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) covariance.set(i, j, scatter[i * d + j] / divisor);
  }
  const decomposition = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const found = decomposition.realEigenvalues;
  const order = found.map((_, i) => i).sort((a, b) => found[b] - found[a]);
  const values = Float64Array.from(order, (i) => Math.max(0, found[i]));
  const vectors = new Float64Array(d * d);
  for (let c = 0; c < d; c++) {
    for (let j = 0; j < d; j++) vectors[c * d + j] = decomposition.eigenvectorMatrix.get(j, order[c]);
  }
  return { values, vectors };
}

/** The fewest components whose variance reaches the share, but none without variance. */
function componentsForVariance(values: Float64Array, total: number, share: number, rank: number): number {
  let sum = 0;
  for (let k = 0; k < rank; k++) {
    if (k > 0 && values[k] <= values[0] * 1e-12) return k;
    sum += values[k];
    if (sum >= share * total * (1 - 1e-12)) return k + 1;
  }
  return rank;
}

function fixSign(component: Float64Array): void {
  let largest = 0;
  for (let j = 1; j < component.length; j++) {
    if (Math.abs(component[j]) > Math.abs(component[largest])) largest = j;
  }
  if (component[largest] < 0) { for (let j = 0; j < component.length; j++) component[j] = -component[j]; }
}
