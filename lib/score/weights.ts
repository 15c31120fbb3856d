/**
 * The weights of the utility, their defaults, and the familiar–discover slider.
 *
 * @module
 */
import { expectNumber, InputError } from "../data/errors.ts";
import { type FeatureName, FEATURES, OPTIONAL_FEATURES } from "./features.ts";

/**
 * Weights of the utility u(j | i, s) = Σ_f w_f · x_f(i, j, s). A weight is in units of log-odds: raising x_f by 1
 * multiplies the odds of a candidate by exp(w_f) at temperature 1.
 */
export interface Weights {
  /** Of the cosine similarity to the current track. */
  similarity: number;
  /** Of −2^(−Δt / half-life): a positive weight makes a just-played track less likely. */
  recency: number;
  /** Of sharing an artist with the current track: positive seeks the artist, negative avoids it. */
  sameArtist: number;
  /** Of the nearness of the keys on the circle of fifths. */
  keyMatch: number;
  /** Of lying outside the clusters of the last plays. */
  clusterDiversity: number;
  /** Of the standardised log-probability of a sequence model; needs `options.sequence`. */
  sequence?: number;
  /** Of being known to the listener: played or liked before. */
  familiarity?: number;
  /** Of the listener's likes and skips of the track: positive plays liked tracks more and skipped ones less. */
  feedback?: number;
  /** Of the nearness to the energy that the session should have now; needs `options.targetEnergy`. */
  energyArc?: number;
}

/**
 * Hand-set weights, before any are learned. Each is the log of a factor on the odds that one would defend:
 * - similarity 8: a cosine higher by 0.1 makes a candidate 2.2 times as likely (among the 50 nearest neighbours the
 *   similarities span a few tenths, so the nearest is a few times as likely as the farthest, not a thousand times);
 * - recency 4: a track just played is 55 times less likely than one never played, one played a half-life ago 7 times;
 * - sameArtist −1: an artist twice in a row is 2.7 times less likely, without being forbidden;
 * - keyMatch 1: the same key is 2.7 times as likely as the one farthest away, a neighbouring hour 0.85 times the same;
 * - clusterDiversity 1: a cluster not heard lately is 2.7 times as likely as the one that filled the last plays.
 */
export const DEFAULT_WEIGHTS: Readonly<Weights> = Object.freeze({
  similarity: 8,
  recency: 4,
  sameArtist: -1,
  keyMatch: 1,
  clusterDiversity: 1,
});

/**
 * Weights of a session when none are given: the defaults, and likes and skips count. A like makes a track 1.6 times as
 * likely (e^0.5), being skipped at every second hearing a quarter to a third less likely.
 */
export const SESSION_WEIGHTS: Readonly<Weights> = Object.freeze({ ...DEFAULT_WEIGHTS, feedback: 1 });

/** Weight of the energy arc when a session asks for one: 0.1 nearer to the target energy doubles the odds (e^0.7). */
export const DEFAULT_ARC_WEIGHT = 7;

/**
 * The familiar–discover slider, mapped to weights. With t = 2·discover − 1 in [−1, 1] it moves the given weights by
 *
 * | weight | change | familiar (0) | middle (0.5) | discover (1) |
 * |---|---|---|---|---|
 * | similarity | × (1 − t/2) | 12 | 8 | 4 |
 * | recency | × (1 + t) | 0 | 4 | 8 |
 * | sameArtist | − 1.5 t | 0.5 | −1 | −2.5 |
 * | clusterDiversity | × (1 + t) | 0 | 1 | 2 |
 * | familiarity | − 2 t | 2 | 0 | −2 |
 *
 * (the columns on the right: from {@linkcode DEFAULT_WEIGHTS}); keyMatch and the rest stay.
 *
 * @param discover Position of the slider in [0, 1]: 0 familiar, 0.5 the given weights as they are, 1 discover.
 * @param weights The weights of the middle position.
 * @returns New weights.
 * @throws {InputError} When `discover` is not in [0, 1].
 */
export function weightsForDiscovery(discover: number, weights: Weights = DEFAULT_WEIGHTS): Weights {
  const t = 2 * expectNumber("discover", discover, 0, 1) - 1;
  if (t === 0) return { ...weights };
  return {
    ...weights,
    similarity: weights.similarity * (1 - t / 2),
    recency: weights.recency * (1 + t),
    sameArtist: weights.sameArtist - 1.5 * t,
    clusterDiversity: weights.clusterDiversity * (1 + t),
    familiarity: (weights.familiarity ?? 0) - 2 * t,
  };
}

/**
 * Checks weights: every one of {@linkcode FEATURES} is there, and every one that is there is finite.
 *
 * @param weights The weights.
 * @returns The weights, unchanged.
 * @throws {InputError} `Expected weight recency to be a finite number but found NaN`.
 */
export function checkWeights(weights: Weights): Weights {
  for (const name of FEATURES) checkWeight(name, weights[name]);
  for (const name of OPTIONAL_FEATURES) if (weights[name] !== undefined) checkWeight(name, weights[name]);
  return weights;
}

function checkWeight(name: FeatureName, value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new InputError(`Expected weight ${name} to be a finite number but found ${value}`);
  }
}
