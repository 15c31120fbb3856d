import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

Deno.test("without its native library TensorFlow still computes, with a warning nobody can miss", () => {
  const tensor = fileURLToPath(new URL("../../lib/math/tensor.ts", import.meta.url));
  const code = `const { loadTensorFlow } = await import(${JSON.stringify(tensor)});
    const { tf, backend } = await loadTensorFlow();
    console.log(backend.name, tf.matMul(tf.tensor2d([[2]]), tf.tensor2d([[3]])).dataSync()[0]);`;
  const env = { ...process.env, SEGUE_TENSOR: "cpu", NO_COLOR: "1" };
  const { stdout, stderr } = spawnSync(process.execPath, ["eval", code], { encoding: "utf8", env });
  assert.equal(stdout.trim().split("\n").at(-1), "cpu 6");
  assert.match(stderr, /#{70}[\s\S]*WARNING: TensorFlow's native library is not in use/);
});
