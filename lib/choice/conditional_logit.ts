/** The conditional logit of McFadden (1974): P(j) = exp(w·x_j) / Σ_k exp(w·x_k), its weights by maximum likelihood. */
import chiSquareCdf from "@stdlib/stats-base-dists-chisquare-cdf";
import { max, range } from "d3-array";
import { expectNumber, InputError } from "../data/errors.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { type Coefficient, describeEstimate } from "./coefficient.ts";
import { addClusterScores, addLogitSums, type LogitSums, logitSums } from "./logit_sums.ts";
import { climb, newton, toMatrix } from "../math/newton.ts";
import { ifIdentified, maximum, type Optimum } from "./maximum.ts";
import { type ChoiceSets, takeSets } from "../listening/choice_sets.ts";

/** How well choices are predicted. */
export interface PredictiveFit {
  /** Mean −log P(chosen), nats. */
  crossEntropy: number;
  /** Mean log of the number of rows: the cross-entropy of a uniform guess, nats. */
  uniformCrossEntropy: number;
  /** Share of the sets whose most probable row was chosen, in [0, 1]; ties count by their share. */
  hitRate: number;
}

/** How well a model fits. */
export interface FitStatistics extends PredictiveFit {
  /** Number of choice sets. */
  sets: number;
  /** Number of rows. */
  rows: number;
  /** Number of clusters; 0 without. */
  clusters: number;
  /** Log-likelihood at the optimum. */
  logLikelihood: number;
  /** Log-likelihood with all weights zero. */
  logLikelihoodZero: number;
  /** Log-likelihood with alternative-specific constants alone; needs named alternatives. */
  logLikelihoodConstants?: number;
  /** McFadden's ρ² = 1 − LL / LL₀ against zero weights. */
  rhoSquared: number;
  /** Adjusted ρ² = 1 − (LL − K) / LL₀. */
  adjustedRhoSquared: number;
  /** McFadden's ρ² against constants alone. */
  rhoSquaredConstants?: number;
  /** Akaike's criterion, 2 K − 2 LL. */
  aic: number;
  /** Schwarz's criterion, K log(sets) − 2 LL. */
  bic: number;
  /** Likelihood-ratio test against zero weights: 2 (LL − LL₀), χ² with K degrees of freedom. */
  likelihoodRatio: LikelihoodRatio;
  /** Likelihood-ratio test against constants alone, when the model holds the constants. */
  likelihoodRatioConstants?: LikelihoodRatio;
}

/** A likelihood-ratio test. */
export interface LikelihoodRatio {
  /** Test statistic. */
  statistic: number;
  /** Degrees of freedom. */
  degreesOfFreedom: number;
  /** P(χ² > statistic). */
  p: number;
}

/** A fitted conditional logit. */
export interface ConditionalLogit {
  /** Names of the K features, in order. */
  features: string[];
  /** The estimates, one a feature. */
  coefficients: Coefficient[];
  /** Covariance of the estimates, [K, K] row-major: robust where there are clusters, else classical. */
  covariance: Float64Array;
  /** Fit statistics. */
  statistics: FitStatistics;
  /** Passes over all choice sets that Newton's method took. */
  iterations: number;
  /** How well weights learned from some listeners predict the choices of others, when asked for. */
  holdout?: PredictiveFit & {
    trainSets: number;
    testSets: number;
    /** What was split: whole clusters, or single choice sets when there are none. */
    by: "cluster" | "choice set";
  };
}

/** Sets from which on a fit to a tenth of them gives the starting point. */
const WARM_START_SETS = 20000;

/**
 * Fits a conditional logit by maximum likelihood (Newton–Raphson with analytic gradient and Hessian). The likelihood is
 * concave, so the optimum is the only one. Sets may differ in size; clusters in the choice sets give cluster-robust
 * standard errors. Cost O(rows · K²) a pass, 4 to 8 passes.
 *
 * @returns Estimates in the units of the features, with their errors and the statistics of the fit.
 * @throws {InputError} When a feature never varies within a choice set, is a linear combination of others, or separates
 * the chosen rows from the rest; the error names it.
 *
 * @example
 * ```ts
 * import { fitConditionalLogit } from "./conditional_logit.ts";
 * import { groupChoices } from "../listening/choice_sets.ts";
 * import assert from "node:assert/strict";
 *
 * // Three of four times the row with x = 1 is taken, so P = 3/4 and the weight is log(3).
 * const sets = groupChoices({
 *   features: ["x"],
 *   values: Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0),
 *   choice: Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3),
 *   chosen: Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 1),
 * });
 * const [x] = fitConditionalLogit(sets).coefficients;
 * assert(Math.abs(x.estimate - Math.log(3)) < 1e-12);
 * ```
 */
export function fitConditionalLogit(
  sets: ChoiceSets,
  options: {
    /** Share of clusters (or of sets, without clusters) to hold out in a second fit, in [0, 1); 0 for none. */
    holdout?: number;
    /** Seed of the held-out split. Default 42. */
    seed?: number;
  } = {},
): ConditionalLogit {
  const { holdout = 0, seed = 42 } = options;
  expectNumber("holdout", holdout, 0, 0.9);
  const optimum = maximize(sets);
  const width = sets.features.length;
  const scores = sets.cluster &&
    addClusterScores(sets, optimum.parameters, new Float64Array((max(sets.cluster)! + 1) * width));
  const fit = describeFit(sets.features, optimum, scores);
  addConstants(fit, sets);
  if (holdout > 0) fit.holdout = evaluateHeldOut(sets, holdout, seed, optimum.parameters);
  return fit;
}

/** Choice sets that come in batches, again at every pass. */
export interface ChoiceBatches {
  readonly features: readonly string[];
  /** Number of clusters over all batches; 0 without. Codes in the batches are in [0, clusterCount). */
  readonly clusterCount: number;
  batches(): AsyncIterable<ChoiceSets>;
}

/**
 * Fits a conditional logit to choice sets that do not fit into memory: every pass reads them again, batch after batch.
 * The estimates are those of {@linkcode fitConditionalLogit} up to rounding.
 *
 * @returns The fit, without the statistics that need constants or held-out listeners.
 * @throws {InputError} As {@linkcode fitConditionalLogit}.
 */
export async function fitConditionalLogitBatches(source: ChoiceBatches): Promise<ConditionalLogit> {
  let start: Float64Array | undefined;
  for await (const first of source.batches()) {
    start = nearOptimum(first, first.chosen.length);
    break;
  }
  const sum = async (weights: Float64Array) => {
    let total: LogitSums | undefined;
    for await (const batch of source.batches()) {
      const sums = logitSums(batch, weights);
      total = total ? addLogitSums(total, sums) : sums;
    }
    return total!;
  };
  const score = async (weights: Float64Array) => {
    const scores = new Float64Array(source.clusterCount * source.features.length);
    for await (const batch of source.batches()) addClusterScores(batch, weights, scores);
    return scores;
  };
  return await fitElsewhere(source.features, sum, source.clusterCount > 0 ? score : undefined, start);
}

/**
 * Fits a conditional logit with sums that are computed elsewhere: in batches, or by an engine on other machines.
 *
 * @param sum Computes {@linkcode LogitSums} over all choice sets at given weights.
 * @param score Computes the gradient at given weights by cluster, [clusters, K]; standard errors are robust when it is
 * given.
 * @param start Weights to start from, length K; zeros when left out.
 * @returns The fit, without the statistics that need constants or held-out listeners.
 * @throws {InputError} As {@linkcode fitConditionalLogit}.
 */
export async function fitElsewhere(
  features: readonly string[],
  sum: (weights: Float64Array) => Promise<LogitSums>,
  score?: (weights: Float64Array) => Promise<Float64Array>,
  start: Float64Array = new Float64Array(features.length),
): Promise<ConditionalLogit> {
  const search = maximum(features, start);
  let state = search.next();
  while (!state.done) state = search.next(await sum(state.value));
  return describeFit(features, state.value, await score?.(state.value.parameters));
}

/** An optimum with its tests and statistics; standard errors are robust when the gradient by cluster is given. */
function describeFit(features: readonly string[], optimum: Optimum, scores?: Float64Array): ConditionalLogit {
  const width = features.length;
  const clusters = scores ? scores.length / width : 0;
  const robust = scores && sandwich(optimum.covariance, scores, clusters);
  const errorOf = (covariance: Float64Array, k: number) => Math.sqrt(covariance[k * (width + 1)]);
  const coefficients = features.map((feature, k) =>
    describeEstimate(feature, optimum.parameters[k], errorOf(optimum.covariance, k), robust && errorOf(robust, k))
  );
  const { logLikelihood, uniformLogLikelihood, rows, sets } = optimum.last;
  return {
    features: [...features],
    coefficients,
    covariance: robust ?? optimum.covariance,
    iterations: optimum.iterations,
    statistics: {
      sets,
      rows,
      clusters,
      logLikelihood,
      logLikelihoodZero: uniformLogLikelihood,
      rhoSquared: 1 - logLikelihood / uniformLogLikelihood,
      adjustedRhoSquared: 1 - (logLikelihood - width) / uniformLogLikelihood,
      aic: 2 * width - 2 * logLikelihood,
      bic: width * Math.log(sets) - 2 * logLikelihood,
      likelihoodRatio: likelihoodRatio(logLikelihood, uniformLogLikelihood, width),
      ...predictionOf(optimum.last),
    },
  };
}

function predictionOf({ logLikelihood, uniformLogLikelihood, hits, sets }: LogitSums): PredictiveFit {
  return {
    crossEntropy: -logLikelihood / sets,
    uniformCrossEntropy: -uniformLogLikelihood / sets,
    hitRate: hits / sets,
  };
}

/**
 * Log-likelihood of a model of alternative-specific constants alone: what market shares explain. An alternative that is
 * never chosen has a constant of −∞. Nothing when the alternatives have no names, or one of them is always chosen where
 * it is on offer with others, so that its constant is infinite.
 */
function constantsLogLikelihood(sets: ChoiceSets): number | undefined {
  const { alternative, alternatives, chosen } = sets;
  if (!alternative || !alternatives || alternatives.length < 2) return undefined;
  const shares = new Float64Array(alternatives.length);
  for (const row of chosen) shares[alternative[row]]++;
  const base = shares.indexOf(Math.max(...shares));
  const levels = alternatives.map((_, a) => a).filter((a) => a !== base && shares[a] > 0);
  const values = new Float64Array(alternative.length * levels.length);
  const offset = new Float64Array(alternative.length);
  alternative.forEach((a, r) => {
    const k = levels.indexOf(a);
    if (k >= 0) values[r * levels.length + k] = 1;
    offset[r] = shares[a] > 0 ? sets.offset?.[r] ?? 0 : -Infinity;
  });
  const features = levels.map((level) => alternatives[level]);
  return ifIdentified(() => maximize({ ...sets, features, values, offset }))?.last.logLikelihood;
}

function maximize(sets: ChoiceSets, start?: Float64Array): Optimum {
  const count = sets.chosen.length;
  const from = start ?? (count > WARM_START_SETS ? nearOptimum(sets, Math.ceil(count / 10)) : undefined);
  const search = maximum(sets.features, from ?? new Float64Array(sets.features.length));
  return climb(search, (weights) => logitSums(sets, weights));
}

/** Weights within a standard error or so of the best ones for the first sets: where to start from. */
function nearOptimum(sets: ChoiceSets, count: number): Float64Array {
  const zeros = new Float64Array(sets.features.length);
  const { parameters, converged } = climb(newton(zeros, 1), (weights) => logitSums(sets, weights, 0, count));
  return converged ? parameters : zeros;
}

/** (H⁻¹) (Σ_g s_g s_gᵀ) (H⁻¹) · G / (G − 1), as Stata's `vce(cluster)` and R's `sandwich::vcovCL` have it. */
function sandwich(covariance: Float64Array, scores: Float64Array, clusters: number): Float64Array {
  if (clusters < 2) {
    throw new InputError(`Expected at least 2 clusters for cluster-robust standard errors but found ${clusters}`);
  }
  const byCluster = toMatrix(scores, clusters);
  const bread = toMatrix(covariance);
  const robust = bread.mmul(byCluster.transpose().mmul(byCluster)).mmul(bread);
  return Float64Array.from(robust.mul(clusters / (clusters - 1)).to1DArray());
}

function likelihoodRatio(full: number, restricted: number, degreesOfFreedom: number): LikelihoodRatio {
  const statistic = Math.max(0, 2 * (full - restricted));
  return { statistic, degreesOfFreedom, p: 1 - chiSquareCdf(statistic, degreesOfFreedom) };
}

function addConstants(fit: ConditionalLogit, sets: ChoiceSets): void {
  const constants = constantsLogLikelihood(sets);
  if (constants === undefined) return;
  const { statistics } = fit;
  statistics.logLikelihoodConstants = constants;
  statistics.rhoSquaredConstants = 1 - statistics.logLikelihood / constants;
  const names = sets.alternatives!.map((name) => `${sets.constantsName}:${name}`);
  const held = names.filter((name) => sets.features.includes(name)).length;
  if (held === names.length - 1 && sets.features.length > held) {
    const more = sets.features.length - held;
    statistics.likelihoodRatioConstants = likelihoodRatio(statistics.logLikelihood, constants, more);
  }
}

function evaluateHeldOut(
  sets: ChoiceSets,
  share: number,
  seed: number,
  start: Float64Array,
): ConditionalLogit["holdout"] {
  const { cluster } = sets;
  const count = sets.chosen.length;
  const units = cluster ? max(cluster)! + 1 : count;
  const order = shuffleInPlace(Int32Array.from({ length: units }, (_, i) => i), seededRandom(seed, "holdout"));
  const held = new Set(order.subarray(0, Math.round(share * units)));
  const [train, test] = [false, true].map((wanted) =>
    range(count).filter((n) => held.has(cluster?.[n] ?? n) === wanted)
  );
  if (train.length === 0 || test.length === 0) return undefined;
  const trained = takeSets(sets, train);
  const weights = ifIdentified(() => maximize(trained, start))?.parameters;
  return weights && {
    trainSets: train.length,
    testSets: test.length,
    by: cluster ? "cluster" : "choice set",
    ...predictionOf(logitSums(takeSets(sets, test), weights)),
  };
}
