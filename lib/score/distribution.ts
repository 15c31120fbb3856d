/** The distribution over candidates: softmax, sampling, ranking. */
import { InputError } from "../data/errors.ts";
import type { Random } from "../math/random.ts";
import type { CandidateSet } from "./candidates.ts";
import { explainCandidate, type Explanation } from "./explain.ts";
import { linearUtilities, softmax } from "../math/softmax.ts";
import type { UserState } from "./state.ts";
import type { TrackIndex } from "./collection.ts";
import type { Term } from "./terms/term.ts";

/** A track that was drawn or ranked, with its probability: off-policy evaluation needs it. */
export interface Pick {
  /** The track. */
  track: TrackIndex;
  /** Its place among the candidates. */
  index: number;
  /** P(track | current, state). */
  probability: number;
}

/** P(next | current, state): the candidates with their terms, utilities and probabilities. */
export class Distribution {
  /** Number of the listener's events at that moment: explanations look back to then. */
  readonly eventCount: number;
  /** The candidates, c of them. */
  readonly candidates: Int32Array;
  /** Utility of each candidate, u = values · weights. */
  readonly utilities: Float64Array;
  /** Probability of each candidate; they sum to 1. */
  readonly probabilities: Float64Array;

  /**
   * Computes utilities and probabilities.
   *
   * @param current The track that plays now.
   * @param state The listener. It may move on afterwards.
   * @param now The time that is counted from, in ms since 1970.
   * @param found The candidates, where they came from, and which rules had to be relaxed.
   * @param terms The terms, f of them.
   * @param values Their values [c, f], row-major.
   * @param weights Their weights.
   * @param temperature Temperature of the softmax, in [0, ∞].
   * @throws {InputError} When the temperature is negative or NaN, or the weights are so large that a utility overflows.
   */
  constructor(
    readonly current: TrackIndex,
    readonly state: UserState,
    readonly now: number,
    readonly found: CandidateSet,
    readonly terms: readonly Term[],
    readonly values: Float64Array,
    readonly weights: Float64Array,
    readonly temperature: number,
  ) {
    this.eventCount = state.eventCount;
    this.candidates = found.tracks;
    const count = this.candidates.length;
    const block = new Float64Array(2 * count);
    if (!(temperature >= 0)) {
      throw new InputError(`Expected temperature to be a number of at least 0 but found ${temperature}`);
    }
    this.utilities = linearUtilities(values, weights, 0, count, block.subarray(0, count));
    const wrong = this.utilities.find((utility) => !Number.isFinite(utility));
    if (wrong !== undefined) {
      throw new InputError(`Expected finite utilities but found ${wrong}; the weights are too large`);
    }
    this.probabilities = softmax(this.utilities, temperature, block.subarray(count));
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
