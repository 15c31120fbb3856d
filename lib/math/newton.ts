/**
 * Newton–Raphson for log-likelihoods, as a generator: it yields the parameters at which it wants the likelihood and is
 * handed it back, so that the sums may come from memory, from a file in batches, or from other machines.
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";

/** A log-likelihood at some parameters. */
export interface Likelihood {
  logLikelihood: number;
  /** Its slope in the parameters, length K. */
  gradient: Float64Array;
  /** Minus its second derivatives, [K, K] row-major; the ascent reads what stands on and below the diagonal. */
  information: Float64Array;
}

/** Where the ascent ended. */
export interface Ascent<L extends Likelihood> {
  /** The parameters, the last step included. */
  parameters: Float64Array;
  /** The last step. */
  step: Float64Array;
  /** Inverse of the information before the last step, [K, K] row-major; nothing when that is singular. */
  covariance?: Float64Array;
  /** The likelihood before the first step. */
  first: L;
  /** The likelihood before the last step. */
  last: L;
  /** Number of steps, the last included. */
  iterations: number;
  /** Whether the last step could gain no more than the tolerance. */
  converged: boolean;
}

/** Twice the log-likelihood that the last step may still gain: a step of 1e-8 standard errors. */
const TOLERANCE = 1e-16;
/** Share of a parameter's information that the others must leave unexplained. */
const COLLINEARITY_TOLERANCE = 1e-10;
const MAX_ITERATIONS = 60;

/**
 * Climbs a log-likelihood by Newton's steps; a step that lowers it is halved.
 *
 * @param start Parameters to start from, length K.
 * @param tolerance Ends the ascent when gᵀ I⁻¹ g, twice what a step may gain, is not above it; that step is still made.
 * @returns A generator that yields parameters, expects the {@linkcode Likelihood} there, and returns where it ended.
 */
export function* newton<L extends Likelihood>(
  start: Float64Array,
  tolerance: number = TOLERANCE,
): Generator<Float64Array, Ascent<L>, L> {
  let parameters = start;
  const first = yield parameters;
  let last = first;
  for (let iterations = 1;; iterations++) {
    const factors = factorise(toMatrix(last.information));
    const step = factors ? solve(factors, last.gradient) : last.gradient;
    const gain = step.reduce((sum, value, k) => sum + value * last.gradient[k], 0);
    if (!factors || !(gain > tolerance) || iterations === MAX_ITERATIONS) {
      const covariance = factors && Float64Array.from(factors.solve(Matrix.eye(step.length)).to1DArray());
      const converged = factors !== undefined && gain <= tolerance;
      const end = parameters.map((value, k) => value + step[k]);
      return { parameters: end, step, covariance, first, last, iterations, converged };
    }
    let length = 1;
    let candidate: Float64Array;
    let next: L;
    do {
      candidate = parameters.map((value, k) => value + length * step[k]);
      next = yield candidate;
      length /= 2;
    } while (!(next.logLikelihood >= last.logLikelihood - 1e-9 * Math.abs(last.logLikelihood)) && length > 1e-9);
    parameters = candidate;
    last = next;
  }
}

/**
 * Runs an ascent to its end.
 *
 * @param search What {@linkcode newton}, or a search made with it, gave.
 */
export function climb<L, Result>(
  search: Generator<Float64Array, Result, L>,
  evaluate: (parameters: Float64Array) => L,
): Result {
  let state = search.next();
  while (!state.done) state = search.next(evaluate(state.value));
  return state.value;
}

/**
 * Cholesky's factors of a symmetric positive definite matrix. Cost O(n³).
 *
 * @param matrix The matrix; what stands above the diagonal is not read.
 * @returns The factors, or `undefined` when the matrix is not positive definite to working precision.
 */
export function factorise(matrix: Matrix): CholeskyDecomposition | undefined {
  const symmetric = matrix.clone();
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < i; j++) symmetric.set(j, i, matrix.get(i, j));
  }
  const factors = new CholeskyDecomposition(symmetric);
  return firstDependent(factors, symmetric) < symmetric.rows ? undefined : factors;
}

/** Solves A x = b. */
export function solve(factors: CholeskyDecomposition, right: Float64Array): Float64Array {
  return Float64Array.from(factors.solve(Matrix.columnVector(right)).to1DArray());
}

/**
 * A matrix from its elements.
 *
 * @param values The elements, row-major.
 * @param rows Number of rows; as many as columns when left out.
 */
export function toMatrix(values: Float64Array, rows: number = Math.sqrt(values.length)): Matrix {
  return Matrix.from1DArray(rows, rows === 0 ? 0 : values.length / rows, values as unknown as number[]);
}

/**
 * Finds a row of a symmetric matrix that is a combination of rows before it.
 *
 * @returns The first such row; the number of rows when there is none.
 */
export function firstDependent(cholesky: CholeskyDecomposition, matrix: Matrix): number {
  const factor = cholesky.lowerTriangularMatrix;
  for (let i = 0; i < matrix.rows; i++) {
    if (!(factor.get(i, i) ** 2 > COLLINEARITY_TOLERANCE * Math.abs(matrix.get(i, i)))) return i;
  }
  return matrix.rows;
}
