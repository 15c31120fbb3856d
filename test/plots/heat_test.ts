import assert from "node:assert/strict";
import { heatPlot } from "../../lib/plots/heat.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";

const cells = [
  { a: "tempo", b: "energy", r: -0.654 },
  { a: "tempo", b: "valence", r: 0.1 },
];
const options = { title: "Correlation", x: { field: "b", title: null }, y: { field: "a", title: "feature" } } as const;

Deno.test("heatPlot() writes the numbers into the cells, white on what is dark", async () => {
  const svg = await renderSvg(themed(heatPlot(cells, {
    ...options,
    subtitle: "of the features",
    color: { field: "r", title: "Spearman’s ρ", scale: { domain: [-1, 1], domainMid: 0 } },
    format: ".2f",
  })));
  for (const text of ["Correlation", "of the features", "energy", "feature", "−0.65", "0.10", "Spearman’s ρ"]) {
    assert.ok(svg.includes(text), text);
  }
  const colorOf = (text: string) => new RegExp(`fill="([^"]+)"[^>]*>${text}<`).exec(svg)?.[1];
  assert.deepEqual([colorOf("−0.65"), colorOf("0.10")], ["#ffffff", "#202124"]);
  assert.ok(!svg.includes("NaN"));
});

Deno.test("heatPlot() goes through viridis unless the scale has a middle, and then from blue to orange", () => {
  const schemeOf = (scale: { domain: [number, number]; domainMid?: number }) => {
    const [cell] = heatPlot(cells, { ...options, color: { field: "r", scale } }).layer as {
      encoding: { color: Spec };
    }[];
    return (cell.encoding.color.scale as Spec).scheme;
  };
  assert.equal(schemeOf({ domain: [0, 1] }), "viridis");
  assert.equal(schemeOf({ domain: [-1, 1], domainMid: 0 }), "blueorange");
});
