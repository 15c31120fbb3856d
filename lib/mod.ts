/**
 * Segue: a shuffle that remembers. The core of the library by subject; each room has more in its own `mod.ts`.
 *
 * @module
 */

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
  type Collection,
  DEFAULT_RULES,
  DEFAULT_WEIGHTS,
  Distribution,
  type Explanation,
  findCandidates,
  loadCollection,
  recommendNext,
  type RecommendOptions,
  restrictCollection,
  type Rules,
  SESSION_WEIGHTS,
  type Term,
  type TermName,
  TERMS,
  type Weights,
} from "./score/mod.ts";
export { softmax } from "./math/mod.ts";

// A listener and sessions.
export {
  playlistRows,
  playSessions,
  POLICIES,
  type PolicyName,
  Session,
  type SessionOptions,
  type SessionPick,
  UserState,
} from "./score/mod.ts";

// Real histories and libraries.
export { applyHistory, readHistory, readLibrary } from "./listening/mod.ts";

// Learning weights from choices.
export { type ChoiceSets, simulateListeners } from "./listening/mod.ts";
export {
  BayesianWeights,
  type ConditionalLogit,
  evaluateOffPolicy,
  fitConditionalLogit,
  fitMixedLogit,
  type MixedLogit,
  readChoices,
  weightsOfFit,
  writeWeights,
} from "./choice/mod.ts";

// Sequence models and the hybrid.
export {
  evaluateNext,
  fitItemKnn,
  fitMarkov,
  fitPopularity,
  loadSequenceData,
  mpdStage,
  type NextTrackResult,
  type SequenceRecommender,
  serveSasrec,
} from "./sequence/mod.ts";
export { fitHybrid, weighSequenceTerm } from "./hybrid/mod.ts";

// Evaluation.
export { type Metric, METRICS } from "./metrics/mod.ts";
export {
  compareArms,
  comparePolicies,
  compareWith,
  type Comparison,
  describeFindings,
  summarize,
} from "./evaluation/mod.ts";

// Figures and tables in a notebook.
export { checkAnswer, say, show, showFrame, showTable, type Spec } from "./plots/mod.ts";

// The service.
export { SearchIndex, serve } from "./service/mod.ts";
