/**
 * Listeners who differ in a few directions, and contexts that change what they want: the truth behind the case study.
 */
import { randomNormal } from "d3-random";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { type Random, sampleCategorical, seededRandom } from "../math/random.ts";
import { BASE_TERM_NAMES, type BaseTermName } from "../score/terms/registry.ts";
import { linearUtilities, softmax } from "../math/softmax.ts";
import { checkWeights, type Weights } from "../score/weights.ts";
import type { ChoiceSets } from "./choice_sets.ts";

/**
 * Two directions in which listeners differ, each what one standard deviation along it adds to every weight, an
 * assumption of ours: from those who want to be surprised to those who want more of the same, and
 * how much one minds keys.
 */
export const TASTE_AXES: readonly Readonly<Partial<Record<BaseTermName, number>>>[] = Object.freeze([
  Object.freeze({ similarity: -4, recency: 2.5, sameArtist: -1, clusterDiversity: 1.5 }),
  Object.freeze({ keyMatch: 1.5, similarity: 1.5 }),
]);

/** How to draw tastes. */
export interface TasteOptions {
  /** Number of listeners. */
  users: number;
  /** The centre of all listeners. */
  centre: Weights;
  /** Factor on the directions: 0 for listeners who are all alike. Default 1. */
  scale?: number;
  /** Seed. Default 42. */
  seed?: number;
}

/** Listeners' weights and what they are made of. */
export interface Tastes {
  /** The weights of each listener, [users, 5] row-major, in the order of {@linkcode BASE_TERM_NAMES}. */
  weights: Float64Array;
  /** How far each listener lies along each axis, standard normal, [users, axes] row-major. */
  embeddings: Float64Array;
}

/**
 * Draws listeners' weights w_u = centre + scale · Σ_a e_ua axis_a with e_ua ~ N(0, 1), the axes those of {@linkcode TASTE_AXES}.
 *
 * @returns Weights and embeddings; listener 5 is the same person whether 6 or 1,000 are drawn.
 * @throws {InputError} When an option is out of range.
 */
export function drawTastes(options: TasteOptions): Tastes {
  const { seed = 42 } = options;
  const users = expectInteger("users", options.users, 1);
  const scale = expectNumber("scale", options.scale ?? 1, 0);
  const centre = checkWeights(options.centre);
  const weights = new Float64Array(users * BASE_TERM_NAMES.length);
  const embeddings = new Float64Array(users * TASTE_AXES.length);
  for (let u = 0; u < users; u++) {
    const normal: () => number = randomNormal.source(seededRandom(seed, `taste ${u}`))(0, 1);
    const places = TASTE_AXES.map(() => normal());
    embeddings.set(places, u * TASTE_AXES.length);
    BASE_TERM_NAMES.forEach((name, k) => {
      const moved = TASTE_AXES.reduce((sum, axis, a) => sum + (axis[name] ?? 0) * places[a], 0);
      weights[u * BASE_TERM_NAMES.length + k] = centre[name] + scale * moved;
    });
  }
  return { weights, embeddings };
}

/** When and where a choice is made. */
export interface ChoiceContext {
  /** Name of the context, as it stands in the features: `"evening"`. */
  name: string;
  /** 1 where the choice was made in it, else 0; one a choice set. */
  active: Uint8Array;
}

/**
 * When and where simulated choices were made: in the evening (from 18 to 2 o'clock, UTC), and at a loudspeaker instead
 * of a phone, drawn evenly for each listener and day.
 *
 * @param times When each choice was made, ms since 1970.
 * @returns The contexts `evening` and `speaker`.
 */
export function drawContexts(
  times: ArrayLike<number>,
  listeners: ArrayLike<number>,
  random: Random,
): [evening: ChoiceContext, speaker: ChoiceContext] {
  const devices = new Map<string, number>();
  const evening = new Uint8Array(times.length);
  const speaker = new Uint8Array(times.length);
  for (let n = 0; n < times.length; n++) {
    const hour = new Date(times[n]).getUTCHours();
    evening[n] = hour >= 18 || hour < 2 ? 1 : 0;
    const day = `${listeners[n]} ${Math.floor(times[n] / 86_400_000)}`;
    const device = devices.get(day) ?? (random() < 0.5 ? 1 : 0);
    devices.set(day, device);
    speaker[n] = device;
  }
  return [{ name: "evening", active: evening }, { name: "speaker", active: speaker }];
}

/**
 * Adds products of features and contexts: with `recency × evening` among the features, the weight of recency may be
 * another one in the evening.
 *
 * @returns Choice sets of K + terms.length features; the others are as they were.
 * @throws {InputError} When a term names no feature or no context.
 */
export function withContexts(
  sets: ChoiceSets,
  contexts: readonly ChoiceContext[],
  terms: readonly (readonly [feature: string, context: string])[],
): ChoiceSets {
  const { features, values, starts, chosen } = sets;
  const width = features.length;
  const products = terms.map(([feature, context]) => {
    const k = features.indexOf(feature);
    const found = contexts.find(({ name }) => name === context);
    if (k < 0 || !found) throw new InputError(`Expected a feature and a context but found ${feature} × ${context}`);
    return { k, active: found.active };
  });
  const wide = width + terms.length;
  const joined = new Float64Array(values.length / width * wide);
  for (let n = 0; n < chosen.length; n++) {
    for (let r = starts[n]; r < starts[n + 1]; r++) {
      for (let k = 0; k < width; k++) joined[r * wide + k] = values[r * width + k];
      products.forEach(({ k, active }, t) => joined[r * wide + width + t] = active[n] * values[r * width + k]);
    }
  }
  return { ...sets, features: [...features, ...terms.map((term) => term.join(" × "))], values: joined };
}

/**
 * Lets choices be made anew from what was on offer: P(j) = softmax(w·x_j).
 *
 * @param sets The choice sets, K features; what was chosen is not looked at.
 * @param weights The weights, length K.
 * @returns The same sets with other choices.
 * @throws {InputError} When the number of weights is not K.
 */
export function drawChoices(sets: ChoiceSets, weights: ArrayLike<number>, random: Random): ChoiceSets {
  const { features, values, starts } = sets;
  const width = features.length;
  if (weights.length !== width) throw new InputError(`Expected ${width} weights but found ${weights.length}`);
  const chosen = sets.chosen.map((_, n) => {
    return starts[n] + sampleCategorical(softmax(linearUtilities(values, weights, starts[n], starts[n + 1])), random);
  });
  return { ...sets, chosen };
}
