import assert from "node:assert/strict";
import { clusterCountPlot } from "../../lib/plots/clusters.ts";
import { renderSvg } from "../../lib/plots/render.ts";

Deno.test("clusterCountPlot() marks the chosen number in both panels and draws the floor in one", async () => {
  const candidates = [8, 9, 10].map((k) => ({ k, stability: 1 - k / 100, standardError: 0.01, silhouette: k / 100 }));
  const spec = clusterCountPlot({ k: 9, candidates }, 0.9);
  const panels = spec.hconcat as { layer: { transform?: { filter: string }[]; data?: unknown }[] }[];
  assert.deepEqual(panels.map(({ layer }) => layer.at(-1)!.transform), [
    [{ filter: "datum.k === 9" }],
    [{ filter: "datum.k === 9" }],
  ]);
  assert.deepEqual(panels.map(({ layer }) => layer[0].data), [{ values: [{ value: 0.9 }] }, undefined]);
  const svg = await renderSvg(spec);
  for (const text of ["Agreement (adjusted Rand index)", "Mean silhouette"]) assert.ok(svg.includes(text));
});
