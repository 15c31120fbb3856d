/**
 * SASRec's forward pass in TensorFlow. The gradients of its blocks are written by hand, because automatic
 * differentiation is slower and keeps more in memory.
 */
import type { Tensor, TensorFlow } from "../math/tensor.ts";
import type { Batch } from "./batches.ts";
import { DropoutMasks } from "./dropout.ts";
import { type SasrecConfig, type SasrecWeights, weightShapes } from "./sasrec.ts";

/** A TensorFlow variable. */
export type Variable = ReturnType<TensorFlow["variable"]>;

/** TensorFlow variables of weights, by name. */
export function makeVariables(tf: TensorFlow, config: SasrecConfig, weights: SasrecWeights): Record<string, Variable> {
  return Object.fromEntries(
    weightShapes(config).map(([name, shape]) => [name, tf.tidy(() => tf.variable(tf.tensor(weights[name], shape)))]),
  );
}

/**
 * Hidden states at the positions of a batch that hold a track.
 *
 * @param table Embeddings [tracks, d], as a rule `vars.items`.
 * @param options Masks of dropout, none when left out. `causal: false` lets every position see the future; a test needs it.
 * @returns Hidden states [positions, d]; call it within `tf.tidy`.
 */
export function encode(
  tf: TensorFlow,
  config: SasrecConfig,
  vars: Record<string, Tensor>,
  table: Tensor,
  batch: Batch,
  options: { dropout?: DropoutMasks; causal?: boolean } = {},
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

/** gain · (x − mean) / √(variance + 10⁻⁶) + bias, row by row, its backward pass written out. */
function layerNorm(tf: TensorFlow, x: Tensor, gain: Tensor, bias: Tensor): Tensor {
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
