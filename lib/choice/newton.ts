/**
 * Newton–Raphson for log-likelihoods that are concave, as a generator: it yields the weights at which it wants the sums
 * and is handed them back, so that the sums may come from memory, from a file in batches, or from other machines.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { LogitSums } from "./logit_sums.ts";

/** The maximum of a log-likelihood. */
export interface Optimum {
  /** Weights at the maximum, length K. */
  estimates: Float64Array;
  /** Inverse of the information there, [K, K] row-major: the classical covariance of the estimates. */
  covariance: Float64Array;
  /** Sums at the maximum. */
  sums: LogitSums;
  /** Number of times the sums were computed over all choice sets. */
  iterations: number;
}

/** A step so small against the standard error of its weight ends the iteration; the last step is still made. */
const STEP_TOLERANCE = 1e-8;
/** A step so large, in standard deviations of utility, when the gradient has vanished shows that there is no maximum. */
const RUNAWAY_STEP = 1e-3;
/** Share of a feature's variance that the others must leave unexplained. */
const COLLINEARITY_TOLERANCE = 1e-10;
const MAX_ITERATIONS = 60;

/**
 * Maximises a concave log-likelihood. Steps are solved in units in which every feature has information 1, so features
 * may differ in scale by any factor; a step that lowers the likelihood is halved.
 *
 * @param features Names of the K features, for the errors.
 * @param start Weights to start from, length K.
 * @returns A generator that yields weights, expects their {@linkcode LogitSums}, and returns the optimum.
 * @throws {InputError} When a feature never varies within a choice set, is a combination of others, or separates the
 * chosen rows from the rest, naming the features.
 */
export function* newton(
  features: readonly string[],
  start: Float64Array,
): Generator<Float64Array, Optimum, LogitSums> {
  const width = features.length;
  let weights = Float64Array.from(start);
  let sums = yield weights;
  const scales = Float64Array.from({ length: width }, (_, k) => Math.sqrt(sums.information[k * width + k] / sums.sets));
  expectVariation(features, scales);
  expectIndependence(features, sums.information);
  for (let iteration = 1; iteration < MAX_ITERATIONS; iteration++) {
    const inverse = invert(sums.information, width);
    if (!inverse) throw separation(features, weights, scales);
    const step = multiply(inverse, sums.gradient);
    let relative = 0;
    let absolute = 0;
    for (let k = 0; k < width; k++) {
      relative = Math.max(relative, Math.abs(step[k]) * Math.sqrt(sums.information[k * width + k]));
      absolute = Math.max(absolute, Math.abs(step[k]) * scales[k]);
    }
    if (!(relative > STEP_TOLERANCE) || sums.logLikelihood > -1e-7 * sums.sets) {
      if (absolute > RUNAWAY_STEP || sums.logLikelihood > -1e-7 * sums.sets) throw separation(features, step, scales);
      return {
        estimates: weights.map((weight, k) => weight + step[k]),
        covariance: inverse,
        sums,
        iterations: iteration,
      };
    }
    let length = 1;
    let next = sums;
    let candidate = weights;
    do {
      candidate = weights.map((weight, k) => weight + length * step[k]);
      next = yield candidate;
      length /= 2;
    } while (!(next.logLikelihood >= sums.logLikelihood - 1e-9 * Math.abs(sums.logLikelihood)) && length > 1e-9);
    weights = candidate;
    sums = next;
  }
  throw separation(features, weights, scales);
}

/**
 * Inverts a symmetric positive definite matrix by Cholesky's method, after scaling its diagonal to 1. Cost O(n³).
 *
 * @param a The matrix [n, n], row-major.
 * @param n Its size.
 * @returns The inverse, or `undefined` when the matrix is singular to working precision.
 */
export function invert(a: Float64Array, n: number): Float64Array | undefined {
  const scale = Float64Array.from({ length: n }, (_, i) => Math.sqrt(a[i * n + i]));
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] / (scale[i] * scale[j]);
      for (let k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
      if (i !== j) factor[i * n + j] = sum / factor[j * n + j];
      else if (sum > 1e-14) factor[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const inverse = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let c = 0; c < n; c++) {
    for (let i = 0; i < n; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= factor[i * n + k] * column[k];
      column[i] = sum / factor[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = column[i];
      for (let k = i + 1; k < n; k++) sum -= factor[k * n + i] * column[k];
      column[i] = sum / factor[i * n + i];
    }
    for (let i = 0; i < n; i++) inverse[i * n + c] = column[i] / (scale[i] * scale[c]);
  }
  return inverse;
}

/**
 * Multiplies a square matrix with a vector.
 *
 * @param a The matrix [n, n], row-major.
 * @param x The vector, length n.
 * @returns The product, length n.
 */
export function multiply(a: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return x.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j] * x[j];
    return sum;
  });
}

function expectVariation(features: readonly string[], scales: Float64Array): void {
  const constant = features.filter((_, k) => !(scales[k] > 0));
  if (constant.length === 0) return;
  const names = constant.join(", ");
  throw new InputError(
    constant.length === 1
      ? `Feature ${names} never varies within a choice set, so choices cannot tell its weight; leave it out, or let its ` +
        `weight differ by alternative (--by-alternative ${names})`
      : `Features ${names} never vary within a choice set, so choices cannot tell their weights; leave them out, or let ` +
        `their weights differ by alternative (--by-alternative ${constant.join(",")})`,
  );
}

/** Sweeps the features in order: the first that the ones before it explain is the one to name. */
function expectIndependence(features: readonly string[], information: Float64Array): void {
  const n = features.length;
  for (let size = 1; size < n; size++) {
    const before = new Float64Array(size * size);
    const covariances = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) before[i * size + j] = information[i * n + j];
      covariances[i] = information[size * n + i];
    }
    const inverse = invert(before, size);
    if (!inverse) return;
    const slopes = multiply(inverse, covariances);
    const variance = information[size * n + size];
    const explained = slopes.reduce((sum, slope, i) => sum + slope * covariances[i], 0);
    if (variance - explained > COLLINEARITY_TOLERANCE * variance) continue;
    const parts = features.slice(0, size)
      .filter((_, i) => Math.abs(slopes[i]) * Math.sqrt(information[i * n + i]) > 1e-6 * Math.sqrt(variance));
    throw new InputError(
      `Feature ${features[size]} is a linear combination of ${parts.join(", ")} within every choice set (collinear); ` +
        `leave one of them out`,
    );
  }
}

function separation(features: readonly string[], direction: Float64Array, scales: Float64Array): InputError {
  const size = direction.map((value, k) => Math.abs(value) * scales[k]);
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
