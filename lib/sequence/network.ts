/**
 * SASRec's forward pass in TensorFlow, with the gradients that automatic differentiation would make slow or large
 * written out by hand: the blocks and the softmax over the vocabulary.
 *
 * @module
 */
import type { Tensor, TensorFlow } from "../math/tensor.ts";
import type { Batch } from "./batches.ts";
import { type SasrecConfig, type SasrecWeights, weightShapes } from "./sasrec.ts";

/** A TensorFlow variable. */
export type Variable = ReturnType<TensorFlow["variable"]>;

/** What the encoder is run with. */
export interface EncodeOptions {
  /** Masks of dropout; none when left out. */
  dropout?: DropoutMasks;
  /** False lets every position see the future: only for the test that such a model is caught. */
  causal?: boolean;
}

/** Rows of logits at a time: 192 × 22,000 of them are 17 MB, so that the two copies stay far below the whole 560 MB. */
const ROWS_AT_A_TIME = 192;

/** exp of logits up to this cannot overflow a sum over 10¹² tracks in 32 bits. */
const SAFE_LOGIT = 60;

/**
 * Makes variables of weights.
 *
 * @param tf TensorFlow.
 * @param config Shape of the model.
 * @param weights The weights.
 * @returns Variables by name.
 */
export function makeVariables(tf: TensorFlow, config: SasrecConfig, weights: SasrecWeights): Record<string, Variable> {
  return Object.fromEntries(
    weightShapes(config).map(([name, shape]) => [name, tf.tidy(() => tf.variable(tf.tensor(weights[name], shape)))]),
  );
}

/**
 * Hidden states at the positions of a batch that hold a track.
 *
 * @param tf TensorFlow.
 * @param config Shape of the model.
 * @param vars The variables.
 * @param table Embeddings [tracks, d], as a rule `vars.items`.
 * @param batch The batch.
 * @param options Dropout.
 * @returns Hidden states [positions, d]; call it within `tf.tidy`.
 */
export function encode(
  tf: TensorFlow,
  config: SasrecConfig,
  vars: Record<string, Tensor>,
  table: Tensor,
  batch: Batch,
  options: EncodeOptions = {},
): Tensor {
  const { dimensions: d, blocks, heads, window } = config;
  const { size, length } = batch;
  const { dropout = new DropoutMasks(0, 1), causal = true } = options;
  const mask = attentionMask(tf, batch, causal);
  const embedded = tf.mul(tf.gather(table, tf.tensor1d(batch.inputs, "int32")), Math.sqrt(d));
  const positions = tf.slice(vars.positions, [window - length, 0], [length, d]);
  const placed = tf.reshape(tf.add(tf.reshape(embedded, [size, length, d]), positions), [size * length, d]);
  const drop = dropout.mask(tf, placed.shape);
  let x: Tensor = drop ? tf.mul(placed, drop) : placed;
  for (let b = 0; b < blocks; b++) {
    const v = (part: string) => vars[`block${b}/${part}`];
    x = attentionStep(tf, { size, length, heads, mask, dropout }, x, v("norm1/gain"), v("norm1/bias"), v("qkv"));
    const dense = [v("inner"), v("inner/bias"), v("outer"), v("outer/bias")];
    x = feedForwardStep(tf, dropout, x, v("norm2/gain"), v("norm2/bias"), dense);
  }
  const kept = tf.gather(x, tf.tensor1d(batch.positions, "int32"));
  return layerNorm(tf, kept, vars["norm/gain"], vars["norm/bias"]);
}

interface AttentionShape {
  size: number;
  length: number;
  heads: number;
  mask: Tensor;
  dropout: DropoutMasks;
}

/** x + dropout(attention(norm(x))), its backward pass written out so that only what it needs is kept. */
function attentionStep(tf: TensorFlow, shape: AttentionShape, ...parameters: [Tensor, Tensor, Tensor, Tensor]): Tensor {
  const { size, length, heads, mask, dropout } = shape;
  const [rows, d] = parameters[0].shape;
  const width = d / heads;
  const scale = 1 / Math.sqrt(width);
  const split = (x: Tensor) => tf.transpose(tf.reshape(x, [size, length, heads, width]), [0, 2, 1, 3]);
  const join = (x: Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows, d]);
  const compute = tf.customGrad((...inputs) => {
    const [x, gain, bias, qkv, save] = inputs as unknown as [Tensor, Tensor, Tensor, Tensor, Save];
    const { normal, spread } = normalize(tf, x);
    const projected = tf.matMul(tf.add(tf.mul(normal, gain), bias), qkv);
    const [q, k, v] = tf.split(projected, 3, 1).map(split);
    const p = tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), scale), mask));
    const inner = dropout.mask(tf, p.shape);
    const attended = join(tf.matMul(inner ? tf.mul(p, inner) : p, v));
    const outer = dropout.mask(tf, x.shape);
    const value = tf.add(x, outer ? tf.mul(attended, outer) : attended);
    save([normal, spread, gain, bias, qkv, q, k, v, p, ...(inner && outer ? [inner, outer] : [])]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        tf.tidy(() => {
          const [normal, spread, gain, bias, qkv, q, k, v, p, inner, outer] = saved;
          const dAttended = split(outer ? tf.mul(dy, outer) : dy);
          const dChances = tf.matMul(dAttended, v, false, true);
          const dp = inner ? tf.mul(dChances, inner) : dChances;
          const weighted = tf.mul(dp, p);
          const dLogits = tf.mul(tf.sub(weighted, tf.mul(p, tf.sum(weighted, -1, true))), scale);
          const dv = tf.matMul(inner ? tf.mul(p, inner) : p, dAttended, true, false);
          const dProjected = tf.concat([tf.matMul(dLogits, k), tf.matMul(dLogits, q, true, false), dv].map(join), 1);
          const dQkv = tf.matMul(tf.add(tf.mul(normal, gain), bias), dProjected, true, false);
          const [dx, dGain, dBias] = normBackward(tf, tf.matMul(dProjected, qkv, false, true), normal, spread, gain);
          return [tf.add(dy, dx), dGain, dBias, dQkv];
        }),
    };
  });
  return compute(...parameters);
}

/** x + dropout(W₂ dropout(relu(W₁ norm(x) + b₁)) + b₂), its backward pass written out. */
function feedForwardStep(
  tf: TensorFlow,
  dropout: DropoutMasks,
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  dense: Tensor[],
): Tensor {
  const compute = tf.customGrad((...inputs) => {
    const [x, gain, bias, w1, b1, w2, b2, save] = inputs as unknown as [...Tensor[], Save] & Tensor[] & { 7: Save };
    const { normal, spread } = normalize(tf, x);
    const inner = tf.relu(tf.add(tf.matMul(tf.add(tf.mul(normal, gain), bias), w1), b1));
    const first = dropout.mask(tf, inner.shape);
    const kept = first ? tf.mul(inner, first) : inner;
    const out = tf.add(tf.matMul(kept, w2), b2);
    const second = dropout.mask(tf, out.shape);
    save([normal, spread, gain, bias, w1, w2, kept, ...(second ? [second] : [])]);
    return {
      value: tf.add(x, second ? tf.mul(out, second) : out),
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        tf.tidy(() => {
          const [normal, spread, gain, bias, w1, w2, kept, second] = saved;
          const dOut = second ? tf.mul(dy, second) : dy;
          // Where the mask of the first dropout is 0, so is `kept`, and `step` of it.
          const through = tf.mul(tf.step(kept), dropout.scale);
          const dInner = tf.mul(tf.matMul(dOut, w2, false, true), through);
          const [dx, dGain, dBias] = normBackward(tf, tf.matMul(dInner, w1, false, true), normal, spread, gain);
          return [
            tf.add(dy, dx),
            dGain,
            dBias,
            tf.matMul(tf.add(tf.mul(normal, gain), bias), dInner, true, false),
            tf.sum(dInner, 0),
            tf.matMul(kept, dOut, true, false),
            tf.sum(dOut, 0),
          ];
        }),
    };
  });
  return compute(x, gain, bias, ...dense);
}

type Save = (tensors: Tensor[]) => void;

/** (x − mean) / √(variance + 10⁻⁶), a row at a time, and the factor 1 / √(…). */
function normalize(tf: TensorFlow, x: Tensor): { normal: Tensor; spread: Tensor } {
  const centered = tf.sub(x, tf.mean(x, 1, true));
  const spread = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), 1e-6));
  return { normal: tf.mul(centered, spread), spread };
}

/** Gradients of gain · normal + bias by x, gain and bias. */
function normBackward(tf: TensorFlow, dy: Tensor, normal: Tensor, spread: Tensor, gain: Tensor): Tensor[] {
  const along = tf.mul(dy, normal);
  const inner = tf.mul(dy, gain);
  const mean = tf.mean(inner, 1, true);
  const slope = tf.mean(tf.mul(inner, normal), 1, true);
  const dx = tf.mul(spread, tf.sub(tf.sub(inner, mean), tf.mul(normal, slope)));
  return [dx, tf.sum(along, 0), tf.sum(dy, 0)];
}

/**
 * Mean cross-entropy of the targets under the softmax over a table's rows, its gradient formed in the same pass:
 * a stretch of rows at a time, e = exp(H Tᵀ + c), z = Σ e, loss = Σ log z − h·t_y − c_y,
 * dH = (e T) / z − T_y, dT = eᵀ (H / z) − Σ_y h. One exponential a logit, no copy of all logits.
 *
 * @param tf TensorFlow.
 * @param hidden Hidden states H [n, d].
 * @param table Rows T [m, d].
 * @param targets Row of the target of each hidden state, int32 [n].
 * @param bias Term c added to the logits of each row, [m] (sampled softmax: minus the logarithm of its chance).
 * @returns The loss, a scalar, differentiable by hidden states and table.
 */
export function softmaxLoss(tf: TensorFlow, hidden: Tensor, table: Tensor, targets: Tensor, bias?: Tensor): Tensor {
  const [n, d] = hidden.shape;
  const rows = table.shape[0];
  const shifted = needsShift(tf, hidden, table) || bias !== undefined;
  const compute = tf.customGrad((...inputs) => {
    const [h, t, save] = inputs as unknown as [Tensor, Tensor, (tensors: Tensor[]) => void];
    const states: Tensor[] = [];
    let tableGradient: Tensor = tf.zeros([rows, d]);
    let loss: Tensor = tf.scalar(0);
    for (let start = 0; start < n; start += ROWS_AT_A_TIME) {
      const count = Math.min(ROWS_AT_A_TIME, n - start);
      const before = [tableGradient, loss];
      const [state, gradient, sum] = tf.tidy(() => {
        const part = tf.slice(h, [start, 0], [count, d]);
        const own = tf.gather(t, tf.slice(targets, [start], [count]));
        const { e, z, logZ } = exponentials(tf, part, t, shifted, bias);
        const ratio = tf.div(part, tf.mul(z, n));
        const nats = tf.sum(tf.sub(logZ, tf.sum(tf.mul(part, own), 1, true)));
        return [
          tf.mul(tf.sub(tf.div(tf.matMul(e, t), z), own), 1 / n),
          tf.add(tableGradient, tf.matMul(e, ratio, true, false)),
          tf.add(loss, nats),
        ];
      });
      for (const tensor of before) tensor.dispose();
      states.push(state);
      tableGradient = gradient;
      loss = sum;
    }
    if (bias) loss = tf.sub(loss, tf.sum(tf.gather(bias, targets)));
    const stateGradient = tf.concat(states);
    for (const state of states) state.dispose();
    const own = tf.unsortedSegmentSum(tf.mul(h, 1 / n), targets as never, rows);
    save([stateGradient, tf.sub(tableGradient, own)]);
    tf.dispose([tableGradient, own]);
    return {
      value: tf.mul(loss, 1 / n),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)),
    };
  });
  return compute(hidden, table);
}

/**
 * Binary cross-entropy of the paper: the target against one track drawn at random, each a yes or no of its own.
 *
 * @param tf TensorFlow.
 * @param hidden Hidden states [n, d].
 * @param table Embeddings [tracks, d].
 * @param targets Targets, int32 [n].
 * @param negatives One other track each, int32 [n].
 * @returns The mean loss, a scalar.
 */
export function binaryLoss(tf: TensorFlow, hidden: Tensor, table: Tensor, targets: Tensor, negatives: Tensor): Tensor {
  const score = (ids: Tensor) => tf.sum(tf.mul(hidden, tf.gather(table, ids as never)), 1);
  return tf.mean(tf.add(tf.softplus(tf.neg(score(targets))), tf.softplus(score(negatives))));
}

/**
 * Layer normalisation of rows, its backward pass written out.
 *
 * @param tf TensorFlow.
 * @param x Rows [n, d].
 * @param gain Factor of each column.
 * @param bias Term of each column.
 * @returns gain · (x − mean) / √(variance + 10⁻⁶) + bias, a row at a time.
 */
export function layerNorm(tf: TensorFlow, x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  const compute = tf.customGrad((...inputs) => {
    const [x, gain, bias, save] = inputs as unknown as [Tensor, Tensor, Tensor, Save];
    const { normal, spread } = normalize(tf, x);
    save([normal, spread, gain]);
    return {
      value: tf.add(tf.mul(normal, gain), bias),
      gradFunc: (dy: Tensor, [normal, spread, gain]: Tensor[]) =>
        tf.tidy(() => normBackward(tf, dy, normal, spread, gain)),
    };
  });
  return compute(x, gain, bias);
}

/**
 * Buffers that are used again at every step: 20 MB of new ones a step would pile up faster than they are collected.
 */
export class BufferPool {
  readonly #free = new Map<number, Float32Array[]>();
  readonly #taken: Float32Array[] = [];

  /**
   * Gives a buffer.
   *
   * @param size Its length.
   * @returns A buffer with any content, not given again before {@linkcode BufferPool.reset}.
   */
  take(size: number): Float32Array {
    const buffer = this.#free.get(size)?.pop() ?? new Float32Array(size);
    this.#taken.push(buffer);
    return buffer;
  }

  /** All buffers may be given again: no tensor made of them is left. */
  reset(): void {
    // Batches differ in length, so that sizes do: what is not wanted soon is left to be collected.
    if (this.#free.size > 8) this.#free.clear();
    for (const buffer of this.#taken.splice(0)) {
      const free = this.#free.get(buffer.length);
      if (free) free.push(buffer);
      else this.#free.set(buffer.length, [buffer]);
    }
  }
}

/** Seeded dropout whose masks do not depend on the backend: a byte a value, so that rates are multiples of 1/256. */
export class DropoutMasks {
  readonly #dropped: number;
  readonly #scale: number;
  readonly #buffers: BufferPool;
  #state: number;

  /**
   * Starts the masks of a step.
   *
   * @param rate Share of values set to zero, in [0, 1).
   * @param seed Seed.
   * @param buffers Where the values lie; TensorFlow uses them in place, without a copy.
   */
  constructor(rate: number, seed: number, buffers: BufferPool = new BufferPool()) {
    this.#buffers = buffers;
    this.#dropped = Math.round(rate * 256);
    this.#scale = 256 / (256 - this.#dropped);
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  }

  /** Factor of the values that stay. */
  get scale(): number {
    return this.#scale;
  }

  /**
   * Draws a mask.
   *
   * @param tf TensorFlow.
   * @param shape Its shape.
   * @returns Each value zero with the rate, else 1 / (1 − rate); nothing when the rate is 0.
   */
  mask(tf: TensorFlow, shape: number[]): Tensor | undefined {
    if (this.#dropped === 0) return undefined;
    const mask = this.#buffers.take(shape.reduce((product, axis) => product * axis, 1));
    const dropped = this.#dropped;
    const scale = this.#scale;
    let s = this.#state;
    for (let i = 0; i < mask.length; i += 4) {
      // Marsaglia's xorshift32.
      s ^= s << 13;
      s ^= s >>> 17;
      s ^= s << 5;
      mask[i] = (s & 255) >= dropped ? scale : 0;
      mask[i + 1] = ((s >>> 8) & 255) >= dropped ? scale : 0;
      mask[i + 2] = ((s >>> 16) & 255) >= dropped ? scale : 0;
      mask[i + 3] = (s >>> 24) >= dropped ? scale : 0;
    }
    this.#state = s;
    return tf.tensor(mask, shape);
  }
}

/** 0 where a query may look at a key, −10⁹ elsewhere, [size, 1, length, length]; a padded query sees all alike, not NaN. */
function attentionMask(tf: TensorFlow, { size, length, padding }: Batch, causal: boolean): Tensor {
  const mask = new Float32Array(size * length * length).fill(-1e9);
  for (let b = 0; b < size; b++) {
    for (let i = 0; i < length; i++) {
      const row = (b * length + i) * length;
      mask.fill(0, row + padding[b], row + (causal ? Math.max(i + 1, padding[b]) : length));
    }
  }
  return tf.tensor(mask, [size, 1, length, length]);
}

/** exp of the logits of some rows, their sums, and the logarithm of those; the largest logit taken out where asked to. */
function exponentials(tf: TensorFlow, rows: Tensor, table: Tensor, shifted: boolean, bias?: Tensor) {
  const e = tf.tidy(() => {
    const logits = tf.matMul(rows, table, false, true);
    if (!shifted) return { e: tf.exp(logits), largest: undefined };
    const whole = bias ? tf.add(logits, bias) : logits;
    const largest = tf.max(whole, 1, true);
    return { e: tf.exp(tf.sub(whole, largest)), largest };
  }) as { e: Tensor; largest?: Tensor };
  const z = tf.sum(e.e, 1, true);
  const logZ = e.largest ? tf.add(tf.log(z), e.largest) : tf.log(z);
  return { e: e.e, z, logZ };
}

/** By Cauchy and Schwarz no logit exceeds the product of the largest norms. */
function needsShift(tf: TensorFlow, hidden: Tensor, table: Tensor): boolean {
  const bound = tf.tidy(() => {
    const largest = (x: Tensor) => tf.max(tf.sum(tf.square(x), 1));
    return tf.sqrt(tf.mul(largest(hidden), largest(table)));
  });
  const value = bound.dataSync()[0];
  bound.dispose();
  return !(value < SAFE_LOGIT);
}
