/** Segue: a shuffle that remembers. The core of the library by subject; each room has more in its own `mod.ts`. */

// A data folder and what lies in it.
export { InputError } from "./data/errors.ts";
export { openWorkspace, type Settings, type Workspace } from "./prepare.ts";
export { readNpyMatrix } from "./data/mod.ts";
export { type Matrix, type Random, seededRandom } from "./math/mod.ts";

// The catalogue.
export { type Catalog, catalogStatistics, catalogTable, findTrack, trackName } from "./catalog/mod.ts";
export { type FeatureSpec, readFeatureSpec } from "./features/mod.ts";

// Embedding and neighbour graph.
export { fitPca, type PcaModel } from "./math/mod.ts";
export { buildKnnGraph, connectTrack, type NeighborGraph, neighborsOf, smoothPath } from "./graph/mod.ts";

// The score: terms, weights, rules, the distribution over next tracks.
export {
  DEFAULT_RULES,
  DEFAULT_WEIGHTS,
  Distribution,
  findCandidates,
  loadCollection,
  recommendNext,
  restrictCollection,
  SESSION_WEIGHTS,
  TERMS,
} from "./score/mod.ts";
export type { Collection, Explanation, RecommendOptions, Rules, Term, TermName, Weights } from "./score/mod.ts";
export { softmax } from "./math/mod.ts";

// A listener and sessions.
export { playlistRows, playSessions, POLICIES, Session, UserState } from "./score/mod.ts";
export type { PolicyName, SessionOptions, SessionPick } from "./score/mod.ts";

// Real histories and libraries.
export { applyHistory, readHistory, readLibrary } from "./listening/mod.ts";

// Learning weights from choices.
export { type ChoiceSets, simulateListeners } from "./listening/mod.ts";
export {
  BayesianWeights,
  evaluateOffPolicy,
  fitConditionalLogit,
  fitMixedLogit,
  readChoices,
  weightsOfFit,
  writeWeights,
} from "./choice/mod.ts";
export type { ConditionalLogit, MixedLogit } from "./choice/mod.ts";

// Sequence models and the hybrid.
export {
  evaluateNext,
  fitItemKnn,
  fitMarkov,
  fitPopularity,
  loadSequenceData,
  mpdStage,
  serveSasrec,
} from "./sequence/mod.ts";
export type { NextTrackResult, SequenceRecommender } from "./sequence/mod.ts";
export { fitHybrid, weighSequenceTerm } from "./hybrid/mod.ts";

// Evaluation.
export { type Metric, METRICS } from "./metrics/mod.ts";
export { compareArms, comparePolicies, compareWith, describeFindings, summarize } from "./evaluation/mod.ts";
export type { Comparison } from "./evaluation/mod.ts";

// Figures and tables in a notebook.
export { checkAnswer, say, show, showFrame, showTable, type Spec } from "./plots/mod.ts";

// The service.
export { SearchIndex, serve } from "./service/mod.ts";
