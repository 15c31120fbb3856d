/**
 * The mixed (random-coefficients) logit: every listener has weights of their own, drawn from a normal distribution
 * whose centre and spread are estimated by maximum simulated likelihood (Revelt and Train 1998; Train 2009, chapter 6).
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { expectInteger, InputError } from "../data/errors.ts";
import { type Random, seededRandom } from "../math/random.ts";
import { softmaxInPlace } from "../math/softmax.ts";
import { type Coefficient, describeEstimate } from "./coefficient.ts";
import { fitConditionalLogit } from "./conditional_logit.ts";
import { withinSets } from "./contrast.ts";
import { logitSums } from "./logit_sums.ts";
import { climb, factorise, type Likelihood, newton, toMatrix } from "../math/newton.ts";
import { type ChoiceSets, listenerRanges, takeSets } from "../listening/choice_sets.ts";

/** A fitted mixed logit. */
export interface MixedLogit {
  /** Centre of each weight's distribution, in the units of the features. */
  means: Coefficient[];
  /** Standard deviation of each weight over listeners; never negative. */
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
  /** True when no step could gain more than the tolerance. */
  converged: boolean;
}

const TOLERANCE = 1e-10;
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];

/** The first points of the sequence are close to a line in higher dimensions; they are left out (Train 2009, §9.3.3). */
const BURN_IN = 100;

/**
 * Fits a mixed logit with independent normal weights to choices of listeners who each chose several times. With z the
 * Halton draws of listener n, β_r = b + s ∘ z_r, the simulated likelihood is L_n = (1/R) Σ_r Π_t P_nt(β_r). It is
 * maximised by Newton's method with its own second derivatives, or with the listeners' outer products of gradients
 * where it is not concave (Train 2009, §8.3); standard errors come from the inverse of its information. Cost
 * O(iterations · draws · rows · K²).
 *
 * @param sets The choice sets; their clusters are the listeners.
 * @throws {InputError} When there are no clusters, more than 15 features, or the conditional logit fails.
 */
export function fitMixedLogit(
  sets: ChoiceSets,
  options: {
    /** Halton draws of each listener. Default 100. */
    draws?: number;
    /** Seed of the shift of the Halton points. Default 42. */
    seed?: number;
  } = {},
): MixedLogit {
  const { features, cluster } = sets;
  if (!cluster) throw new InputError("Expected choice sets with listeners as clusters but found none");
  const draws = expectInteger("draws", options.draws ?? 100, 1, 100_000);
  const width = features.length;
  const together = takeSets(sets, Int32Array.from(cluster.keys()).sort((a, b) => cluster[a] - cluster[b] || a - b));
  const listeners = listenerRanges(together).length - 1;
  const normals = haltonNormals(listeners, draws, width, seededRandom(options.seed ?? 42, "halton"));
  const conditional = fitConditionalLogit({ ...sets, cluster: undefined });
  const centre = conditional.coefficients.map((c) => c.estimate);
  const { deviations } = withinSets(sets);
  const spread = centre.map((weight, k) => Math.max(0.1 / deviations[k], 0.3 * Math.abs(weight)));
  const { parameters, covariance, last, iterations, converged } = climb(
    newton(Float64Array.from([...centre, ...spread]), TOLERANCE),
    (at) => simulate(together, normals, draws, at),
  );
  const coefficient = (feature: string, p: number): Coefficient => {
    const estimate = p < width ? parameters[p] : Math.abs(parameters[p]);
    return describeEstimate(feature, estimate, covariance ? Math.sqrt(covariance[p * (parameters.length + 1)]) : NaN);
  };
  return {
    means: features.map(coefficient),
    deviations: features.map((feature, k) => coefficient(feature, width + k)),
    logLikelihood: last.logLikelihood,
    conditionalLogLikelihood: conditional.statistics.logLikelihood,
    listeners,
    draws,
    iterations,
    converged,
  };
}

/**
 * The simulated log-likelihood in θ = (b, s), β = b + s ∘ z. With g_r and I_r gradient and information of a listener's
 * choices at draw r, and p_r ∝ Π_t P_t(β_r), the listener adds g = Σ_r p_r g_r to the gradient and
 * g gᵀ + Σ_r p_r (I_r − g_r g_rᵀ) to the information.
 */
function simulate(sets: ChoiceSets, normals: Float64Array, draws: number, at: Float64Array): Likelihood {
  const size = at.length;
  const width = size / 2;
  const ranges = listenerRanges(sets);
  const gradient = new Float64Array(size);
  const information = new Float64Array(size * size);
  const outer = new Float64Array(size * size);
  const slopes = new Float64Array(size).fill(1);
  const shares = new Float64Array(draws);
  let logLikelihood = 0;
  for (let n = 0; n + 1 < ranges.length; n++) {
    const drawn = Array.from({ length: draws }, (_, r) => {
      const z = normals.subarray((n * draws + r) * width, (n * draws + r + 1) * width);
      const weights = at.slice(0, width).map((centre, k) => centre + at[width + k] * z[k]);
      const sums = logitSums(sets, weights, ranges[n], ranges[n + 1]);
      shares[r] = sums.logLikelihood;
      return { z, ...sums };
    });
    logLikelihood += softmaxInPlace(shares) - Math.log(draws);
    const own = new Float64Array(size);
    drawn.forEach(({ z, gradient: g, information: inner }, r) => {
      slopes.set(z, width);
      for (let p = 0; p < size; p++) {
        const f = p % width;
        const score = slopes[p] * g[f];
        own[p] += shares[r] * score;
        for (let q = 0; q <= p; q++) {
          const h = q % width;
          information[p * size + q] += shares[r] * slopes[q] * (slopes[p] * inner[f * width + h] - score * g[h]);
        }
      }
    });
    for (let p = 0; p < size; p++) {
      gradient[p] += own[p];
      for (let q = 0; q <= p; q++) outer[p * size + q] += own[p] * own[q];
    }
  }
  const exact = information.map((value, i) => value + outer[i]);
  return { logLikelihood, gradient, information: factorise(toMatrix(exact)) ? exact : outer };
}

/**
 * Element of the one-dimensional Halton sequence: the digits of the index in a base, mirrored at the point.
 *
 * @param index Index from 1.
 * @returns A value in (0, 1): in base 2 the sequence 1/2, 1/4, 3/4, 1/8, …
 */
export function halton(index: number, base: number): number {
  let value = 0;
  let fraction = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    value += fraction * (rest % base);
    fraction /= base;
  }
  return value;
}

/**
 * Standard normal draws from Halton points, a different stretch of the sequence for each of some units, shifted as a
 * whole by random amounts (modulo 1).
 *
 * @param dimensions Number of dimensions, at most 15.
 * @returns The draws [units, draws, dimensions], row-major.
 * @throws {InputError} When there are more dimensions than primes kept.
 */
export function haltonNormals(units: number, draws: number, dimensions: number, random: Random): Float64Array {
  if (dimensions > PRIMES.length) {
    throw new InputError(`Expected at most ${PRIMES.length} random coefficients but found ${dimensions}`);
  }
  const normals = new Float64Array(units * draws * dimensions);
  for (let d = 0; d < dimensions; d++) {
    const shift = random();
    for (let i = 0; i < units * draws; i++) {
      const point = (halton(BURN_IN + i + 1, PRIMES[d]) + shift) % 1;
      normals[i * dimensions + d] = normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, point)), 0, 1);
    }
  }
  return normals;
}
