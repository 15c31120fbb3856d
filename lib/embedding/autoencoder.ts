/**
 * A fully connected autoencoder: learns to give back its input through a narrow layer, whose activations are the
 * embedding.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expectInteger, expectNumber, InputError } from "../errors.ts";
import { type Matrix, matrix } from "../matrix.ts";
import { startProgress } from "../progress.ts";
import { seededRandom, shuffleInPlace } from "../random.ts";
import { writeAtomic } from "../storage/atomic.ts";
import { loadModel, loadTensorFlow, type Model, saveModel, type TensorFlow } from "../tensor.ts";

/** How to train. */
export interface AutoencoderOptions {
  /** Width of the bottleneck, in [1, columns]. Default 16, or half the columns when there are no more than 16. */
  dimensions?: number;
  /** Widths of the layers between input and bottleneck; the decoder mirrors them. Default [64]. */
  hidden?: readonly number[];
  /** Rows of a training step. Default: about a sixteenth of the training rows, in [32, 4096]. */
  batchSize?: number;
  /** Most passes over the training rows. Default 50. */
  epochs?: number;
  /** Epochs without a better validation loss before training stops. Default 8. */
  patience?: number;
  /** Learning rate of Adam at the start; it falls along a cosine to a twentieth. Default 0.01. */
  learningRate?: number;
  /** Seed of weights and shuffling. Default 42. */
  seed?: number;
}

/** Losses of one epoch: mean squared error an element, in units of the input's variance (1 = the mean as a guess). */
export interface EpochLoss {
  /** Number of the epoch, from 1. */
  epoch: number;
  /** Mean loss of the training steps. */
  train: number;
  /** Loss on the validation rows after the epoch. */
  validation: number;
}

/** What belongs to a trained autoencoder beside its weights. */
export interface AutoencoderDescription {
  /** Columns of the input. */
  columns: number;
  /** Width of the bottleneck. */
  dimensions: number;
  /** Widths of the layers between input and bottleneck. */
  hidden: number[];
  /** The input is centred on this, length `columns` … */
  mean: number[];
  /** … and divided by this one number, so that its mean variance is 1. */
  scale: number;
  /** Mean of the bottleneck over the training rows, taken off the embedding, length `dimensions`. */
  codeMean: number[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
  /** Losses of all epochs. */
  history: EpochLoss[];
}

/** A trained autoencoder. It holds tensors: call `dispose()` when done. */
export interface Autoencoder {
  /** Sizes, scaling and losses. */
  readonly description: AutoencoderDescription;
  /**
   * The embedding of rows.
   *
   * @param x Rows [n, columns].
   * @returns The centred bottleneck [n, dimensions].
   */
  encode(x: Matrix): Matrix;
  /**
   * Rows as the autoencoder gives them back.
   *
   * @param x Rows [n, columns].
   * @returns The reconstruction [n, columns].
   */
  reconstruct(x: Matrix): Matrix;
  /**
   * Saves the model and its description.
   *
   * @param directory The folder to write `model.json`, `weights.bin` and `autoencoder.json` to.
   */
  save(directory: string): Promise<void>;
  /** Frees the tensors. */
  dispose(): void;
}

/** Rows that go through the network at once when nothing is learnt. */
const CHUNK = 4096;

/**
 * Trains an autoencoder: minimises mean ‖x − decode(encode(x))‖² over the training rows with Adam (Kingma & Ba 2015)
 * and keeps the weights of the epoch with the smallest loss on the validation rows. Batches are gathered from the
 * matrix one by one, so memory does not grow with the rows. Layers between input and bottleneck are ELU, the bottleneck
 * and the output linear: with no hidden layer the optimum is the plane of PCA (Bourlard & Kamp 1988).
 *
 * @param x Rows [n, d], PCA scores as a rule; all columns count in proportion to their variance.
 * @param train Rows to learn from.
 * @param validation Rows that say when to stop.
 * @param options Sizes and training.
 * @returns The autoencoder.
 * @throws {InputError} When a part has no rows, more dimensions than columns are asked for, nothing varies, or the loss
 * becomes NaN.
 */
export async function trainAutoencoder(
  x: Matrix,
  train: Int32Array,
  validation: Int32Array,
  options: AutoencoderOptions = {},
): Promise<Autoencoder> {
  const settings = complete(x, train, options);
  if (train.length === 0 || validation.length === 0) {
    throw new InputError(`Expected training and validation rows but found ${train.length} and ${validation.length}`);
  }
  const { mean, scale } = standardisation(x, train);
  const { tf } = await loadTensorFlow();
  const model = build(tf, x.columns, settings);
  const optimizer = hostAdam(tf);
  model.compile({ optimizer, loss: "meanSquaredError" });
  const random = seededRandom(settings.seed, "autoencoder");
  const order = train.slice();
  const history: EpochLoss[] = [];
  let best = { epoch: 0, loss: Infinity, weights: [] as Float32Array[] };
  const progress = startProgress("autoencoder", settings.epochs);
  for (let epoch = 1; epoch <= settings.epochs && epoch - best.epoch <= settings.patience; epoch++) {
    shuffleInPlace(order, random);
    optimizer.learningRate = settings.learningRate *
      (0.525 + 0.475 * Math.cos(Math.PI * (epoch - 1) / settings.epochs));
    let sum = 0;
    for (let start = 0; start < order.length; start += settings.batchSize) {
      const rows = order.subarray(start, start + settings.batchSize);
      const batch = tf.tensor2d(gather(x, rows, mean, scale), [rows.length, x.columns]);
      sum += await model.trainOnBatch(batch, batch) as number * rows.length;
      batch.dispose();
    }
    const loss = meanSquaredError(tf, model, x, validation, mean, scale);
    if (!Number.isFinite(loss)) {
      throw new InputError(`Expected a finite loss but found ${loss} in epoch ${epoch}; try a smaller learning rate`);
    }
    history.push({ epoch, train: sum / order.length, validation: loss });
    progress.update(epoch, `validation loss ${loss.toFixed(4)}`);
    if (loss < best.loss) best = { epoch, loss, weights: readWeights(model) };
  }
  progress.stop();
  optimizer.dispose();
  writeWeights(tf, model, best.weights);
  const codeMean = new Array<number>(settings.dimensions).fill(0);
  const description: AutoencoderDescription = {
    columns: x.columns,
    dimensions: settings.dimensions,
    hidden: [...settings.hidden],
    mean: Array.from(mean),
    scale,
    codeMean,
    bestEpoch: best.epoch,
    history,
  };
  const autoencoder = wrap(tf, model, description);
  centre(autoencoder, x, train, codeMean);
  return autoencoder;
}

/**
 * Loads an autoencoder that was saved.
 *
 * @param directory The folder it is in.
 * @returns The autoencoder.
 * @throws {InputError} When the folder holds none.
 */
export async function loadAutoencoder(directory: string): Promise<Autoencoder> {
  const model = await loadModel(directory);
  const { tf } = await loadTensorFlow();
  return wrap(tf, model, JSON.parse(readFileSync(join(directory, "autoencoder.json"), "utf8")));
}

type Settings = Required<AutoencoderOptions>;

function complete(x: Matrix, train: Int32Array, options: AutoencoderOptions): Settings {
  return {
    dimensions: expectInteger("dimensions", options.dimensions ?? bottleneckWidth(x.columns), 1, x.columns),
    hidden: (options.hidden ?? [64]).map((width) => expectInteger("a hidden layer's width", width, 1, 65536)),
    batchSize: expectInteger("batchSize", options.batchSize ?? defaultBatch(train.length), 1),
    epochs: expectInteger("epochs", options.epochs ?? 50, 1),
    patience: expectInteger("patience", options.patience ?? 8, 1),
    learningRate: expectNumber("learningRate", options.learningRate ?? 0.01, 0),
    seed: expectInteger("seed", options.seed ?? 42, Number.MIN_SAFE_INTEGER),
  };
}

function defaultBatch(rows: number): number {
  return Math.max(32, Math.min(4096, 2 ** Math.ceil(Math.log2(Math.max(1, rows / 16)))));
}

/**
 * The bottleneck's width when none is asked for: 16, or half the columns when there are no more than 16.
 *
 * @param columns Columns of the input.
 * @returns The width, at least 1.
 */
export function bottleneckWidth(columns: number): number {
  return columns > 16 ? 16 : Math.ceil(columns / 2);
}

function build(tf: TensorFlow, columns: number, { dimensions, hidden, seed }: Settings): Model {
  const dense = (units: number, index: number, activation: "elu" | "linear", name: string) =>
    tf.layers.dense({
      units,
      activation,
      name,
      kernelInitializer: tf.initializers.glorotUniform({ seed: seed + index }),
    });
  const input = tf.input({ shape: [columns], name: "input" });
  let flow = input;
  let index = 1;
  const apply = (units: number, activation: "elu" | "linear", name: string) => {
    flow = dense(units, index++, activation, name).apply(flow) as typeof input;
  };
  hidden.forEach((width, i) => apply(width, "elu", `encoder_${i + 1}`));
  apply(dimensions, "linear", "bottleneck");
  hidden.toReversed().forEach((width, i) => apply(width, "elu", `decoder_${i + 1}`));
  apply(columns, "linear", "output");
  return tf.model({ inputs: input, outputs: flow });
}

/**
 * Adam (Kingma & Ba 2015) with β₁ = 0.9, β₂ = 0.999, ε = 1e-7, as tf.train.adam, but computed in this process: the
 * weights are few thousand, and a dozen small tensor operations for each layer take longer than the network itself.
 */
function hostAdam(tf: TensorFlow): InstanceType<TensorFlow["Optimizer"]> & { learningRate: number } {
  const moments = new Map<string, { weights: Float32Array; first: Float64Array; second: Float64Array }>();
  let [decay1, decay2] = [1, 1];
  class HostAdam extends tf.Optimizer {
    static className = "HostAdam";
    learningRate = 0;
    override applyGradients(gradients: Gradients): void {
      const list = Array.isArray(gradients)
        ? gradients
        : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
      [decay1, decay2] = [decay1 * 0.9, decay2 * 0.999];
      const rate = this.learningRate / (1 - decay1);
      for (const { name, tensor } of list) {
        const variable = tf.engine().registeredVariables[name];
        const gradient = tensor.dataSync();
        let state = moments.get(name);
        if (!state) {
          const [first, second] = [new Float64Array(gradient.length), new Float64Array(gradient.length)];
          moments.set(name, state = { weights: variable.dataSync().slice() as Float32Array, first, second });
        }
        const { weights, first, second } = state;
        for (let i = 0; i < weights.length; i++) {
          const g = gradient[i];
          const m = first[i] = 0.9 * first[i] + 0.1 * g;
          const v = second[i] = 0.999 * second[i] + 0.001 * g * g;
          weights[i] -= rate * m / (Math.sqrt(v / (1 - decay2)) + 1e-7);
        }
        const next = tf.tensor(weights.slice(), variable.shape);
        variable.assign(next);
        next.dispose();
      }
    }
    override getConfig(): Record<string, number> {
      return { learningRate: this.learningRate };
    }
  }
  return new HostAdam();
}

type Gradients = Parameters<InstanceType<TensorFlow["Optimizer"]>["applyGradients"]>[0];

function wrap(tf: TensorFlow, model: Model, description: AutoencoderDescription): Autoencoder {
  const encoder = tf.model({
    inputs: model.inputs,
    outputs: model.getLayer("bottleneck").output as typeof model.outputs[number],
  });
  const { columns, dimensions, scale, codeMean } = description;
  const mean = Float64Array.from(description.mean);
  const run = (network: Model, x: Matrix, width: number, finish: (value: number, column: number) => number) => {
    if (x.columns !== columns) {
      throw new InputError(`Expected ${columns} columns, as the autoencoder has, but found ${x.columns}`);
    }
    const result = matrix(x.rows, width);
    for (let start = 0; start < x.rows; start += CHUNK) {
      const rows = Int32Array.from({ length: Math.min(CHUNK, x.rows - start) }, (_, i) => start + i);
      const values = predict(tf, network, gather(x, rows, mean, scale), columns);
      for (let i = 0; i < values.length; i++) result.data[start * width + i] = finish(values[i], i % width);
    }
    return result;
  };
  return {
    description,
    encode: (x) => run(encoder, x, dimensions, (value, column) => value - codeMean[column]),
    reconstruct: (x) => run(model, x, columns, (value, column) => value * scale + mean[column]),
    save: async (directory) => {
      await saveModel(model, directory);
      writeAtomic(join(directory, "autoencoder.json"), JSON.stringify(description, null, 2) + "\n");
    },
    dispose: () => {
      model.dispose();
    },
  };
}

/** Centre of the rows and one scale for all columns: the loss then counts each column by its share of the variance. */
function standardisation(x: Matrix, rows: Int32Array): { mean: Float64Array; scale: number } {
  const d = x.columns;
  const mean = new Float64Array(d);
  for (const r of rows) for (let j = 0; j < d; j++) mean[j] += x.data[r * d + j] / rows.length;
  let sum = 0;
  for (const r of rows) for (let j = 0; j < d; j++) sum += (x.data[r * d + j] - mean[j]) ** 2;
  const scale = Math.sqrt(sum / rows.length / d);
  if (!Number.isFinite(scale)) throw new InputError("Expected finite numbers for the autoencoder but found others");
  if (scale === 0) throw new InputError(`Expected columns that vary but found ${d} constant columns`);
  return { mean, scale };
}

/** Copies rows, centred and scaled, into one array. */
function gather(x: Matrix, rows: Int32Array, mean: Float64Array, scale: number): Float32Array {
  const d = x.columns;
  const batch = new Float32Array(rows.length * d);
  for (let i = 0, to = 0; i < rows.length; i++) {
    for (let j = 0, from = rows[i] * d; j < d; j++) batch[to++] = (x.data[from++] - mean[j]) / scale;
  }
  return batch;
}

function predict(tf: TensorFlow, network: Model, batch: Float32Array, columns: number): Float32Array {
  const output = tf.tidy(() => network.predictOnBatch(tf.tensor2d(batch, [batch.length / columns, columns])));
  const values = (output as ReturnType<typeof tf.tensor>).dataSync() as Float32Array;
  tf.dispose(output);
  return values;
}

function meanSquaredError(
  tf: TensorFlow,
  model: Model,
  x: Matrix,
  rows: Int32Array,
  mean: Float64Array,
  scale: number,
): number {
  let sum = 0;
  for (let start = 0; start < rows.length; start += CHUNK) {
    const batch = gather(x, rows.subarray(start, start + CHUNK), mean, scale);
    const found = predict(tf, model, batch, x.columns);
    for (let i = 0; i < batch.length; i++) sum += (found[i] - batch[i]) ** 2;
  }
  return sum / rows.length / x.columns;
}

function readWeights(model: Model): Float32Array[] {
  return model.getWeights().map((weight) => weight.dataSync().slice() as Float32Array);
}

function writeWeights(tf: TensorFlow, model: Model, weights: Float32Array[]): void {
  tf.tidy(() => model.setWeights(model.getWeights().map((weight, i) => tf.tensor(weights[i], weight.shape))));
}

/** Sets the code mean in place to that of the training rows. */
function centre(autoencoder: Autoencoder, x: Matrix, rows: Int32Array, codeMean: number[]): void {
  const d = x.columns;
  const sums = new Float64Array(codeMean.length);
  for (let start = 0; start < rows.length; start += CHUNK) {
    const part = rows.subarray(start, start + CHUNK);
    const chunk = matrix(part.length, d);
    part.forEach((r, i) => chunk.data.set(x.data.subarray(r * d, (r + 1) * d), i * d));
    const codes = autoencoder.encode(chunk);
    for (let i = 0; i < codes.data.length; i++) sums[i % sums.length] += codes.data[i];
  }
  sums.forEach((sum, j) => codeMean[j] = sum / rows.length);
}
