/**
 * A fully connected autoencoder: learns to give back its input through a narrow layer, whose activations are the
 * embedding.
 */
import { sum } from "d3-array";
import { join } from "node:path";
import { expectInteger, InputError } from "../data/errors.ts";
import { type Matrix, takeRows } from "../math/matrix.ts";
import { startProgress } from "../data/progress.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { writeAtomic } from "../data/atomic.ts";
import { inBlocks, loadTensorFlow, mapRows, type Model, type Tensor, type TensorFlow } from "../math/tensor.ts";
import { accumulateMoments } from "../math/pca.ts";

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
  /** Seed of everything that is drawn. Default 42. */
  seed?: number;
}

/** Epochs without a better validation loss before training stops. */
const PATIENCE = 8;
/** Learning rate of Adam at the start; it falls along a cosine to a twentieth. */
const LEARNING_RATE = 0.01;

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
  history: EpochLoss[];
}

/** A trained autoencoder. It holds tensors: call `dispose()` when done. */
export class Autoencoder {
  readonly #encoder: Model;

  /**
   * Puts a model and its description together.
   *
   * @param model The layers from input to output; one is called `bottleneck`.
   */
  constructor(readonly tf: TensorFlow, readonly model: Model, readonly description: AutoencoderDescription) {
    const bottleneck = model.getLayer("bottleneck").output as typeof model.outputs[number];
    this.#encoder = tf.model({ inputs: model.inputs, outputs: bottleneck });
  }

  /**
   * The embedding of rows.
   *
   * @returns The centred bottleneck [n, dimensions].
   */
  encode(x: Matrix): Matrix {
    const { dimensions, codeMean } = this.description;
    return this.#run(this.#encoder, x, dimensions, (codes) => this.tf.sub(codes, codeMean));
  }

  /**
   * Rows as the autoencoder gives them back.
   *
   * @returns The reconstruction [n, columns].
   */
  reconstruct(x: Matrix): Matrix {
    const { columns, mean, scale } = this.description;
    return this.#run(this.model, x, columns, (rows) => this.tf.add(this.tf.mul(rows, scale), mean));
  }

  /**
   * Saves the model, in the form that tfjs reads everywhere, and its description, each file atomically.
   *
   * @param directory The folder to write `model.json`, `weights.bin` and `autoencoder.json` to.
   */
  async save(directory: string): Promise<void> {
    await this.model.save({
      save: ({ format, generatedBy, modelTopology, weightSpecs, weightData }) => {
        const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
        writeAtomic(join(directory, "weights.bin"), new Uint8Array(weightData as ArrayBuffer));
        const topology = { format, generatedBy, modelTopology, weightsManifest };
        writeAtomic(join(directory, "model.json"), JSON.stringify(topology));
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
      },
    });
    writeAtomic(join(directory, "autoencoder.json"), JSON.stringify(this.description, null, 2) + "\n");
  }

  /** Frees the tensors. */
  dispose(): void {
    this.model.dispose();
  }

  #run(network: Model, x: Matrix, width: number, finish: (output: Tensor) => Tensor): Matrix {
    const { mean, scale } = this.description;
    const standardised = (block: Tensor) => standardise(this.tf, block, mean, scale);
    return mapRows(this.tf, x, width, (block) => finish(network.predictOnBatch(standardised(block)) as Tensor));
  }
}

/**
 * Trains an autoencoder: minimises mean ‖x − decode(encode(x))‖² over the training rows with Adam (Kingma & Ba 2015)
 * and keeps the weights of the epoch with the smallest loss on the validation rows. Batches are gathered from the
 * matrix one by one, so memory does not grow with the rows. Layers between input and bottleneck are ELU, the bottleneck
 * and the output linear: with no hidden layer the optimum is the plane of PCA (Bourlard & Kamp 1988).
 *
 * @param x Rows [n, d], PCA scores as a rule; all columns count in proportion to their variance.
 * @throws {InputError} When more dimensions than columns are asked for, nothing varies, or the loss becomes NaN.
 */
export async function trainAutoencoder(
  x: Matrix,
  train: Int32Array,
  validation: Int32Array,
  options: AutoencoderOptions = {},
): Promise<Autoencoder> {
  const settings = complete(x, train.length, options);
  const { mean, scale } = await standardisation(x, train);
  const { tf } = await loadTensorFlow();
  const model = build(tf, x.columns, settings);
  // The optimizer reads its learning rate at each step.
  const optimizer = tf.train.adam() as unknown as ReturnType<typeof tf.train.adam> & { learningRate: number };
  model.compile({ optimizer, loss: "meanSquaredError" });
  const random = seededRandom(settings.seed, "autoencoder");
  const order = train.slice();
  const history: EpochLoss[] = [];
  let best = { epoch: 0, loss: Infinity, weights: [] as Tensor[] };
  const progress = startProgress("autoencoder", settings.epochs);
  for (let epoch = 1; epoch <= settings.epochs && epoch - best.epoch <= PATIENCE; epoch++) {
    shuffleInPlace(order, random);
    optimizer.learningRate = LEARNING_RATE *
      (0.525 + 0.475 * Math.cos(Math.PI * (epoch - 1) / settings.epochs));
    let total = 0;
    for (let start = 0; start < order.length; start += settings.batchSize) {
      const { data, rows, columns } = takeRows(x, order.subarray(start, start + settings.batchSize));
      const batch = tf.tidy(() => standardise(tf, tf.tensor2d(data, [rows, columns]), mean, scale));
      total += await model.trainOnBatch(batch, batch) as number * rows;
      batch.dispose();
    }
    const loss = meanSquaredError(tf, model, takeRows(x, validation), mean, scale);
    if (!Number.isFinite(loss)) {
      throw new InputError(`Expected a finite loss but found ${loss} in epoch ${epoch}`);
    }
    history.push({ epoch, train: total / order.length, validation: loss });
    progress.update(epoch, `validation loss ${loss.toFixed(4)}`);
    if (loss < best.loss) {
      tf.dispose(best.weights);
      best = { epoch, loss, weights: model.getWeights().map((weight) => weight.clone()) };
    }
  }
  progress.stop();
  optimizer.dispose();
  model.setWeights(best.weights);
  tf.dispose(best.weights);
  const description: AutoencoderDescription = {
    columns: x.columns,
    dimensions: settings.dimensions,
    hidden: [...settings.hidden],
    mean: Array.from(mean),
    scale,
    codeMean: new Array(settings.dimensions).fill(0),
    bestEpoch: best.epoch,
    history,
  };
  const autoencoder = new Autoencoder(tf, model, description);
  description.codeMean = Array.from((await accumulateMoments(autoencoder.encode(takeRows(x, train)))).mean);
  return autoencoder;
}

type Settings = Required<AutoencoderOptions>;

function complete(x: Matrix, rows: number, options: AutoencoderOptions): Settings {
  const narrow = x.columns > 16 ? 16 : Math.ceil(x.columns / 2);
  const batch = Math.max(32, Math.min(4096, 2 ** Math.ceil(Math.log2(Math.max(1, rows / 16)))));
  return {
    dimensions: expectInteger("dimensions", options.dimensions ?? narrow, 1, x.columns),
    hidden: (options.hidden ?? [64]).map((width) => expectInteger("a hidden layer's width", width, 1, 65536)),
    batchSize: expectInteger("batchSize", options.batchSize ?? batch, 1),
    epochs: expectInteger("epochs", options.epochs ?? 50, 1),
    seed: expectInteger("seed", options.seed ?? 42, Number.MIN_SAFE_INTEGER),
  };
}

function build(tf: TensorFlow, columns: number, { dimensions, hidden, seed }: Settings): Model {
  const input = tf.input({ shape: [columns], name: "input" });
  let flow = input;
  let layers = 0;
  const add = (units: number, activation: "elu" | "linear", name: string) => {
    const kernelInitializer = tf.initializers.glorotUniform({ seed: seed + ++layers });
    flow = tf.layers.dense({ units, activation, name, kernelInitializer }).apply(flow) as typeof input;
  };
  hidden.forEach((width, i) => add(width, "elu", `encoder_${i + 1}`));
  add(dimensions, "linear", "bottleneck");
  hidden.toReversed().forEach((width, i) => add(width, "elu", `decoder_${i + 1}`));
  add(columns, "linear", "output");
  return tf.model({ inputs: input, outputs: flow });
}

/** Centre of the rows and one scale for all columns: the loss then counts each column by its share of the variance. */
async function standardisation(x: Matrix, rows: Int32Array): Promise<{ mean: Float64Array; scale: number }> {
  const { mean, scatter } = await accumulateMoments(takeRows(x, rows));
  const d = x.columns;
  const scale = Math.sqrt(sum(mean, (_, j) => scatter[j * d + j]) / rows.length / d);
  if (scale === 0) throw new InputError(`Expected columns that vary but found ${d} constant columns`);
  return { mean, scale };
}

/** Rows, centred and scaled. */
function standardise(tf: TensorFlow, rows: Tensor, mean: ArrayLike<number>, scale: number): Tensor {
  return tf.div(tf.sub(rows, Float32Array.from(mean)), scale);
}

function meanSquaredError(tf: TensorFlow, model: Model, x: Matrix, mean: Float64Array, scale: number): number {
  const blocks = inBlocks(tf, x, (block) => {
    const rows = standardise(tf, block, mean, scale);
    return tf.sum(tf.squaredDifference(model.predictOnBatch(rows) as Tensor, rows));
  });
  return sum(blocks, ({ values }) => values[0]) / x.data.length;
}
