/** Tables of next-track results, and how much of a model's recall rests on the order of the history. */
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { CONTINUATION_METRICS, type ListMetric, RANK_METRICS, type RankMetric } from "../metrics/ranking.ts";
import type { ContinuationResult } from "./continuation.ts";
import { evaluateNext, type EvaluateOptions, type MetricEstimate, type NextTrackResult } from "./ranking.ts";
import type { SequenceRecommender } from "./recommender.ts";
import type { SequenceSplit } from "./split.ts";

/** A number with its interval as text, e.g. `0.1142 [0.1006, 0.1283]`. */
export function formatEstimate({ value, lower, upper }: MetricEstimate, digits: number = 4): string {
  return `${value.toFixed(digits)} [${lower.toFixed(digits)}, ${upper.toFixed(digits)}]`;
}

/** Where the interval of a difference lies: `above zero`, `below zero` or `around zero`. */
export function sideOfZero({ lower, upper }: MetricEstimate): string {
  return lower > 0 ? "above zero" : upper < 0 ? "below zero" : "around zero";
}

/** Results as a table, the best recall first. */
export function resultTable(
  results: readonly NextTrackResult[],
  metrics: readonly RankMetric[] = RANK_METRICS,
): Record<string, string | number>[] {
  return [...results].sort((a, b) => b.recall.value - a.recall.value).map((result) => ({
    model: result.name,
    playlists: result.playlists.length,
    ...metricCells(result, metrics, result.k),
    coverage: result.coverage,
    "popularity bias": formatEstimate(result.popularityBias, 2),
    "ms a request": result.milliseconds,
  }));
}

/** Results of continuing playlists as a table. */
export function continuationTable(
  results: readonly ContinuationResult[],
  metrics: readonly ListMetric[] = CONTINUATION_METRICS,
): Record<string, string>[] {
  return results.map((result) => ({ model: result.name, ...metricCells(result, metrics) }));
}

function metricCells(
  result: object,
  metrics: readonly Omit<RankMetric, "of">[],
  k?: number,
): Record<string, string> {
  const estimates = result as Record<string, MetricEstimate>;
  return Object.fromEntries(
    metrics.map(({ name, label, digits }) => [label.replace("@k", `@${k}`), formatEstimate(estimates[name], digits)]),
  );
}

/**
 * How much of a model's recall is order: the history as it is, shuffled before its last track, and shuffled altogether.
 * A model of sets would not notice.
 *
 * @param options As for {@linkcode evaluateNext}; the seed also orders the histories.
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
