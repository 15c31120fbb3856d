/**
 * Weights learned of single listeners: what a service can know of someone from the choices that it has logged.
 *
 * @module
 */
import { simulateListeners } from "../choice/listeners.ts";
import { type TastePrior, userTaste } from "../choice/personal.ts";
import type { Weights } from "../shuffle/weights.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import { weightsFrom } from "./feedback.ts";
import type { Scenario } from "./scenarios.ts";

/** Choices that each listener made before the tournament. */
export const PAST_CHOICES = 60;

const learnedOf = new WeakMap<Scenario, { prior: TastePrior; weights: Weights }>();

/**
 * Learns a listener's weights from {@linkcode PAST_CHOICES} choices that they made in their own library before the
 * tournament, and from how listeners differ: the mode of the posterior (see {@linkcode userTaste}). The choices follow
 * the listener's true weights with Gumbel noise, P(j) = softmax(w · x_j); nothing of the tournament itself is seen.
 * They are drawn and learned from once for all policies. Cost O(choices × candidates × K²).
 *
 * @param world The scenario's world.
 * @param scenario The listener.
 * @param prior How listeners differ, learned from others.
 * @returns The weights.
 */
export function personalWeights(world: ShuffleWorld, scenario: Scenario, prior: TastePrior): Weights {
  const known = learnedOf.get(scenario);
  if (known?.prior === prior) return known.weights;
  const { sets } = simulateListeners(world, {
    users: 1,
    steps: PAST_CHOICES,
    seed: scenario.seeds[0],
    weights: scenario.weights,
  });
  const weights = weightsFrom(userTaste(sets, prior).weights);
  learnedOf.set(scenario, { prior, weights });
  return weights;
}
