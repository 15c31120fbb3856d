import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("setup has nothing to do the second time, and says so in one line", () => {
  const args = ["run", "-A", "--no-lock", "--node-modules-dir=none", `${ROOT}/lib/jupyter/setup.ts`, "--test"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stderr.trim(), /^setup: ready in \d\.\d s \(.+\)$/);
});

Deno.test("the kernelspec names a Deno that exists and can be interrupted", () => {
  const kernelspec = JSON.parse(readFileSync(`${ROOT}/.venv/share/jupyter/kernels/deno/kernel.json`, "utf8"));
  assert.ok(existsSync(kernelspec.argv[0]), kernelspec.argv[0]);
  assert.equal(kernelspec.interrupt_mode, "message");
  assert.equal(kernelspec.env.NO_COLOR, "1");
});
