import assert from "node:assert/strict";
import fc from "fast-check";
import { choiceContrast, choiceDistance, gumbelShares, scaleSurface } from "../../lib/choice/contrast.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { softmax } from "../../lib/math/softmax.ts";
import { randomChoices } from "./random_choices.ts";

Deno.test("gumbelShares() tend to the softmax", () => {
  const shares = gumbelShares([0, 1, 2], 40000, seededRandom(2));
  softmax(Float64Array.of(0, 1, 2)).forEach((p, j) => assert.ok(Math.abs(p - shares[j]) < 0.01));
});

Deno.test("the likelihood depends on scale over temperature alone", () => {
  const sets = randomChoices({ sets: 50, weights: [1, -1] });
  fc.assert(fc.property(fc.double({ min: 0.1, max: 5, noNaN: true }), (factor) => {
    const points = scaleSurface(sets, [1, -1], [1, factor]);
    const on = points.filter((p) => p.scale === p.temperature).map((p) => p.logLikelihood);
    assert.ok(on.every((value) => Math.abs(value - on[0]) < 1e-12));
  }));
});

Deno.test("choiceContrast() and choiceDistance(), by hand", () => {
  const sets = {
    features: ["x"],
    values: Float64Array.of(1, 0, 0, 2),
    starts: Int32Array.of(0, 2, 4),
    chosen: Int32Array.of(0, 3),
  };
  const [x] = choiceContrast(sets);
  assert.deepEqual([x.chosen, x.offered], [1.5, 0.75]);
  assert.ok(Math.abs(x.deviation - Math.sqrt((0.25 + 0.25 + 1 + 1) / 4)) < 1e-12);
  assert.equal(choiceDistance(sets, [0.3], [0.3]), 0);
  // P(x = 1) = 3/4 and P(x = 2) = 9/10 at weight log 3, 1/2 at 0.
  assert.ok(Math.abs(choiceDistance(sets, [Math.log(3)], [0]) - (0.25 + 0.4) / 2) < 1e-12);
});
