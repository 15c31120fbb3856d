import assert from "node:assert/strict";
import fc from "fast-check";
import { BayesianWeights, feedbackChoices, GradientWeights } from "../../lib/choice/online.ts";
import { type TastePrior, userTaste } from "../../lib/choice/personal.ts";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";

const PRIOR: TastePrior = {
  features: ["x"],
  mean: Float64Array.of(0),
  basis: Float64Array.of(2),
  rank: 1,
  shares: Float64Array.of(1),
};

const COIN = Float64Array.of(1, 0);

Deno.test("BayesianWeights takes one Newton step, by hand: prior N(0, 4), one choice of x = 1 over 0", () => {
  const learner = new BayesianWeights(PRIOR);
  learner.update(COIN, 0);
  // g = 1/2, H = 1/4, C = 1 / (1/4 + 1/4) = 2, m = 1; the embedding's variance is C / 4.
  assert.ok(Math.abs(learner.weights[0] - 1) < 1e-12);
  assert.ok(Math.abs(learner.covariance[0] - 0.5) < 1e-12);
});

Deno.test("after many events BayesianWeights is near the posterior mode of all of them together", () => {
  const random = seededRandom(2, "events");
  const learner = new BayesianWeights(PRIOR);
  const taken = Array.from({ length: 300 }, () => random() < 1 / (1 + Math.exp(-1.5)) ? 0 : 1);
  for (const chosen of taken) learner.update(COIN, chosen);
  const whole = userTaste({
    features: ["x"],
    values: Float64Array.from({ length: 600 }, (_, r) => (r + 1) % 2),
    starts: Int32Array.from({ length: 301 }, (_, n) => 2 * n),
    chosen: Int32Array.from(taken, (chosen, n) => 2 * n + chosen),
  }, PRIOR);
  assert.ok(Math.abs(learner.weights[0] - whole.weights[0]) < 0.05, `${learner.weights} and ${whole.weights}`);
  assert.ok(Math.abs(learner.covariance[0] / whole.covariance[0] - 1) < 0.1);
});

Deno.test("a belief that forgets goes back to the prior, one that never forgets only sharpens", () => {
  fc.assert(fc.property(fc.double({ min: 0.5, max: 0.95, noNaN: true }), (memory) => {
    const forgetting = new BayesianWeights(PRIOR, { memory });
    forgetting.update(COIN, 0);
    const before = forgetting.weights[0];
    // Two equal rows say nothing: what is left is forgetting.
    for (let i = 0; i < 200; i++) forgetting.update(Float64Array.of(1, 1), 0);
    assert.ok(before > 0.5 && Math.abs(forgetting.weights[0]) < 1e-3 && Math.abs(forgetting.covariance[0] - 1) < 1e-3);
  }));
  const keeping = new BayesianWeights(PRIOR);
  let last = 1;
  for (let i = 0; i < 20; i++) {
    keeping.update(COIN, i % 2);
    assert.ok(keeping.covariance[0] < last);
    last = keeping.covariance[0];
  }
});

Deno.test("GradientWeights moves by rate × variance × gradient, by hand, and not at all at rate 0", () => {
  const learner = new GradientWeights(PRIOR, 0.1);
  learner.update(COIN, 0);
  assert.ok(Math.abs(learner.weights[0] - 0.1 * 4 * 0.5) < 1e-12);
  const still = new GradientWeights(PRIOR, 0);
  still.update(COIN, 0);
  assert.deepEqual([...still.weights], [0]);
});

Deno.test("feedbackChoices() asks once of a skip and twice of what was kept, all zeros standing for no", () => {
  const [skip, ...none] = feedbackChoices([3, 4], "skip");
  assert.deepEqual([[...skip.values], skip.chosen, none.length], [[1, 0, 3, 4, 0, 0, 0, 0], 1, 0]);
  const kept = feedbackChoices([3, 4], "keep");
  assert.deepEqual(kept.map(({ chosen }) => chosen), [0, 1]);
  assert.deepEqual([...kept[1].values], [0, 1, 3, 4, 0, 0, 0, 0]);
  assert.deepEqual(feedbackChoices([3, 4], "replay").map(({ chosen }) => chosen), [0, 0]);
});

Deno.test("online learners refuse a memory, a rate or a choice out of range", () => {
  assert.throws(() => new BayesianWeights(PRIOR, { memory: 0 }), InputError);
  assert.throws(() => new BayesianWeights(PRIOR, { memory: 1.01 }), InputError);
  assert.throws(() => new GradientWeights(PRIOR, -1), InputError);
  assert.throws(() => new BayesianWeights(PRIOR).update(COIN, 2), /row 2 of 2/);
});
