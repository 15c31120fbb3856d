/**
 * Public names of evaluation/: policies compared on simulated listeners, experiments, feedback.
 *
 * @module
 */
export {
  type ComparedListener,
  comparePolicies,
  type Comparison,
  type ComparisonOptions,
  type LearnedWeights,
  type TunedTemperature,
} from "./comparison.ts";
export { type ListenerJob } from "./comparison_worker.ts";
export { sessionExamples } from "./examples.ts";
export {
  type ArmComparison,
  compareArms,
  cuped,
  type CupedResult,
  designDeviation,
  designEffect,
  type FalsePositives,
  falsePositives,
  type ListenerOutcomes,
  listenerOutcomes,
  listenersByFormula,
  listenersForPower,
  type PotentialOutcomes,
  powerByFormula,
  type PowerPoint,
  type SessionOutcomes,
  sessionOutcomes,
  simulatePower,
} from "./experiment.ts";
export {
  type FeedbackLog,
  type FeedbackOptions,
  type FeedbackPlayer,
  feedbackSets,
  fixedPlayer,
  learningPlayer,
  playWithFeedback,
  regretBySession,
  type SessionRegret,
  weightsFrom,
} from "./feedback.ts";
export { policyTable, type PolicyTableRow } from "./files.ts";
export { describeFindings, describeLearning, type Findings, formatInterval } from "./findings.ts";
export { introduceTrack, type NewTrack } from "./new_tracks.ts";
export { type ComparedPolicy, type LearnedParts, type VariedParameter } from "./policies.ts";
export { type ComparisonRunner } from "./runner.ts";
export {
  LIBRARY_KINDS,
  type LibraryKind,
  LISTENING_PATTERNS,
  type ListeningPattern,
  type Scenario,
  type ScenarioOptions,
} from "./scenarios.ts";
export {
  type AblationRow,
  ablationsOf,
  type Cell,
  compareWith,
  type CurvePoint,
  gainsByListener,
  heardCurves,
  type PairedRow,
  type ParetoPoint,
  paretoPoints,
  repeatCurves,
  type ResamplingUnit,
  similarityDistributions,
  summarize,
  type SummaryOptions,
  type SummaryRow,
} from "./summary.ts";
