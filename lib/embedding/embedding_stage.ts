/** Stage `embedding`: trains an autoencoder, compares it with PCA, and says which of them the graph is built on. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { writeAtomic } from "../data/atomic.ts";
import { aboutFile, InputError } from "../data/errors.ts";
import { readNpyMatrix, writeNpy } from "../data/npy.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { checkFinite } from "../math/matrix.ts";
import { seededRandom } from "../math/random.ts";
import { loadTensorFlow } from "../math/tensor.ts";
import { type AutoencoderOptions, type EpochLoss, trainAutoencoder } from "./autoencoder.ts";
import { compareEmbeddings, EMBEDDING_CRITERION, type EmbeddingComparison } from "./compare.ts";
import { readPca } from "./pca_stage.ts";
import { leakageGroups, splitByGroup } from "./split.ts";

/** Which embedding the graph is built on. */
export type EmbeddingChoice = "auto" | "pca" | "autoencoder";

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

/** Fewer tracks than this are not split in three. */
const FEWEST_TRACKS = 50;

/**
 * Chooses the embedding. With `"pca"` that is all; else an autoencoder is trained on `X_pca.npy`, compared with PCA on
 * held-out tracks, and saved: writes `embedding.json`, `X_embed.npy` and `autoencoder/`.
 *
 * @throws {InputError} When more dimensions are asked for than there are components, or an autoencoder is asked for and
 * there are fewer than 50 tracks (`"auto"` takes PCA then, and says so).
 */
export async function embeddingStage(
  directory: string,
  options: Rerun & Pick<AutoencoderOptions, "dimensions" | "epochs" | "seed"> & {
    /** `"auto"` (default) trains the autoencoder, compares, and takes the better by the criterion. */
    embedding?: EmbeddingChoice;
  } = {},
): Promise<StageReport> {
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

async function learnEmbedding(
  directory: string,
  asked: EmbeddingChoice,
  options: { dimensions?: number; epochs?: number; seed: number },
): Promise<EmbeddingReport> {
  const path = (name: string) => join(directory, name);
  const features = readNpyMatrix(path("X_raw.npy"));
  const scores = readNpyMatrix(path("X_pca.npy"));
  await aboutFile(path("X_pca.npy"), () => checkFinite(scores));
  const columns = ["artists", "album", "album_id", "genres", "subgenres"] as const;
  const catalog = await readCatalog(path("tracks.parquet"), columns);
  const { by, groups, count } = leakageGroups(catalog);
  const split = splitByGroup(groups, count, seededRandom(options.seed, "split"));
  const autoencoder = await trainAutoencoder(scores, split.train, split.validation, options);
  try {
    const embedding = autoencoder.encode(scores);
    const pca = readPca(path("pca.npz"));
    const random = seededRandom(options.seed, "comparison");
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
