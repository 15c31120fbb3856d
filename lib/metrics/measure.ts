/** All metrics of one run, with the curves behind them. */
import { sum } from "d3-array";
import { runSimilarities } from "./diversity.ts";
import { heardShare } from "./hearing.ts";
import type { Metric, Run, SessionValue } from "./metric.ts";
import { type MetricName, METRICS } from "./registry.ts";
import { REPEAT_KINDS, type RepeatKind, repeatRates, WINDOWS } from "./repetition.ts";

/** Bins of the distribution of similarities over [−1, 1]. */
export const SIMILARITY_BINS = 40;

/** Metrics of one run with the curves behind them. It can be sent from a worker. */
export interface RunMeasures {
  /** Value of each metric; NaN where the catalogue lacks what it needs. */
  values: Record<MetricName, number>;
  /** For each session the values of the metrics that a single session has. */
  sessions: Partial<Record<MetricName, number>>[];
  /** Repeat rates over windows 1 … 50. */
  repeats: Record<RepeatKind, Float64Array>;
  /** Shares of transitions in each of {@linkcode SIMILARITY_BINS} equal bins of similarity over [−1, 1]. */
  similarities: Float64Array;
  /** Share of the library heard after each play. */
  heard: Float64Array;
}

/**
 * Measures one run. Metrics of a session (variety, cluster entropy) are averaged over the sessions of the run; repeats,
 * exposure and hearing run over all its plays, for a listener remembers yesterday; transitions are those within
 * sessions.
 */
export function measureRun(run: Run, metrics: readonly Metric[] = METRICS): RunMeasures {
  const values: Record<string, number> = {};
  const sessions: Record<string, number>[] = Array.from({ length: run.plays.length / run.sessionPlays }, () => ({}));
  for (const { name, ofSessions, ofRun } of metrics) {
    const own = ofSessions?.(run) ?? [];
    own.forEach(({ value }, s) => sessions[s][name] = value);
    values[name] = ofRun?.(run) ?? weightedMean(own);
  }
  const repeats = REPEAT_KINDS.map((kind) => {
    const labels = run.labels[kind];
    return [kind, labels ? repeatRates(run.plays, labels) : new Float64Array(WINDOWS).fill(NaN)];
  });
  return {
    values: values as RunMeasures["values"],
    sessions,
    repeats: Object.fromEntries(repeats),
    similarities: histogram(runSimilarities(run)),
    heard: heardShare(run.plays, run.library),
  };
}

function weightedMean(values: readonly SessionValue[]): number {
  const counted = values.filter(({ weight, value }) => weight > 0 && !Number.isNaN(value));
  return sum(counted, ({ weight, value }) => weight * value) / sum(counted, ({ weight }) => weight);
}

function histogram(similarities: readonly number[]): Float64Array {
  const shares = new Float64Array(SIMILARITY_BINS);
  for (const similarity of similarities) {
    const bin = Math.min(SIMILARITY_BINS - 1, Math.max(0, Math.floor((similarity + 1) / 2 * SIMILARITY_BINS)));
    shares[bin] += 1 / similarities.length;
  }
  return shares;
}
