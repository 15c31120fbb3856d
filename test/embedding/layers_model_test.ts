import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, saveModel } from "../../lib/embedding/layers_model.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";

Deno.test("saveModel() and loadModel() keep what a model predicts, and leave no tensor behind", async () => {
  const { tf, backend } = await loadTensorFlow();
  assert.ok(["tensorflow", "cpu"].includes(backend.name));
  const folder = mkdtempSync(join(tmpdir(), "segue-model-"));
  try {
    const before = tf.memory().numTensors;
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4], activation: "tanh" })] });
    const x = tf.tensor2d([[1, -2, 3, 0.5]]);
    await saveModel(model, folder);
    const again = await loadModel(folder);
    const [a, b] = [model, again].map((m) => m.predict(x) as ReturnType<typeof tf.tensor>);
    assert.deepEqual(await b.data(), await a.data());
    assert.deepEqual(readdirSync(folder).sort(), ["model.json", "weights.bin"]);
    tf.dispose([x, a, b]);
    model.dispose();
    again.dispose();
    assert.equal(tf.memory().numTensors, before);
    await assert.rejects(loadModel(join(folder, "none")), /model\.json: no such file; train the model first/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
