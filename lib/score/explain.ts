/**
 * Why this track: the additive split of a candidate's log-probability, in numbers and in words.
 *
 * @module
 */
import { mean } from "d3-array";
import type { Distribution } from "./distribution.ts";
import type { FeatureName } from "./features.ts";
import { camelotName } from "../math/circle.ts";
import { softmax, softmaxInPlace } from "../math/softmax.ts";
import type { TrackIndex } from "./collection.ts";

/** What one feature adds to a candidate, and what its absence would change. */
export interface Contribution {
  /** The feature. */
  feature: FeatureName;
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
  /** One entry a feature, in the order of the features. */
  contributions: Contribution[];
  /** The reasons as a phrase: "similar sound (0.93), not played for 6 days, compatible key 8A → 9A, new artist". */
  sentence: string;
}

/**
 * Explains one candidate. With ū the mean utility, u_j − ū = Σ_f w_f (x_f(j) − x̄_f) holds exactly, for the utility is
 * linear; and log P(j) = (u_j − ū) / T + base, where base = −log Σ_k exp((u_k − ū) / T) is the same for all candidates.
 *
 * @param distribution The distribution.
 * @param index Place of the candidate among the candidates.
 * @returns The explanation.
 */
export function explainCandidate(distribution: Distribution, index: number): Explanation {
  const { candidates, features, featureNames, weights, utilities, probabilities, temperature } = distribution;
  const width = featureNames.length;
  const contributions = featureNames.map((feature, f): Contribution => {
    const average = mean(candidates, (_, c) => features[c * width + f])!;
    const value = features[index * width + f];
    const weight = weights[f];
    const rest = utilities.map((utility, c) => utility - weight * features[c * width + f]);
    const without = softmax(rest, temperature);
    let best = 0;
    for (let c = 1; c < rest.length; c++) if (rest[c] > rest[best]) best = c;
    return {
      feature,
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
    sentence: sentenceOf(distribution, index),
  };
}

/** −log Σ_k exp((u_k − ū) / T), reckoned without overflow. */
function logMeanProbability(utilities: Float64Array, temperature: number): number {
  if (temperature === 0) return NaN;
  const average = mean(utilities)!;
  return -softmaxInPlace(utilities.map((utility) => utility - average), utilities.length, temperature);
}

function sentenceOf(distribution: Distribution, index: number): string {
  const { candidates, features, featureNames, weights, current, state, eventCount, now } = distribution;
  const { collection } = state;
  const track = candidates[index];
  const reasons: string[] = [];
  const value = (name: FeatureName) => {
    const f = featureNames.indexOf(name);
    return f < 0 || weights[f] === 0 ? NaN : features[index * featureNames.length + f];
  };

  const similarity = value("similarity");
  if (!Number.isNaN(similarity)) reasons.push(`${soundWord(similarity)} (${similarity.toFixed(2)})`);

  const history = state.historyOf(track, eventCount);
  reasons.push(!history || history.plays === 0 ? "never played" : lastPlayed(now - history.lastTime));

  const { key, mode } = collection.catalog.numbers;
  const match = value("keyMatch");
  const names = [current, track].map((t) => camelotName(key?.[t] ?? NaN, mode?.[t] ?? NaN));
  if (!Number.isNaN(match) && !names.includes("?")) {
    if (names[0] === names[1]) reasons.push(`same key ${names[0]}`);
    else if (match > 0.8) reasons.push(`compatible key ${names[0]} → ${names[1]}`);
    else if (match < 0.4) reasons.push(`distant key ${names[0]} → ${names[1]}`);
  }

  if (value("sameArtist") === 1) reasons.push("same artist");
  else if (eventCount > 0) {
    const { offsets, codes } = collection.artists;
    if (
      codes.subarray(offsets[track], offsets[track + 1]).every((artist) => state.artistPlays(artist, eventCount) === 0)
    ) {
      reasons.push("new artist");
    }
  }

  if (eventCount > 0 && value("clusterDiversity") > 0.9) reasons.push("a style not heard lately");
  const judged = !Number.isNaN(value("feedback"));
  if (judged && history?.liked) reasons.push("liked");
  if (value("sequence") > 1) reasons.push("often follows what was played");
  if (value("energyArc") > -0.05) reasons.push("fits the energy of this moment");
  const skips = judged ? history?.skips ?? 0 : 0;
  if (skips > 0) reasons.push(`although skipped ${skips === 1 ? "once" : `${skips} times`}`);
  return reasons.join(", ");
}

function soundWord(similarity: number): string {
  return similarity >= 0.7 ? "similar sound" : similarity >= 0.3 ? "related sound" : "different sound";
}

/** In the largest unit that fits: `not played for 6 days`, `played 20 minutes ago`. */
function lastPlayed(elapsed: number): string {
  const minutes = elapsed / 60_000;
  const span = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (minutes >= 2880) return `not played for ${span(Math.floor(minutes / 1440), "day")}`;
  if (minutes >= 60) return `not played for ${span(Math.floor(minutes / 60), "hour")}`;
  return minutes >= 1 ? `played ${span(Math.floor(minutes), "minute")} ago` : "just played";
}
