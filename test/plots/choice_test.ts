import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { compareEstimates, errorBySize, recoverWeights } from "../../lib/choice/recovery.ts";
import {
  coveragePlot,
  errorBySizePlot,
  randomUtilityPlot,
  standardisedErrorPlot,
  weightsPlot,
} from "../../lib/plots/choice.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";
import { randomChoices } from "../choice/random_choices.ts";

const truth = { x0: 0.8, x1: -0.4 };
const make = (seed: number) => randomChoices({ sets: 120, weights: [0.8, -0.4], seed });
const report = recoverWeights(truth, 20, (w) => fitConditionalLogit(make(w)).coefficients);
const { coefficients } = fitConditionalLogit(make(1));

const FIGURES: [name: string, spec: Spec, texts: string[]][] = [
  ["randomUtilityPlot()", randomUtilityPlot([0, 1], [0.27, 0.73], [0.3, 0.7]), ["Share of choices", "u = 1"]],
  ["weightsPlot()", weightsPlot(compareEstimates(truth, { one: coefficients }), "Title"), ["Title", "log-odds"]],
  [
    "weightsPlot() of two models",
    weightsPlot(compareEstimates(truth, { one: coefficients, another: coefficients }), "Title"),
    ["one", "another"],
  ],
  ["standardisedErrorPlot()", standardisedErrorPlot(report), ["x1", "Density"]],
  ["coveragePlot()", coveragePlot(report), ["Share of 20 worlds"]],
  [
    "errorBySizePlot()",
    errorBySizePlot(errorBySize(truth, [make(1), make(2)], [60, 120]), truth),
    ["Number of choices", "Median error"],
  ],
];

for (const [name, spec, texts] of FIGURES) {
  Deno.test(`${name} renders with its titles, from little data and without NaN`, async () => {
    assert.ok(JSON.stringify(spec).length < 300_000);
    const svg = await renderSvg(themed(spec));
    for (const text of texts) assert.ok(svg.includes(text), `${text} is not in the figure`);
    assert.ok(!svg.includes("NaN"));
  });
}
