/**
 * Segue: a shuffle that remembers. This is the public surface that the notebooks import.
 *
 * @module
 */
export * from "./errors.ts";
export * from "./random.ts";
export * from "./matrix.ts";
export * from "./progress.ts";
export * from "./tensor.ts";
export * from "./storage/atomic.ts";
export * from "./storage/npy.ts";
export * from "./storage/npz.ts";
export { type Column, type ColumnType, type ColumnValues, readParquet, writeParquet } from "./storage/parquet.ts";
export * from "./storage/stages.ts";
export * from "./catalog/catalog.ts";
export * from "./catalog/ingest.ts";
export * from "./catalog/find.ts";
export * from "./catalog/explore.ts";
export { WORLD_FORMS, type WorldForm } from "./catalog/world/forms.ts";
export * from "./catalog/world/listening.ts";
export * from "./catalog/world/playlist_statistics.ts";
export * from "./catalog/world/reference.ts";
export * from "./catalog/world/stage.ts";
export * from "./features/spread.ts";
export * from "./features/transforms.ts";
export * from "./features/circle.ts";
export * from "./features/statistics.ts";
export * from "./features/spec.ts";
export * from "./features/encode.ts";
export * from "./features/stage.ts";
export * from "./embedding/pca.ts";
export * from "./embedding/autoencoder.ts";
export * from "./embedding/split.ts";
export * from "./embedding/neighbors.ts";
export * from "./embedding/quality.ts";
export * from "./embedding/compare.ts";
export * from "./embedding/kmeans.ts";
export * from "./embedding/describe.ts";
export * from "./embedding/umap.ts";
export * from "./embedding/files.ts";
export * from "./embedding/stage.ts";
export * from "./graph/graph.ts";
export * from "./graph/ego.ts";
export * from "./graph/knn.ts";
export * from "./graph/path.ts";
export * from "./graph/connect.ts";
export * from "./graph/hubness.ts";
export * from "./graph/statistics.ts";
export * from "./graph/stage.ts";
export * from "./shuffle/keys.ts";
export * from "./shuffle/world.ts";
export * from "./shuffle/state.ts";
export * from "./shuffle/features.ts";
export * from "./shuffle/weights.ts";
export * from "./shuffle/rules.ts";
export * from "./shuffle/candidates.ts";
export * from "./shuffle/softmax.ts";
export * from "./shuffle/explain.ts";
export * from "./shuffle/distribution.ts";
export * from "./shuffle/recommend.ts";
export * from "./shuffle/baselines.ts";
export * from "./shuffle/session.ts";
export * from "./shuffle/chain.ts";
export * from "./shuffle/walks.ts";
export * from "./shuffle/match.ts";
export * from "./shuffle/history.ts";
export * from "./shuffle/library.ts";
export * from "./shuffle/playlist.ts";
export * from "./choice/sets.ts";
export * from "./choice/logit_sums.ts";
export { type Optimum } from "./choice/newton.ts";
export * from "./choice/conditional_logit.ts";
export * from "./choice/read_choices.ts";
export * from "./choice/softmax_regression.ts";
export * from "./choice/mixed_logit.ts";
export * from "./choice/listeners.ts";
export * from "./choice/history_choices.ts";
export * from "./choice/sampling.ts";
export * from "./choice/gumbel.ts";
export * from "./choice/contrast.ts";
export * from "./choice/recovery.ts";
export * from "./choice/weights_file.ts";
export * from "./choice/stage.ts";
export * from "./evaluation/repetition.ts";
export * from "./evaluation/diversity.ts";
export * from "./evaluation/calibration.ts";
export * from "./evaluation/transitions.ts";
export * from "./evaluation/exposure.ts";
export {
  bootstrapMean,
  type BootstrapOptions,
  type Interval,
  type PairedDifference,
  pairedDifference,
} from "./evaluation/bootstrap.ts";
export * from "./evaluation/scenarios.ts";
export * from "./evaluation/policies.ts";
export * from "./evaluation/play.ts";
export * from "./evaluation/metrics.ts";
export * from "./evaluation/sequence_term.ts";
export * from "./evaluation/tournament.ts";
export * from "./evaluation/summary.ts";
export * from "./evaluation/verdict.ts";
export * from "./evaluation/examples.ts";
export * from "./evaluation/files.ts";
export * from "./plots/catalog.ts";
export * from "./plots/graph.ts";
export * from "./plots/theme.ts";
export * from "./plots/evaluation.ts";
export * from "./plots/render.ts";
export * from "./plots/show.ts";
export * from "./plots/shuffle.ts";
export * from "./plots/embedding.ts";
export * from "./plots/choice.ts";
export * from "./service/search.ts";
export * from "./service/server.ts";
export * from "./pipeline.ts";
