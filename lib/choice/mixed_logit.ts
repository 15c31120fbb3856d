/**
 * The mixed (random-coefficients) logit: every listener has weights of their own, drawn from a normal distribution
 * whose centre and spread are estimated by maximum simulated likelihood (Revelt and Train 1998; Train 2009, chapter 6).
 *
 * @module
 */
import { CholeskyDecomposition } from "ml-matrix";
import { expectInteger, InputError } from "../errors.ts";
import { seededRandom } from "../random.ts";
import { softmaxInPlace } from "../softmax.ts";
import { type Coefficient, describeEstimate } from "./coefficient.ts";
import { fitConditionalLogit } from "./conditional_logit.ts";
import { withinSets } from "./contrast.ts";
import { haltonNormals } from "./halton.ts";
import { logitSums } from "./logit_sums.ts";
import { climb, type Likelihood, newton, toMatrix } from "./newton.ts";
import { type ChoiceSets, listenerRanges, takeSets } from "./sets.ts";

/** How to fit a mixed logit. */
export interface MixedLogitOptions {
  /** Features whose weights differ between listeners; all when left out. */
  random?: readonly string[];
  /** Halton draws of each listener. Default 100. */
  draws?: number;
  /** Seed of the shift of the Halton points. Default 42. */
  seed?: number;
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
  /** True when no step could gain more than the tolerance. */
  converged: boolean;
}

const TOLERANCE = 1e-10;

/**
 * Fits a mixed logit with independent normal weights to choices of listeners who each chose several times. With z the
 * Halton draws of listener n, β_r = b + s ∘ z_r, the simulated likelihood is L_n = (1/R) Σ_r Π_t P_nt(β_r). It is
 * maximised by Newton's method with its own second derivatives, or with the listeners' outer products of gradients
 * where it is not concave (Train 2009, §8.3); standard errors come from the inverse of its information. Cost
 * O(iterations · draws · rows · K²).
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
  const random = (options.random ?? features).map((name) => {
    const k = features.indexOf(name);
    if (k < 0) throw new InputError(`Expected random features among ${features.join(", ")} but found ${name}`);
    return k;
  });
  const width = features.length;
  const together = takeSets(sets, Int32Array.from(cluster.keys()).sort((a, b) => cluster[a] - cluster[b] || a - b));
  const listeners = listenerRanges(together).length - 1;
  const normals = haltonNormals(listeners, draws, random.length, seededRandom(options.seed ?? 42, "halton"));
  const conditional = fitConditionalLogit({ ...sets, cluster: undefined });
  const centre = conditional.coefficients.map((c) => c.estimate);
  const { deviations } = withinSets(sets);
  const spread = random.map((k) => Math.max(0.1 / deviations[k], 0.3 * Math.abs(centre[k])));
  const { parameters, covariance, last, iterations, converged } = climb(
    newton(Float64Array.from([...centre, ...spread]), TOLERANCE),
    (at) => simulate(together, normals, draws, random, at),
  );
  const coefficient = (feature: string, p: number): Coefficient => {
    const estimate = p < width ? parameters[p] : Math.abs(parameters[p]);
    return describeEstimate(feature, estimate, covariance ? Math.sqrt(covariance[p * (parameters.length + 1)]) : NaN);
  };
  return {
    means: features.map(coefficient),
    deviations: random.map((k, d) => coefficient(features[k], width + d)),
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
function simulate(
  sets: ChoiceSets,
  normals: Float64Array,
  draws: number,
  random: readonly number[],
  at: Float64Array,
): Likelihood {
  const size = at.length;
  const width = size - random.length;
  const ranges = listenerRanges(sets);
  const featureOf = [...Array(width).keys(), ...random];
  const gradient = new Float64Array(size);
  const information = new Float64Array(size * size);
  const outer = new Float64Array(size * size);
  const slopes = new Float64Array(size).fill(1);
  const shares = new Float64Array(draws);
  let logLikelihood = 0;
  for (let n = 0; n + 1 < ranges.length; n++) {
    const drawn = Array.from({ length: draws }, (_, r) => {
      const weights = at.slice(0, width);
      const z = normals.subarray((n * draws + r) * random.length, (n * draws + r + 1) * random.length);
      random.forEach((k, d) => weights[k] += at[width + d] * z[d]);
      const sums = logitSums(sets, weights, ranges[n], ranges[n + 1]);
      shares[r] = sums.logLikelihood;
      return { z, ...sums };
    });
    logLikelihood += softmaxInPlace(shares) - Math.log(draws);
    const own = new Float64Array(size);
    drawn.forEach(({ z, gradient: g, information: inner }, r) => {
      slopes.set(z, width);
      for (let p = 0; p < size; p++) {
        const f = featureOf[p];
        const score = slopes[p] * g[f];
        own[p] += shares[r] * score;
        for (let q = 0; q <= p; q++) {
          const h = featureOf[q];
          information[p * size + q] += shares[r] * slopes[q] * (slopes[p] * inner[f * width + h] - score * g[h]);
        }
      }
    });
    for (let p = 0; p < size; p++) {
      gradient[p] += own[p];
      for (let q = 0; q <= p; q++) outer[p * size + q] += own[p] * own[q];
    }
  }
  for (let p = 0; p < size; p++) {
    for (let q = 0; q <= p; q++) {
      information[p * size + q] += outer[p * size + q];
      information[q * size + p] = information[p * size + q];
      outer[q * size + p] = outer[p * size + q];
    }
  }
  const concave = new CholeskyDecomposition(toMatrix(information)).isPositiveDefinite();
  return { logLikelihood, gradient, information: concave ? information : outer };
}
