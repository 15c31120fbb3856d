/**
 * The sums that maximum likelihood needs of a conditional logit, over any part of the choice sets. They add up: the
 * sums of two parts are the sums of the whole, so parts may lie in different batches, threads or machines.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { ChoiceSets } from "./sets.ts";

/** Log-likelihood, its gradient and the information (negative Hessian) of some choice sets at given weights. */
export interface LogitSums {
  /** Number of choice sets summed over. */
  sets: number;
  /** Number of rows in them. */
  rows: number;
  /** Number of sets whose most probable row was chosen; a chosen row that ties with m − 1 others counts 1/m. */
  hits: number;
  /** Σ −log J over the sets of J rows: the log-likelihood of a uniform guess. */
  uniformLogLikelihood: number;
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
  let uniformLogLikelihood = 0;
  let hits = 0;
  for (let n = from; n < to; n++) {
    const start = starts[n];
    const length = starts[n + 1] - start;
    uniformLogLikelihood -= Math.log(length);
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
    // The chosen row's own utility is 0 here, so it is a hit when nothing exceeds 0.
    let largest = 0;
    let ties = 0;
    for (let j = 0; j < length; j++) {
      if (probability[j] > largest) largest = probability[j];
      else if (probability[j] === 0) ties++;
    }
    if (largest === 0) hits += 1 / ties;
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
  return {
    sets: to - from,
    rows: starts[to] - starts[from],
    hits,
    uniformLogLikelihood,
    logLikelihood,
    gradient,
    information,
  };
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
    rows: a.rows + b.rows,
    hits: a.hits + b.hits,
    uniformLogLikelihood: a.uniformLogLikelihood + b.uniformLogLikelihood,
    logLikelihood: a.logLikelihood + b.logLikelihood,
    gradient: a.gradient.map((value, i) => value + b.gradient[i]),
    information: a.information.map((value, i) => value + b.information[i]),
  };
}

/**
 * Sums the gradient of the log-likelihood by cluster, for cluster-robust standard errors. Cost O(rows · K).
 *
 * @param sets The choice sets, with clusters.
 * @param weights The K weights.
 * @param scores Where to add the sums, [clusters, K] row-major.
 * @returns `scores`.
 * @throws {InputError} When the sets have no clusters.
 */
export function addClusterScores(sets: ChoiceSets, weights: Float64Array, scores: Float64Array): Float64Array {
  const { values, starts, chosen, offset, cluster } = sets;
  if (!cluster) throw new InputError("Expected choice sets with clusters but found none");
  const width = sets.features.length;
  const probability = new Float64Array(largestSet(starts, 0, chosen.length));
  for (let n = 0; n < chosen.length; n++) {
    const start = starts[n];
    const length = starts[n + 1] - start;
    const origin = chosen[n] * width;
    let largest = 0;
    for (let j = 0; j < length; j++) {
      let u = offset ? offset[start + j] - offset[chosen[n]] : 0;
      for (let k = 0, a = (start + j) * width; k < width; k++) u += weights[k] * (values[a + k] - values[origin + k]);
      probability[j] = u;
      if (u > largest) largest = u;
    }
    let total = 0;
    for (let j = 0; j < length; j++) total += probability[j] = Math.exp(probability[j] - largest);
    const at = cluster[n] * width;
    for (let j = 0; j < length; j++) {
      const p = probability[j] / total;
      for (let k = 0, a = (start + j) * width; k < width; k++) {
        scores[at + k] -= p * (values[a + k] - values[origin + k]);
      }
    }
  }
  return scores;
}

function largestSet(starts: Int32Array, from: number, to: number): number {
  let size = 0;
  for (let n = from; n < to; n++) size = Math.max(size, starts[n + 1] - starts[n]);
  return size;
}
