/**
 * Softmax regression by gradient descent in TensorFlow: the machine-learning way to the same weights as the conditional
 * logit, for teaching and as a check of one by the other.
 */
import { max } from "d3-array";
import { loadTensorFlow } from "../math/tensor.ts";
import { withinSets } from "./contrast.ts";
import type { ChoiceSets } from "../listening/choice_sets.ts";

/** Passes over the choice sets. */
const EPOCHS = 400;
/** Learning rate of Adam at the start; it falls to zero along half a cosine. */
const LEARNING_RATE = 0.3;

/**
 * Learns weights by Adam on the mean cross-entropy of the softmax over each choice set: one linear layer without bias,
 * the same for all alternatives. Features are standardised inside (differences from the mean of their set over their
 * standard deviation); sets of different sizes are padded with −10⁹. Cost O(rows · K) an epoch.
 *
 * @returns Weights in the units of the features, the mean cross-entropy of each epoch in nats, and which backend ran,
 * `"tensorflow"` or `"cpu"`. All sets are in one batch, so that the weights agree with {@linkcode fitConditionalLogit} to
 * 1e-3.
 */
export async function trainSoftmaxRegression(
  sets: ChoiceSets,
): Promise<{ weights: Float64Array; losses: number[]; backend: string }> {
  const count = sets.chosen.length;
  const { tf, backend } = await loadTensorFlow();
  const padded = pad(sets);
  const { width, size, scales } = padded;
  const x = tf.tensor3d(padded.values, [count, size, width]);
  const mask = tf.tensor2d(padded.mask, [count, size]);
  const y = tf.tensor1d(padded.choice, "int32");
  const weights = tf.tidy(() => tf.variable(tf.zeros([width, 1])));
  const adam = tf.train.adam(LEARNING_RATE);
  const meanCrossEntropy = () => {
    const logits = tf.matMul(x.reshape([-1, width]), weights).reshape([-1, size]).add(mask);
    return tf.neg(tf.logSoftmax(logits).mul(tf.oneHot(y, size)).sum(1).mean()).asScalar();
  };
  const losses: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const rate = LEARNING_RATE * (1 + Math.cos(Math.PI * epoch / EPOCHS)) / 2;
    (adam as unknown as { learningRate: number }).learningRate = rate;
    const loss = tf.tidy(() => adam.minimize(meanCrossEntropy, true, [weights])!);
    losses.push(loss.dataSync()[0]);
    loss.dispose();
  }
  const learned = Float64Array.from(weights.dataSync(), (value, k) => value / scales[k]);
  tf.dispose([x, mask, y, weights]);
  adam.dispose();
  return { weights: learned, losses, backend: backend.name };
}

/** Standardised features [sets, size, width], −10⁹ where a set has no such row, and the place of the chosen row. */
function pad(sets: ChoiceSets) {
  const { values, starts, chosen, offset, features } = sets;
  const width = features.length;
  const count = chosen.length;
  const size = max(chosen, (_, n) => starts[n + 1] - starts[n])!;
  const padded = new Float32Array(count * size * width);
  const mask = new Float32Array(count * size).fill(-1e9);
  const { means, deviations } = withinSets(sets);
  const scales = deviations.map((deviation) => deviation || 1);
  for (let n = 0; n < count; n++) {
    for (let r = starts[n]; r < starts[n + 1]; r++) {
      const at = n * size + r - starts[n];
      mask[at] = offset ? offset[r] : 0;
      for (let k = 0; k < width; k++) {
        padded[at * width + k] = (values[r * width + k] - means[n * width + k]) / scales[k];
      }
    }
  }
  const choice = Int32Array.from({ length: count }, (_, n) => chosen[n] - starts[n]);
  return { values: padded, mask, choice, size, width, scales };
}
