/** Public names of choice/: learning weights from choices. */
export { type ChoiceColumns } from "./choice_log.ts";
export { type Coefficient } from "./coefficient.ts";
export { fitConditionalLogit } from "./conditional_logit.ts";
export type { ConditionalLogit, FitStatistics, LikelihoodRatio, PredictiveFit } from "./conditional_logit.ts";
export { choiceContrast, choiceDistance, gumbelShares, scaleSurface } from "./contrast.ts";
export { fitMixedLogit, type MixedLogit } from "./mixed_logit.ts";
export { evaluateOffPolicy, keepGuess, type OffPolicyEstimate, policyOnLog } from "./off_policy.ts";
export { BayesianWeights, type FeedbackOutcome, GradientWeights, type OnlineLearner } from "./online.ts";
export { fitTastePrior, heldOutLikelihood, tasteCurve, truncatePrior } from "./personal.ts";
export type { TastePrior, UserTaste } from "./personal.ts";
export { readChoices } from "./read_choices.ts";
export { compareEstimates, errorBySize, type EstimateRow, recoverWeights, type RecoveryReport } from "./recovery.ts";
export { sampleAlternatives } from "./sampling.ts";
export { simulateStage } from "./simulate_stage.ts";
export { trainSoftmaxRegression } from "./softmax_regression.ts";
export { weightsOfFit, writeWeights } from "./weights_file.ts";
