/**
 * The registry of metrics. A new metric is one entry in a file of its own, or beside its family, and one line here.
 */
import { miscalibration } from "./calibration.ts";
import { clusterEntropy, diversity, roughest, similarity } from "./diversity.ts";
import { coverage, giniArtists, giniTracks, novelty } from "./exposure.ts";
import { allHeard, halfHeard } from "./hearing.ts";
import { attained, dropped, regret, relaxed, utility } from "./listener.ts";
import { albumRepeat, artistInRow, artistRepeat, trackRepeat, workRepeat } from "./repetition.ts";
import { keyCompatible, keyMatch, tempoSmooth } from "./transitions.ts";
import type { Metric } from "./metric.ts";

/** The metrics of a comparison, in the order of its tables. */
export const METRICS = [
  trackRepeat,
  workRepeat,
  artistInRow,
  artistRepeat,
  albumRepeat,
  similarity,
  roughest,
  diversity,
  clusterEntropy,
  miscalibration,
  keyMatch,
  keyCompatible,
  tempoSmooth,
  coverage,
  giniTracks,
  giniArtists,
  novelty,
  halfHeard,
  allHeard,
  utility,
  regret,
  attained,
  relaxed,
  dropped,
] as const;

/** Name of a metric. */
export type MetricName = typeof METRICS[number]["name"];

/**
 * The entry of a metric.
 *
 * @throws {RangeError} `Expected a metric (trackRepeat, …) but found 'repeats'`.
 */
export function metricOf(name: string, metrics: readonly Metric[] = METRICS): Metric {
  const metric = metrics.find((entry) => entry.name === name);
  if (metric) return metric;
  throw new RangeError(`Expected a metric (${metrics.map((entry) => entry.name).join(", ")}) but found '${name}'`);
}

/** What each metric means, as a table. */
export function metricTable(
  metrics: readonly Metric[] = METRICS,
): Record<"metric" | "what is measured" | "range" | "better" | "source", string>[] {
  const end = (value: number) => String(value).replace("Infinity", "∞").replace("-", "−");
  return metrics.map(({ label, definition, range: [low, high], unit, better, source = "" }) => ({
    metric: label,
    "what is measured": definition,
    range: `${end(low)} to ${end(high)}${unit ? ` (${unit})` : ""}`,
    better,
    source,
  }));
}
