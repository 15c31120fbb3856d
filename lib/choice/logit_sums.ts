/**
 * The sums that maximum likelihood needs of a conditional logit, over any part of the choice sets. They add up: the
 * sums of two parts are the sums of the whole, so parts may lie in different batches, threads or machines.
 *
 * @module
 */
import type { ChoiceSets } from "./sets.ts";

/** Log-likelihood, its gradient and the information (negative Hessian) of some choice sets at given weights. */
export interface LogitSums {
  /** Number of choice sets summed over. */
  sets: number;
  /** Σ log P(chosen). */
  logLikelihood: number;
  /** ∂ logLikelihood / ∂ weights, length K. */
  gradient: Float64Array;
  /** −∂² logLikelihood / ∂ weights², [K, K] row-major, symmetric. */
  information: Float64Array;
}

/**
 * Sums over the choice sets `from … to-1`, in one pass. With d_j = x_j − x_chosen and p the choice probabilities, a set
 * adds −log Σ exp(w·d_j), −Σ p_j d_j and Σ p_j d_j d_jᵀ − (Σ p_j d_j)(Σ p_j d_j)ᵀ (McFadden 1974; Train 2009, §3.7).
 * Differences from the chosen row keep the sums exact when features have large means. Cost O(rows · K²), no
 * allocation in proportion to the rows.
 *
 * @param sets The choice sets.
 * @param weights The K weights, in the units of the features.
 * @param from First set.
 * @param to One past the last set.
 * @returns The sums.
 *
 * @example
 * ```ts
 * import { logitSums } from "./logit_sums.ts";
 * import assert from "node:assert/strict";
 *
 * const sets = {
 *   features: ["x"],
 *   values: Float64Array.of(1, 0),
 *   starts: Int32Array.of(0, 2),
 *   chosen: Int32Array.of(0),
 * };
 * const sums = logitSums(sets, Float64Array.of(0));
 * assert.equal(sums.logLikelihood, -Math.log(2));
 * assert.deepEqual([...sums.gradient, ...sums.information], [0.5, 0.25]);
 * ```
 */
export function logitSums(
  sets: ChoiceSets,
  weights: Float64Array,
  from: number = 0,
  to: number = sets.chosen.length,
): LogitSums {
  const { values, starts, chosen, offset } = sets;
  const width = sets.features.length;
  const size = largestSet(starts, from, to);
  // Scratch of one set, column by column, so that the inner loops run along the alternatives.
  const probability = new Float64Array(size);
  const weighted = new Float64Array(size);
  const difference = new Float64Array(size * width);
  const mean = new Float64Array(width);
  const gradient = new Float64Array(width);
  const information = new Float64Array(width * width);
  let logLikelihood = 0;
  for (let n = from; n < to; n++) {
    const start = starts[n];
    const length = starts[n + 1] - start;
    const origin = chosen[n] * width;
    if (offset) { for (let j = 0; j < length; j++) probability[j] = offset[start + j] - offset[chosen[n]]; }
    else probability.fill(0, 0, length);
    for (let k = 0; k < width; k++) {
      const own = values[origin + k];
      const weight = weights[k];
      for (let j = 0, r = start * width + k, a = k * length; j < length; j++, r += width, a++) {
        const d = values[r] - own;
        difference[a] = d;
        probability[j] += weight * d;
      }
    }
    let largest = 0;
    for (let j = 0; j < length; j++) if (probability[j] > largest) largest = probability[j];
    let total = 0;
    for (let j = 0; j < length; j++) {
      const e = Math.exp(probability[j] - largest);
      probability[j] = e;
      total += e;
    }
    logLikelihood -= largest + Math.log(total);
    const scale = 1 / total;
    for (let k = 0; k < width; k++) {
      const column = k * length;
      let sum = 0;
      for (let j = 0; j < length; j++) {
        const value = probability[j] * difference[column + j] * scale;
        weighted[j] = value;
        sum += value;
      }
      mean[k] = sum;
      gradient[k] -= sum;
      let l = k;
      for (; l + 1 < width; l += 2) {
        const a = l * length;
        const b = a + length;
        let first = 0;
        let second = 0;
        for (let j = 0; j < length; j++) {
          first += weighted[j] * difference[a + j];
          second += weighted[j] * difference[b + j];
        }
        information[k * width + l] += first;
        information[k * width + l + 1] += second;
      }
      if (l < width) {
        const a = l * length;
        let first = 0;
        for (let j = 0; j < length; j++) first += weighted[j] * difference[a + j];
        information[k * width + l] += first;
      }
    }
    for (let k = 0; k < width; k++) {
      for (let l = k; l < width; l++) information[k * width + l] -= mean[k] * mean[l];
    }
  }
  for (let k = 0; k < width; k++) {
    for (let l = 0; l < k; l++) information[k * width + l] = information[l * width + k];
  }
  return { sets: to - from, logLikelihood, gradient, information };
}

/**
 * Adds the sums of two parts.
 *
 * @param a Sums of one part.
 * @param b Sums of another part, at the same weights.
 * @returns Sums of both.
 */
export function addLogitSums(a: LogitSums, b: LogitSums): LogitSums {
  return {
    sets: a.sets + b.sets,
    logLikelihood: a.logLikelihood + b.logLikelihood,
    gradient: a.gradient.map((value, i) => value + b.gradient[i]),
    information: a.information.map((value, i) => value + b.information[i]),
  };
}

/** What is known of some choice sets once the weights are there; like {@linkcode LogitSums}, these add up. */
export interface FitSums {
  /** Σ log P(chosen). */
  logLikelihood: number;
  /** Σ log P(chosen) when all utilities are equal: −Σ log J, offsets left aside. */
  equalLikelihood: number;
  /** Number of sets whose most probable row was chosen; m rows that tie count 1/m. */
  hits: number;
  /** Number of rows. */
  rows: number;
  /** Gradient summed by cluster [clusters, K], when there are clusters. */
  scores?: Float64Array;
}

/**
 * What the report of a fit needs beyond {@linkcode logitSums}: hits, and gradients by cluster. Cost O(rows · K).
 *
 * @param sets The choice sets.
 * @param weights The K weights.
 * @param clusterCount Number of clusters; 0 for none.
 * @returns The sums.
 */
export function fitSums(sets: ChoiceSets, weights: Float64Array, clusterCount: number = 0): FitSums {
  const { values, starts, chosen, offset, cluster } = sets;
  const width = sets.features.length;
  const count = chosen.length;
  const utility = new Float64Array(largestSet(starts, 0, count));
  const scores = clusterCount > 0 ? new Float64Array(clusterCount * width) : undefined;
  let logLikelihood = 0;
  let equalLikelihood = 0;
  let hits = 0;
  for (let n = 0; n < count; n++) {
    const start = starts[n];
    const length = starts[n + 1] - start;
    let largest = -Infinity;
    let ties = 0;
    for (let j = 0; j < length; j++) {
      let u = offset ? offset[start + j] : 0;
      for (let k = 0, a = (start + j) * width; k < width; k++) u += weights[k] * values[a + k];
      utility[j] = u;
      if (u > largest) {
        largest = u;
        ties = 1;
      } else if (u === largest) ties++;
    }
    const own = utility[chosen[n] - start];
    if (own === largest) hits += 1 / ties;
    let total = 0;
    for (let j = 0; j < length; j++) total += utility[j] = Math.exp(utility[j] - largest);
    logLikelihood += own - largest - Math.log(total);
    equalLikelihood -= Math.log(length);
    if (!scores) continue;
    const at = cluster![n] * width;
    const origin = chosen[n] * width;
    for (let j = 0; j < length; j++) {
      const p = utility[j] / total;
      for (let k = 0, a = (start + j) * width; k < width; k++) {
        scores[at + k] -= p * (values[a + k] - values[origin + k]);
      }
    }
  }
  return { logLikelihood, equalLikelihood, hits, rows: starts[count] - starts[0], scores };
}

/**
 * Adds the fit sums of two parts.
 *
 * @param a Sums of one part.
 * @param b Sums of another part, at the same weights and with the same clusters.
 * @returns Sums of both.
 */
export function addFitSums(a: FitSums, b: FitSums): FitSums {
  return {
    logLikelihood: a.logLikelihood + b.logLikelihood,
    equalLikelihood: a.equalLikelihood + b.equalLikelihood,
    hits: a.hits + b.hits,
    rows: a.rows + b.rows,
    scores: a.scores?.map((value, i) => value + b.scores![i]),
  };
}

function largestSet(starts: Int32Array, from: number, to: number): number {
  let size = 0;
  for (let n = from; n < to; n++) size = Math.max(size, starts[n + 1] - starts[n]);
  return size;
}
