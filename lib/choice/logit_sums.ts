/**
 * The sums that maximum likelihood needs of a conditional logit, over any part of the choice sets. They add up: the
 * sums of two parts are the sums of the whole, so parts may lie in different batches, threads or machines.
 */
import { logitKernel } from "./logit_kernel.ts";
import type { Likelihood } from "../math/newton.ts";
import type { ChoiceSets } from "../listening/choice_sets.ts";

/** Log-likelihood, its gradient and the information (negative Hessian) of some choice sets at given weights. */
export interface LogitSums extends Likelihood {
  sets: number;
  rows: number;
  /** Number of sets whose most probable row was chosen; a chosen row that ties with m − 1 others counts 1/m. */
  hits: number;
  /** Σ −log J over the sets of J rows: the log-likelihood of a uniform guess. */
  uniformLogLikelihood: number;
}

/**
 * Sums over the choice sets `from … to-1`, in one pass. With d_j = x_j − x_chosen and p the choice probabilities, a set
 * adds −log Σ exp(w·d_j), −Σ p_j d_j and Σ p_j d_j d_jᵀ − (Σ p_j d_j)(Σ p_j d_j)ᵀ (McFadden 1974; Train 2009, §3.7).
 * Differences from the chosen row keep the sums exact when features have large means. Cost O(rows · K²), no
 * allocation in proportion to the rows; two rows at a time in WebAssembly. A plain loop takes about twice as long, too long
 * to be five times as fast as xlogit (`test/bench/choice_bench.ts`).
 *
 * @param weights The K weights, in the units of the features.
 */
export function logitSums(
  sets: ChoiceSets,
  weights: Float64Array,
  from: number = 0,
  to: number = sets.chosen.length,
): LogitSums {
  const { values, starts, chosen, offset } = sets;
  const width = sets.features.length;
  const kernel = logitKernel(width, largestSet(starts, from, to));
  const { out } = kernel;
  kernel.weights.set(weights);
  out.fill(0);
  let uniformLogLikelihood = 0;
  let logTotals = 0;
  for (let n = from; n < to;) {
    const first = n;
    const row = starts[first];
    for (; n < to && starts[n + 1] - row <= kernel.blockRows; n++) {
      kernel.starts[n - first] = starts[n] - row;
      kernel.chosen[n - first] = chosen[n] - row;
      uniformLogLikelihood -= Math.log(starts[n + 1] - starts[n]);
    }
    kernel.starts[n - first] = starts[n] - row;
    kernel.values.set(values.subarray(row * width, starts[n] * width));
    if (offset) kernel.offset.set(offset.subarray(row, starts[n]));
    kernel.run(n - first, offset !== undefined);
    for (let i = 0; i < n - first; i++) logTotals += Math.log(kernel.totals[i]);
  }
  const information = out.slice(2 + width);
  for (let k = 0; k < width; k++) {
    for (let l = 0; l < k; l++) information[k * width + l] = information[l * width + k];
  }
  return {
    sets: to - from,
    rows: starts[to] - starts[from],
    hits: out[1],
    uniformLogLikelihood,
    logLikelihood: -out[0] - logTotals,
    gradient: out.slice(2, 2 + width),
    information,
  };
}

/**
 * Adds the sums of two parts.
 *
 * @param b Sums of another part, at the same weights.
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
 * Sums the gradient of the log-likelihood by cluster, for cluster-robust standard errors. Cost O(rows · K²).
 *
 * @param scores Where to add the sums, [clusters, K] row-major.
 */
export function addClusterScores(sets: ChoiceSets, weights: Float64Array, scores: Float64Array): Float64Array {
  const { cluster, features, chosen } = sets;
  for (let n = 0; n < chosen.length;) {
    const first = n++;
    while (n < chosen.length && cluster![n] === cluster![first]) n++;
    const at = cluster![first] * features.length;
    logitSums(sets, weights, first, n).gradient.forEach((value, k) => scores[at + k] += value);
  }
  return scores;
}

function largestSet(starts: Int32Array, from: number, to: number): number {
  let size = 0;
  for (let n = from; n < to; n++) size = Math.max(size, starts[n + 1] - starts[n]);
  return size;
}
