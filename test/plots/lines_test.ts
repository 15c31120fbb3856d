import assert from "node:assert/strict";
import { linePoint, linesPlot } from "../../lib/plots/lines.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { CATEGORY_COLORS, ordinalColors, type Spec, themed } from "../../lib/plots/theme.ts";

const points = ["one", "two"].flatMap((series, s) =>
  [0, 1, 2].map((x) => linePoint(series, x, [x + s, x + s + 0.1, x - 0.1 + s]))
);
const axes = {
  x: { field: "x", title: "Choices known" },
  y: { field: "value", title: "Gain (nats)" },
} as const;

/** The layer that holds the lines, the last one. */
function linesOf(
  spec: Spec,
): { encoding: Record<string, Spec>; layer: { mark: Spec; encoding: Record<string, Spec> }[] } {
  return (spec.layer as ReturnType<typeof linesOf>[]).at(-1)!;
}

Deno.test("linesPlot() draws lines, bands and dashed references with the titles it was given, and no undefined or NaN", async () => {
  const spec = linesPlot(points, {
    title: "From cold start",
    subtitle: "Band: 95 %.",
    ...axes,
    color: { field: "series", title: "Model" },
    band: ["lower", "upper"],
    points: true,
    dashed: "two",
    references: { x: 1.5, y: 0 },
    slide: true,
  });
  const svg = await renderSvg(themed(spec));
  for (const text of ["From cold start", "Band: 95 %.", "Choices known", "Gain (nats)", "Model", "one", "two"]) {
    assert.ok(svg.includes(text), text);
  }
  assert.ok(!/NaN|undefined/.test(svg.replace(/font-[^"]*"/g, "")));
  assert.match(svg, /stroke-dasharray="6,4"/);
  assert.equal(svg.match(/stroke-dasharray="5,4"/g)?.length, 2);
});

Deno.test("linesPlot() of one line has no legend, no band and no point that was not asked for", () => {
  const { encoding, layer } = linesOf(linesPlot(points.slice(0, 3), { title: "One", ...axes }));
  assert.deepEqual(encoding, {});
  assert.deepEqual(layer.map(({ mark }) => [mark.type, mark.point]), [["line", undefined]]);
});

Deno.test("linesPlot() gives names the colours of the palette, and steps in an order to what is in an order", () => {
  const rangeOf = (color: { field: "series"; type?: string }) =>
    (linesOf(linesPlot(points, { title: "Two", ...axes, color })).encoding.color.scale as Spec).range;
  assert.deepEqual(rangeOf({ field: "series" }), CATEGORY_COLORS.slice(0, 2));
  assert.deepEqual(rangeOf({ field: "series", type: "ordinal" }), ordinalColors(2));
});

Deno.test("linesPlot() puts long names of a legend below each other", () => {
  const columns = (name: string) => {
    const rows = [name, `${name}!`].map((series) => ({ ...points[0], series }));
    const { color } = linesOf(linesPlot(rows, { title: "Two", ...axes, color: { field: "series" } })).encoding;
    return (color.legend as Spec).columns;
  };
  assert.deepEqual([columns("short"), columns("how often a track is someone's neighbour")], [undefined, 1]);
});

Deno.test("linesPlot() draws a logarithmic axis that was asked for, and cuts lines at its end", async () => {
  const rows = [1, 0.1, 1e-12].map((p, i) => ({ rank: i + 1, p }));
  const svg = await renderSvg(themed(linesPlot(rows, {
    title: "Softmax",
    x: { field: "rank", title: "rank" },
    y: { field: "p", title: "probability", scale: { type: "log", domain: [1e-4, 1] } },
  })));
  assert.ok(svg.includes("clip-path") && !svg.includes("NaN"));
});

Deno.test("linePoint() holds the mean between the ends of its interval, the same at every call", () => {
  const point = linePoint("a", 3, [1, 2, 3, 6]);
  assert.deepEqual([point.x, point.value], [3, 3]);
  assert.ok(point.lower < 3 && point.upper > 3);
  assert.deepEqual(linePoint("a", 3, [1, 2, 3, 6]), point);
});
