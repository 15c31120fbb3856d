import assert from "node:assert/strict";
import fc from "fast-check";
import { randomNormal } from "d3-random";
import { bootstrapMean, bootstrapRatio, pairedDifference } from "../../lib/math/bootstrap.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { runPython } from "../python.ts";

Deno.test("bootstrapMean() of two values 0 and 1 ends at 0 and 1", () => {
  // Of two values both are drawn alike a quarter of the time: the 2.5 % quantile is 0, the 97.5 % quantile 1.
  const interval = bootstrapMean([0, 1, NaN], { random: seededRandom(1) });
  assert.deepEqual(interval, { estimate: 0.5, lower: 0, upper: 1, count: 2 });
});

Deno.test("bootstrapMean() agrees with scipy.stats.bootstrap at the level that Student's quantile gives", () => {
  for (const [count, resamples, tolerance] of [[40, 20000, 0.03], [6, 20000, 0.1]]) {
    const draw = randomNormal.source(seededRandom(3))(10, 2);
    const values = Array.from({ length: count }, () => draw());
    const ours = bootstrapMean(values, { random: seededRandom(4), resamples });
    const theirs = JSON.parse(runPython(
      `
import json, sys, numpy as np
from scipy.stats import bootstrap, norm, t
x = np.array(json.loads(sys.argv[1])); n = len(x)
level = 1 - 2 * norm.cdf(-np.sqrt(n / (n - 1)) * t.ppf(0.975, n - 1))
i = bootstrap((x,), np.mean, method="percentile", confidence_level=level, n_resamples=20000,
  rng=np.random.default_rng(0)).confidence_interval
print(json.dumps([i.low, i.high]))`,
      [JSON.stringify(values)],
    ));
    // Each end has a Monte Carlo error of about a fifth of the tolerance.
    assert.ok(Math.abs(ours.lower - theirs[0]) < tolerance && Math.abs(ours.upper - theirs[1]) < tolerance);
  }
});

Deno.test("bootstrapMean() covers the true mean about as often as it says", () => {
  const random = seededRandom(5);
  const draw = randomNormal.source(random)(0, 1);
  let covered = 0;
  for (let trial = 0; trial < 400; trial++) {
    const { lower, upper } = bootstrapMean(Array.from({ length: 8 }, () => draw()), { random, resamples: 400 });
    if (lower <= 0 && upper >= 0) covered++;
  }
  // Of 8 values; four binomial standard errors are 0.044.
  assert.ok(covered / 400 > 0.91 && covered / 400 < 0.99, `covered ${covered / 400}`);
});

Deno.test("bootstrapMean() with weights is the weighted mean of each resample", () => {
  // One session of 3 plays with value 4 and one of 1 play with value 0: (3 · 4 + 1 · 0) / 4.
  const weighed = bootstrapMean([4, 0, NaN], { random: seededRandom(1), weights: [3, 1, 5] });
  assert.deepEqual(weighed, { estimate: 3, lower: 0, upper: 4, count: 2 });
  const alike = bootstrapMean([1, 5, 9], { random: seededRandom(1), weights: [2, 2, 2] });
  assert.deepEqual(alike, bootstrapMean([1, 5, 9], { random: seededRandom(1) }));
});

Deno.test("bootstrapMean() holds its estimate and shifts with its values", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 30 });
  fc.assert(fc.property(values, fc.integer({ min: -9, max: 9 }), (sample, shift) => {
    const a = bootstrapMean(sample, { random: seededRandom(1), resamples: 100 });
    const b = bootstrapMean(sample.map((value) => value + shift), { random: seededRandom(1), resamples: 100 });
    assert.ok(Math.abs(a.lower + shift - b.lower) < 1e-9 && Math.abs(a.upper + shift - b.upper) < 1e-9);
  }));
});

Deno.test("pairedDifference() sees what an unpaired comparison cannot", () => {
  const base = [3, 90, 14, 55, 71, 28];
  const better = base.map((value, i) => value + 1 + 0.1 * i);
  const result = pairedDifference(better, base, { random: seededRandom(1) });
  assert.ok(result.differs && result.wins === 1 && Math.abs(result.estimate - 1.25) < 1e-9);
  const swapped = pairedDifference(base, better, { random: seededRandom(1) });
  assert.ok(Math.abs(swapped.estimate + result.estimate) < 1e-12 && swapped.wins === 0);
  assert.ok(!pairedDifference(better.slice(1), base.slice(1), { random: seededRandom(1) }).differs, "five pairs");
  assert.equal(pairedDifference(base, base, { random: seededRandom(1) }).wins, 0.5);
});

Deno.test("the bootstrap refuses what does not fit", () => {
  const random = seededRandom(1);
  assert.throws(() => pairedDifference([1, 2], [1], { random }), /Expected 2 values to pair with 2 but found 1/);
  assert.throws(() => bootstrapMean([1], { random, weights: [1, 2] }), /Expected 1 weights, one a value, but found 2/);
  assert.ok(Number.isNaN(bootstrapMean([NaN], { random }).estimate));
});

Deno.test("bootstrapRatio() of 1, 2 over 2, 4 is a half in every resample, and of anything over nothing 0", () => {
  const half = bootstrapRatio([1, 2], [2, 4], { random: seededRandom(1) });
  assert.deepEqual(half, { estimate: 0.5, lower: 0.5, upper: 0.5, count: 2 });
  assert.equal(bootstrapRatio([1, 2], [0, 0], { random: seededRandom(1) }).estimate, 0);
  assert.throws(() => bootstrapRatio([1], undefined, { random: seededRandom(1), resamples: 0 }), RangeError);
});

Deno.test("the plain percentile interval ends at the 26th resample from either side, within the expanded one", () => {
  const values = [3, 1, 4, 1, 5, 9];
  const plain = bootstrapMean(values, { random: seededRandom(1), plain: true });
  const random = seededRandom(1);
  const means = Array.from({ length: 1000 }, () => {
    let total = 0;
    for (let i = 0; i < 6; i++) total += values[randomInteger(random, 6)];
    return total / 6;
  }).sort((a, b) => a - b);
  assert.deepEqual([plain.lower, plain.upper], [means[25], means[974]]);
  const expanded = bootstrapMean(values, { random: seededRandom(1) });
  assert.ok(expanded.lower < plain.lower && expanded.upper > plain.upper && expanded.estimate === plain.estimate);
});
