import assert from "node:assert/strict";
import { softmaxLoss } from "../../lib/sequence/losses.ts";
import { candidateSampler } from "../../lib/sequence/sampler.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";

const { tf } = await loadTensorFlow();

const COUNTS = Int32Array.from({ length: 120 }, (_, t) => 1 + Math.floor(400 / (t + 1)));
/** Every occurrence once: drawing one of them draws a track by its count. */
const OCCURRENCES = Array.from(COUNTS).flatMap((count, t) => new Array<number>(count).fill(t));

Deno.test("candidateSampler() gives every candidate the logarithm of how often it is one", () => {
  const draw = candidateSampler(COUNTS, 3);
  const random = seededRandom(4, "labels");
  const rounds = 4000;
  const seen = new Float64Array(COUNTS.length);
  const bias = new Float64Array(COUNTS.length);
  for (let step = 0; step < rounds; step++) {
    const labels = Int32Array.from({ length: 4 }, () => OCCURRENCES[randomInteger(random, OCCURRENCES.length)]);
    const candidates = draw(10, labels, step);
    assert.equal(new Set(candidates.tracks).size, candidates.tracks.length);
    labels.forEach((label, i) => assert.equal(candidates.tracks[candidates.rows[i]], label));
    candidates.tracks.forEach((track, i) => {
      seen[track]++;
      bias[track] = candidates.bias[i];
    });
  }
  seen.forEach((count, track) => {
    const chance = Math.exp(-bias[track]);
    // Draws with replacement are told by their Poisson limit, so that the chance of the commonest is a little off.
    const deviation = Math.sqrt(chance * (1 - chance) / rounds);
    assert.ok(Math.abs(count / rounds - chance) < 4 * deviation + 0.015, `track ${track}: ${count / rounds} ${chance}`);
  });
});

Deno.test("the log-Q correction makes the sampled softmax's gradient that of the whole softmax in expectation", () => {
  const d = 4;
  const random = seededRandom(6, "states");
  const values = (rows: number) => Float32Array.from({ length: rows * d }, () => 2 * (random() - 0.5));
  const [states, rows] = [values(8), values(COUNTS.length)];
  const draw = candidateSampler(COUNTS, 7);
  const gradients = {
    whole: new Float64Array(8 * d),
    corrected: new Float64Array(8 * d),
    plain: new Float64Array(8 * d),
  };
  const hidden = tf.tensor2d(states, [8, d]);
  const table = tf.tensor2d(rows, [COUNTS.length, d]);
  const rounds = 300;
  for (let step = 0; step < rounds; step++) {
    const labels = Int32Array.from({ length: 8 }, () => OCCURRENCES[randomInteger(random, OCCURRENCES.length)]);
    const { tracks, rows, bias } = draw(80, labels, step);
    const gradient = (of: number[], targets: Int32Array, correction?: Float32Array) =>
      tf.tidy(() => {
        const part = tf.gather(table, tf.tensor1d(of, "int32"));
        const loss = (h: typeof hidden) =>
          softmaxLoss(tf, h, part, tf.tensor1d(targets, "int32"), correction && tf.tensor1d(correction));
        return tf.grad(loss as never)(hidden).dataSync();
      });
    const add = (name: keyof typeof gradients, found: ArrayLike<number>) => {
      for (let i = 0; i < 8 * d; i++) gradients[name][i] += found[i] / rounds;
    };
    add("whole", gradient(Array.from(COUNTS.keys()), labels));
    add("corrected", gradient([...tracks], rows, bias));
    add("plain", gradient([...tracks], rows));
  }
  tf.dispose([hidden, table]);
  const distance = (name: keyof typeof gradients) =>
    Math.hypot(...gradients[name].map((x, i) => x - gradients.whole[i])) / Math.hypot(...gradients.whole);
  // What is left is of the order of 1 / S, as of every ratio of estimates.
  assert.ok(distance("corrected") < 0.035, `corrected: ${distance("corrected")}`);
  assert.ok(distance("plain") > 2.5 * distance("corrected"), `plain: ${distance("plain")}`);
});
