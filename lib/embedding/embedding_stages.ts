/**
 * The stages of the embedding, in their order: `pca`, `embedding`, `clusters` and, after the graph, `umap`.
 *
 * @module
 */
import { sum } from "d3-array";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import type { Matrix } from "../math/matrix.ts";
import { seededRandom } from "../math/random.ts";
import { writeAtomic } from "../data/atomic.ts";
import { readNpy, readNpyMatrix, writeNpy } from "../data/npy.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { loadTensorFlow } from "../math/tensor.ts";
import { type EpochLoss, trainAutoencoder } from "./autoencoder.ts";
import { compareEmbeddings, EMBEDDING_CRITERION, type EmbeddingComparison } from "./compare.ts";
import { type ClusterDescription, describeClusters } from "./describe.ts";
import { embeddingFile, readPca, writePca } from "./files.ts";
import {
  adjustedRandIndex,
  chooseClusterCount,
  CHOOSING_ROWS,
  CLUSTER_COUNT_CRITERION,
  type ClusterCount,
  kMeans,
  type KMeansResult,
  meanAgreement,
  oneOfEachStretch,
} from "./kmeans.ts";
import { fitPca, type PcaModel, type PcaOptions, pcaScores } from "./pca.ts";
import { leakageGroups, splitByGroup } from "./split.ts";
import { stratifiedSample, umapOfSample } from "./umap.ts";

/** Which embedding the graph is built on. */
export type EmbeddingChoice = "auto" | "pca" | "autoencoder";

/**
 * Fits a PCA to the matrix file `path` [n, d] and writes the scores [n, k] to `out`, as {@linkcode pcaOfFile} does.
 */
export type PcaOfFile = (
  path: string,
  out: string,
  options: PcaOptions,
) => { rows: number; model: PcaModel } | Promise<{ rows: number; model: PcaModel }>;

/** Options of {@linkcode pcaStage}. */
export interface PcaStageOptions {
  /** Share of the variance that the components explain, in (0, 1]. Default 0.95. */
  variance?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/** Options of {@linkcode embeddingStage}. */
export interface EmbeddingStageOptions {
  /** `"auto"` (default) trains the autoencoder, compares, and takes the better by the criterion. */
  embedding?: EmbeddingChoice;
  /** Width of the bottleneck, at most the number of components. Default 16, or half the components when there are no more than 16. */
  dimensions?: number;
  /** Most epochs. Default 50. */
  epochs?: number;
  /** Seed of weights, shuffling, split and queries. Default 42. */
  seed?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/** Options of {@linkcode clustersStage}. */
export interface ClustersStageOptions {
  /** Number of clusters; chosen between 8 and 20 when left out. */
  k?: number;
  /** Seed of the k-means++ that the clusters are compared with. Default 42. */
  seed?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/** Options of {@linkcode umapStage}. */
export interface UmapStageOptions {
  /** Tracks that are laid out, at most 20,000; the others are placed among them. Default 5,000. */
  sample?: number;
  /** Neighbours that shape the picture. Default 15. */
  neighbors?: number;
  /** Seed of sample and layout. Default 42. */
  seed?: number;
  /** Run even when up to date. */
  force?: boolean;
}

/** What `embedding.json` holds. */
export interface EmbeddingReport {
  /** The embedding that graph and clusters use. */
  embedding: "pca" | "autoencoder";
  /** Its file. */
  file: "X_pca.npy" | "X_embed.npy";
  /** What was asked for. */
  asked: EmbeddingChoice;
  /** The criterion of `"auto"`. */
  criterion: string;
  /** Why this embedding, in one sentence. */
  reason: string;
  /** The autoencoder's training; absent when none was trained. */
  training?: {
    /** Which TensorFlow ran. */
    backend: string;
    /** What the split keeps together. */
    groupedBy: "artist" | "album" | "track";
    /** Training, validation and test rows. */
    rows: { train: number; validation: number; test: number };
    /** Widths of the layers from input to bottleneck. */
    widths: number[];
    /** The epoch that was kept. */
    bestEpoch: number;
    /** Losses of every epoch. */
    history: EpochLoss[];
  };
  /** PCA against autoencoder; absent when none was trained. */
  comparison?: EmbeddingComparison;
}

/** What `clusters.json` holds. */
export interface ClustersReport {
  /** Number of clusters. */
  k: number;
  /** How k was chosen. */
  criterion: string;
  /** Stability and silhouette of every k that was tried: of the given one alone when k was given. */
  candidates: ClusterCount["candidates"];
  /** Mean adjusted Rand index with clusterings that were made without a tenth of the tracks: 1 = the same. */
  stability: number;
  /** What the seed decides. */
  seeds: {
    /** Adjusted Rand index between two clusterings that differ by their seed alone. */
    agreement: number;
    /** The same with the best of six starts of k-means++, on at most 30,000 tracks. */
    plusPlusAgreement: number;
    /** Inertia of the clustering over the smallest that k-means++ found, on these tracks. */
    inertiaRatio: number;
  };
  /** The clusters, the largest first. */
  clusters: ClusterDescription[];
}

/**
 * Numbers of clusters that are tried, each about a quarter more than the last. The clusters serve a feature that asks
 * what share of the last 20 plays lie in a candidate's cluster. With fewer than 8 nearly every cluster has been played
 * and the choice varies little; with more clusters than plays that are remembered most have not, and the feature says
 * nothing.
 */
const CLUSTER_COUNTS = [8, 10, 13, 16, 20];
/** Clusterings that the one which is written is compared with. */
const COMPARED = 3;
/** Fewer tracks than this are not split in three. */
const FEWEST_TRACKS = 50;

/**
 * PCA of `X_raw.npy`: writes `X_pca.npy` and `pca.npz`.
 *
 * @param directory The data folder.
 * @param options Options.
 * @param fit What fits the PCA and writes the scores; {@linkcode pcaOfFile} when left out.
 * @returns What came of it; its facts are those of {@linkcode describePca}.
 * @throws {InputError} When a number is NaN, nothing varies, or there are fewer than two rows.
 */
export async function pcaStage(
  directory: string,
  options: PcaStageOptions = {},
  fit: PcaOfFile = pcaOfFile,
): Promise<StageReport> {
  const { variance = 0.95, force } = options;
  expectNumber("variance", variance, 0, 1);
  return await runStage(directory, {
    name: "pca",
    inputs: ["X_raw.npy"],
    parameters: { variance },
    outputs: ["X_pca.npy", "pca.npz"],
    force,
    run: async () => {
      const { rows, model } = await fit(join(directory, "X_raw.npy"), join(directory, "X_pca.npy"), { variance });
      writePca(join(directory, "pca.npz"), model);
      return { ...describePca(rows, model) };
    },
  });
}

/**
 * Fits a PCA to a matrix file and writes the scores of its rows.
 *
 * @param path An NPY file [n, d].
 * @param out NPY file for the scores [n, k].
 * @param options How many components to keep.
 * @returns Number of rows n, and the PCA.
 * @throws {InputError} As `fitPca`, with the name of the file.
 */
export async function pcaOfFile(
  path: string,
  out: string,
  options: PcaOptions,
): Promise<{ rows: number; model: PcaModel }> {
  const x = readNpyMatrix(path);
  try {
    const model = await fitPca(x, options);
    writeNpy(out, await pcaScores(x, model));
    return { rows: x.rows, model };
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

/**
 * A PCA in four numbers.
 *
 * @param rows Rows that it was fitted to.
 * @param model The PCA.
 * @returns Rows n, columns d, components k, and the share of the variance that these explain, in [0, 1].
 */
export function describePca(
  rows: number,
  model: PcaModel,
): { rows: number; columns: number; components: number; explained: number } {
  const { mean, explainedVariance, explainedVarianceRatio } = model;
  return { rows, columns: mean.length, components: explainedVariance.length, explained: sum(explainedVarianceRatio) };
}

/**
 * Chooses the embedding. With `"pca"` that is all; else an autoencoder is trained on `X_pca.npy`, compared with PCA on
 * held-out tracks, and saved: writes `embedding.json`, `X_embed.npy` and `autoencoder/`.
 *
 * @param directory The data folder.
 * @param options Options.
 * @returns What came of it.
 * @throws {InputError} When more dimensions are asked for than there are components, or an autoencoder is asked for and
 * there are fewer than 50 tracks (`"auto"` takes PCA then, and says so).
 */
export async function embeddingStage(directory: string, options: EmbeddingStageOptions = {}): Promise<StageReport> {
  const { embedding = "auto", dimensions, epochs, seed = 42, force } = options;
  if (!["auto", "pca", "autoencoder"].includes(embedding)) {
    throw new InputError(`Expected embedding to be auto, pca or autoencoder but found '${embedding}'`);
  }
  const path = (name: string) => join(directory, name);
  const tracks = existsSync(path("X_pca.npy")) ? readNpyMatrix(path("X_pca.npy")).rows : FEWEST_TRACKS;
  const tooFew = tracks < FEWEST_TRACKS;
  if (tooFew && embedding === "autoencoder") {
    throw new InputError(`Expected at least ${FEWEST_TRACKS} tracks for an autoencoder but found ${tracks}`);
  }
  const model = ["model.json", "weights.bin", "autoencoder.json"].map((name) => `autoencoder/${name}`);
  const learn = embedding !== "pca" && !tooFew;
  return await runStage(directory, {
    name: "embedding",
    inputs: learn ? ["X_raw.npy", "X_pca.npy", "pca.npz", "tracks.parquet"] : ["X_pca.npy"],
    parameters: learn ? { embedding, dimensions: dimensions ?? null, epochs: epochs ?? null, seed } : { embedding },
    outputs: learn ? ["embedding.json", "X_embed.npy", ...model] : ["embedding.json"],
    force,
    run: async () => {
      const report: EmbeddingReport = learn
        ? await learnEmbedding(directory, embedding, { dimensions, epochs, seed })
        : {
          embedding: "pca",
          file: "X_pca.npy",
          asked: embedding,
          criterion: EMBEDDING_CRITERION,
          reason: tooFew ? `${tracks} tracks are too few to train and test an autoencoder: pca` : "PCA was asked for",
        };
      if (!learn) {
        for (const old of ["X_embed.npy", "autoencoder"]) rmSync(path(old), { recursive: true, force: true });
      }
      writeAtomic(path("embedding.json"), JSON.stringify(report, null, 2) + "\n");
      const { file, reason, training } = report;
      const [bestEpoch, dimensionsLearnt] = [training?.bestEpoch, training?.widths.at(-1)];
      return { embedding: report.embedding, file, reason, bestEpoch, dimensions: dimensionsLearnt };
    },
  });
}

/**
 * k-means clusters of the embedding, described in words: writes `clusters.npy` and `clusters.json`.
 *
 * @param directory The data folder.
 * @param options Options.
 * @returns What came of it.
 * @throws {InputError} When k is larger than the number of tracks.
 */
export async function clustersStage(directory: string, options: ClustersStageOptions = {}): Promise<StageReport> {
  const { k, seed = 42, force } = options;
  const file = embeddingFile(directory);
  return await runStage(directory, {
    name: "clusters",
    inputs: [file, "tracks.parquet"],
    parameters: { k: k ?? null, seed },
    outputs: ["clusters.npy", "clusters.json"],
    force,
    run: async () => {
      const x = readNpyMatrix(join(directory, file));
      const { criterion, ...choice } = await countClusters(x, k);
      const { labels, centroids, inertia } = await kMeans(x, choice.k, seededRandom(seed, "clusters"));
      const report: ClustersReport = {
        k: centroids.rows,
        criterion,
        candidates: choice.candidates,
        stability: choice.candidates.find((candidate) => candidate.k === choice.k)?.stability ?? 1,
        seeds: await compareSeeds(x, labels, choice.k, seed),
        clusters: describeClusters(await readCatalog(join(directory, "tracks.parquet")), labels, centroids.rows),
      };
      writeNpy(join(directory, "clusters.npy"), { data: labels, shape: [x.rows] });
      writeAtomic(join(directory, "clusters.json"), JSON.stringify(report, null, 2) + "\n");
      return { k: report.k, criterion: report.criterion, stability: report.stability, inertia };
    },
  });
}

/**
 * UMAP of the embedding: a sample, stratified by genre (by cluster where there are no genres), is laid out from its
 * nearest neighbours; every other track is placed among its nearest sampled tracks. Writes `umap.npy`. The neighbours
 * are sought within the sample, since a track's neighbours in the graph are mostly not in it.
 *
 * @param directory The data folder.
 * @param options Options.
 * @returns What came of it.
 * @throws {InputError} When there are fewer than 4 tracks.
 */
export async function umapStage(directory: string, options: UmapStageOptions = {}): Promise<StageReport> {
  const { sample = 5000, neighbors = 15, seed = 42, force } = options;
  expectInteger("sample", sample, 4, 20_000);
  expectInteger("neighbors", neighbors, 2, 200);
  const file = embeddingFile(directory);
  const path = (name: string) => join(directory, name);
  const optional = ["clusters.npy"].filter((name) => existsSync(path(name)));
  return await runStage(directory, {
    name: "umap",
    inputs: [file, "tracks.parquet", ...optional],
    parameters: { sample, neighbors, seed },
    outputs: ["umap.npy"],
    force,
    run: async () => {
      const x = readNpyMatrix(path(file));
      const { lists } = await readCatalog(path("tracks.parquet"), ["genres"]);
      const clusters = optional.length > 0 ? readNpy(path("clusters.npy")).data as Int32Array : undefined;
      const strata = lists.genres?.map((list) => list[0] ?? "") ?? clusters ?? new Int32Array(x.rows);
      const random = seededRandom(seed, "umap");
      const rows = stratifiedSample(strata, sample, random);
      writeNpy(path("umap.npy"), umapOfSample(x, rows, random, { neighbors }));
      return { sample: rows.length, placed: x.rows - rows.length };
    },
  });
}

async function learnEmbedding(
  directory: string,
  asked: EmbeddingChoice,
  { dimensions, epochs, seed }: { dimensions?: number; epochs?: number; seed: number },
): Promise<EmbeddingReport> {
  const path = (name: string) => join(directory, name);
  const features = readNpyMatrix(path("X_raw.npy"));
  const scores = readNpyMatrix(path("X_pca.npy"));
  const columns = ["artists", "album", "album_id", "genres", "subgenres"] as const;
  const catalog = await readCatalog(path("tracks.parquet"), columns);
  const { by, groups, count } = leakageGroups(catalog);
  const split = splitByGroup(groups, count, seededRandom(seed, "split"));
  const autoencoder = await trainAutoencoder(scores, split.train, split.validation, { dimensions, epochs, seed });
  try {
    const embedding = autoencoder.encode(scores);
    const pca = readPca(path("pca.npz"));
    const random = seededRandom(seed, "comparison");
    const comparison = await compareEmbeddings(features, scores, pca, autoencoder, embedding, split, catalog, random);
    const { bestEpoch, history, hidden } = autoencoder.description;
    const { backend } = await loadTensorFlow();
    const winner = asked === "auto" ? comparison.winner : "autoencoder";
    writeNpy(path("X_embed.npy"), embedding);
    await autoencoder.save(path("autoencoder"));
    return {
      embedding: winner,
      file: winner === "pca" ? "X_pca.npy" : "X_embed.npy",
      asked,
      criterion: EMBEDDING_CRITERION,
      reason: asked === "auto" ? comparison.reason : "the autoencoder was asked for",
      training: {
        backend: `${backend.name} ${backend.version}`,
        groupedBy: by,
        rows: { train: split.train.length, validation: split.validation.length, test: split.test.length },
        widths: [scores.columns, ...hidden, embedding.columns],
        bestEpoch,
        history,
      },
      comparison,
    };
  } finally {
    autoencoder.dispose();
  }
}

/** How much of a clustering the seed decides, and how much it would with k-means++. */
async function compareSeeds(x: Matrix, labels: Int32Array, k: number, seed: number): Promise<ClustersReport["seeds"]> {
  const some = oneOfEachStretch(x, CHOOSING_ROWS);
  const plusPlus: KMeansResult[] = [];
  for (let r = 0; r < COMPARED; r++) {
    const random = seededRandom(seed, `clusters, k-means++ ${r}`);
    plusPlus.push(await kMeans(some, k, random, { start: "k-means++" }));
  }
  const again = seededRandom(seed, "clusters, other seed");
  const { inertia } = await kMeans(some, k, again);
  const least = Math.min(...plusPlus.map((found) => found.inertia));
  return {
    agreement: adjustedRandIndex(labels, (await kMeans(x, k, again)).labels),
    plusPlusAgreement: meanAgreement(plusPlus.map((found) => found.labels)),
    inertiaRatio: least > 0 ? inertia / least : 1,
  };
}

/**
 * The number of clusters: the given one or the criterion's, among those of at most √(n / 2), the rule of thumb that
 * also says how many there are where it allows none. The seed has no part in it.
 */
async function countClusters(x: Matrix, k?: number): Promise<ClusterCount & { criterion: string }> {
  const most = Math.max(1, Math.floor(Math.sqrt(x.rows / 2)));
  const [wanted, criterion] = k !== undefined
    ? [[expectInteger("k", k, 1, x.rows)], "it was asked for"]
    : most < CLUSTER_COUNTS[0]
    ? [[most], `√(n / 2): ${x.rows} tracks are too few to choose`]
    : [CLUSTER_COUNTS.filter((count) => count <= most), CLUSTER_COUNT_CRITERION];
  if (Math.max(...wanted) < 2 || Math.min(...wanted) > x.rows / 2) return { k: wanted[0], candidates: [], criterion };
  return { ...await chooseClusterCount(x, wanted, seededRandom(0, "tenths")), criterion };
}
