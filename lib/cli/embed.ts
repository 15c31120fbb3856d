/**
 * `segue embed`: PCA, autoencoder, clusters and the picture.
 *
 * @module
 */
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ClustersReport,
  clustersStage,
  type EmbeddingChoice,
  type EmbeddingReport,
  embeddingStage,
  pcaStage,
  umapStage,
} from "../embedding/stage.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  variance: number;
  embedding: EmbeddingChoice;
  dimensions?: number;
  epochs?: number;
  clusters?: number;
  umap?: boolean;
  umapSample?: number;
  seed: number;
  force?: boolean;
}

/**
 * Defines the command.
 *
 * @returns The command.
 */
export default function embedCommand(): Command {
  const command = defineCommand(
    "embed",
    "Embed the tracks: PCA, autoencoder, taste clusters and, with --umap, a picture.",
    "embed --data data/work/small --umap",
  )
    .requiredOption("--data <dir>", "data folder with X_raw.npy and tracks.parquet")
    .option("--variance <share>", "share of the variance that PCA explains", numberOption("--variance"), 0.95)
    .option("--embedding <which>", "what the graph is built on: auto, pca or autoencoder", "auto")
    .option("--dimensions <n>", "width of the bottleneck (default: 16 or fewer)", numberOption("--dimensions"))
    .option("--epochs <n>", "most epochs of the autoencoder (default: 50)", numberOption("--epochs"))
    .option("--clusters <k>", "number of clusters (default: chosen by stability)", numberOption("--clusters"))
    .option("--umap", "also lay the tracks out in two dimensions")
    .option(
      "--umap-sample <n>",
      "tracks that are laid out, at most 20000 (default: 5000)",
      numberOption("--umap-sample"),
    )
    .option("--seed <s>", "the same seed gives the same numbers", numberOption("--seed"), 42)
    .option("--force", "run even when the output is up to date");
  return onRun<Options>(command, async (options) => {
    const { data, variance, embedding, dimensions, epochs, clusters, seed, force } = options;
    const stages = [
      await pcaStage(data, { variance, force }),
      await embeddingStage(data, { embedding, dimensions, epochs, seed, force }),
      await clustersStage(data, { k: clusters, seed, force }),
    ];
    if (options.umap) stages.push(await umapStage(data, { sample: options.umapSample, seed, force }));
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
  });
}
