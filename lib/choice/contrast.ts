/**
 * What choice data look like before any model: the chosen rows against those they were chosen over; and the likelihood
 * as a function, for looking at.
 *
 * @module
 */
import { linearUtilities, softmax } from "../softmax.ts";
import { logitSums } from "./logit_sums.ts";
import type { ChoiceSets } from "./sets.ts";

/** How the chosen rows differ from the offered ones in one feature. */
export interface Contrast {
  /** Name of the feature. */
  feature: string;
  /** Mean over the chosen rows. */
  chosen: number;
  /** Mean over sets of the mean over their rows. */
  offered: number;
  /** Standard deviation within sets: what choices can react to. */
  deviation: number;
  /** (chosen − offered) / deviation. */
  difference: number;
}

/**
 * Compares chosen with offered rows, feature by feature. Cost O(rows · K).
 *
 * @param sets The choice sets.
 * @returns One row a feature.
 */
export function choiceContrast(sets: ChoiceSets): Contrast[] {
  const { values, starts, chosen, features } = sets;
  const width = features.length;
  const count = chosen.length;
  return features.map((feature, k) => {
    let mean = 0;
    let taken = 0;
    let squares = 0;
    for (let n = 0; n < count; n++) {
      let own = 0;
      for (let r = starts[n]; r < starts[n + 1]; r++) own += values[r * width + k] / (starts[n + 1] - starts[n]);
      for (let r = starts[n]; r < starts[n + 1]; r++) squares += (values[r * width + k] - own) ** 2;
      mean += own / count;
      taken += values[chosen[n] * width + k] / count;
    }
    const deviation = Math.sqrt(squares / starts[count]);
    return { feature, chosen: taken, offered: mean, deviation, difference: (taken - mean) / deviation };
  });
}

/** Mean log-likelihood at one scale and temperature. */
export interface ScalePoint {
  /** Factor on the weights. */
  scale: number;
  /** Temperature of the softmax. */
  temperature: number;
  /** Mean log-likelihood of a choice, nats. */
  logLikelihood: number;
}

/**
 * The likelihood over a grid of factors on the weights and temperatures. It depends on their quotient alone: along
 * scale = temperature it is flat, so choices cannot tell the two apart.
 *
 * @param sets The choice sets.
 * @param weights The weights that are scaled.
 * @param grid Values of both scale and temperature, above 0.
 * @returns One row a grid point.
 */
export function scaleSurface(sets: ChoiceSets, weights: ArrayLike<number>, grid: readonly number[]): ScalePoint[] {
  return grid.flatMap((scale) =>
    grid.map((temperature) => {
      const at = Float64Array.from(weights, (weight) => weight * scale / temperature);
      return { scale, temperature, logLikelihood: logitSums(sets, at).logLikelihood / sets.chosen.length };
    })
  );
}

/**
 * How far the choice probabilities under two sets of weights are from each other: the total variation distance
 * ½ Σ_j |P(j) − Q(j)|, averaged over the choice sets.
 *
 * @param sets The choice sets.
 * @param p One set of weights, length K.
 * @param q Another.
 * @returns A value in [0, 1]: 0 when the probabilities are the same.
 */
export function choiceDistance(sets: ChoiceSets, p: ArrayLike<number>, q: ArrayLike<number>): number {
  const { values, starts, chosen } = sets;
  let distance = 0;
  for (let n = 0; n < chosen.length; n++) {
    const [a, b] = [p, q].map((weights) => softmax(linearUtilities(values, weights, starts[n], starts[n + 1])));
    for (let j = 0; j < a.length; j++) distance += Math.abs(a[j] - b[j]) / 2;
  }
  return distance / chosen.length;
}
