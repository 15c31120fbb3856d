import assert from "node:assert/strict";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import {
  compareArms,
  cuped,
  designEffect,
  falsePositives,
  listenerOutcomes,
  sessionOutcomes,
  simulatePower,
} from "../../lib/evaluation/experiment.ts";
import { fixedPlayer, playWithFeedback } from "../../lib/evaluation/feedback.ts";
import { drawTastes } from "../../lib/listening/tastes.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection } from "../score/small_worlds.ts";

Deno.test("compareArms() gives SciPy's Welch test", () => {
  // scipy.stats.ttest_ind([5, 7, 9, 4], [1, 2, 3, 4, 5], equal_var=False), SciPy 1.16
  const result = compareArms([1, 2, 3, 4, 5], [5, 7, 9, 4]);
  assert.ok(Math.abs(result.difference - 3.25) < 1e-12);
  assert.ok(Math.abs(result.standardError - Math.sqrt(2.5 / 5 + 4.916666666666667 / 4)) < 1e-12);
  const degreesOfFreedom = (0.5 + 1.2291666666666667) ** 2 / (0.25 / 4 + 1.2291666666666667 ** 2 / 3);
  const half = studentQuantile(0.975, degreesOfFreedom) * result.standardError;
  assert.ok(Math.abs(result.upper - 3.25 - half) < 1e-9 && Math.abs(3.25 - result.lower - half) < 1e-9);
  assert.ok(Math.abs(result.p - 0.05382193941618943) < 1e-9, `${result.p}`);
  assert.deepEqual(compareArms([1, 1], [1, 1]).p, 1);
});

Deno.test("cuped() takes out what the pre-period predicts and keeps the mean, by hand", () => {
  // y = 2 x + noise orthogonal to x: theta = 2, what is left is the noise.
  const x = [1, 2, 3, 4];
  const y = [2 + 1, 4 - 1, 6 - 1, 8 + 1];
  const { values } = cuped(y, x);
  [6, 4, 4, 6].forEach((value, i) => assert.ok(Math.abs(values[i] - value) < 1e-12, `${values}`));
});

Deno.test("cuped() never adds variance within the sample and keeps the mean", () => {
  const list = fc.array(
    fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true })),
    {
      minLength: 3,
      maxLength: 30,
    },
  );
  fc.assert(fc.property(list, (pairs) => {
    const [y, x] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    const { values } = cuped(y, x);
    const mean = (v: ArrayLike<number>) => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
    const spread = (v: ArrayLike<number>) => Array.from(v).reduce((s, a) => s + (a - mean(v)) ** 2, 0);
    assert.ok(Math.abs(mean(values) - mean(y)) < 1e-9 && spread(values) <= spread(y) + 1e-9);
  }));
});

/** Skip shares of listeners with 4 to 9 sessions each, all under the same weights. */
function simulatedSessions() {
  const users = 160;
  const { weights } = drawTastes({ users, centre: DEFAULT_WEIGHTS, seed: 5 });
  const log = playWithFeedback(randomCollection(400, 20, 6), () => fixedPlayer(DEFAULT_WEIGHTS), {
    listeners: users,
    sessions: (u) => 4 + u % 6,
    plays: 8,
    tastes: (u) => weights.subarray(5 * u, 5 * u + 5),
    seed: 8,
  });
  const of = sessionOutcomes(log);
  return { log, values: of.skips.map((skips, s) => skips / of.picks[s]), listener: of.listener };
}

Deno.test("A/A tests of simulated listeners are right 95 times of 100 by listener, and far too sure by session", () => {
  const { values, listener } = simulatedSessions();
  const rate = (unit: "listener" | "session") =>
    falsePositives(values, listener, { unit, random: seededRandom(1, "A/A"), experiments: 2000 });
  const [byListener, bySession] = [rate("listener"), rate("session")];
  assert.ok(byListener.rate > 0.035 && byListener.rate < 0.065, `${byListener.rate}`);
  assert.ok(byListener.lower <= 0.055 && byListener.upper >= 0.045);
  assert.ok(bySession.lower > 0.1, `${bySession.rate}`);
  assert.ok(designEffect(values, listener) > 1.5);
});

Deno.test("sessions that do not depend on the listener have a design effect near 1 and an honest test", () => {
  const random = seededRandom(9, "independent");
  const values = Float64Array.from({ length: 1200 }, () => random());
  const listener = Int32Array.from(values, (_, s) => s % 240);
  assert.ok(Math.abs(designEffect(values, listener) - 1) < 0.25);
  const { rate } = falsePositives(values, listener, { unit: "session", random, experiments: 1000 });
  assert.ok(rate > 0.025 && rate < 0.08, `${rate}`);
});

Deno.test("designEffect() of listeners whose m sessions are all the same is m, give or take the small sample", () => {
  const values = [1, 1, 1, 3, 3, 3, 4, 4, 4, 8, 8, 8];
  const listener = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
  // Σ (3 r)² · 4/3 / 12² over Σ r² · 3 / 11 / 12 with r = −3, −1, 0, 4: (9 · 26 · 4/3 / 144) / (78 / 132).
  assert.ok(Math.abs(designEffect(values, listener) - (9 * 26 * 4 / 3 / 144) / (78 / 132)) < 1e-12);
});

Deno.test("simulated power agrees with the formula for a normal metric, and CUPED needs fewer listeners", () => {
  const random = seededRandom(3, "normal");
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const before = Float64Array.from({ length: 4000 }, normal);
  const control = before.map((value) => 0.8 * value + 0.6 * normal());
  const treatment = control.map((value) => value - 0.3);
  const sizes = [50, 100, 150, 200, 300];
  const plain = simulatePower({ control, treatment }, { sizes, random, experiments: 400 });
  plain.points.forEach(({ listeners, lower, upper }) => {
    const expected = plain.formula(listeners);
    assert.ok(
      lower - 0.03 < expected && expected < upper + 0.03,
      `${listeners}: ${expected}, not in ${lower}–${upper}`,
    );
  });
  const { needed } = plain;
  assert.ok(Math.abs(needed / plain.byFormula - 1) < 0.15, `${needed}`);
  assert.ok(Math.abs(plain.effect + 0.3) < 1e-12);
  const adjusted = simulatePower({ control, treatment, before }, { sizes, random, experiments: 400 });
  assert.ok(adjusted.needed < 0.6 * needed, `${adjusted.needed} against ${needed}`);
  // 0.6 is the standard deviation of what the pre-period does not predict, 1 that of the metric itself.
  assert.ok(Math.abs(adjusted.byFormula / plain.byFormula - 0.36) < 0.03);
});

Deno.test("simulatePower() tells the textbook's 2 (1.96 + 0.8416)² s² / Δ², and no need from a point without chance", () => {
  // The variance of 0, √3 / 2 and √3 is 0.75, in both arms.
  const control = [0, Math.sqrt(3) / 2, Math.sqrt(3)];
  const population = { control, treatment: control.map((value) => value + 0.5) };
  const { byFormula, formula, needed } = simulatePower(population, {
    ...{ sizes: [2000], random: seededRandom(1), experiments: 20 },
  });
  assert.equal(byFormula, Math.ceil(2 * 0.75 / 0.25 * (1.959963984540054 + 0.8416212335729143) ** 2));
  assert.ok(formula(byFormula) >= 0.8 && formula(byFormula - 1) < 0.8);
  assert.ok(Number.isNaN(needed));
});

Deno.test("outcomes by listener and by session add up to the log", () => {
  const { log } = simulatedSessions();
  const of = sessionOutcomes(log);
  assert.equal(of.picks.reduce((a, b) => a + b, 0), log.listener.length);
  assert.equal(of.skips.reduce((a, b) => a + b, 0), log.skipped.reduce((a, b) => a + b, 0));
  const { listeners, skipRate, completed } = listenerOutcomes(log, 1, 3);
  const own = Array.from(log.skipped).filter((_, p) =>
    log.listener[p] === 7 && log.session[p] >= 1 && log.session[p] < 3
  );
  assert.equal(listeners.length, 160);
  assert.ok(Math.abs(skipRate[7] - own.reduce((a, b) => a + b, 0) / own.length) < 1e-12);
  assert.ok(Math.abs(completed[7] - own.filter((s) => s === 0).length / 2) < 1e-12);
});

Deno.test("the A/B test refuses arms, lengths and sizes that it cannot use", () => {
  const random = seededRandom(1);
  assert.throws(() => compareArms([1], [1, 2]), InputError);
  assert.throws(() => cuped([1, 2], [1]), /2 values of the pre-period but found 1/);
  assert.throws(() => falsePositives([1, 2], [1, 2], { unit: "listener", random }), /at least 4 listeners/);
  assert.throws(() => falsePositives([1, 2], [1], { unit: "listener", random }), InputError);
  assert.throws(() => simulatePower({ control: [1, 2], treatment: [1] }, { sizes: [5], random }), InputError);
  assert.throws(() => simulatePower({ control: [1, 2], treatment: [1, 3] }, { sizes: [1], random }), InputError);
  assert.throws(() => simulatePower({ control: [1, 2], treatment: [2, 1] }, { sizes: [5], random }), /effect/);
});
