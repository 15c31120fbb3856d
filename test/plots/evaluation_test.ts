import assert from "node:assert/strict";
import {
  ablationsOf,
  compareWith,
  gainsByListener,
  heardCurves,
  paretoPoints,
  similarityDistributions,
  summarize,
} from "../../lib/evaluation/summary.ts";
import { runTournament } from "../../lib/evaluation/comparison.ts";
import {
  ablationPlot,
  cellPlot,
  contestPlot,
  curvePlot,
  gainPlot,
  OVERVIEW_METRICS,
  paretoPlot,
} from "../../lib/plots/evaluation.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";
import { randomCollection } from "../score/small_worlds.ts";

const tournament = await runTournament(randomCollection(300, 20, 3), {
  listeners: 12,
  variantListeners: 2,
  librarySize: 60,
  teachers: 30,
  validators: 3,
  workers: 1,
});
const cells = compareWith(tournament, "vanilla", { byLibrary: true, byPattern: true });
const figures: Record<string, Spec> = {
  contestPlot: contestPlot(summarize(tournament), OVERVIEW_METRICS),
  curvePlot: curvePlot({ Tiny: heardCurves(tournament, "tiny"), Broad: heardCurves(tournament, "broad") }, {
    x: "Plays",
    y: "Share heard",
  }),
  distributions: curvePlot({ "": similarityDistributions(tournament) }, { x: "Similarity", y: "Share" }),
  paretoPlot: paretoPlot(paretoPoints(tournament)),
  ablationPlot: ablationPlot(ablationsOf(tournament), ["regret", "diversity"]),
  cellPlot: cellPlot(cells, "segue", ["trackRepeat", "utility"]),
  gainPlot: gainPlot({ "Hand-set": gainsByListener(tournament), Own: gainsByListener(tournament, "segue-own") }),
};

for (const [name, spec] of Object.entries(figures)) {
  Deno.test(`${name}: the figure compiles and carries little data`, async () => {
    const svg = await renderSvg(themed(spec));
    assert.ok(svg.startsWith("<svg") && !svg.includes("NaN"));
    const json = JSON.stringify(spec);
    assert.ok(json.length < 300_000, `${json.length} characters`);
  });
}

Deno.test("contestPlot() names every contestant once", async () => {
  const svg = await renderSvg(themed(contestPlot(summarize(tournament), ["regret"])));
  for (const { label } of tournament.policies.filter(({ group }) => group === "contest")) {
    assert.equal(svg.split(`>${label}<`).length - 1, 1, label);
  }
});

Deno.test("cellPlot() has a cell for each kind of library and pattern", () => {
  const [panel] = (cellPlot(cells, "segue", ["utility"]) as { concat: { data: { values: unknown[] } }[] }).concat;
  assert.equal(panel.data.values.length, 12);
});
