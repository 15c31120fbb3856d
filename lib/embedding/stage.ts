/**
 * The stages of the embedding: PCA, clusters.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../random.ts";
import { writeAtomic } from "../storage/atomic.ts";
import { readNpyMatrix, writeNpy } from "../storage/npy.ts";
import { writeNpz } from "../storage/npz.ts";
import { runStage, type StageReport } from "../storage/stages.ts";
import { kMeans } from "./kmeans.ts";
import { fitPca, type PcaModel, pcaScores } from "./pca.ts";

/** Options of {@linkcode pcaStage}. */
export interface PcaStageOptions {
  /** Share of the variance that the components explain, in (0, 1]. Default 0.95. */
  variance?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/** Options of {@linkcode clustersStage}. */
export interface ClustersStageOptions {
  /** Number of clusters. */
  k?: number;
  /** Seed. Default 42. */
  seed?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/**
 * PCA of `X_raw.npy`: writes `X_pca.npy` and `pca.npz`.
 *
 * @param directory The data folder.
 * @param options Options.
 * @returns What came of it.
 */
export function pcaStage(directory: string, options: PcaStageOptions = {}): Promise<StageReport> {
  const { variance = 0.95, force } = options;
  return runStage(directory, {
    name: "pca",
    inputs: ["X_raw.npy"],
    parameters: { variance },
    outputs: ["X_pca.npy", "pca.npz"],
    force,
    run: () => {
      const x = readNpyMatrix(join(directory, "X_raw.npy"));
      const model = fitPca(x, { variance });
      writeNpy(join(directory, "X_pca.npy"), pcaScores(x, model));
      writePca(join(directory, "pca.npz"), model);
      const explained = model.explainedVarianceRatio.reduce((sum, share) => sum + share, 0);
      return { rows: x.rows, columns: x.columns, components: model.explainedVariance.length, explained };
    },
  });
}

/**
 * Writes a PCA as an NPZ archive: `components`, `mean`, `explained_variance`, `explained_variance_ratio`, `spectrum`.
 *
 * @param path The file to write.
 * @param model The PCA.
 */
export function writePca(path: string, model: PcaModel): void {
  const k = model.explainedVariance.length;
  const d = model.mean.length;
  writeNpz(path, {
    components: { data: model.components, shape: [k, d] },
    mean: { data: model.mean, shape: [d] },
    explained_variance: { data: model.explainedVariance, shape: [k] },
    explained_variance_ratio: { data: model.explainedVarianceRatio, shape: [k] },
    spectrum: { data: model.spectrum, shape: [d] },
  });
}

/**
 * The embedding that graph and clusters use: what `embedding.json` names, else `X_pca.npy`.
 *
 * @param directory The data folder.
 * @returns Name of the file within the folder.
 */
export function embeddingFile(directory: string): string {
  const path = join(directory, "embedding.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).file : "X_pca.npy";
}

/**
 * k-means clusters of the embedding: writes `clusters.npy` and `clusters.json`.
 *
 * @param directory The data folder.
 * @param options Options.
 * @returns What came of it.
 */
export function clustersStage(directory: string, options: ClustersStageOptions = {}): Promise<StageReport> {
  const { k = 12, seed = 42, force } = options;
  const file = embeddingFile(directory);
  return runStage(directory, {
    name: "clusters",
    inputs: [file],
    parameters: { k, seed },
    outputs: ["clusters.npy", "clusters.json"],
    force,
    run: () => {
      const x = readNpyMatrix(join(directory, file));
      const result = kMeans(x, Math.min(k, x.rows), seededRandom(seed, "clusters"));
      writeNpy(join(directory, "clusters.npy"), { data: result.labels, shape: [x.rows] });
      const sizes = new Array(result.centroids.rows).fill(0);
      for (const label of result.labels) sizes[label]++;
      writeAtomic(
        join(directory, "clusters.json"),
        JSON.stringify({ k: sizes.length, clusters: sizes.map((size, cluster) => ({ cluster, size })) }, null, 2),
      );
      return { k: sizes.length, inertia: result.inertia };
    },
  });
}
