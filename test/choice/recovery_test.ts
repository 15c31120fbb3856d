import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { compareEstimates, errorBySize, recoverWeights } from "../../lib/choice/recovery.ts";
import { randomChoices } from "./random_choices.ts";

Deno.test("recoverWeights() reckons bias, error and coverage, by hand", () => {
  const report = recoverWeights({ x: 1 }, 4, (w) => [{ estimate: [0, 1, 2, 5][w], standardError: 1 }]);
  const [x] = report.weights;
  assert.equal(x.mean, 2);
  assert.equal(x.bias, 1);
  assert.equal(x.rmse, Math.sqrt((1 + 0 + 1 + 16) / 4));
  assert.equal(x.coverage, 0.75);
  assert.ok(Math.abs(x.deviation - Math.sqrt((4 + 1 + 0 + 9) / 3)) < 1e-12);
  assert.throws(() => recoverWeights({ x: 1 }, 1, () => [{ estimate: 0, standardError: 1 }]), /worlds/);
});

Deno.test("over 300 worlds the intervals cover the truth as often as they claim, within binomial error", () => {
  const report = recoverWeights({ x0: 0.8, x1: -0.4 }, 300, (seed) => {
    return fitConditionalLogit(randomChoices({ sets: 150, weights: [0.8, -0.4], seed: 1000 + seed })).coefficients;
  });
  const margin = 3 * Math.sqrt(0.95 * 0.05 / 300);
  for (const w of report.weights) {
    assert.ok(Math.abs(w.coverage - 0.95) < margin, `${w.feature}: coverage ${w.coverage}`);
    assert.ok(Math.abs(w.bias) < 4 * w.biasError + 0.03);
    assert.ok(Math.abs(w.meanStandardError / w.deviation - 1) < 0.15);
  }
});

Deno.test("errorBySize() shrinks with the number of choices", () => {
  const truth = { x0: 0.8, x1: -0.4 };
  const worlds = Array.from({ length: 40 }, (_, seed) => randomChoices({ sets: 400, weights: [0.8, -0.4], seed }));
  const rows = errorBySize(truth, worlds, [50, 400]).filter((row) => row.feature === "x0");
  const shrinks = rows[0].medianError / rows[1].medianError;
  assert.ok(shrinks > 1.8 && shrinks < 4.5, `${shrinks}`);
  assert.equal(rows[1].identified, 1);
});

Deno.test("compareEstimates() tells which intervals hold the truth", () => {
  const { coefficients } = fitConditionalLogit(randomChoices({ sets: 300, weights: [1] }));
  const [near, far] = [1, 9].map((x0) => compareEstimates({ x0 }, { logit: coefficients })[0]);
  assert.equal(near.covered, true);
  assert.equal(far.covered, false);
});
