/** Public names of embedding/: PCA, autoencoder, clusters and the view in two dimensions. */
export { type EpochLoss } from "./autoencoder.ts";
export { type ClusterCount, STABLE_AGREEMENT } from "./cluster_count.ts";
export { type ClustersReport } from "./clusters_stage.ts";
export { type EmbeddingComparison, type SpaceQuality } from "./compare.ts";
export { type ClusterDescription, describeComponent } from "./describe.ts";
export { type EmbeddingChoice, type EmbeddingReport } from "./embedding_stage.ts";
export { readPca } from "./pca_stage.ts";
export { type MeanEstimate, neighborPurity2d } from "./quality.ts";
export { stratifiedSample } from "./umap.ts";
