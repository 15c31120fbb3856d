/** The options of training SASRec, checked and complete. */
import { createHash } from "node:crypto";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import type { Matrix } from "../math/matrix.ts";
import { trainingWindows } from "./batches.ts";
import { type SasrecConfig, sasrecConfig } from "./sasrec.ts";
import type { SequenceSplit } from "./split.ts";

/** The loss: softmax over all tracks, softmax over a sample of them (log-Q correction), or the paper's binary loss. */
export type SasrecLoss = "softmax" | "sampled" | "binary";

/** Options of `trainSasrec`. */
export interface TrainOptions extends Partial<Omit<SasrecConfig, "tracks">> {
  /** Most passes over the training part. When left out: 5, or as many as `minimumSteps` steps need. */
  epochs?: number;
  /** Fewest optimiser steps when `epochs` is left out, 2,000 by default: on small data five epochs are too few. */
  minimumSteps?: number;
  /** Most optimiser steps; it overrides the two above. */
  maximumSteps?: number;
  /** Windows of a batch, 128 by default. */
  batchSize?: number;
  /** Adam's learning rate, 0.002 by default: the paper's 0.001 needs many more steps to learn the order of tracks. */
  learningRate?: number;
  /** Share of values dropped, in [0, 0.95], 0.2 by default. */
  dropout?: number;
  /** Loss; by default softmax up to 100,000 tracks and sampled beyond. */
  loss?: SasrecLoss;
  /** Tracks drawn a step for the sampled softmax, 8,192 by default. */
  samples?: number;
  /** Steps between evaluations; by default an epoch, at least 100 and at most 2,000. */
  evaluateEvery?: number;
  /** Evaluations in a row without a better validation NDCG before training stops, 5 by default. */
  patience?: number;
  /** Most playlists of an evaluation, 2,000 by default. */
  validationPlaylists?: number;
  /** Seed of everything random, 42 by default. */
  seed?: number;
  /** File of the checkpoint, written at every evaluation; when it exists, training goes on from it. */
  checkpoint?: string;
  /** Features of the tracks [tracks, f], standardised: E[j] becomes E[j] + features[j] W, with W learned. */
  features?: Matrix;
}

/** What is to be done: the options, checked and complete. */
export type TrainingPlan = ReturnType<typeof planTraining>;

/** From so many tracks on, the softmax over all of them takes too long. */
const SOFTMAX_TRACKS = 100_000;

/** With features: in each step this share of the tracks loses its E[j], so that W learns to describe them alone. */
const IDENTITY_DROPOUT = 0.2;

/**
 * Checks the options and fills in the defaults.
 *
 * @returns The plan; its fingerprint says whether a checkpoint belongs to the same data and options.
 * @throws {InputError} When an option is out of range.
 */
export function planTraining(split: SequenceSplit, options: TrainOptions) {
  const { checkpoint, features } = options;
  const config = sasrecConfig({ ...options, tracks: split.trackIds.length });
  if (features && features.rows !== config.tracks) {
    throw new InputError(`Expected features of ${config.tracks} tracks but found ${features.rows}`);
  }
  const windows = trainingWindows(split.train, config.window);
  const batchSize = expectInteger("batchSize", options.batchSize ?? 128, 1);
  const stepsPerEpoch = Math.ceil(windows.length / 2 / batchSize);
  const epochs = expectInteger("epochs", options.epochs ?? 5, 1);
  const minimum = options.epochs === undefined ? expectInteger("minimumSteps", options.minimumSteps ?? 2000, 0) : 0;
  const steps = Math.min(
    Math.max(epochs, Math.ceil(minimum / stepsPerEpoch)) * stepsPerEpoch,
    expectInteger("maximumSteps", options.maximumSteps ?? Number.MAX_SAFE_INTEGER, 1),
  );
  const evaluateEvery = options.evaluateEvery ?? Math.min(2000, Math.max(100, stepsPerEpoch));
  /** What the course of training depends on, besides the data. */
  const course = {
    config,
    stepsPerEpoch,
    batchSize,
    learningRate: expectNumber("learningRate", options.learningRate ?? 0.002, 1e-9, 10),
    dropout: expectNumber("dropout", options.dropout ?? 0.2, 0, 0.95),
    loss: options.loss ?? (config.tracks <= SOFTMAX_TRACKS ? "softmax" : "sampled"),
    samples: expectInteger("samples", options.samples ?? 8192, 1),
    evaluateEvery: expectInteger("evaluateEvery", evaluateEvery, 1),
    patience: expectInteger("patience", options.patience ?? 5, 1),
    validationPlaylists: expectInteger("validationPlaylists", options.validationPlaylists ?? 2000, 1),
    seed: options.seed ?? 42,
    identityDropout: IDENTITY_DROPOUT,
  };
  const hash = createHash("sha256").update(JSON.stringify(course));
  hash.update(split.train.tracks).update(split.train.offsets);
  if (features) hash.update(features.data);
  return { ...course, windows, steps, checkpoint, features, fingerprint: hash.digest("hex") };
}
