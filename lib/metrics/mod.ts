/** Public names of metrics/: what can be measured of a run of plays or of a ranking. */
export { consecutiveSimilarities } from "./diversity.ts";
export { coverageOf, exposureCounts } from "./exposure.ts";
export { type RunMeasures } from "./measure.ts";
export type { CodeLists, Labels, Metric, MetricDescription, Run, RunTracks, SessionValue } from "./metric.ts";
export { CONTINUATION_METRICS, type ListMetric, RANK_METRICS, type RankingMetric, type RankMetric } from "./ranking.ts";
export { type MetricName, metricOf, METRICS, metricTable } from "./registry.ts";
export { REPEAT_KINDS, type RepeatKind, repeatRates } from "./repetition.ts";
