/**
 * Public names of choice/: learning weights from choices.
 *
 * @module
 */
export { type ChoiceColumns } from "./choice_log.ts";
export { type Coefficient } from "./coefficient.ts";
export {
  type ConditionalLogit,
  fitConditionalLogit,
  type FitOptions,
  type FitStatistics,
  type Holdout,
  type LikelihoodRatio,
  type PredictiveFit,
} from "./conditional_logit.ts";
export {
  choiceContrast,
  choiceDistance,
  type Contrast,
  gumbelShares,
  type ScalePoint,
  scaleSurface,
} from "./contrast.ts";
export { fitMixedLogit, type MixedLogit, type MixedLogitOptions } from "./mixed_logit.ts";
export {
  evaluateOffPolicy,
  keepGuess,
  type LoggedPicks,
  type OffPolicyEstimate,
  type OffPolicyEstimator,
  policyOnLog,
} from "./off_policy.ts";
export { BayesianWeights, type FeedbackOutcome, GradientWeights, type OnlineLearner } from "./online.ts";
export {
  fitTastePrior,
  heldOutLikelihood,
  tasteCurve,
  type TasteCurvePoint,
  type TastePrior,
  type TastePriorOptions,
  truncatePrior,
  type UserTaste,
} from "./personal.ts";
export { type ChoiceTable, readChoices } from "./read_choices.ts";
export {
  compareEstimates,
  type ErrorBySize,
  errorBySize,
  type EstimateRow,
  recoverWeights,
  type Recovery,
  type RecoveryReport,
} from "./recovery.ts";
export { type AlternativeSample, sampleAlternatives } from "./sampling.ts";
export { simulateStage } from "./simulate_stage.ts";
export { type SoftmaxRegression, trainSoftmaxRegression } from "./softmax_regression.ts";
export { weightsOfFit, type WeightsProvenance, writeWeights } from "./weights_file.ts";
