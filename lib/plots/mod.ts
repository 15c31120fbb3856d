/**
 * Public names of plots/: figures and tables, and showing them in a notebook.
 *
 * @module
 */
export {
  coldStartPlot,
  falsePositivePlot,
  heterogeneityPlot,
  type LinePoint,
  linePoint,
  offPolicyPlot,
  onlinePlot,
  powerPlot,
  skipPlot,
  tastePlacesPlot,
} from "./case_study.ts";
export {
  correlationPlot,
  distributionsPlot,
  KEY_NAMES,
  keyModePlot,
  rankFrequencyPlot,
  rowAccountPlot,
  sideBySidePlot,
  tempoPlot,
  tracksPerArtistPlot,
  trendsPlot,
  type YearQuartiles,
} from "./catalog.ts";
export { type AnswerOptions, checkAnswer } from "./check.ts";
export {
  contrastPlot,
  coveragePlot,
  errorBySizePlot,
  lossCurvePlot,
  randomUtilityPlot,
  scaleSurfacePlot,
  standardisedErrorPlot,
  weightsPlot,
} from "./choice.ts";
export { clusterCountPlot, clusterProfilePlot, mapPlot } from "./clusters.ts";
export { featureErrorPlot, loadingsPlot, lossPlot, neighborhoodPlot, screePlot } from "./embedding.ts";
export { ablationPlot, cellPlot, curvePlot, gainPlot, paretoPlot, policyPlot } from "./evaluation.ts";
export {
  componentPlot,
  egoNetworkPlot,
  inDegreePlot,
  mixingPlot,
  recallCostPlot,
  similarityByRankPlot,
} from "./graph.ts";
export { exposurePlot, policyTradeOffPlot, repeatPlot } from "./policies.ts";
export { camelotPlot, contributionsPlot, explanationPlot, livePlot, recencyPlot } from "./score.ts";
export { attentionByDistance, attentionMap, modelComparison, playlistOverview, trainingCurve } from "./sequence.ts";
export { sessionMapPlot, sliderPlot, timelinePlot } from "./session.ts";
export { type Caption, readTable, type Rows, say, show, showFrame, showTable } from "./show.ts";
export { effectiveCandidatesPlot, temperaturePlot } from "./softmax.ts";
export { type Spec } from "./theme.ts";
