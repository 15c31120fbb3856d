/** One step of training SASRec: the loss of a batch, its gradients, and the move of the optimiser. */
import type { NpzEntry } from "../data/npz.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import type { Tensor, TensorFlow } from "../math/tensor.ts";
import { Adam } from "./adam.ts";
import type { Batch } from "./batches.ts";
import { BufferPool, DropoutMasks } from "./dropout.ts";
import { binaryLoss, softmaxLoss } from "./losses.ts";
import { encode, makeVariables, type Variable } from "./network.ts";
import { candidateSampler } from "./sampler.ts";
import { initialWeights, type SasrecWeights } from "./sasrec.ts";
import type { SequenceSplit } from "./split.ts";
import type { TrainingPlan } from "./training_plan.ts";

/** The variables of a model in training, with their optimiser. It holds tensors: call `dispose()` when done. */
export class Trainer {
  readonly #tf: TensorFlow;
  readonly #plan: TrainingPlan;
  readonly #variables: Record<string, Variable>;
  readonly #adam: Adam;
  readonly #features?: Tensor;
  readonly #sampler: ReturnType<typeof candidateSampler>;
  readonly #buffers = new BufferPool();

  /** Makes the variables with their initial values. */
  constructor(tf: TensorFlow, split: SequenceSplit, plan: TrainingPlan) {
    this.#tf = tf;
    this.#plan = plan;
    const { config, features, seed } = plan;
    this.#variables = makeVariables(tf, config, initialWeights(config, seed));
    if (features) {
      const draw = seededRandom(seed, "sasrec feature weights");
      const spread = 0.02 / Math.sqrt(features.columns);
      const shape = [features.columns, config.dimensions];
      // Uniform with standard deviation `spread`.
      const weights = Float32Array.from({ length: shape[0] * shape[1] }, () => spread * (draw() - 0.5) * Math.sqrt(12));
      this.#variables.side = tf.tidy(() => tf.variable(tf.tensor(weights, shape)));
      this.#features = tf.tensor2d(features.data, [features.rows, features.columns]);
    }
    this.#adam = new Adam(tf, this.#variables, plan.learningRate);
    this.#sampler = candidateSampler(split.counts, plan.seed);
  }

  /**
   * Takes one step.
   *
   * @param step Number of the step, from 0: what is drawn in it depends on this number and the seed alone.
   * @returns The loss before the step, nats.
   */
  step(batch: Batch, step: number): number {
    const tf = this.#tf;
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => this.#loss(batch, step), Object.values(this.#variables));
      this.#adam.step(grads as Record<string, Tensor>, step + 1);
      return value;
    });
    const loss = value.dataSync()[0];
    value.dispose();
    this.#buffers.reset();
    return loss;
  }

  /** Copies of the weights by name; `items` contains what the features add, and `side` is their W. */
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

  /** Everything that training needs to go on: the variables (`w/…`) and their moments (`m/…`, `v/…`). */
  state(): Record<string, NpzEntry & object> {
    return Object.fromEntries(
      this.#state().map(([name, variable]) => [
        name,
        { data: variable.dataSync() as Float32Array, shape: variable.shape },
      ]),
    );
  }

  /** Takes over what {@linkcode Trainer.state} gave. */
  restore(entries: Record<string, NpzEntry>): void {
    const tf = this.#tf;
    for (const [name, variable] of this.#state()) {
      const { data } = entries[name] as { data: Float32Array };
      tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
    }
  }

  /** Frees the tensors. */
  dispose(): void {
    this.#tf.dispose(this.#state().map(([, variable]) => variable));
    this.#features?.dispose();
  }

  #state(): [string, Variable][] {
    return Object.entries({ w: this.#variables, ...this.#adam.moments }).flatMap(([group, variables]) =>
      Object.entries(variables).map(([name, variable]): [string, Variable] => [`${group}/${name}`, variable])
    );
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

  /** The embeddings E + features W; in a training step without the own embedding E[j] of some tracks. */
  #table(step?: number): Tensor {
    const tf = this.#tf;
    const { items, side } = this.#variables;
    if (!this.#features) return items;
    const { seed, config, identityDropout } = this.#plan;
    let own: Tensor = items;
    if (step !== undefined) {
      const random = seededRandom(seed, `sasrec identities ${step}`);
      const mask = Float32Array.from({ length: config.tracks }, () => random() < identityDropout ? 0 : 1);
      own = tf.mul(items, tf.tensor2d(mask, [config.tracks, 1]));
    }
    return tf.add(own, tf.matMul(this.#features, side as Tensor));
  }
}
