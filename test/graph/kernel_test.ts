import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { buildKernel } from "../../lib/graph/build_kernel.ts";

Deno.test("kernel.wasm.ts is what kernel.as compiles to", async () => {
  const committed = readFileSync(new URL("../../lib/graph/kernel.wasm.ts", import.meta.url), "utf8");
  assert.equal(await buildKernel(), committed, "run deno run -A lib/graph/build_kernel.ts");
});
