/** Public names of sequence/: playlists as sequences: reading them, SASRec, simple models, the ranking protocol. */
export { fitItemKnn, fitMarkov, fitPopularity } from "./baselines.ts";
export { evaluateColdStart } from "./cold_start.ts";
export { type ContinuationResult, evaluateContinuation, holdOutPlaylists } from "./continuation.ts";
export { type TrainingPoint } from "./early_stopping.ts";
export { type Interactions, type Playlists } from "./interactions.ts";
export { compareResults, evaluateNext, rankMetrics } from "./ranking.ts";
export type { EvaluateOptions, MetricEstimate, NextTrackResult, RankEstimates } from "./ranking.ts";
export { type MpdOptions, mpdStage, type SliceScan } from "./read_mpd.ts";
export { type SequenceRecommender } from "./recommender.ts";
export { continuationTable, formatEstimate, orderAblation, resultTable, sideOfZero } from "./report.ts";
export { type SasrecConfig, type SasrecModel, type SasrecWeights } from "./sasrec.ts";
export { loadSequenceData, type SasrecStageOptions, trainedSasrec } from "./sasrec_stage.ts";
export { type MpdDamage, type MpdPiece, type MpdPlaylist, type MpdTrack } from "./scan_mpd.ts";
export { type SasrecServer, serveSasrec } from "./serve.ts";
export { historyOf, type SequenceSplit, type SplitOptions, type SplitPart } from "./split.ts";
export { type TrackName, type TrackNames } from "./track_names.ts";
export { type TrainingResult } from "./train.ts";
export { type SasrecLoss, type TrainOptions } from "./training_plan.ts";
