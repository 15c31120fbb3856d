import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkCells } from "./cells.ts";

Deno.test("checkCells() finds type errors, missing exports and banned randomness, by cell and line", () => {
  const folder = mkdtempSync(fileURLToPath(new URL("../notebooks/.cells-", import.meta.url)));
  try {
    const code = (source: string) => ({ cell_type: "code", source, outputs: [] });
    const write = (cells: unknown[]) => writeFileSync(join(folder, "01_x.ipynb"), JSON.stringify({ cells }));
    const good = code(
      'import { seededRandom } from "../../lib/math/random.ts";\nconst draw: number = seededRandom(1)();',
    );
    write([{ cell_type: "markdown", source: "# Title" }, good, code("console.log(draw);")]);
    const path = join(folder, "01_x.ipynb");
    assert.deepEqual(checkCells([path]).get(path), []);
    write([
      good,
      code('\nconst text: string = 3;\nimport { gone } from "../../lib/math/random.ts";'),
      code("Math.random();"),
    ]);
    const findings = checkCells([path]).get(path)!.join("\n");
    assert.match(findings, /01_x\.ipynb, cell 2, line 2: .*not assignable/);
    assert.match(findings, /01_x\.ipynb, cell 2, line 3: .*gone/);
    assert.match(findings, /01_x\.ipynb, cell 3, line 1: .*Math\.random/);
    assert.deepEqual(readdirSync(folder), ["01_x.ipynb"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
