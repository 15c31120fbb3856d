import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChoiceSets } from "../../lib/listening/choice_sets.ts";
import { drawTastes } from "../../lib/listening/tastes.ts";
import { InputError } from "../../lib/data/errors.ts";
import { fixedPlayer, playWithFeedback } from "../../lib/evaluation/feedback.ts";
import { evaluateOffPolicy, keepGuess, policyOnLog } from "../../lib/choice/off_policy.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection } from "../score/small_worlds.ts";

Deno.test("the four estimators by hand on four picks", () => {
  const [ips, snips, direct, robust] = evaluateOffPolicy({
    reward: [1, 0, 1, 1],
    logged: [0.5, 0.5, 0.25, 0.8],
    target: [0.25, 0.75, 0.5, 0.4],
    guess: [0.5, 0.5, 0.5, 1],
    guessTarget: [0.4, 0.6, 0.5, 0.9],
  });
  // w = 0.5, 1.5, 2, 0.5; w r = 0.5, 0, 2, 0.5; w (r − q) = 0.25, −0.75, 1, 0.
  assert.ok(Math.abs(ips.value - 3 / 4) < 1e-12);
  assert.ok(Math.abs(snips.value - 3 / 4.5) < 1e-12);
  assert.ok(Math.abs(direct.value - 2.4 / 4) < 1e-12);
  assert.ok(Math.abs(robust.value - (2.4 + 0.5) / 4) < 1e-12);
  assert.ok(Math.abs(ips.effectivePicks - 4.5 ** 2 / (0.25 + 2.25 + 4 + 0.25)) < 1e-12);
  // Standard error of a mean of 0.5, 0, 2, 0.5.
  assert.ok(Math.abs(ips.standardError - Math.sqrt((0.25 ** 2 + 0.75 ** 2 + 1.25 ** 2 + 0.25 ** 2) / 3 / 4)) < 1e-12);
});

Deno.test("a policy valued on its own log has the mean reward, whatever the estimator of the weights", () => {
  const picks = fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0.01, max: 1, noNaN: true })), { minLength: 2 });
  fc.assert(fc.property(picks, (list) => {
    const reward = list.map(([r]) => r ? 1 : 0);
    const p = list.map(([, probability]) => probability);
    const mean = reward.reduce<number>((a, b) => a + b, 0) / reward.length;
    for (const { value } of evaluateOffPolicy({ reward, logged: p, target: p })) {
      assert.ok(Math.abs(value - mean) < 1e-9);
    }
  }));
});

/** A bandit with three arms kept with 0.2, 0.5 and 0.8, logged by one policy, valued for another. */
function bandit(count: number, seed: number) {
  const random = seededRandom(seed, "bandit");
  const [logging, target, keep] = [[0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.8]];
  const arms = Array.from({ length: count }, () => {
    const u = random();
    return u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
  });
  return {
    truth: target.reduce((sum, p, a) => sum + p * keep[a], 0),
    log: {
      reward: arms.map((a) => random() < keep[a] ? 1 : 0),
      logged: arms.map((a) => logging[a]),
      target: arms.map((a) => target[a]),
      guess: arms.map(() => 0.3),
      guessTarget: arms.map(() => 0.3),
    },
  };
}

Deno.test("IPS, SNIPS and doubly robust cover the truth as often as they say, though the model is wrong", () => {
  const covered = { IPS: 0, SNIPS: 0, direct: 0, "doubly robust": 0 };
  const worlds = 300;
  for (let seed = 0; seed < worlds; seed++) {
    const { log, truth } = bandit(600, seed);
    for (const row of evaluateOffPolicy(log)) if (row.lower <= truth && truth <= row.upper) covered[row.estimator]++;
  }
  for (const name of ["IPS", "SNIPS", "doubly robust"] as const) {
    assert.ok(covered[name] / worlds > 0.9 && covered[name] / worlds < 0.985, `${name}: ${covered[name]}`);
  }
  assert.equal(covered.direct, 0);
});

Deno.test("from the log of a simulated listener's blind player the value of the hand-set weights is found", () => {
  const users = 80;
  const { weights } = drawTastes({ users, centre: DEFAULT_WEIGHTS, seed: 5 });
  const blind = { similarity: 1, recency: 1, sameArtist: 0, keyMatch: 0, clusterDiversity: 0 };
  const log = playWithFeedback(randomCollection(400, 20, 6), () => fixedPlayer(blind), {
    listeners: users,
    sessions: 6,
    plays: 8,
    tastes: (u) => weights.subarray(5 * u, 5 * u + 5),
    candidates: true,
    seed: 8,
  });
  const sets = log.sets!;
  const wanted = Object.values(DEFAULT_WEIGHTS).slice(0, 5);
  const { probability, value } = policyOnLog(sets, wanted, log.keepOfRow!);
  const truth = value.reduce((a, b) => a + b, 0) / value.length;
  const picks = {
    reward: log.skipped.map((s) => 1 - s),
    logged: log.probability,
    target: probability,
    groups: log.listener,
  };
  const [ips, snips] = evaluateOffPolicy(picks);
  for (const row of [ips, snips]) {
    assert.ok(Math.abs(row.value - truth) < 4 * row.standardError, `${row.estimator}: ${row.value}, truth ${truth}`);
  }
  const logged = policyOnLog(sets, Object.values(blind), log.keepOfRow!).probability;
  logged.forEach((p, i) => assert.ok(Math.abs(p - log.probability[i]) < 1e-9));
});

Deno.test("keepGuess() and policyOnLog() by hand on two candidates", () => {
  const sets: ChoiceSets = {
    features: ["x"],
    values: Float64Array.of(1, 3),
    starts: Int32Array.of(0, 2),
    chosen: Int32Array.of(1),
  };
  const guess = keepGuess(sets, [0.5, 9, 2]);
  assert.ok(Math.abs(guess[0] - 1 / (1 + Math.exp(-(0.5 - 2)))) < 1e-12);
  assert.ok(Math.abs(guess[1] - 1 / (1 + Math.exp(-(0.5 + 2)))) < 1e-12);
  const { probability, value } = policyOnLog(sets, [Math.log(3) / 2], [10, 20]);
  assert.ok(Math.abs(probability[0] - 0.75) < 1e-12 && Math.abs(value[0] - 17.5) < 1e-12);
});

Deno.test("off-policy evaluation refuses an empty log, other lengths and impossible probabilities", () => {
  assert.throws(() => evaluateOffPolicy({ reward: [], logged: [], target: [] }), InputError);
  assert.throws(() => evaluateOffPolicy({ reward: [1], logged: [0.5], target: [] }), /target, one a pick/);
  assert.throws(() => evaluateOffPolicy({ reward: [1], logged: [0], target: [0.5] }), /above 0/);
});
