/**
 * The losses of SASRec in TensorFlow. The gradient of the softmax is written by hand: automatic differentiation would
 * keep all logits in memory.
 */
import type { Tensor, TensorFlow } from "../math/tensor.ts";

/** Rows of logits at a time: 192 × 22,000 of them are 17 MB, so that the two copies stay far below the whole 560 MB. */
const ROWS_AT_A_TIME = 192;

/** exp of logits up to this cannot overflow a sum over 10¹² tracks in 32 bits. */
const SAFE_LOGIT = 60;

/**
 * Mean cross-entropy of the targets under the softmax over a table's rows. Loss and gradient are computed in one pass,
 * some hidden states at a time: e = exp(H Tᵀ + c), z = Σ e, loss = Σ (log z − h·t_y − c_y), dH = (e T) / z − T_y,
 * dT = eᵀ (H / z) − Σ_y h. So each logit needs one exponential, and the logits are never all in memory.
 *
 * @param hidden Hidden states H [n, d].
 * @param table Rows T [m, d].
 * @param targets Row of the target of each hidden state, int32 [n].
 * @param bias Term c added to the logits of each row, [m] (sampled softmax: minus the logarithm of its chance).
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
 * Mean binary cross-entropy, as in the paper: each hidden state [n, d] has its target [n] as the positive example and
 * one other track [n] as the negative one.
 */
export function binaryLoss(tf: TensorFlow, hidden: Tensor, table: Tensor, targets: Tensor, negatives: Tensor): Tensor {
  const score = (ids: Tensor) => tf.sum(tf.mul(hidden, tf.gather(table, ids as never)), 1);
  return tf.mean(tf.add(tf.softplus(tf.neg(score(targets))), tf.softplus(score(negatives))));
}

/** e = exp(logits) of some rows, its sums z, and log z; with `shifted` the largest logit of each row is taken off first. */
function exponentials(tf: TensorFlow, rows: Tensor, table: Tensor, shifted: boolean, bias?: Tensor) {
  const { e, largest } = tf.tidy(() => {
    const logits = tf.matMul(rows, table, false, true);
    if (!shifted) return { e: tf.exp(logits) };
    const whole = bias ? tf.add(logits, bias) : logits;
    const largest = tf.max(whole, 1, true);
    return { e: tf.exp(tf.sub(whole, largest)), largest };
  }) as { e: Tensor; largest?: Tensor };
  const z = tf.sum(e, 1, true);
  return { e, z, logZ: largest ? tf.add(tf.log(z), largest) : tf.log(z) };
}

/** By Cauchy and Schwarz no logit exceeds the product of the largest norms. */
function needsShift(tf: TensorFlow, hidden: Tensor, table: Tensor): boolean {
  const [bound] = tf.tidy(() => {
    const largest = (x: Tensor) => tf.max(tf.sum(tf.square(x), 1));
    return tf.sqrt(tf.mul(largest(hidden), largest(table))).dataSync();
  });
  return !(bound < SAFE_LOGIT);
}
