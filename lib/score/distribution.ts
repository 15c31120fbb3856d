/** The distribution over candidates: softmax, sampling, ranking, and why a candidate is as probable as it is. */
import { maxIndex, mean } from "d3-array";
import { InputError } from "../data/errors.ts";
import type { Random } from "../math/random.ts";
import type { CandidateSet } from "./candidates.ts";
import { linearUtilities, softmax, softmaxInPlace } from "../math/softmax.ts";
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

/** What one term adds to a candidate, and what its absence would change. */
export interface Contribution {
  /** The term. */
  term: Term;
  /** Its value x_f(j) for the candidate. */
  value: number;
  /** Its mean over all candidates. */
  mean: number;
  /** Its weight w_f. */
  weight: number;
  /** w_f (x_f(j) − mean), in units of utility. All contributions sum to the utility's difference from the mean. */
  contribution: number;
  /** What would have been without this term. */
  without: {
    /** The candidate that would have been the most probable. */
    track: TrackIndex;
    /** Its probability then. */
    probability: number;
    /** The probability of the explained candidate then. */
    own: number;
  };
}

/** Why a candidate is as probable as it is. */
export interface Explanation {
  /** The candidate. */
  track: TrackIndex;
  /** Its probability. */
  probability: number;
  /** Its place by probability, 1 the most probable. */
  rank: number;
  /** Its utility minus the mean utility of the candidates: the sum of the contributions. */
  utilityDifference: number;
  /**
   * Log-probability that a candidate of mean utility would have: log P(j) = base + Σ contributions / T for a
   * temperature T in (0, ∞]. At T = 0 there is no such split, and base is NaN.
   */
  base: number;
  /** One entry a term, in their order. */
  contributions: Contribution[];
  /** The reasons as a phrase: "similar sound (0.93), not played for 6 days, compatible key 8A → 9A, new artist". */
  sentence: string;
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
   * @param state The listener. It may move on afterwards.
   * @param now The time that is counted from, in ms since 1970.
   * @param values Their values [c, f], row-major.
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

/**
 * Explains one candidate. With ū the mean utility, u_j − ū = Σ_f w_f (x_f(j) − x̄_f) holds exactly, for the utility is
 * linear; and log P(j) = (u_j − ū) / T + base, where base = −log Σ_k exp((u_k − ū) / T) is the same for all candidates.
 */
function explainCandidate(scored: Distribution, index: number): Explanation {
  const { candidates, terms, values, weights, utilities, probabilities, temperature } = scored;
  const width = terms.length;
  const contributions = terms.map((term, f): Contribution => {
    const average = mean(candidates, (_, c) => values[c * width + f])!;
    const value = values[index * width + f];
    const weight = weights[f];
    const rest = utilities.map((utility, c) => utility - weight * values[c * width + f]);
    const without = softmax(rest, temperature);
    const best = maxIndex(rest);
    return {
      term,
      value,
      mean: average,
      weight,
      contribution: weight * (value - average),
      without: { track: candidates[best], probability: without[best], own: without[index] },
    };
  });
  const average = mean(utilities)!;
  const fromMean = utilities.map((utility) => utility - average);
  return {
    track: candidates[index],
    probability: probabilities[index],
    rank: 1 + utilities.reduce((above, utility) => above + (utility > utilities[index] ? 1 : 0), 0),
    utilityDifference: contributions.reduce((sum, { contribution }) => sum + contribution, 0),
    base: temperature === 0 ? NaN : -softmaxInPlace(fromMean, fromMean.length, temperature),
    contributions,
    sentence: sentenceOf(scored, index),
  };
}

function sentenceOf(scored: Distribution, index: number): string {
  const { candidates, terms, values, weights, current, state, eventCount, now } = scored;
  const moment = { track: candidates[index], current, state, eventCount, now };
  const phrases = terms.flatMap(({ phrases = [] }, f) => {
    const value = weights[f] === 0 ? NaN : values[index * terms.length + f];
    return phrases.map(({ place, say }) => ({ place, words: say({ ...moment, value }) }));
  });
  return phrases.sort((a, b) => a.place - b.place).flatMap(({ words }) => words ?? []).join(", ");
}
