/**
 * The distribution over candidates: softmax, sampling, ranking.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { CandidateSet } from "./candidates.ts";
import { explainCandidate, type Explanation } from "./explain.ts";
import type { FeatureName } from "./features.ts";
import { linearUtilities, softmax } from "../softmax.ts";
import type { UserState } from "./state.ts";
import type { TrackIndex } from "./world.ts";

/** A track that was drawn or ranked, with its probability: off-policy evaluation needs it. */
export interface Pick {
  /** The track. */
  track: TrackIndex;
  /** Its place among the candidates. */
  index: number;
  /** P(track | current, state). */
  probability: number;
}

/** What a {@linkcode Distribution} is made of. */
export interface DistributionParts {
  /** The track that plays now. */
  current: TrackIndex;
  /** The listener. */
  state: UserState;
  /** The time that was reckoned from, in ms since 1970. */
  now: number;
  /** The candidates and how they were found. */
  found: CandidateSet;
  /** Names of the features, in order. */
  featureNames: readonly FeatureName[];
  /** The features [c, f], row-major. */
  features: Float64Array;
  /** The weights in the order of the features. */
  weights: Float64Array;
  /** Temperature of the softmax, in [0, ∞]. */
  temperature: number;
}

/** P(next | current, state): the candidates with their features, utilities and probabilities. */
export class Distribution {
  /** The track that plays now. */
  readonly current: TrackIndex;
  /** The listener. It may have moved on since. */
  readonly state: UserState;
  /** Number of the listener's events when this was reckoned: explanations look back to then. */
  readonly eventCount: number;
  /** The time that was reckoned from, in ms since 1970. */
  readonly now: number;
  /** The candidates, c of them. */
  readonly candidates: Int32Array;
  /** Where the candidates came from, and which rules had to be relaxed. */
  readonly found: CandidateSet;
  /** Names of the features, in order. */
  readonly featureNames: readonly FeatureName[];
  /** The features [c, f], row-major. */
  readonly features: Float64Array;
  /** The weights in the order of the features. */
  readonly weights: Float64Array;
  /** Utility of each candidate, u = features · weights. */
  readonly utilities: Float64Array;
  /** Probability of each candidate; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Temperature of the softmax. */
  readonly temperature: number;

  /**
   * Reckons utilities and probabilities.
   *
   * @param parts Candidates, features and weights.
   * @throws {InputError} When the weights are so large that a utility overflows.
   */
  constructor(parts: DistributionParts) {
    this.current = parts.current;
    this.state = parts.state;
    this.eventCount = parts.state.eventCount;
    this.now = parts.now;
    this.found = parts.found;
    this.candidates = parts.found.tracks;
    this.featureNames = parts.featureNames;
    this.features = parts.features;
    this.weights = parts.weights;
    this.temperature = parts.temperature;
    const count = this.candidates.length;
    const block = new Float64Array(2 * count);
    this.utilities = linearUtilities(parts.features, parts.weights, 0, count, block.subarray(0, count));
    this.probabilities = softmax(this.utilities, parts.temperature, block.subarray(count));
  }

  /** The rules that had to be relaxed to find a candidate; empty when all rules hold. */
  get relaxed(): CandidateSet["relaxed"] {
    return this.found.relaxed;
  }

  /**
   * Draws the next track.
   *
   * @param random Source of randomness; one number is drawn.
   * @returns The track with its probability.
   */
  sample(random: Random): Pick {
    let rest = random();
    let index = -1;
    for (let c = 0; c < this.probabilities.length; c++) {
      if (this.probabilities[c] === 0) continue;
      index = c;
      rest -= this.probabilities[c];
      if (rest < 0) break;
    }
    return this.#pick(index);
  }

  /**
   * The most probable candidates.
   *
   * @param n How many; all when there are fewer.
   * @returns Picks by falling probability, equal ones in the order of the candidates.
   */
  top(n: number): Pick[] {
    const order = Array.from(this.candidates, (_, c) => c);
    order.sort((a, b) => this.utilities[b] - this.utilities[a] || a - b);
    return order.slice(0, n).map((c) => this.#pick(c));
  }

  /**
   * Says why a candidate is as probable as it is: log P(j) split into additive contributions, in numbers and words.
   *
   * @param track One of the candidates.
   * @returns The explanation.
   * @throws {InputError} When the track is no candidate.
   */
  explain(track: TrackIndex): Explanation {
    const index = this.candidates.indexOf(track);
    if (index < 0) {
      throw new InputError(`Expected one of the ${this.candidates.length} candidates but found track ${track}`);
    }
    return explainCandidate(this, index);
  }

  #pick(index: number): Pick {
    return { track: this.candidates[index], index, probability: this.probabilities[index] };
  }
}
