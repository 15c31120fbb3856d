import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { sampleAlternatives } from "../../lib/choice/sampling.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { randomChoices } from "./random_choices.ts";

Deno.test("sampled alternatives give the weights of the whole with the McFadden term, and other ones without it", () => {
  const sets = randomChoices({ sets: 4000, weights: [1, -1], size: 30, seed: 8 });
  const plan = { feature: "x0", nearCount: 8, near: 6, far: 3 };
  const sampled = sampleAlternatives(sets, plan, seededRandom(1));
  assert.equal(sampled.starts[4000], 4000 * 9);
  const close = (fit: ReturnType<typeof fitConditionalLogit>) =>
    [1, -1].every((truth, k) => Math.abs(fit.coefficients[k].estimate - truth) < 4 * fit.coefficients[k].standardError);
  assert.ok(close(fitConditionalLogit(sampled)));
  assert.ok(!close(fitConditionalLogit({ ...sampled, offset: undefined })));
});

Deno.test("a sample that keeps everything changes nothing", () => {
  const sets = randomChoices({ sets: 100, weights: [1, -1], size: 6 });
  const sampled = sampleAlternatives(sets, { feature: "x0", nearCount: 3, near: 3, far: 3 }, seededRandom(1));
  const [whole, kept] = [sets, sampled].map((s) => fitConditionalLogit(s).coefficients.map((c) => c.estimate));
  whole.forEach((value, k) => assert.ok(Math.abs(value - kept[k]) < 1e-9));
  assert.ok(sampled.offset!.every((value) => value === 0));
});
