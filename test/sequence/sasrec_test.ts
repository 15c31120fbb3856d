import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBatch, trainingWindows } from "../../lib/sequence/batches.ts";
import { fitMarkov } from "../../lib/sequence/baselines.ts";
import { type Playlists, playlistsOf } from "../../lib/sequence/interactions.ts";
import { DropoutMasks } from "../../lib/sequence/dropout.ts";
import { softmaxLoss } from "../../lib/sequence/losses.ts";
import { encode, makeVariables } from "../../lib/sequence/network.ts";
import { evaluateNext } from "../../lib/sequence/ranking.ts";
import { initialWeights, loadSasrec, sasrecConfig, type SasrecWeights, saveSasrec } from "../../lib/sequence/sasrec.ts";
import { serveSasrec } from "../../lib/sequence/serve.ts";
import { splitPlaylists } from "../../lib/sequence/split.ts";
import { trainSasrec } from "../../lib/sequence/train.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";
import { testContract } from "./contract.ts";

const { tf, backend } = await loadTensorFlow();
const native = backend.name === "tensorflow";
const folder = mkdtempSync(join(tmpdir(), "segue-sasrec-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

const SMALL = sasrecConfig({ tracks: 30, dimensions: 16, heads: 2, window: 12 });

/** Weights far from the start, so that nothing is near zero by accident. */
function someWeights(config = SMALL, seed = 3): SasrecWeights {
  const weights = initialWeights(config, seed);
  for (const name in weights) {
    weights[name] = weights[name].map((x, i) => name === "items" ? 20 * x : x + 0.3 * Math.sin(7.7 * i));
  }
  return weights;
}

function split(lists: number[][]) {
  const size = Math.max(...lists.flat()) + 1;
  return splitPlaylists({
    ...playlistsOf(lists),
    userIds: lists.map((_, p) => `p${p}`),
    trackIds: Array.from({ length: size }, (_, t) => `t${t}`),
  }, { minimumCount: 1 });
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - expected[i]) <= tolerance, `element ${i}: ${found[i]} is not near ${expected[i]}`);
  }
}

/** Hidden states of a batch as rows. */
function hiddenStates(weights: SasrecWeights, playlists: Playlists, causal = true): number[][] {
  const windows = trainingWindows(playlists, SMALL.window);
  const batch = makeBatch(playlists, windows, Int32Array.from({ length: windows.length / 2 }, (_, w) => w));
  const vars = makeVariables(tf, SMALL, weights);
  const hidden = tf.tidy(() => encode(tf, SMALL, vars, vars.items, batch, { causal }).arraySync() as number[][]);
  tf.dispose(vars as never);
  return hidden;
}

testContract("SASRec", (_, tracks) => {
  const config = sasrecConfig({ tracks, dimensions: 16, window: 10 });
  return serveSasrec({ config, weights: someWeights(config) });
});

Deno.test("the server gives the hidden states and scores that TensorFlow gives", () => {
  const weights = someWeights();
  const server = serveSasrec({ config: SMALL, weights });
  const history = [1, 2, 3, 4, 5, 6, 29, 0];
  const states = hiddenStates(weights, playlistsOf([[...history, 7], [8, 9, 3]]));
  near(server.hidden(history), states[history.length - 1], 2e-5);
  near(server.hidden([8, 9]), states.at(-1)!, 2e-5);
  const scores = new Float32Array(30);
  server.score(Int32Array.from(history), scores);
  const expected = Array.from(
    { length: 30 },
    (_, t) => states[history.length - 1].reduce((sum, x, c) => sum + x * weights.items[t * 16 + c], 0),
  );
  near(scores, expected, 1e-4);
  const long = Array.from({ length: 40 }, (_, i) => (i * 7) % 30);
  near(server.hidden(long), server.hidden(long.slice(-12)), 0);
});

Deno.test("next() gives probabilities over what is not in the history, and attention() sums to 1", () => {
  const server = serveSasrec({ config: SMALL, weights: someWeights() });
  const all = server.next([3, 4, 3], 30);
  assert.equal(all.length, 28);
  assert.ok(all.every(({ track }) => track !== 3 && track !== 4));
  near([all.reduce((sum, { probability }) => sum + probability, 0)], [1], 1e-5);
  near([Math.log(all[0].probability / all[5].probability)], [all[0].score - all[5].score], 1e-4);
  const attention = server.attention([3, 4, 5]);
  assert.deepEqual([attention.length, attention[0].length, attention[0][0].length], [2, 2, 3]);
  for (const heads of attention) for (const row of heads) near([row.reduce((sum, w) => sum + w)], [1], 1e-5);
  assert.throws(() => server.next([], 3), /at least one track/);
  assert.throws(() => server.next([30], 3), /track code in \[0, 29\] but found 30/);
});

Deno.test("padding leaks into nothing: hidden states do not depend on how far a batch is padded", () => {
  const weights = someWeights();
  const lists = [[1, 2, 3, 4], [8, 9]];
  const plain = hiddenStates(weights, playlistsOf(lists));
  // A playlist as long as the window pads the two before it.
  const padded = () =>
    hiddenStates(weights, playlistsOf([...lists, Array.from({ length: 13 }, (_, t) => t + 10)])).slice(0, plain.length);
  near(padded().flat(), plain.flat(), 1e-5);
  assert.ok(plain.flat().every(Number.isFinite));
  weights.items.fill(1e3, 0, 16);
  near(padded().flat(), plain.flat(), 1e-5);
});

Deno.test("a position sees nothing of the future; with the mask removed this test catches it", () => {
  const weights = someWeights();
  const state = (last: number, causal: boolean) => hiddenStates(weights, playlistsOf([[1, 2, 3, last, 5]]), causal);
  near(state(4, true).slice(0, 3).flat(), state(20, true).slice(0, 3).flat(), 0);
  const change = state(4, false).slice(0, 3).flat().map((x, i) => Math.abs(x - state(20, false).slice(0, 3).flat()[i]));
  assert.ok(Math.max(...change) > 0.01);
});

Deno.test("gradients written by hand agree with differences of the loss, dropout included", () => {
  const weights = someWeights();
  const vars = makeVariables(tf, SMALL, weights);
  const lists = playlistsOf([[1, 2, 3, 4, 5, 6], [8, 9, 10]]);
  const batch = makeBatch(lists, trainingWindows(lists, SMALL.window), Int32Array.of(0, 1));
  const loss = () =>
    softmaxLoss(
      tf,
      encode(tf, SMALL, vars, vars.items, batch, { dropout: new DropoutMasks(0.3, 5) }),
      vars.items,
      tf.tensor1d(batch.targets, "int32"),
    );
  const { grads, value } = tf.variableGrads(() => loss() as never, Object.values(vars));
  for (const [name, variable] of Object.entries(vars)) {
    const gradient = grads[variable.name].dataSync() as Float32Array;
    const at = gradient.indexOf(gradient.reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a));
    const step = 2e-3;
    const moved = [step, -step].map((by) => {
      const values = weights[name].slice();
      values[at] += by;
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
      return tf.tidy(() => loss().dataSync()[0]);
    });
    tf.tidy(() => variable.assign(tf.tensor(weights[name].slice(), variable.shape)));
    const numeric = (moved[0] - moved[1]) / (2 * step);
    assert.ok(
      Math.abs(numeric - gradient[at]) < 0.02 * Math.abs(gradient[at]) + 2e-3,
      `${name}: ${gradient[at]} and ${numeric}`,
    );
  }
  tf.dispose([vars, grads, value] as never);
});

Deno.test("softmaxLoss() is the cross-entropy, also where logits would overflow, and takes a bias", () => {
  const value = (scale: number, bias?: number[]) =>
    tf.tidy(() => {
      const table = tf.tensor2d([[scale, 0], [0, scale], [-scale, 0]]);
      const hidden = tf.tensor2d([[scale, 0], [0, scale]]);
      return softmaxLoss(tf, hidden, table, tf.tensor1d([0, 0], "int32"), bias && tf.tensor1d(bias)).dataSync()[0];
    });
  const byHand = (Math.log(1 + Math.exp(-1) + Math.exp(-2)) + Math.log(Math.exp(1) + 2)) / 2;
  near([value(1)], [byHand], 1e-6);
  near([value(100)], [10000 / 2], 1e-2);
  // Biases add to the logits: with log(2) on the first row, it counts twice.
  near([value(1, [Math.log(2), 0, 0])], [
    (-1 - Math.log(2) + Math.log(2 * Math.E + 1 + Math.exp(-1)) - Math.log(2) + Math.log(2 + Math.E + 1)) / 2,
  ], 1e-6);
});

/**
 * The next track is the last one plus 1 when the one before it is odd, else plus 8, on a circle of 60: it takes the last two to
 * know. A share `noise` of the steps is random; the ceiling is how often the last step follows the rule.
 */
function pairRule(count: number, length: number, noise: number): { lists: number[][]; ceiling: number } {
  const random = seededRandom(9, "pair rule");
  let followed = 0;
  const lists = Array.from({ length: count }, () => {
    const list = [randomInteger(random, 60)];
    while (list.length < length) {
      const next = (list.at(-1)! + ((list.at(-2) ?? 0) % 2 === 1 ? 1 : 8)) % 60;
      const track = list.length > 1 && random() >= noise ? next : randomInteger(random, 60);
      if (list.includes(track)) continue;
      if (list.length === length - 1 && track === next) followed++;
      list.push(track);
    }
    return list;
  });
  return { lists, ceiling: followed / count };
}

Deno.test({
  name: "trainSasrec() learns next = f(last two) to near the ceiling that its noise allows, without leaking tensors",
  ignore: !native,
  async fn() {
    const { lists, ceiling } = pairRule(3200, 10, 0.1);
    const data = split(lists);
    const before = tf.memory().numTensors;
    const { model, note } = await trainSasrec(data, {
      dimensions: 32,
      window: 10,
      batchSize: 64,
      dropout: 0.1,
      learningRate: 0.003,
      maximumSteps: 600,
      minimumSteps: 600,
      evaluateEvery: 100,
      validationPlaylists: 300,
    });
    assert.equal(tf.memory().numTensors, before);
    const { recall } = evaluateNext(serveSasrec(model), data, { k: 1 });
    const chain = evaluateNext(fitMarkov(data.train, data.trackIds.length), data, { k: 1 });
    assert.ok(recall.value > 0.93 * ceiling, `${recall.value} of at most ${ceiling}; ${note}`);
    assert.ok(chain.recall.value < 0.8 * ceiling, `a Markov chain must not know the rule: ${chain.recall.value}`);
  },
});

Deno.test({
  name: "trainSasrec() is the same under the same seed, also when it goes on from a checkpoint",
  ignore: !native,
  async fn() {
    const data = split(pairRule(60, 10, 0.1).lists);
    const options = { dimensions: 8, window: 8, batchSize: 16, evaluateEvery: 4, patience: 100, epochs: 3 };
    const whole = await trainSasrec(data, options);
    const checkpoint = join(folder, "checkpoint.npz");
    await trainSasrec(data, { ...options, checkpoint, maximumSteps: 8 });
    const resumed = await trainSasrec(data, { ...options, checkpoint });
    assert.deepEqual(resumed.curve.map(({ step }) => step), whole.curve.map(({ step }) => step));
    for (const name in whole.model.weights) near(resumed.model.weights[name], whole.model.weights[name], 0);
    await assert.rejects(trainSasrec(data, { ...options, checkpoint, seed: 7 }), /belongs to other data or options/);
  },
});

Deno.test({
  name: "trainSasrec() stops early once the order is learned, but never while it ranks hardly better than popularity",
  ignore: !native,
  async fn() {
    const options = {
      ...{ dimensions: 16, window: 8, batchSize: 32, learningRate: 0.02, validationPlaylists: 100 },
      ...{ evaluateEvery: 20, patience: 2 },
    };
    const circle = Array.from({ length: 100 }, (_, p) => Array.from({ length: 8 }, (_, i) => (p * 3 + i) % 30));
    const learned = await trainSasrec(split(circle), { ...options, minimumSteps: 600, maximumSteps: 600 });
    assert.ok(learned.converged && learned.steps < 600, learned.note);
    assert.equal(learned.curve.length - 1, learned.bestStep / 20 + 1);
    const random = seededRandom(4, "no order");
    const noise = Array.from({ length: 100 }, () => {
      const list = new Set<number>();
      while (list.size < 8) list.add(Math.min(...Array.from({ length: 3 }, () => randomInteger(random, 40))));
      return [...list];
    });
    const nothing = await trainSasrec(split(noise), { ...options, minimumSteps: 160, maximumSteps: 160 });
    assert.deepEqual([nothing.converged, nothing.steps], [false, 160], nothing.note);
    assert.match(nothing.note, /hardly above popularity's/);
  },
});

Deno.test({
  name: "trainSasrec() also learns by sampled softmax and by binary cross-entropy",
  ignore: !native,
  async fn() {
    const lists = Array.from({ length: 200 }, (_, p) => Array.from({ length: 8 }, (_, i) => (p * 3 + i) % 30));
    const data = split(lists);
    for (const loss of ["softmax", "sampled", "binary"] as const) {
      const { model } = await trainSasrec(data, {
        loss,
        samples: 10,
        dimensions: 16,
        window: 8,
        batchSize: 32,
        learningRate: 0.02,
        maximumSteps: 70,
        minimumSteps: 70,
        evaluateEvery: 70,
      });
      const { recall } = evaluateNext(serveSasrec(model), data, { k: 1 });
      assert.ok(recall.value > 0.9, `${loss}: ${recall.value}`);
    }
  },
});

Deno.test("saveSasrec() and loadSasrec() keep the model, and a cut file is named", () => {
  const model = {
    config: SMALL,
    weights: someWeights(),
    trackIds: Array.from({ length: 30 }, (_, t) => `id ${t}`),
    training: { note: "test" },
  };
  const directory = join(folder, "model");
  saveSasrec(model, directory);
  assert.deepEqual(loadSasrec(directory), model);
  writeFileSync(join(directory, "weights.bin"), readFileSync(join(directory, "weights.bin")).subarray(0, 1000));
  assert.throws(() => loadSasrec(directory), /expected weights and vocabulary of 30 tracks/);
  assert.throws(() => loadSasrec(join(folder, "nowhere")), /no such file; train the model first/);
});

Deno.test("sasrecConfig() refuses a width that does not divide into heads", () => {
  assert.throws(() => sasrecConfig({ tracks: 10, dimensions: 20, heads: 2 }), /multiple of 4 x heads = 8 but found 20/);
  assert.throws(() => sasrecConfig({ tracks: 1 }), /Expected tracks/);
});
