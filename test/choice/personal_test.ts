import assert from "node:assert/strict";
import fc from "fast-check";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import {
  fitTastePrior,
  fromEmbedding,
  heldOutLikelihood,
  tasteCurve,
  type TastePrior,
  truncatePrior,
  userTaste,
} from "../../lib/choice/personal.ts";
import { type ChoiceSets, listenerRanges } from "../../lib/listening/choice_sets.ts";
import { drawChoices, drawContexts, drawTastes, TASTE_AXES, withContexts } from "../../lib/listening/tastes.ts";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";

const NORMAL: TastePrior = {
  features: ["x"],
  mean: Float64Array.of(1),
  basis: Float64Array.of(2),
  rank: 1,
  shares: Float64Array.of(1),
};

/** Binary choices of x = 1 over x = 0, `ones` of `count` times. */
function coins(count: number, ones: number, cluster?: Int32Array): ChoiceSets {
  return {
    features: ["x"],
    values: Float64Array.from({ length: 2 * count }, (_, r) => (r + 1) % 2),
    starts: Int32Array.from({ length: count + 1 }, (_, n) => 2 * n),
    chosen: Int32Array.from({ length: count }, (_, n) => n < ones ? 2 * n : 2 * n + 1),
    cluster,
  };
}

/** Choices of listeners with weights w_u = mean + deviation · e_u in the first of two features. */
function listeners(users: number, steps: number, deviation: number): ChoiceSets {
  const random = seededRandom(4, "listeners");
  const blank: ChoiceSets = {
    features: ["a", "b"],
    values: Float64Array.from({ length: users * steps * 8 }, () => 2 * random() - 1),
    starts: Int32Array.from({ length: users * steps + 1 }, (_, n) => 4 * n),
    chosen: Int32Array.from({ length: users * steps }, (_, n) => 4 * n),
    cluster: Int32Array.from({ length: users * steps }, (_, n) => Math.floor(n / steps)),
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const chosen = new Int32Array(users * steps);
  for (let u = 0; u < users; u++) {
    const drawn = drawChoices(blank, [1 + deviation * normal(), -1], random).chosen;
    chosen.set(drawn.subarray(u * steps, (u + 1) * steps), u * steps);
  }
  return { ...blank, chosen };
}

Deno.test("userTaste() is where the score of the choices equals the pull of the prior, checked by hand", () => {
  // w = 1 + 2 e; at the mode 2 (ones − n p(w)) = e.
  const { embedding: [e], weights: [w], covariance: [variance] } = userTaste(coins(10, 9), NORMAL);
  const p = 1 / (1 + Math.exp(-w));
  assert.ok(Math.abs(w - (1 + 2 * e)) < 1e-12);
  assert.ok(Math.abs(2 * (9 - 10 * p) - e) < 1e-4, `${2 * (9 - 10 * p)} against ${e}`);
  assert.ok(Math.abs(variance - 1 / (1 + 4 * 10 * p * (1 - p))) < 1e-6);
});

Deno.test("without choices, or without directions, a listener's weights are the global ones", () => {
  assert.deepEqual([...userTaste(coins(4, 4), NORMAL, 0, 0).weights], [1]);
  assert.deepEqual([...userTaste(coins(4, 4), truncatePrior(NORMAL, 0)).weights], [1]);
});

Deno.test("the more choices, the nearer a listener's weights come to those of maximum likelihood", () => {
  const far = (n: number) => {
    const sets = coins(n, n / 4);
    return Math.abs(userTaste(sets, NORMAL).weights[0] - fitConditionalLogit(sets).coefficients[0].estimate);
  };
  fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), (n) => far(8 * n) > far(16 * n)), { numRuns: 20 });
});

Deno.test("fitTastePrior() finds along which feature listeners differ and by how much", () => {
  const prior = fitTastePrior(listeners(120, 40, 1.5), { rounds: 15 });
  assert.ok(Math.abs(prior.mean[0] - 1) < 0.4 && Math.abs(prior.mean[1] + 1) < 0.15, `${prior.mean}`);
  assert.ok(prior.shares[0] > 0.95, `${prior.shares}`);
  assert.ok(Math.abs(Math.abs(prior.basis[0]) - 1.5) < 0.3, `${prior.basis}`);
  assert.ok(Math.abs(prior.shares[0] + prior.shares[1] - 1) < 1e-9);
});

Deno.test("fitTastePrior() finds little to tell listeners apart by when they are all alike", () => {
  const alike = fitTastePrior(listeners(60, 30, 0), { rounds: 20 });
  const apart = fitTastePrior(listeners(60, 30, 1.5), { rounds: 20 });
  assert.ok(Math.abs(alike.basis[0]) < 0.4 * Math.abs(apart.basis[0]), `${alike.basis} against ${apart.basis}`);
});

Deno.test("tasteCurve() predicts strangers better with every choice known, and never as well as the truth", () => {
  const sets = listeners(160, 40, 1.5);
  const ranges = listenerRanges(sets);
  const prior = fitTastePrior(sets, { rounds: 8 });
  const curve = tasteCurve(sets, prior, [0, 5, 20], 15).map(({ logLikelihood }) =>
    logLikelihood.reduce((sum, v) => sum + v, 0)
  );
  assert.ok(curve[0] < curve[1] && curve[1] < curve[2], `${curve}`);
  const global = heldOutLikelihood(sets, ranges, 15, () => prior.mean).reduce((sum, v) => sum + v, 0);
  assert.ok(Math.abs(global - curve[0]) < 1e-9);
});

Deno.test("fitTastePrior(), userTaste() and truncatePrior() refuse what they cannot use", () => {
  assert.throws(() => fitTastePrior(coins(4, 2)), /listeners as clusters/);
  assert.throws(() => fitTastePrior(coins(4, 2, Int32Array.of(0, 1, 0, 1))), /stand together/);
  assert.throws(() => userTaste({ ...coins(4, 2), features: ["y"] }, NORMAL), /choices by x but found y/);
  assert.throws(() => truncatePrior(NORMAL, 2), InputError);
  assert.throws(() => tasteCurve(coins(4, 2, new Int32Array(4)), NORMAL, [3], 2), InputError);
});

Deno.test("drawTastes() moves listeners along the axes alone, and keeps the first when more are drawn", () => {
  const { weights, embeddings } = drawTastes({ users: 5, centre: DEFAULT_WEIGHTS, seed: 3 });
  const [first, second] = TASTE_AXES;
  const expected = DEFAULT_WEIGHTS.similarity + first.similarity! * embeddings[2] + second.similarity! * embeddings[3];
  assert.ok(Math.abs(weights[5] - expected) < 1e-12);
  assert.deepEqual(drawTastes({ users: 9, centre: DEFAULT_WEIGHTS, seed: 3 }).weights.slice(0, 25), weights);
  const alike = drawTastes({ users: 2, centre: DEFAULT_WEIGHTS, scale: 0 }).weights;
  assert.deepEqual([...alike.slice(0, 5)], [8, 4, -1, 1, 1]);
  assert.throws(() => drawTastes({ users: 0, centre: DEFAULT_WEIGHTS }), InputError);
});

Deno.test("fromEmbedding() adds the directions to the mean, by hand", () => {
  const prior = {
    ...NORMAL,
    features: ["a", "b"],
    mean: Float64Array.of(1, 2),
    basis: Float64Array.of(1, 0, 3, -1),
    rank: 2,
  };
  assert.deepEqual([...fromEmbedding(prior, [2, 1])], [3, 7]);
});

Deno.test("withContexts() multiplies features with contexts, and their weights are found with honest errors", () => {
  const sets = listeners(100, 40, 0);
  const evening = { name: "evening", active: Uint8Array.from(sets.chosen, (_, n) => n % 2) };
  const wide = withContexts(sets, [evening], [["a", "evening"]]);
  assert.deepEqual(wide.features, ["a", "b", "a × evening"]);
  assert.deepEqual([...wide.values.slice(0, 2), Math.abs(wide.values[2])], [sets.values[0], sets.values[1], 0]);
  assert.deepEqual([...wide.values.slice(12, 15)], [sets.values[8], sets.values[9], sets.values[8]]);
  const truth = [1, -1, 0.8];
  const { coefficients } = fitConditionalLogit(drawChoices(wide, truth, seededRandom(1, "evenings")));
  coefficients.forEach((c, k) => assert.ok(Math.abs(c.estimate - truth[k]) < 4 * c.standardError, c.feature));
  assert.throws(() => withContexts(sets, [evening], [["a", "morning"]]), /a × morning/);
  assert.throws(() => drawChoices(sets, [1], seededRandom(1)), InputError);
});

Deno.test("drawContexts() knows the evening by the clock and gives a listener one device a day", () => {
  const at = (hour: number, day = 5) => Date.UTC(2026, 0, day, hour);
  const times = [at(12), at(18), at(23), at(1), at(2), at(9, 6)];
  const [evening, speaker] = drawContexts(times, new Int32Array(6), seededRandom(1));
  assert.deepEqual([...evening.active], [0, 1, 1, 1, 0, 0]);
  assert.equal(new Set(speaker.active.slice(0, 5)).size, 1);
});
