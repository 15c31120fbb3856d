/** The recipe for a figure in `lib/README.md`: one file with a function, and one line in `plots/mod.ts`. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const PLOTS = new URL("../../lib/plots/", import.meta.url);

const FIGURE = `
import { quantity, type Spec } from "${PLOTS}theme.ts";

/** Energy against tempo. */
export function energyTempoPlot(rows: readonly { tempo: number; energy: number }[]): Spec {
  return {
    data: { values: rows },
    mark: "point",
    encoding: { x: quantity("tempo", "tempo (BPM)"), y: quantity("energy", "energy") },
  };
}
`;

Deno.test("a figure is one file and one line of mod.ts; show() takes it, with the theme of all figures", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-figure-"));
  const before = process.env.SEGUE_REPORTS;
  process.env.SEGUE_REPORTS = join(folder, "reports");
  try {
    writeFileSync(join(folder, "energy_tempo.ts"), FIGURE);
    const names = readFileSync(new URL("mod.ts", PLOTS), "utf8").replaceAll('from "./', `from "${PLOTS}`);
    writeFileSync(join(folder, "mod.ts"), `${names}export { energyTempoPlot } from "./energy_tempo.ts";\n`);

    const { energyTempoPlot, show, linesPlot } = await import(pathToFileURL(join(folder, "mod.ts")).href);
    assert.equal(typeof linesPlot, "function", "the names that were there are still there");
    const spec = energyTempoPlot([{ tempo: 90, energy: 0.2 }, { tempo: 128, energy: 0.9 }]);
    await show(spec, { name: "01_energy_tempo", caption: "Fast tracks are loud." });

    const svg = readFileSync(join(folder, "reports/figures/01_energy_tempo.svg"), "utf8");
    for (const text of ["tempo (BPM)", "energy", "Inter, Helvetica"]) assert.ok(svg.includes(text), text);
    assert.ok(existsSync(join(folder, "reports/figures/01_energy_tempo.png")));
  } finally {
    if (before === undefined) delete process.env.SEGUE_REPORTS;
    else process.env.SEGUE_REPORTS = before;
    rmSync(folder, { recursive: true });
  }
});
