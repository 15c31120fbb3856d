import assert from "node:assert/strict";
import {
  ablationsOf,
  compareWith,
  curvesOf,
  gainsByListener,
  paretoPoints,
  summarize,
} from "../../lib/evaluation/summary.ts";
import { comparePolicies } from "../../lib/evaluation/comparison.ts";
import { ablationPlot, cellPlot, curvePlot, gainPlot, paretoPlot, policyPlot } from "../../lib/plots/evaluation.ts";
import { metricOf } from "../../lib/metrics/registry.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";
import { randomCollection } from "../score/small_worlds.ts";

const comparison = await comparePolicies(randomCollection(300, 20, 3), {
  listeners: 12,
  variantListeners: 2,
  librarySize: 60,
  trainingListeners: 30,
  validationListeners: 3,
  workers: 1,
});
const cells = compareWith(comparison, "vanilla", { byLibrary: true, byPattern: true });
const figures: Record<string, Spec> = {
  policyPlot: policyPlot(summarize(comparison)),
  curvePlot: curvePlot({ Tiny: curvesOf(comparison, "heard", "tiny"), Broad: curvesOf(comparison, "heard", "broad") }, {
    x: "Plays",
    y: "Share heard",
  }),
  distributions: curvePlot({ "": curvesOf(comparison, "similarity") }, { x: "Similarity", y: "Share" }),
  paretoPlot: paretoPlot(paretoPoints(comparison)),
  ablationPlot: ablationPlot(ablationsOf(comparison), ["regret", "diversity"]),
  cellPlot: cellPlot(cells, "segue", ["trackRepeat", "utility"]),
  gainPlot: gainPlot({ "Hand-set": gainsByListener(comparison), Own: gainsByListener(comparison, "segue-own") }),
};

for (const [name, spec] of Object.entries(figures)) {
  Deno.test(`${name}: the figure compiles and carries little data`, async () => {
    const svg = await renderSvg(themed(spec));
    assert.ok(svg.startsWith("<svg") && !svg.includes("NaN"));
    const json = JSON.stringify(spec);
    assert.ok(json.length < 300_000, `${json.length} characters`);
  });
}

Deno.test("policyPlot() names every policy once", async () => {
  const svg = await renderSvg(themed(policyPlot(summarize(comparison), [metricOf("regret")])));
  for (const { label } of comparison.policies.filter(({ group }) => group === "main")) {
    assert.equal(svg.split(`>${label}<`).length - 1, 1, label);
  }
});

Deno.test("cellPlot() has a cell for each kind of library and pattern", () => {
  const [panel] = (cellPlot(cells, "segue", ["utility"]) as { concat: { data: { values: unknown[] } }[] }).concat;
  assert.equal(panel.data.values.length, 12);
});
