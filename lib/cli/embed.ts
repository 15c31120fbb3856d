/** `segue embed`: PCA, autoencoder, clusters and the picture. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ClustersReport, clustersStage } from "../embedding/clusters_stage.ts";
import { type EmbeddingReport, embeddingStage } from "../embedding/embedding_stage.ts";
import { pcaStage } from "../embedding/pca_stage.ts";
import { umapStage } from "../embedding/umap_stage.ts";
import { defineCommand, flag, FORCE, number, oneOf, required, SEED, textTable } from "./shared.ts";

export default defineCommand({
  name: "embed",
  description: "Embed the tracks: PCA, autoencoder, taste clusters and, with --umap, a picture.",
  example: "embed --data data/work/small --umap",
  options: {
    data: required("<dir>", "data folder with X_raw.npy and tracks.parquet"),
    variance: number("<share>", "share of the variance that PCA explains", {
      real: true,
      above: 0,
      to: 1,
      standard: 0.95,
    }),
    embedding: oneOf(["auto", "pca", "autoencoder"], "what the graph is built on: auto, pca or autoencoder", "auto"),
    dimensions: number("<n>", "width of the bottleneck (default: 16 or fewer)", { from: 1 }),
    epochs: number("<n>", "most epochs of the autoencoder (default: 50)", { from: 1 }),
    clusters: number("<k>", "number of clusters (default: chosen by stability)", { from: 1 }),
    umap: flag("also lay the tracks out in two dimensions"),
    umapSample: number("<n>", "tracks that are laid out, at most 20000 (default: 5000)", { from: 4, to: 20_000 }),
    seed: SEED,
    force: FORCE,
  },
  run: async ({ data, variance, embedding, dimensions, epochs, clusters, umap, umapSample, seed, force }) => {
    const stages = [
      await pcaStage(data, { variance, force }),
      await embeddingStage(data, { embedding, dimensions, epochs, seed, force }),
      await clustersStage(data, { k: clusters, seed, force }),
    ];
    if (umap) stages.push(await umapStage(data, { sample: umapSample, seed, force }));
    const report: EmbeddingReport = JSON.parse(readFileSync(join(data, "embedding.json"), "utf8"));
    const found: ClustersReport = JSON.parse(readFileSync(join(data, "clusters.json"), "utf8"));
    return {
      json: { data, stages, embedding: report, clusters: found },
      text: [
        textTable([
          ["stage", "seconds", ""],
          ...stages.map((s) => [s.stage, s.seconds, s.upToDate ? "up to date" : ""]),
        ]),
        `embedding: ${report.embedding} (${report.reason})`,
        textTable([
          ["cluster", "tracks", "description"],
          ...found.clusters.map((c) => [c.cluster, c.size, c.description]),
        ]),
      ].join("\n\n"),
    };
  },
});
