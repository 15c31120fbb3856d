import assert from "node:assert/strict";
import { offPolicyPlot, powerPlot, tastePlacesPlot } from "../../lib/plots/case_study.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";

const estimate = {
  estimator: "IPS",
  value: 0.5,
  standardError: 0.1,
  lower: 0.3,
  upper: 0.7,
  effectivePicks: 9,
} as const;

const FIGURES: Record<string, [Spec, RegExp]> = {
  tastePlacesPlot: [tastePlacesPlot([{ truth: 1, learned: 0.5, choices: 5 }], "an axis"), /after 5 choices/],
  powerPlot: [
    powerPlot([{
      name: "a design",
      points: [{ listeners: 50, power: 0.5, lower: 0.4, upper: 0.6 }],
      formula: () => 0.5,
    }]),
    /a design/,
  ],
  offPolicyPlot: [offPolicyPlot([{ log: "a log", ...estimate }], 0.55), /doubly robust|IPS/],
};

for (const [name, [spec, text]] of Object.entries(FIGURES)) {
  Deno.test(`${name}() is drawn with its titles and no undefined or NaN`, async () => {
    const svg = await renderSvg(themed(spec));
    assert.match(svg, text);
    assert.ok(!/NaN|undefined/.test(svg.replace(/font-[^"]*"/g, "")), name);
  });
}
