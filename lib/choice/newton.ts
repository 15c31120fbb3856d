/**
 * Newton–Raphson for log-likelihoods, as a generator: it yields the parameters at which it wants the likelihood and is
 * handed it back, so that the sums may come from memory, from a file in batches, or from other machines.
 *
 * @module
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../data/errors.ts";
import type { LogitSums } from "./logit_sums.ts";

/** A log-likelihood at some parameters. */
export interface Likelihood {
  /** Its value. */
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

/** The maximum of the log-likelihood of a conditional logit; the covariance is the classical one of the estimates. */
export type Optimum = Ascent<LogitSums> & Required<Pick<Ascent<LogitSums>, "covariance">>;

/** Twice the log-likelihood that the last step may still gain: a step of 1e-8 standard errors. */
const TOLERANCE = 1e-16;
/** A step so large, in standard deviations of utility, when the gradient has vanished shows that there is no maximum. */
const RUNAWAY_STEP = 1e-3;
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
 * Maximises the log-likelihood of a conditional logit, which is concave, so that its maximum is the only one.
 *
 * @param features Names of the K features, for the errors.
 * @param start Weights to start from, length K.
 * @returns A generator that yields weights, expects their {@linkcode LogitSums}, and returns the optimum.
 * @throws {InputError} When there are no features, or one never varies within a choice set, is a combination of others, or
 * separates the chosen rows from the rest, naming the features.
 */
export function* maximum(
  features: readonly string[],
  start: Float64Array,
): Generator<Float64Array, Optimum, LogitSums> {
  if (features.length === 0) throw new InputError("Expected at least one feature but found none");
  const ascent = yield* newton<LogitSums>(start);
  const { step, covariance, first, last, iterations, converged } = ascent;
  if (!covariance && iterations === 1) expectIdentified(features, first.information);
  const moved = step.map((value, k) =>
    Math.abs(value) * Math.sqrt(first.information[k * (step.length + 1)] / first.sets)
  );
  const perfect = last.logLikelihood > -1e-7 * last.sets;
  if (!covariance || !converged || perfect || Math.max(...moved) > RUNAWAY_STEP) {
    throw separation(features, step, moved);
  }
  return { ...ascent, covariance };
}

/**
 * Runs an ascent to its end.
 *
 * @param search What {@linkcode newton} or {@linkcode maximum} gave.
 * @param evaluate The likelihood at given parameters.
 * @returns What the search returns.
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
 * Fits where the data may be too few to identify all weights.
 *
 * @param fit Fits.
 * @returns What it returns; nothing when the data do not identify the weights.
 */
export function ifIdentified<T>(fit: () => T): T | undefined {
  try {
    return fit();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
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

/**
 * Solves A x = b.
 *
 * @param factors The factors of A.
 * @param right The vector b.
 * @returns The vector x.
 */
export function solve(factors: CholeskyDecomposition, right: Float64Array): Float64Array {
  return Float64Array.from(factors.solve(Matrix.columnVector(right)).to1DArray());
}

/**
 * A matrix from its elements.
 *
 * @param values The elements, row-major.
 * @param rows Number of rows; as many as columns when left out.
 * @returns The matrix.
 */
export function toMatrix(values: Float64Array, rows: number = Math.sqrt(values.length)): Matrix {
  return Matrix.from1DArray(rows, rows === 0 ? 0 : values.length / rows, values as unknown as number[]);
}

/** The first row that those before it explain; the number of rows when there is none. */
function firstDependent(cholesky: CholeskyDecomposition, matrix: Matrix): number {
  const factor = cholesky.lowerTriangularMatrix;
  for (let i = 0; i < matrix.rows; i++) {
    if (!(factor.get(i, i) ** 2 > COLLINEARITY_TOLERANCE * Math.abs(matrix.get(i, i)))) return i;
  }
  return matrix.rows;
}

function expectIdentified(features: readonly string[], values: Float64Array): void {
  const information = toMatrix(values);
  const constant = features.filter((_, k) => !(information.get(k, k) > 0));
  const names = constant.join(", ");
  if (constant.length > 0) {
    throw new InputError(
      constant.length === 1
        ? `Feature ${names} never varies within a choice set, so choices cannot tell its weight; leave it out, or let its ` +
          `weight differ by alternative (--by-alternative ${names})`
        : `Features ${names} never vary within a choice set, so choices cannot tell their weights; leave them out, or let ` +
          `their weights differ by alternative (--by-alternative ${constant.join(",")})`,
    );
  }
  const dependent = firstDependent(new CholeskyDecomposition(information), information);
  if (dependent === features.length) return;
  const before = information.subMatrix(0, dependent - 1, 0, dependent - 1);
  const covariances = information.subMatrix(0, dependent - 1, dependent, dependent);
  const slopes = new CholeskyDecomposition(before).solve(covariances).to1DArray();
  const variance = information.get(dependent, dependent);
  const parts = features.slice(0, dependent)
    .filter((_, i) => Math.abs(slopes[i]) * Math.sqrt(information.get(i, i) / variance) > 1e-6);
  throw new InputError(
    `Feature ${features[dependent]} is a linear combination of ${parts.join(", ")} within every choice set ` +
      `(collinear); leave one of them out`,
  );
}

function separation(features: readonly string[], direction: Float64Array, size: Float64Array): InputError {
  const largest = Math.max(...size);
  const named = features.map((name, k) => ({ name, size: size[k], sign: Math.sign(direction[k]) }))
    .filter((feature) => feature.size >= 0.05 * largest);
  const [first] = named;
  return new InputError(
    named.length === 1
      ? `Feature ${first.name} separates the choices: within every choice set the chosen row has the ${
        first.sign > 0 ? "largest" : "smallest"
      } value as far as it matters, so its weight has no finite estimate; leave it out`
      : `Features ${
        named.map((feature) => feature.name).join(", ")
      } together separate the chosen rows from all others, ` +
        `so their weights have no finite estimate; leave one of them out`,
  );
}
