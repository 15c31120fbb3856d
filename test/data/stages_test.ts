import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAtomic } from "../../lib/data/atomic.ts";
import { readManifest, runStage } from "../../lib/data/stages.ts";

Deno.test("runStage() runs again only when an input, a parameter or an output has changed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-stages-"));
  try {
    let runs = 0;
    const stage = (factor: number, force = false) =>
      runStage(folder, {
        name: "double",
        inputs: ["in.txt"],
        parameters: { factor },
        outputs: ["out.txt"],
        force,
        run: () => {
          runs++;
          writeAtomic(join(folder, "out.txt"), `${factor}`);
          return { runs };
        },
      });
    await assert.rejects(stage(2), /in\.txt: no such file; stage double needs it/);
    writeFileSync(join(folder, "in.txt"), "1");
    assert.equal((await stage(2)).upToDate, false);
    assert.deepEqual([(await stage(2)).upToDate, runs], [true, 1]);
    await stage(3);
    assert.equal(runs, 2);
    writeFileSync(join(folder, "in.txt"), "changed");
    await stage(3);
    assert.equal(runs, 3);
    rmSync(join(folder, "out.txt"));
    await stage(3);
    assert.equal(runs, 4);
    await stage(3, true);
    assert.equal(runs, 5);
    assert.equal(readManifest(folder).double.facts.runs, 5);
    assert.equal(readManifest(folder).double.inputs["in.txt"].length, 64);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
