import assert from "node:assert/strict";
import { barsPlot } from "../../lib/plots/bars.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";

const rows = [
  { unit: "a session", rate: 0.2, lower: 0.1, upper: 0.3 },
  { unit: "a listener", rate: 0.05, lower: 0.03, upper: 0.07 },
];
const options = {
  title: "A/A tests",
  x: { field: "rate", title: "Share of tests", axis: { format: "%" } },
  y: { field: "unit", title: null },
} as const;

Deno.test("barsPlot() draws a bar a row with its interval and a line of reference, in the order of the rows", async () => {
  const spec = barsPlot(rows, { ...options, subtitle: "Line: 95 %", intervals: true, reference: 0.05, slide: true });
  assert.equal((spec.layer as Spec[]).length, 3);
  const svg = await renderSvg(themed(spec));
  for (const text of ["A/A tests", "Line: 95 %", "Share of tests", "20%"]) assert.ok(svg.includes(text), text);
  assert.ok(svg.indexOf("a session") < svg.indexOf("a listener"));
  assert.ok(!/NaN|undefined/.test(svg.replace(/font-[^"]*"/g, "")));
});

Deno.test("barsPlot() draws bars alone when nothing else is asked for", () => {
  assert.equal((barsPlot(rows, options).layer as Spec[]).length, 1);
});
