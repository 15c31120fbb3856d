import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  coldStartPlot,
  falsePositivePlot,
  heterogeneityPlot,
  linePoint,
  offPolicyPlot,
  onlinePlot,
  powerPlot,
  skipPlot,
  tastePlacesPlot,
} from "../../lib/plots/case_study.ts";
import { readTable } from "../../lib/plots/show.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";

const points = ["one", "two"].flatMap((series, s) =>
  [0, 1, 2].map((x) => linePoint(series, x, [x + s, x + s + 0.1, x - 0.1 + s]))
);
const rate = { rate: 0.2, lower: 0.1, upper: 0.3, experiments: 100 };
const estimate = {
  estimator: "IPS",
  value: 0.5,
  standardError: 0.1,
  lower: 0.3,
  upper: 0.7,
  effectivePicks: 9,
} as const;

const FIGURES: Record<string, [Spec, RegExp]> = {
  coldStartPlot: [coldStartPlot(points), /Choices known of the listener/],
  heterogeneityPlot: [heterogeneityPlot(points), /How much listeners differ/],
  tastePlacesPlot: [tastePlacesPlot([{ truth: 1, learned: 0.5, choices: 5 }], "an axis"), /after 5 choices/],
  onlinePlot: [onlinePlot(points, { drift: 1 }), /When tastes change/],
  skipPlot: [skipPlot(points.slice(0, 1)), /Share of picks skipped/],
  falsePositivePlot: [falsePositivePlot([{ unit: "a session", ...rate }]), /Share of 100 A\/A tests/],
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

Deno.test("linePoint() holds the mean between the ends of its interval, the same at every call", () => {
  const point = linePoint("a", 3, [1, 2, 3, 6]);
  assert.deepEqual([point.x, point.value], [3, 3]);
  assert.ok(point.lower < 3 && point.upper > 3);
  assert.deepEqual(linePoint("a", 3, [1, 2, 3, 6]), point);
});

Deno.test("readTable() reads the report that is being written, and says when there is no such table", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-tables-"));
  const before = process.env.SEGUE_REPORTS;
  try {
    process.env.SEGUE_REPORTS = folder;
    mkdirSync(join(folder, "tables"));
    writeFileSync(join(folder, "tables/none_such.csv"), 'what,n\n"a, b",2\n');
    assert.deepEqual(readTable("none_such")?.map((row) => ({ ...row })), [{ what: "a, b", n: "2" }]);
    assert.equal(readTable("not_there"), undefined);
  } finally {
    if (before === undefined) delete process.env.SEGUE_REPORTS;
    else process.env.SEGUE_REPORTS = before;
    rmSync(folder, { recursive: true });
  }
});
