import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importOrderViolations } from "./import_order.ts";

Deno.test("importOrderViolations() finds an import from a folder to the right", () => {
  const lib = mkdtempSync(join(tmpdir(), "segue-order-"));
  try {
    for (const folder of ["graph", "shuffle"]) mkdirSync(join(lib, folder));
    writeFileSync(join(lib, "shuffle/walk.ts"), 'import { a } from "../graph/graph.ts";\n');
    assert.deepEqual(importOrderViolations(lib), []);
    writeFileSync(join(lib, "graph/graph.ts"), 'import { b } from "../shuffle/walk.ts";\nawait import("../mod.ts");\n');
    assert.equal(importOrderViolations(lib).length, 2);
  } finally {
    rmSync(lib, { recursive: true });
  }
});
