/** Why this track: the additive split of a candidate's log-probability, in numbers and in words. */
import { mean } from "d3-array";
import { softmax, softmaxInPlace } from "../math/softmax.ts";
import type { TrackIndex } from "./collection.ts";
import type { Explained, Term } from "./terms/term.ts";

/** Candidates with their terms, utilities and probabilities: what a distribution holds. */
export interface ScoredCandidates extends Omit<Explained, "value" | "track"> {
  /** The candidates, c of them. */
  candidates: Int32Array;
  /** The terms, f of them. */
  terms: readonly Term[];
  /** Their values [c, f], row-major. */
  values: Float64Array;
  /** Their weights. */
  weights: Float64Array;
  /** Utility of each candidate. */
  utilities: Float64Array;
  /** Probability of each candidate. */
  probabilities: Float64Array;
  /** Temperature of the softmax. */
  temperature: number;
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

/**
 * Explains one candidate. With ū the mean utility, u_j − ū = Σ_f w_f (x_f(j) − x̄_f) holds exactly, for the utility is
 * linear; and log P(j) = (u_j − ū) / T + base, where base = −log Σ_k exp((u_k − ū) / T) is the same for all candidates.
 *
 * @param index Place of the candidate among the candidates.
 */
export function explainCandidate(scored: ScoredCandidates, index: number): Explanation {
  const { candidates, terms, values, weights, utilities, probabilities, temperature } = scored;
  const width = terms.length;
  const contributions = terms.map((term, f): Contribution => {
    const average = mean(candidates, (_, c) => values[c * width + f])!;
    const value = values[index * width + f];
    const weight = weights[f];
    const rest = utilities.map((utility, c) => utility - weight * values[c * width + f]);
    const without = softmax(rest, temperature);
    let best = 0;
    for (let c = 1; c < rest.length; c++) if (rest[c] > rest[best]) best = c;
    return {
      term,
      value,
      mean: average,
      weight,
      contribution: weight * (value - average),
      without: { track: candidates[best], probability: without[best], own: without[index] },
    };
  });
  const utilityDifference = contributions.reduce((sum, { contribution }) => sum + contribution, 0);
  return {
    track: candidates[index],
    probability: probabilities[index],
    rank: 1 + utilities.reduce((above, utility) => above + (utility > utilities[index] ? 1 : 0), 0),
    utilityDifference,
    base: logMeanProbability(utilities, temperature),
    contributions,
    sentence: sentenceOf(scored, index),
  };
}

/** −log Σ_k exp((u_k − ū) / T), without overflow. */
function logMeanProbability(utilities: Float64Array, temperature: number): number {
  if (temperature === 0) return NaN;
  const average = mean(utilities)!;
  return -softmaxInPlace(utilities.map((utility) => utility - average), utilities.length, temperature);
}

function sentenceOf(scored: ScoredCandidates, index: number): string {
  const { candidates, terms, values, weights, current, state, eventCount, now } = scored;
  const moment = { track: candidates[index], current, state, eventCount, now };
  const phrases = terms.flatMap(({ phrases = [] }, f) => {
    const value = weights[f] === 0 ? NaN : values[index * terms.length + f];
    return phrases.map(({ place, say }) => ({ place, words: say({ ...moment, value }) }));
  });
  return phrases.sort((a, b) => a.place - b.place).flatMap(({ words }) => words ?? []).join(", ");
}
