import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Autoencoder, trainAutoencoder } from "../../lib/embedding/autoencoder.ts";
import { fitPca, pcaReconstruct, pcaScores } from "../../lib/math/pca.ts";
import { unexplainedShare } from "../../lib/embedding/quality.ts";
import { matrix, takeRows } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";
import { correlated } from "./samples.ts";

const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
const train = range(0, 800);
const validation = range(800, 1000);

Deno.test("trainAutoencoder() gives the same numbers twice, leaks no tensor, and survives saving and loading", async () => {
  const { tf } = await loadTensorFlow();
  const folder = mkdtempSync(join(tmpdir(), "segue-autoencoder-"));
  const before = tf.memory().numTensors;
  const x = correlated(1000, 10, 1);
  const options = { dimensions: 3, hidden: [12], epochs: 6, seed: 7 };
  try {
    const first = await trainAutoencoder(x, train, validation, options);
    const second = await trainAutoencoder(x, train, validation, options);
    const code = first.encode(x);
    assert.deepEqual(first.description, second.description);
    assert.deepEqual(code, second.encode(x));
    assert.deepEqual([code.rows, code.columns, first.reconstruct(x).columns], [1000, 3, 10]);
    await first.save(folder);
    assert.deepEqual(readdirSync(folder).sort(), ["autoencoder.json", "model.json", "weights.bin"]);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const { modelTopology, weightsManifest: [{ paths: [weights], weights: weightSpecs }] } = read("model.json");
    const artifacts = {
      modelTopology,
      weightSpecs,
      weightData: Uint8Array.from(readFileSync(join(folder, weights))).buffer,
    };
    const model = await tf.loadLayersModel({ load: () => Promise.resolve(artifacts) });
    const loaded = new Autoencoder(tf, model, read("autoencoder.json"));
    assert.deepEqual(loaded.description, first.description);
    assert.deepEqual(loaded.encode(x), code);
    for (const autoencoder of [first, second, loaded]) autoencoder.dispose();
    assert.equal(tf.memory().numTensors, before);
    const other = await trainAutoencoder(x, train, validation, { ...options, seed: 8 });
    assert.notDeepEqual(other.encode(x).data, code.data);
    other.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("without hidden layers the autoencoder comes near PCA's loss on the training rows and not below it", async () => {
  const x = correlated(1000, 8, 3);
  const rows = takeRows(x, train);
  const pca = await fitPca(rows, { components: 2 });
  const best = unexplainedShare(rows, await pcaReconstruct(await pcaScores(rows, pca), pca), pca.mean);
  const linear = await trainAutoencoder(x, train, validation, { dimensions: 2, hidden: [], epochs: 40, batchSize: 64 });
  const found = unexplainedShare(rows, linear.reconstruct(rows), pca.mean);
  linear.dispose();
  assert.ok(found >= best - 1e-6, `${found} is below the optimum ${best}`);
  assert.ok(found < best * 1.1, `${found} is not near the optimum ${best}`);
});

Deno.test("with a hidden layer it follows a curve that no line follows", async () => {
  const random = seededRandom(5);
  const x = matrix(1000, 2);
  for (let i = 0; i < 1000; i++) {
    const t = 2 * random() - 1;
    x.data.set([t, 2 * t * t], 2 * i);
  }
  const pca = await fitPca(takeRows(x, train), { components: 1 });
  const rows = takeRows(x, validation);
  const straight = unexplainedShare(rows, await pcaReconstruct(await pcaScores(rows, pca), pca), pca.mean);
  const curved = await trainAutoencoder(x, train, validation, {
    dimensions: 1,
    hidden: [16],
    epochs: 40,
    batchSize: 32,
  });
  const lost = unexplainedShare(rows, curved.reconstruct(rows), pca.mean);
  curved.dispose();
  assert.ok(lost < straight / 2, `the autoencoder loses ${lost}, the line ${straight}`);
});

Deno.test("the embedding of the training rows has mean zero", async () => {
  const x = correlated(1000, 6, 9, 4);
  const autoencoder = await trainAutoencoder(x, train, validation, { dimensions: 2, epochs: 2 });
  const code = autoencoder.encode(takeRows(x, train));
  autoencoder.dispose();
  for (const j of [0, 1]) {
    let sum = 0;
    for (let i = 0; i < code.rows; i++) sum += code.data[2 * i + j];
    assert.ok(Math.abs(sum / code.rows) < 1e-5);
  }
});

Deno.test("the bottleneck is 16 wide, or half of few columns", async () => {
  const widths: number[] = [];
  for (const columns of [1, 2, 9, 16, 17]) {
    const x = correlated(1000, columns, 1);
    const autoencoder = await trainAutoencoder(x, train, validation, { epochs: 1 });
    widths.push(autoencoder.encode(x).columns);
    autoencoder.dispose();
  }
  assert.deepEqual(widths, [1, 1, 5, 8, 16]);
});

Deno.test("bad input is named", async () => {
  const x = correlated(1000, 4, 1);
  const broken = matrix(1000, 4, x.data.slice());
  broken.data[10] = NaN;
  const run = (data: typeof x, rows: Int32Array, options = {}) => trainAutoencoder(data, rows, validation, options);
  await assert.rejects(
    run(x, train, { dimensions: 5 }),
    /Expected dimensions to be an integer in \[1, 4\] but found 5/,
  );
  await assert.rejects(run(broken, train), /Expected finite numbers/);
  await assert.rejects(run(matrix(1000, 4), train), /Expected columns that vary but found 4 constant columns/);
});
