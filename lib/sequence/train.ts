/**
 * Training SASRec: Adam on the cross-entropy of the next track, early stopping on validation NDCG, checkpoints.
 *
 * @module
 */
import { maxIndex, mean } from "d3-array";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import type { Matrix } from "../math/matrix.ts";
import { startProgress } from "../data/progress.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import { type NpzEntry, readNpz, writeNpz } from "../data/npz.ts";
import { loadTensorFlow, type Tensor, type TensorFlow } from "../math/tensor.ts";
import { fitPopularity } from "./baselines.ts";
import { type Batch, epochBatches, trainingWindows } from "./batches.ts";
import { binaryLoss, BufferPool, DropoutMasks, encode, makeVariables, softmaxLoss, type Variable } from "./network.ts";
import { evaluateNext } from "./ranking.ts";
import { type CandidateSampler, candidateSampler } from "./sampler.ts";
import { initialWeights, type SasrecConfig, sasrecConfig, type SasrecModel, type SasrecWeights } from "./sasrec.ts";
import { serveSasrec } from "./serve.ts";
import type { SequenceSplit } from "./split.ts";

/** Which loss: softmax over all tracks, over a sample of them with the log-Q correction, or the paper's yes or no. */
export type SasrecLoss = "softmax" | "sampled" | "binary";

/** Options of {@linkcode trainSasrec}. */
export interface TrainOptions extends Partial<Omit<SasrecConfig, "tracks">> {
  /**
   * Passes over the training part. When left out: 5, or as many as `minimumSteps` takes, unless the validation NDCG
   * stops rising before.
   */
  epochs?: number;
  /** Fewest optimiser steps when `epochs` is left out, 2,000 by default: on small data five epochs are too few. */
  minimumSteps?: number;
  /** Most optimiser steps, whatever else is said. */
  maximumSteps?: number;
  /** Windows of a batch, 128 by default. */
  batchSize?: number;
  /**
   * Adam's learning rate, 0.002 by default: with the paper's 0.001 the order is learned in so many steps that few take
   * them. β₁ is 0.9, β₂ 0.98 as in the paper's code.
   */
  learningRate?: number;
  /** Share of values dropped, in [0, 0.95], 0.2 by default. */
  dropout?: number;
  /** Loss; by default softmax up to 100,000 tracks and sampled beyond. */
  loss?: SasrecLoss;
  /** Tracks drawn a step for the sampled softmax, 8,192 by default. */
  samples?: number;
  /** Steps between evaluations; by default an epoch, at least 100 and at most 2,000. */
  evaluateEvery?: number;
  /**
   * Evaluations without a better NDCG before training stops, 5 by default. They count once the NDCG is a fifth above
   * popularity's: for some hundred steps SASRec knows little more than which tracks are frequent, and its NDCG stands
   * still.
   */
  patience?: number;
  /** Most playlists of an evaluation, 2,000 by default. */
  validationPlaylists?: number;
  /** Seed of everything random, 42 by default. */
  seed?: number;
  /** File to keep a checkpoint in, written at every evaluation; training goes on from it when it is there. */
  checkpoint?: string;
  /** Features of the tracks [tracks, f], standardised: E[j] becomes E[j] + features[j] W, with W learned. */
  features?: Matrix;
}

/** A point of the training curve. */
export interface TrainingPoint {
  /** Optimiser steps so far. */
  step: number;
  /** Passes over the data so far. */
  epoch: number;
  /** Mean training loss since the point before, nats. */
  loss: number;
  /** NDCG@10 on the validation targets. */
  ndcg: number;
  /** Recall@10 on the validation targets. */
  recall: number;
  /** Seconds of training so far, evaluations left out. */
  seconds: number;
}

/** What came of training. */
export interface TrainingResult {
  /** The model at its best evaluation. */
  model: SasrecModel;
  /** W of the features [f, d], when there were any; it is contained in the model's embeddings already. */
  featureWeights?: Float32Array;
  /** The training curve. */
  curve: TrainingPoint[];
  /** Step of the best evaluation. */
  bestStep: number;
  /** Optimiser steps taken. */
  steps: number;
  /** Steps of an epoch. */
  stepsPerEpoch: number;
  /** Mean seconds of an epoch, evaluations left out. */
  secondsPerEpoch: number;
  /** Whether the validation NDCG had stopped rising. */
  converged: boolean;
  /** The same in words. */
  note: string;
  /** The loss that was used. */
  loss: SasrecLoss;
}

const SOFTMAX_TRACKS = 100_000;
const BETA1 = 0.9;
const BETA2 = 0.98;
const EPSILON = 1e-8;

/** With features: share of the tracks whose E[j] is left out in a step, so that features learn to stand alone. */
const IDENTITY_DROPOUT = 0.2;

/** A model that does not rank so many times better than popularity has not begun to read the order. */
const BEYOND_POPULARITY = 1.2;

/**
 * Trains SASRec on the training part of a split. The same seed on the same machine gives the same model, also when
 * training was cut off and went on from its checkpoint.
 *
 * @param split The data.
 * @param options Shape of the model and course of training.
 * @returns The best model and the training curve.
 * @throws {InputError} When an option is out of range or the checkpoint belongs to other data or options.
 * @throws {Error} When the loss is not a number any more.
 */
export async function trainSasrec(split: SequenceSplit, options: TrainOptions = {}): Promise<TrainingResult> {
  const plan = makePlan(split, options);
  const { tf } = await loadTensorFlow();
  const trainer = new Trainer(tf, split, plan);
  const course = readCheckpoint(plan, trainer) ?? { step: 0, seconds: 0, curve: [] };
  const server = serveSasrec({ config: plan.config, weights: trainer.weights() });
  const validation = {
    part: "validation" as const,
    k: Math.min(10, plan.config.tracks),
    playlists: plan.validationPlaylists,
    seed: plan.seed,
  };
  const popularity = evaluateNext(fitPopularity(split.train, plan.config.tracks), split, validation).ndcg.value;
  const progress = startProgress("train-sasrec", plan.steps);
  const hasConverged = () => {
    const best = bestOf(course);
    return course.curve.length - 1 - best >= plan.patience &&
      course.curve[best]?.ndcg > BEYOND_POPULARITY * popularity;
  };
  const losses: number[] = [];
  let started = performance.now();
  const evaluate = () => {
    course.seconds += (performance.now() - started) / 1000;
    const weights = trainer.weights();
    server.update(weights);
    const result = evaluateNext(server, split, validation);
    const point: TrainingPoint = {
      step: course.step,
      epoch: course.step / plan.stepsPerEpoch,
      loss: mean(losses.splice(0)) ?? 0,
      ndcg: result.ndcg.value,
      recall: result.recall.value,
      seconds: course.seconds,
    };
    course.curve.push(point);
    if (bestOf(course) === course.curve.length - 1) course.bestWeights = weights;
    writeCheckpoint(plan, course, trainer);
    started = performance.now();
  };
  try {
    let converged = hasConverged();
    while (!converged && course.step < plan.steps) {
      const epoch = Math.floor(course.step / plan.stepsPerEpoch);
      const random = seededRandom(plan.seed, `sasrec epoch ${epoch}`);
      const skip = course.step % plan.stepsPerEpoch;
      for (const batch of epochBatches(split.train, plan.windows, plan.batchSize, random, skip)) {
        const loss = trainer.step(batch, course.step++);
        if (!Number.isFinite(loss)) {
          throw new Error(`The loss became ${loss} at step ${course.step}; lower the learning rate`);
        }
        losses.push(loss);
        const seconds = course.seconds + (performance.now() - started) / 1000;
        const left = (plan.steps - course.step) * seconds / course.step;
        progress.update(
          course.step,
          `loss ${loss.toFixed(3)}, ${(course.step / seconds).toFixed(1)} steps/s, ${left.toFixed(0)} s left`,
        );
        if (course.step % plan.evaluateEvery === 0) evaluate();
        converged = hasConverged();
        if (converged || course.step >= plan.steps) break;
      }
    }
    if (course.curve.at(-1)?.step !== course.step) evaluate();
    return finish(split, plan, course, converged, popularity);
  } finally {
    progress.stop();
    trainer.dispose();
  }
}

/** What is to be done: the options, checked and complete. */
type Plan = ReturnType<typeof makePlan>;

/** Where training stands. */
interface Course {
  step: number;
  seconds: number;
  curve: TrainingPoint[];
  /** Weights of the best evaluation, once there was one. */
  bestWeights?: SasrecWeights;
}

/** Which evaluation was the best, the first of equals; −1 before there is one. */
function bestOf({ curve }: Course): number {
  return maxIndex(curve, ({ ndcg }) => ndcg);
}

function makePlan(split: SequenceSplit, options: TrainOptions) {
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

/** The variables, their moments, and one step of training. */
class Trainer {
  readonly #tf: TensorFlow;
  readonly #plan: Plan;
  readonly #variables: Record<string, Variable>;
  readonly #first: Record<string, Variable>;
  readonly #second: Record<string, Variable>;
  readonly #features?: Tensor;
  readonly #sampler: CandidateSampler;
  readonly #buffers = new BufferPool();

  constructor(tf: TensorFlow, split: SequenceSplit, plan: Plan) {
    this.#tf = tf;
    this.#plan = plan;
    const { config, features, seed } = plan;
    this.#variables = makeVariables(tf, config, initialWeights(config, seed));
    if (features) {
      const draw = seededRandom(seed, "sasrec feature weights");
      const spread = 0.02 / Math.sqrt(features.columns);
      const weights = Float32Array.from(
        { length: features.columns * config.dimensions },
        () => spread * (draw() - 0.5) * Math.sqrt(12),
      );
      this.#variables.side = tf.tidy(() => tf.variable(tf.tensor(weights, [features.columns, config.dimensions])));
      this.#features = tf.tensor2d(features.data, [features.rows, features.columns]);
    }
    const zeros = () =>
      Object.fromEntries(
        Object.entries(this.#variables).map(([name, variable]) => [
          name,
          tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
        ]),
      );
    this.#first = zeros();
    this.#second = zeros();
    this.#sampler = candidateSampler(split.counts, plan.seed);
  }

  /** One optimiser step; returns the loss before it. */
  step(batch: Batch, step: number): number {
    const tf = this.#tf;
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => this.#loss(batch, step), Object.values(this.#variables));
      this.#update(grads as Record<string, Tensor>, step + 1);
      return value;
    });
    const loss = value.dataSync()[0];
    value.dispose();
    this.#buffers.reset();
    return loss;
  }

  /** The weights, features folded into the embeddings. */
  weights(): SasrecWeights {
    const tf = this.#tf;
    const items = tf.tidy(() => this.#table().clone());
    const weights = Object.fromEntries(
      Object.entries({ ...this.#variables, items }).map(([name, tensor]) => [
        name,
        (tensor.dataSync() as Float32Array).slice(),
      ]),
    );
    items.dispose();
    return weights;
  }

  /** Everything that training needs to go on: the variables and their moments. */
  state(): Record<string, NpzEntry & object> {
    return Object.fromEntries(
      this.#state().map(([name, variable]) => [
        name,
        { data: variable.dataSync() as Float32Array, shape: variable.shape },
      ]),
    );
  }

  restore(entries: Record<string, NpzEntry>): void {
    const tf = this.#tf;
    for (const [name, variable] of this.#state()) {
      const { data } = entries[name] as { data: Float32Array };
      tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
    }
  }

  #state(): [string, Variable][] {
    return Object.entries({ w: this.#variables, m: this.#first, v: this.#second }).flatMap(([group, variables]) =>
      Object.entries(variables).map(([name, variable]): [string, Variable] => [`${group}/${name}`, variable])
    );
  }

  dispose(): void {
    this.#tf.dispose([this.#variables, this.#first, this.#second] as never);
    this.#features?.dispose();
  }

  #loss(batch: Batch, step: number): ReturnType<TensorFlow["scalar"]> {
    const tf = this.#tf;
    const { config, dropout, loss, samples, seed } = this.#plan;
    const masks = new DropoutMasks(dropout, seed + Math.imul(step + 1, 0x632be5ab), this.#buffers);
    const table = this.#table(step);
    const hidden = encode(tf, config, this.#variables, table, batch, { dropout: masks });
    const targets = tf.tensor1d(batch.targets, "int32");
    if (loss === "softmax") return softmaxLoss(tf, hidden, table, targets) as never;
    if (loss === "binary") {
      const random = seededRandom(seed, `sasrec negatives ${step}`);
      const others = batch.targets.map((target) =>
        (target + 1 + randomInteger(random, config.tracks - 1)) % config.tracks
      );
      return binaryLoss(tf, hidden, table, targets, tf.tensor1d(others, "int32")) as never;
    }
    const { tracks, rows, bias } = this.#sampler(samples, batch.targets, step);
    const part = tf.gather(table, tf.tensor1d(tracks, "int32"));
    return softmaxLoss(tf, hidden, part, tf.tensor1d(rows, "int32"), tf.tensor1d(bias)) as never;
  }

  /** The embeddings; in a training step with features, those of some tracks rest on the features alone. */
  #table(step?: number): Tensor {
    const tf = this.#tf;
    const { items, side } = this.#variables;
    if (!this.#features) return items;
    const { seed, config } = this.#plan;
    let own: Tensor = items;
    if (step !== undefined) {
      const random = seededRandom(seed, `sasrec identities ${step}`);
      const mask = Float32Array.from({ length: config.tracks }, () => random() < IDENTITY_DROPOUT ? 0 : 1);
      own = tf.mul(items, tf.tensor2d(mask, [config.tracks, 1]));
    }
    return tf.add(own, tf.matMul(this.#features, side as Tensor));
  }

  /** Adam (Kingma & Ba 2015), bias-corrected. */
  #update(gradients: Record<string, Tensor>, count: number): void {
    const tf = this.#tf;
    const rate = this.#plan.learningRate / (1 - BETA1 ** count);
    const correction = 1 / Math.sqrt(1 - BETA2 ** count);
    for (const [name, variable] of Object.entries(this.#variables)) {
      const gradient = gradients[variable.name];
      const [first, second] = [this.#first[name], this.#second[name]];
      // One at a time, so that few copies of a large table are alive at once.
      tf.tidy(() => first.assign(tf.add(tf.mul(first, BETA1), tf.mul(gradient, 1 - BETA1)) as never));
      tf.tidy(() => second.assign(tf.add(tf.mul(second, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)) as never));
      gradient.dispose();
      tf.tidy(() => {
        const spread = tf.tidy(() => tf.add(tf.mul(tf.sqrt(second), correction), EPSILON));
        variable.assign(tf.sub(variable, tf.tidy(() => tf.div(tf.mul(first, rate), spread))) as never);
      });
    }
  }
}

function writeCheckpoint({ checkpoint, fingerprint }: Plan, course: Course, trainer: Trainer): void {
  if (!checkpoint) return;
  const { bestWeights, ...said } = course;
  const entries: Record<string, NpzEntry> = { ...trainer.state(), course: JSON.stringify({ fingerprint, ...said }) };
  for (const [name, data] of Object.entries(bestWeights!)) entries[`best/${name}`] = { data, shape: [data.length] };
  writeNpz(checkpoint, entries);
}

/** Brings the trainer to where a checkpoint left off. */
function readCheckpoint({ checkpoint, fingerprint }: Plan, trainer: Trainer): Course | undefined {
  if (!checkpoint || !existsSync(checkpoint)) return undefined;
  const entries = readNpz(checkpoint);
  const { fingerprint: found, ...course } = JSON.parse(entries.course as string);
  if (found !== fingerprint) {
    throw new InputError(`${checkpoint}: this checkpoint belongs to other data or options; delete it to start anew`);
  }
  trainer.restore(entries);
  const best = Object.entries(entries).filter(([name]) => name.startsWith("best/"));
  const bestWeights = Object.fromEntries(
    best.map(([name, entry]) => [name.slice(5), (entry as { data: Float32Array }).data]),
  );
  return { ...course, bestWeights };
}

function finish(
  split: SequenceSplit,
  plan: Plan,
  course: Course,
  converged: boolean,
  popularity: number,
): TrainingResult {
  const { side, ...weights } = course.bestWeights!;
  const best = course.curve[bestOf(course)];
  const after = `${course.step} steps (${(course.step / plan.stepsPerEpoch).toFixed(1)} epochs)`;
  const note = converged
    ? `converged: validation NDCG@10 did not rise over the last ${plan.patience} evaluations; best after ${best.step} steps`
    : `not shown to have converged: training ended after ${after} while validation NDCG@10 was best at step ${best.step}` +
      (best.ndcg > BEYOND_POPULARITY * popularity
        ? ""
        : `, hardly above popularity's (${best.ndcg.toFixed(4)} and ${popularity.toFixed(4)}): train it longer`);
  const training = {
    note,
    converged,
    steps: course.step,
    bestStep: best.step,
    epochs: course.step / plan.stepsPerEpoch,
    loss: plan.loss,
    batchSize: plan.batchSize,
    learningRate: plan.learningRate,
    dropout: plan.dropout,
    seed: plan.seed,
    playlists: split.userIds.length,
    positions: split.train.tracks.length,
    validation: { ndcg: best.ndcg, recall: best.recall },
  };
  return {
    model: { config: plan.config, weights, trackIds: split.trackIds, training },
    featureWeights: side,
    curve: course.curve,
    steps: course.step,
    stepsPerEpoch: plan.stepsPerEpoch,
    secondsPerEpoch: course.seconds / course.step * plan.stepsPerEpoch,
    bestStep: best.step,
    converged,
    note,
    loss: plan.loss,
  };
}
