/**
 * Tables of next-track results: how numbers with intervals are told, and how much of a score is order.
 *
 * @module
 */
import type { ConditionalLogit } from "../choice/conditional_logit.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import type { ContinuationResult } from "../sequence/continuation.ts";
import { evaluateNext, type EvaluateOptions, type MetricEstimate, type NextTrackResult } from "../sequence/ranking.ts";
import type { SequenceRecommender } from "../sequence/recommender.ts";
import type { SequenceSplit } from "../sequence/split.ts";

/**
 * A number with its interval as text.
 *
 * @param estimate The number.
 * @param digits Digits behind the point.
 * @returns E.g. `0.1142 [0.1006, 0.1283]`.
 */
export function formatEstimate({ value, lower, upper }: MetricEstimate, digits: number = 4): string {
  return `${value.toFixed(digits)} [${lower.toFixed(digits)}, ${upper.toFixed(digits)}]`;
}

/**
 * Where the interval of a difference lies.
 *
 * @param difference A difference with its interval.
 * @returns `above zero`, `below zero` or `around zero`.
 */
export function sideOfZero({ lower, upper }: MetricEstimate): string {
  return lower > 0 ? "above zero" : upper < 0 ? "below zero" : "around zero";
}

/**
 * Results as a table, the best recall first.
 *
 * @param results Results of several models.
 * @returns One row a model.
 */
export function resultTable(results: readonly NextTrackResult[]): Record<string, string | number>[] {
  return [...results].sort((a, b) => b.recall.value - a.recall.value).map((result) => ({
    model: result.name,
    playlists: result.playlists.length,
    [`Recall@${result.k}`]: formatEstimate(result.recall),
    [`NDCG@${result.k}`]: formatEstimate(result.ndcg),
    MRR: formatEstimate(result.mrr),
    coverage: result.coverage,
    "popularity bias": formatEstimate(result.popularityBias, 2),
    "ms a request": result.milliseconds,
  }));
}

/**
 * Results of continuing playlists as a table.
 *
 * @param results Results of several models.
 * @returns One row a model.
 */
export function continuationTable(results: readonly ContinuationResult[]): Record<string, string>[] {
  return results.map(({ name, rPrecision, ndcg, clicks }) => ({
    model: name,
    "R-precision": formatEstimate(rPrecision),
    NDCG: formatEstimate(ndcg),
    clicks: formatEstimate(clicks, 2),
  }));
}

/**
 * The weights of a hybrid as a table.
 *
 * @param logit The fitted model.
 * @returns One row a feature.
 */
export function weightTable(logit: ConditionalLogit): Record<string, string | number>[] {
  return logit.coefficients.map(({ feature, estimate, standardError, lower, upper, z }) => ({
    feature,
    weight: estimate,
    "standard error": standardError,
    "95 % interval": `[${lower.toFixed(3)}, ${upper.toFixed(3)}]`,
    z,
  }));
}

/**
 * How much of a model's recall is order: the history as it is, shuffled before its last track, and shuffled altogether.
 * A model of sets would not notice.
 *
 * @param models The models.
 * @param split The data.
 * @param options As for {@linkcode evaluateNext}; the seed also orders the histories.
 * @returns One row a model.
 */
export function orderAblation(
  models: readonly SequenceRecommender[],
  split: SequenceSplit,
  options: Omit<EvaluateOptions, "transform"> = {},
): Record<string, string>[] {
  const { seed = 42 } = options;
  const recall = (model: SequenceRecommender, kept?: number) => {
    const transform = kept === undefined ? undefined : (history: Int32Array, playlist: number) => {
      const copy = history.slice();
      shuffleInPlace(copy.subarray(0, copy.length - kept), seededRandom(seed, `order ${playlist}`));
      return copy;
    };
    return formatEstimate(evaluateNext(model, split, { ...options, transform }).recall);
  };
  return models.map((model) => ({
    model: model.name,
    "true order": recall(model),
    "shuffled before the last track": recall(model, 1),
    "all shuffled": recall(model, 0),
  }));
}
