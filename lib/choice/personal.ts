/**
 * Weights of single listeners: a global model modulated by user embeddings. Every listener's weights are
 * w_u = w + B e_u with e_u ~ N(0, I): w and B are learned from many listeners (empirical Bayes), e_u from the
 * listener's own choices, and with none of them e_u = 0, which is the global model.
 */
import { min, pairs } from "d3-array";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { expectInteger, InputError } from "../data/errors.ts";
import { linearUtilities } from "../math/softmax.ts";
import { fitConditionalLogit } from "./conditional_logit.ts";
import { logitSums } from "./logit_sums.ts";
import { climb, newton, toMatrix } from "../math/newton.ts";
import { type ChoiceSets, listenerRanges } from "../listening/choice_sets.ts";

/** How listeners' weights are distributed: w_u = mean + basis · e_u, e_u ~ N(0, I). */
export interface TastePrior {
  /** Names of the K features. */
  features: readonly string[];
  /** The weights of a listener of whom nothing is known, length K. */
  mean: Float64Array;
  /** Directions in which listeners differ, widest first, [K, rank] row-major; the covariance of weights is B Bᵀ. */
  basis: Float64Array;
  /** Number of directions: the length of a user embedding. */
  rank: number;
  /**
   * Share of the variance between listeners that lies along each of the K directions found, in units in which every
   * feature has the same spread within choice sets; they sum to 1, or are all 0 when listeners do not differ.
   */
  shares: Float64Array;
}

/** What a listener's choices say of the listener. */
export interface UserTaste {
  /** User embedding: posterior mode, length rank. */
  embedding: Float64Array;
  /** Its covariance by Laplace's approximation, [rank, rank] row-major. */
  covariance: Float64Array;
  /** The listener's weights, mean + basis · embedding, length K. */
  weights: Float64Array;
}

const TOLERANCE = 1e-9;

/**
 * Learns centre and covariance of the listeners' weights by expectation–maximisation: given both, every listener's
 * weights have a posterior N(m_u, V_u) (Laplace's approximation at the mode); given these, the centre is the mean of
 * the m_u and the covariance the mean of V_u + (m_u − w)(m_u − w)ᵀ (Dempster, Laird and Rubin 1977; Train 2009, chapter
 * 14). The directions are the eigenvectors of that covariance. Cost O(rounds · rows · K²).
 *
 * @param sets The choice sets; their clusters are the listeners, whose sets stand together.
 * @throws {InputError} When there are no clusters, the sets of a listener do not stand together, or the rank is out of
 * range.
 */
export function fitTastePrior(
  sets: ChoiceSets,
  options: {
    /** Rounds of expectation–maximisation. Default 40. */
    rounds?: number;
    /** Directions kept, in [0, K]; all K when left out. */
    rank?: number;
  } = {},
): TastePrior {
  const width = sets.features.length;
  const rounds = expectInteger("rounds", options.rounds ?? 40, 1);
  const rank = expectInteger("rank", options.rank ?? width, 0, width);
  const listeners = pairs(listenerRanges(sets));
  const pooled = fitConditionalLogit({ ...sets, cluster: undefined });
  const mean = Float64Array.from(pooled.coefficients, (c) => c.estimate);
  // 1 over the standard deviation of each feature within choice sets, weighed by the probabilities of the model.
  const { information } = logitSums(sets, mean);
  const units = mean.map((_, k) => Math.sqrt(sets.chosen.length / information[k * (width + 1)]));
  let prior: TastePrior = {
    features: sets.features,
    mean,
    basis: Float64Array.from({ length: width * width }, (_, i) => i % (width + 1) === 0 ? units[i % width] : 0),
    rank: width,
    shares: new Float64Array(width),
  };
  let tastes: UserTaste[] = [];
  for (let round = 0; round < rounds; round++) {
    const basis = toMatrix(prior.basis, prior.mean.length);
    tastes = listeners.map(([from, to], u) => userTaste(sets, prior, from, to, tastes[u]?.embedding));
    const weights = new Matrix(tastes.map((taste) => taste.weights));
    const centre = Float64Array.from(weights.mean("column"));
    const apart = weights.subRowVector(centre as unknown as number[]);
    const spread = apart.transpose().mmul(apart);
    for (const { covariance } of tastes) spread.add(basis.mmul(toMatrix(covariance)).mmul(basis.transpose()));
    prior = decompose(sets.features, centre, spread.div(listeners.length), units);
  }
  return truncatePrior(prior, rank);
}

/**
 * Keeps the first directions in which listeners differ.
 *
 * @param rank Directions kept, in [0, prior.rank]; 0 gives the global model.
 * @throws {InputError} When the rank is out of range.
 */
export function truncatePrior(prior: TastePrior, rank: number): TastePrior {
  expectInteger("rank", rank, 0, prior.rank);
  const width = prior.mean.length;
  const basis = Float64Array.from(
    { length: width * rank },
    (_, i) => prior.basis[Math.floor(i / rank) * prior.rank + i % rank],
  );
  return { ...prior, basis, rank };
}

/**
 * A listener's embedding from the choice sets `from … to-1`: the mode of log-likelihood − ½ |e|², found by Newton's
 * method; with no choices it is 0, and the weights are the global ones. Cost O(rows · K²) a step, a few steps.
 *
 * @param start Embedding to start from; zeros when left out. The mode does not depend on it.
 * @throws {InputError} When the sets have other features than the prior.
 */
export function userTaste(
  sets: ChoiceSets,
  prior: TastePrior,
  from: number = 0,
  to: number = sets.chosen.length,
  start?: Float64Array,
): UserTaste {
  if (sets.features.join() !== prior.features.join()) {
    throw new InputError(`Expected choices by ${prior.features.join(", ")} but found ${sets.features.join(", ")}`);
  }
  const own = inEmbedding(sets, prior, from, to);
  const { parameters: embedding, covariance } = climb(
    newton(start ?? new Float64Array(prior.rank), TOLERANCE),
    (at) => {
      const { logLikelihood, gradient, information } = logitSums(own, at);
      for (let r = 0; r < prior.rank; r++) information[r * (prior.rank + 1)]++;
      return {
        logLikelihood: logLikelihood - at.reduce((sum, e) => sum + e * e, 0) / 2,
        gradient: gradient.map((value, r) => value - at[r]),
        information,
      };
    },
  );
  return { embedding, covariance: covariance!, weights: fromEmbedding(prior, embedding) };
}

/**
 * Choices as a function of a user embedding: with w = mean + B e the utilities X w are X mean, a known term, and
 * (X B) e, so that a conditional logit of these sets has the embedding for its weights. Cost O(rows · K · rank).
 *
 * @returns The sets `from … to-1` with one feature a direction.
 */
export function inEmbedding(
  sets: ChoiceSets,
  prior: TastePrior,
  from: number = 0,
  to: number = sets.chosen.length,
): ChoiceSets {
  const { mean, basis, rank } = prior;
  const width = mean.length;
  const first = sets.starts[from];
  const offset = linearUtilities(sets.values, mean, first, sets.starts[to]);
  const values = new Float64Array(offset.length * rank);
  for (let row = 0; row < offset.length; row++) {
    if (sets.offset) offset[row] += sets.offset[first + row];
    for (let k = 0, at = (first + row) * width; k < width; k++, at++) {
      for (let r = 0; r < rank; r++) values[row * rank + r] += sets.values[at] * basis[k * rank + r];
    }
  }
  return {
    features: Array.from({ length: rank }, (_, r) => `direction ${r + 1}`),
    values,
    starts: sets.starts.subarray(from, to + 1).map((start) => start - first),
    chosen: sets.chosen.subarray(from, to).map((row) => row - first),
    offset,
  };
}

/**
 * The weights that belong to a user embedding.
 *
 * @returns mean + basis · embedding, length K.
 */
export function fromEmbedding(prior: TastePrior, embedding: ArrayLike<number>): Float64Array {
  return prior.mean.map((value, k) => {
    for (let r = 0; r < prior.rank; r++) value += prior.basis[k * prior.rank + r] * embedding[r];
    return value;
  });
}

/**
 * From cold start to a known listener: the last choices of every listener are held out, the first `known` are learned
 * from.
 *
 * @param sets The choice sets of listeners whom the prior was not learned from; those of a listener together.
 * @param known Numbers of choices to learn from; 0 is the global model.
 * @param held Choices held out of each listener.
 * @returns For each number of known choices what was learned of each listener, and the mean log-likelihood of a held-out
 * choice in nats, one value a listener.
 * @throws {InputError} When a listener has too few choices.
 */
export function tasteCurve(
  sets: ChoiceSets,
  prior: TastePrior,
  known: readonly number[],
  held: number,
): { known: number; logLikelihood: Float64Array; tastes: UserTaste[] }[] {
  const ranges = listenerRanges(sets);
  const listeners = pairs(ranges);
  const fewest = min(listeners, ([from, to]) => to - from)!;
  expectInteger("held", held, 1, fewest);
  return known.map((count) => {
    expectInteger("known", count, 0, fewest - held);
    const tastes = listeners.map(([from]) => userTaste(sets, prior, from, from + count));
    const logLikelihood = heldOutLikelihood(sets, ranges, held, (u) => tastes[u].weights);
    return { known: count, logLikelihood, tastes };
  });
}

/**
 * Log-likelihood of the last choices of every listener under given weights.
 *
 * @param ranges Where the sets of each listener begin, see {@linkcode listenerRanges}.
 * @param held Choices at the end of each listener.
 * @param weights The weights of listener number u, length K.
 * @returns Mean log-likelihood of a choice, nats; one value a listener.
 */
export function heldOutLikelihood(
  sets: ChoiceSets,
  ranges: ArrayLike<number>,
  held: number,
  weights: (listener: number) => Float64Array,
): Float64Array {
  return Float64Array.from(
    pairs(Array.from(ranges)),
    ([, to], u) => logitSums(sets, weights(u), to - held, to).logLikelihood / held,
  );
}

/** Directions of a covariance, in units in which all features matter alike. */
function decompose(
  features: readonly string[],
  mean: Float64Array,
  spread: Matrix,
  units: Float64Array,
): TastePrior {
  const width = mean.length;
  const per = Matrix.diag(Array.from(units, (unit) => 1 / unit));
  const scaled = per.mmul(spread).mmul(per);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(scaled, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const values = order.map((r) => Math.max(0, realEigenvalues[r]));
  const total = values.reduce((sum, value) => sum + value, 0);
  const basis = new Float64Array(width * width);
  order.forEach((r, place) => {
    // The sign of a direction is free: the largest part of each points upwards.
    const column = eigenvectorMatrix.getColumn(r);
    const largest = column.reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a);
    const length = Math.sqrt(values[place]) * (Math.sign(largest) || 1);
    for (let k = 0; k < width; k++) basis[k * width + place] = units[k] * column[k] * length;
  });
  return { features, mean, basis, rank: width, shares: Float64Array.from(values, (v) => total > 0 ? v / total : 0) };
}
