/**
 * The mixed (random-coefficients) logit: every listener has weights of their own, drawn from a normal distribution
 * whose centre and spread are estimated by maximum simulated likelihood (Revelt and Train 1998; Train 2009, chapter 6).
 *
 * @module
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { expectInteger, InputError } from "../errors.ts";
import { seededRandom } from "../random.ts";
import { type Coefficient, fitConditionalLogit } from "./conditional_logit.ts";
import { haltonNormals } from "./halton.ts";
import { invert, multiply } from "./newton.ts";
import { NORMAL_975 } from "./normal.ts";
import type { ChoiceSets } from "./sets.ts";

/** How to fit a mixed logit. */
export interface MixedLogitOptions {
  /** Features whose weights differ between listeners; all when left out. */
  random?: readonly string[];
  /** Halton draws of each listener. Default 100. */
  draws?: number;
  /** Seed of the shift of the Halton points. Default 42. */
  seed?: number;
  /** Most iterations. Default 200. */
  iterations?: number;
}

/** A fitted mixed logit. */
export interface MixedLogit {
  /** Centre of each weight's distribution, in the units of the features. */
  means: Coefficient[];
  /** Standard deviation of each random weight over listeners; never negative. */
  deviations: Coefficient[];
  /** Simulated log-likelihood at the optimum. */
  logLikelihood: number;
  /** Log-likelihood of the conditional logit on the same choices, where every deviation is 0. */
  conditionalLogLikelihood: number;
  /** Number of listeners. */
  listeners: number;
  /** Draws of each listener. */
  draws: number;
  /** Iterations taken. */
  iterations: number;
  /** True when the gradient vanished to the tolerance. */
  converged: boolean;
}

const TOLERANCE = 1e-6;

/**
 * Fits a mixed logit with independent normal weights to choices of listeners who each chose several times. With z the
 * Halton draws of listener n, β_r = b + s ∘ z_r, the simulated likelihood is L_n = (1/R) Σ_r Π_t P_nt(β_r). It is
 * maximised by BFGS on the analytic gradient in standardised units; standard errors come from the inverse Hessian there
 * (central differences of the gradient). Cost O(iterations · draws · rows · K).
 *
 * @param sets The choice sets; their clusters are the listeners.
 * @param options Which weights are random, number of draws.
 * @returns Centres and deviations with standard errors.
 * @throws {InputError} When there are no clusters, a random feature does not exist, or the conditional logit fails.
 */
export function fitMixedLogit(sets: ChoiceSets, options: MixedLogitOptions = {}): MixedLogit {
  const { features, cluster } = sets;
  if (!cluster) throw new InputError("Expected choice sets with listeners as clusters but found none");
  const draws = expectInteger("draws", options.draws ?? 100, 1, 100_000);
  const iterations = expectInteger("iterations", options.iterations ?? 200, 1);
  const random = (options.random ?? features).map((name) => {
    const k = features.indexOf(name);
    if (k < 0) throw new InputError(`Expected random features among ${features.join(", ")} but found ${name}`);
    return k;
  });
  const width = features.length;
  const bySet = groupByListener(cluster);
  const normals = haltonNormals(bySet.length, draws, random.length, seededRandom(options.seed ?? 42, "halton"));
  const conditional = fitConditionalLogit({ ...sets, cluster: undefined });
  // A unit of each parameter is 1 over the standard deviation of its feature within sets: all matter alike.
  const units = withinDeviations(sets).map((deviation) => 1 / deviation);
  const unitOf = (p: number) => units[p < width ? p : random[p - width]];
  const evaluate = (scaled: Float64Array) => {
    const result = simulate(sets, bySet, normals, draws, random, scaled.map((value, p) => value * unitOf(p)));
    result.gradient.forEach((value, p) => result.gradient[p] = value * unitOf(p));
    return result;
  };
  const start = new Float64Array(width + random.length);
  conditional.coefficients.forEach((c, k) => start[k] = c.estimate / units[k]);
  for (let d = 0; d < random.length; d++) start[width + d] = Math.max(0.1, 0.3 * Math.abs(start[random[d]]));
  const optimum = minimize(evaluate, start, iterations);
  const covariance = invert(numericHessian(evaluate, optimum.at), start.length);
  const coefficient = (feature: string, p: number): Coefficient => {
    const value = optimum.at[p] * unitOf(p);
    const estimate = p < width ? value : Math.abs(value);
    const standardError = covariance ? Math.sqrt(covariance[p * start.length + p]) * unitOf(p) : NaN;
    return {
      feature,
      estimate,
      standardError,
      z: estimate / standardError,
      p: 2 * normalCdf(-Math.abs(estimate / standardError), 0, 1),
      lower: estimate - NORMAL_975 * standardError,
      upper: estimate + NORMAL_975 * standardError,
    };
  };
  return {
    means: features.map(coefficient),
    deviations: random.map((k, d) => coefficient(features[k], width + d)),
    logLikelihood: -optimum.value,
    conditionalLogLikelihood: conditional.statistics.logLikelihood,
    listeners: bySet.length,
    draws,
    iterations: optimum.iterations,
    converged: optimum.converged,
  };
}

/** A value to minimise and its gradient. */
interface Evaluation {
  value: number;
  gradient: Float64Array;
}

/** Minus the simulated log-likelihood and its gradient in (b, s). */
function simulate(
  sets: ChoiceSets,
  bySet: number[][],
  normals: Float64Array,
  draws: number,
  random: number[],
  parameters: Float64Array,
): Evaluation {
  const width = sets.features.length;
  const gradient = new Float64Array(parameters.length);
  const weights = new Float64Array(width);
  const logs = new Float64Array(draws);
  const scores = new Float64Array(draws * width);
  const scratch = new Float64Array(largest(sets));
  let value = 0;
  for (let n = 0; n < bySet.length; n++) {
    scores.fill(0);
    let most = -Infinity;
    for (let r = 0; r < draws; r++) {
      const z = (n * draws + r) * random.length;
      for (let k = 0; k < width; k++) weights[k] = parameters[k];
      for (let d = 0; d < random.length; d++) weights[random[d]] += parameters[width + d] * normals[z + d];
      let log = 0;
      for (const set of bySet[n]) log += addScore(sets, set, weights, scratch, scores, r * width);
      logs[r] = log;
      if (log > most) most = log;
    }
    let total = 0;
    for (let r = 0; r < draws; r++) total += logs[r] = Math.exp(logs[r] - most);
    value -= most + Math.log(total / draws);
    for (let r = 0; r < draws; r++) {
      const share = logs[r] / total;
      const z = (n * draws + r) * random.length;
      for (let k = 0; k < width; k++) gradient[k] -= share * scores[r * width + k];
      for (let d = 0; d < random.length; d++) {
        gradient[width + d] -= share * scores[r * width + random[d]] * normals[z + d];
      }
    }
  }
  return { value, gradient };
}

/** Adds x_chosen − Σ p_j x_j of one set to the scores and returns log P(chosen). */
function addScore(
  sets: ChoiceSets,
  set: number,
  weights: Float64Array,
  scratch: Float64Array,
  scores: Float64Array,
  at: number,
): number {
  const { values, starts, chosen, offset } = sets;
  const width = weights.length;
  const start = starts[set];
  const length = starts[set + 1] - start;
  let most = -Infinity;
  for (let j = 0, a = start * width; j < length; j++) {
    let u = offset ? offset[start + j] : 0;
    for (let k = 0; k < width; k++) u += weights[k] * values[a++];
    scratch[j] = u;
    if (u > most) most = u;
  }
  const own = scratch[chosen[set] - start] - most;
  let total = 0;
  for (let j = 0; j < length; j++) total += scratch[j] = Math.exp(scratch[j] - most);
  const scale = 1 / total;
  for (let j = 0, a = start * width; j < length; j++) {
    const p = scratch[j] * scale;
    for (let k = 0; k < width; k++) scores[at + k] -= p * values[a++];
  }
  for (let k = 0, a = chosen[set] * width; k < width; k++) scores[at + k] += values[a++];
  return own - Math.log(total);
}

/** BFGS with backtracking (Nocedal and Wright 2006, algorithm 6.1). */
function minimize(
  evaluate: (at: Float64Array) => Evaluation,
  start: Float64Array,
  most: number,
): { at: Float64Array; value: number; iterations: number; converged: boolean } {
  const n = start.length;
  let at = start;
  let now = evaluate(at);
  // The curvature of a log-likelihood grows with the number of choices: a first step of sensible length.
  const length = Math.max(1, Math.hypot(...now.gradient));
  let inverse = identity(n, 0.1 / length);
  for (let iteration = 1; iteration <= most; iteration++) {
    const step = multiply(inverse, now.gradient).map((value) => -value);
    let slope = dot(step, now.gradient);
    if (!(slope < 0)) {
      inverse = identity(n, 0.1 / Math.max(1, Math.hypot(...now.gradient)));
      step.forEach((_, i) => step[i] = -inverse[i * n + i] * now.gradient[i]);
      slope = dot(step, now.gradient);
    }
    if (-slope < TOLERANCE) return { at, value: now.value, iterations: iteration, converged: true };
    let scale = 1;
    let next = at;
    let then = now;
    do {
      next = at.map((value, i) => value + scale * step[i]);
      then = evaluate(next);
      scale /= 2;
    } while (!(then.value <= now.value + 1e-4 * 2 * scale * slope) && scale > 1e-10);
    if (scale <= 1e-10) return { at, value: now.value, iterations: iteration, converged: -slope < 1e-3 };
    const moved = next.map((value, i) => value - at[i]);
    const change = then.gradient.map((value, i) => value - now.gradient[i]);
    const curvature = dot(moved, change);
    if (curvature > 1e-12) {
      if (iteration === 1) inverse = identity(n, curvature / dot(change, change));
      const hy = multiply(inverse, change);
      const factor = (1 + dot(change, hy) / curvature) / curvature;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          inverse[i * n + j] += factor * moved[i] * moved[j] - (hy[i] * moved[j] + moved[i] * hy[j]) / curvature;
        }
      }
    }
    at = next;
    now = then;
  }
  return { at, value: now.value, iterations: most, converged: false };
}

function numericHessian(evaluate: (at: Float64Array) => Evaluation, at: Float64Array): Float64Array {
  const n = at.length;
  const hessian = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const width = 1e-4 * Math.max(1, Math.abs(at[i]));
    const side = (sign: number) => evaluate(at.map((value, j) => j === i ? value + sign * width : value)).gradient;
    const above = side(1);
    const below = side(-1);
    for (let j = 0; j < n; j++) {
      const value = (above[j] - below[j]) / (4 * width);
      hessian[i * n + j] += value;
      hessian[j * n + i] += value;
    }
  }
  return hessian;
}

function groupByListener(cluster: Int32Array): number[][] {
  const sets: number[][] = [];
  cluster.forEach((code, n) => (sets[code] ??= []).push(n));
  return sets.filter((list) => list !== undefined);
}

function withinDeviations(sets: ChoiceSets): Float64Array {
  const { values, starts, chosen, features } = sets;
  const width = features.length;
  const squares = new Float64Array(width);
  for (let n = 0; n < chosen.length; n++) {
    const length = starts[n + 1] - starts[n];
    for (let k = 0; k < width; k++) {
      let mean = 0;
      for (let r = starts[n]; r < starts[n + 1]; r++) mean += values[r * width + k] / length;
      for (let r = starts[n]; r < starts[n + 1]; r++) squares[k] += (values[r * width + k] - mean) ** 2;
    }
  }
  return squares.map((value) => Math.sqrt(value / starts[chosen.length]));
}

function largest({ starts, chosen }: ChoiceSets): number {
  let size = 0;
  for (let n = 0; n < chosen.length; n++) size = Math.max(size, starts[n + 1] - starts[n]);
  return size;
}

function identity(n: number, scale: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? scale : 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
