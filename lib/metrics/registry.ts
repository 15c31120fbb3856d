/**
 * The registry of metrics. A new metric is one entry in a file of its own, or beside its family, and one line here.
 *
 * @module
 */
import { CALIBRATION } from "./calibration.ts";
import { DIVERSITY } from "./diversity.ts";
import { EXPOSURE } from "./exposure.ts";
import { HEARING } from "./hearing.ts";
import { LISTENER } from "./listener.ts";
import type { Metric } from "./metric.ts";
import { REPETITION } from "./repetition.ts";
import { TRANSITIONS } from "./transitions.ts";

const ALL = [
  ...REPETITION,
  ...DIVERSITY,
  ...CALIBRATION,
  ...TRANSITIONS,
  ...EXPOSURE,
  ...HEARING,
  ...LISTENER,
];

/** Name of a metric. */
export type MetricName = typeof ALL[number]["name"];

/** The metrics of a comparison, in the order of its tables. */
export const METRICS: readonly Metric<MetricName>[] = ALL;

/**
 * The entry of a metric.
 *
 * @param name Its name.
 * @param metrics The metrics there are.
 * @returns The entry.
 * @throws {RangeError} `Expected a metric (trackRepeat, …) but found 'repeats'`.
 */
export function metricOf(name: string, metrics: readonly Metric[] = METRICS): Metric {
  const metric = metrics.find((entry) => entry.name === name);
  if (metric) return metric;
  throw new RangeError(`Expected a metric (${metrics.map((entry) => entry.name).join(", ")}) but found '${name}'`);
}

/** A line of the table of definitions. */
export type MetricRow = Record<"metric" | "what is measured" | "range" | "better" | "source", string>;

/**
 * What each metric means, as a table.
 *
 * @param metrics The metrics.
 * @returns One row a metric.
 */
export function metricTable(metrics: readonly Metric[] = METRICS): MetricRow[] {
  const end = (value: number) => String(value).replace("Infinity", "∞").replace("-", "−");
  return metrics.map(({ label, meaning, range: [low, high], unit, better, source = "" }) => ({
    metric: label,
    "what is measured": meaning,
    range: `${end(low)} to ${end(high)}${unit ? ` (${unit})` : ""}`,
    better,
    source,
  }));
}
