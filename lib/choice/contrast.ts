/**
 * What choice data look like before any model: largest random utilities, the chosen rows against those they were chosen
 * over; and the likelihood as a function, for looking at.
 */
import { cross, maxIndex, mean } from "d3-array";
import { expectInteger } from "../data/errors.ts";
import type { Random } from "../math/random.ts";
import { linearUtilities, softmax } from "../math/softmax.ts";
import { logitSums } from "./logit_sums.ts";
import type { ChoiceSets } from "../listening/choice_sets.ts";

/**
 * Shares of the alternatives when someone takes the one with the largest u_j + ε_j, ε_j independent standard Gumbel
 * (type I extreme value). By McFadden's theorem (1974) they tend to the softmax of u as the number of draws grows.
 *
 * @returns Share of each alternative; they sum to 1.
 * @throws {InputError} When `draws` is less than 1.
 */
export function gumbelShares(utilities: readonly number[], draws: number, random: Random): Float64Array {
  expectInteger("draws", draws, 1);
  const shares = new Float64Array(utilities.length);
  for (let d = 0; d < draws; d++) {
    const best = maxIndex(utilities, (utility) => utility - Math.log(-Math.log(1 - random())));
    shares[best] += 1 / draws;
  }
  return shares;
}

/**
 * Compares chosen with offered rows, feature by feature. Cost O(rows · K).
 *
 * @returns One row a feature: its mean over the chosen rows; the mean over sets of the mean over their rows; the standard
 * deviation within sets, which is what choices can react to; and (chosen − offered) / deviation.
 */
export function choiceContrast(
  sets: ChoiceSets,
): { feature: string; chosen: number; offered: number; deviation: number; difference: number }[] {
  const { values, chosen, features } = sets;
  const width = features.length;
  const { means, deviations } = withinSets(sets);
  return features.map((feature, k) => {
    const taken = mean(chosen, (row) => values[row * width + k])!;
    const offered = mean(chosen, (_, n) => means[n * width + k])!;
    const deviation = deviations[k];
    return { feature, chosen: taken, offered, deviation, difference: (taken - offered) / deviation };
  });
}

/**
 * Means and spread of the features within choice sets: what is the same for all rows of a set has no say in a choice.
 * Cost O(rows · K).
 *
 * @returns The mean of each set [sets, K], row-major, and the standard deviation from these means over all rows [K].
 */
export function withinSets({ values, starts, chosen, features }: ChoiceSets): {
  means: Float64Array;
  deviations: Float64Array;
} {
  const width = features.length;
  const means = new Float64Array(chosen.length * width);
  const squares = new Float64Array(width);
  for (let n = 0; n < chosen.length; n++) {
    for (let k = 0; k < width; k++) {
      let sum = 0;
      for (let r = starts[n]; r < starts[n + 1]; r++) sum += values[r * width + k];
      const own = means[n * width + k] = sum / (starts[n + 1] - starts[n]);
      for (let r = starts[n]; r < starts[n + 1]; r++) squares[k] += (values[r * width + k] - own) ** 2;
    }
  }
  return { means, deviations: squares.map((value) => Math.sqrt(value / starts[chosen.length])) };
}

/**
 * The likelihood over a grid of factors on the weights and temperatures. It depends on their quotient alone: along
 * scale = temperature it is flat, so choices cannot tell the two apart.
 *
 * @param grid Values of both scale and temperature, above 0.
 * @returns For each scale and temperature the mean log-likelihood of a choice, nats.
 */
export function scaleSurface(
  sets: ChoiceSets,
  weights: ArrayLike<number>,
  grid: readonly number[],
): { scale: number; temperature: number; logLikelihood: number }[] {
  return cross(grid, grid, (scale, temperature) => {
    const at = Float64Array.from(weights, (weight) => weight * scale / temperature);
    return { scale, temperature, logLikelihood: logitSums(sets, at).logLikelihood / sets.chosen.length };
  });
}

/**
 * How far the choice probabilities under two sets of weights are from each other: the total variation distance
 * ½ Σ_j |P(j) − Q(j)|, averaged over the choice sets.
 *
 * @param p One set of weights, length K.
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
