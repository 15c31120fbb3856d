import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { compileKernel, kernelModule, KERNELS } from "./compile_kernels.ts";

for (const kernel of KERNELS) {
  Deno.test(`the committed module of ${kernel.source} is what it compiles to`, async () => {
    const same = readFileSync(kernelModule(kernel), "utf8") === await compileKernel(kernel);
    assert.ok(same, "run deno run -A test/compile_kernels.ts");
  });
}
