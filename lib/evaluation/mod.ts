/** Public names of evaluation/: policies compared on simulated listeners, experiments, feedback. */
export { type ComparedListener, comparePolicies, type Comparison, type ComparisonOptions } from "./comparison.ts";
export { type ListenerJob } from "./comparison_worker.ts";
export { sessionExamples } from "./examples.ts";
export {
  compareArms,
  cuped,
  designEffect,
  falsePositives,
  listenerOutcomes,
  sessionOutcomes,
  simulatePower,
} from "./experiment.ts";
export type { PowerAnalysis } from "./experiment.ts";
export {
  feedbackSets,
  fixedPlayer,
  learningPlayer,
  playWithFeedback,
  regretBySession,
  weightsFrom,
} from "./feedback.ts";
export type { FeedbackLog, FeedbackPlayer } from "./feedback.ts";
export { policyTable } from "./files.ts";
export { describeFindings, describeLearning, formatInterval } from "./findings.ts";
export { introduceTrack } from "./new_tracks.ts";
export { type ComparedPolicy, type VariedParameter } from "./policies.ts";
export { type ComparisonRunner } from "./runner.ts";
export { type LibraryKind, type ListeningPattern, type Scenario } from "./scenarios.ts";
export { ablationsOf, compareWith, curvesOf, gainsByListener, paretoPoints, summarize } from "./summary.ts";
export type { CurvePoint, PairedRow, ParetoPoint, SummaryOptions, SummaryRow } from "./summary.ts";
