/** Public names of plots/: figures and tables, and showing them in a notebook. */
export { barsPlot } from "./bars.ts";
export { offPolicyPlot, powerPlot, tastePlacesPlot } from "./case_study.ts";
export {
  distributionsPlot,
  keyModePlot,
  rankFrequencyPlot,
  rowAccountPlot,
  sideBySidePlot,
  tempoPlot,
  tracksPerArtistPlot,
  trendsPlot,
} from "./catalog.ts";
export { checkAnswer } from "./check.ts";
export { coveragePlot, errorBySizePlot, randomUtilityPlot, standardisedErrorPlot, weightsPlot } from "./choice.ts";
export { clusterCountPlot, mapPlot } from "./clusters.ts";
export { featureErrorPlot, lossPlot, neighborhoodPlot, screePlot } from "./embedding.ts";
export { ablationPlot, cellPlot, curvePlot, gainPlot, paretoPlot, policyPlot } from "./evaluation.ts";
export { egoNetworkPlot, inDegreePlot, mixingPlot, recallCostPlot } from "./graph.ts";
export { heatPlot } from "./heat.ts";
export { linePoint, linesPlot } from "./lines.ts";
export { exposurePlot, policyTradeOffPlot, repeatPlot } from "./policies.ts";
export { camelotPlot, contributionsPlot, explanationPlot, livePlot } from "./score.ts";
export { attentionMap, modelComparison, playlistOverview, trainingCurve } from "./sequence.ts";
export { sessionMapPlot, timelinePlot } from "./session.ts";
export { type Caption, readTable, say, show, showFrame, showTable } from "./show.ts";
export { type Spec } from "./theme.ts";
