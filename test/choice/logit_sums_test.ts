import assert from "node:assert/strict";
import fc from "fast-check";
import { addClusterScores, addLogitSums, logitSums } from "../../lib/choice/logit_sums.ts";
import { randomChoices } from "./random_choices.ts";

function near(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    const scale = Math.max(1, Math.abs(expected[i]));
    assert.ok(Math.abs(found[i] - expected[i]) <= tolerance * scale, `element ${i}: ${found[i]}, not ${expected[i]}`);
  }
}

Deno.test("logitSums() gives log-likelihood, gradient and information of two sets, by hand", () => {
  // At weight log 2, x = (1, 0): P = (2/3, 1/3); x = (0, 1, 0): P = (1/4, 1/2, 1/4).
  const sets = {
    features: ["x"],
    values: Float64Array.of(1, 0, 0, 1, 0),
    starts: Int32Array.of(0, 2, 5),
    chosen: Int32Array.of(0, 2),
  };
  const sums = logitSums(sets, Float64Array.of(Math.LN2));
  near([sums.logLikelihood], [Math.log(2 / 3) + Math.log(1 / 4)], 1e-14);
  near(sums.gradient, [(1 - 2 / 3) + (0 - 1 / 2)], 1e-14);
  near(sums.information, [2 / 9 + 1 / 4], 1e-14);
  assert.equal(sums.hits, 1);
  assert.equal(sums.rows, 5);
  near([sums.uniformLogLikelihood], [-Math.log(6)], 1e-14);
});

Deno.test("logitSums() counts a chosen row that ties with another as half a hit", () => {
  const sets = {
    features: ["x"],
    values: Float64Array.of(1, 1, 0),
    starts: Int32Array.of(0, 3),
    chosen: Int32Array.of(0),
  };
  assert.equal(logitSums(sets, Float64Array.of(2)).hits, 0.5);
});

Deno.test("the gradient is the slope of the log-likelihood, and the information minus the slope of the gradient", () => {
  const sets = randomChoices({ sets: 40, weights: [1, -0.5, 0.2], ragged: true, size: 7 });
  const at = Float64Array.of(0.3, -0.2, 0.1);
  const { gradient, information } = logitSums(sets, at);
  const h = 1e-5;
  for (let k = 0; k < 3; k++) {
    const side = (sign: number) => logitSums(sets, at.map((w, l) => l === k ? w + sign * h : w));
    near([gradient[k]], [(side(1).logLikelihood - side(-1).logLikelihood) / (2 * h)], 1e-7);
    const slope = side(1).gradient.map((value, l) => -(value - side(-1).gradient[l]) / (2 * h));
    near(information.subarray(3 * k, 3 * k + 3), slope, 1e-6);
  }
});

Deno.test("sums of two parts add up to the sums of the whole, wherever the cut is", () => {
  const sets = randomChoices({ sets: 30, weights: [0.5, 1], ragged: true });
  const weights = Float64Array.of(0.2, -0.4);
  const whole = logitSums(sets, weights);
  fc.assert(fc.property(fc.integer({ min: 0, max: 30 }), (cut) => {
    const sum = addLogitSums(logitSums(sets, weights, 0, cut), logitSums(sets, weights, cut, 30));
    near([sum.logLikelihood, sum.hits, sum.sets, sum.rows], [whole.logLikelihood, whole.hits, 30, whole.rows], 1e-12);
    near(sum.gradient, whole.gradient, 1e-12);
    near(sum.information, whole.information, 1e-12);
  }));
});

Deno.test("adding a constant to all rows of a set changes nothing", () => {
  const sets = randomChoices({ sets: 20, weights: [0.5, 1] });
  const shifted = { ...sets, values: sets.values.map((value, i) => value + (i % 2 === 0 ? 1000 : -50)) };
  const weights = Float64Array.of(0.7, -0.1);
  near(logitSums(shifted, weights).gradient, logitSums(sets, weights).gradient, 1e-10);
});

Deno.test("utilities of thousands do not overflow", () => {
  const sets = randomChoices({ sets: 20, weights: [0.5] });
  const sums = logitSums(sets, Float64Array.of(5000));
  assert.ok(Number.isFinite(sums.logLikelihood) && sums.information.every(Number.isFinite));
});

Deno.test("scores by cluster add up to the gradient", () => {
  const sets = randomChoices({ sets: 60, weights: [0.5, 1], perListener: 6 });
  const weights = Float64Array.of(0.2, 0.3);
  const scores = addClusterScores(sets, weights, new Float64Array(20));
  const total = [0, 1].map((k) => scores.reduce((sum, value, i) => i % 2 === k ? sum + value : sum, 0));
  near(total, logitSums(sets, weights).gradient, 1e-12);
});

Deno.test("logitSums() equals the formulas written out for every width from 1 to 9 and sets of 1 to 9 rows", () => {
  for (let width = 1; width <= 9; width++) {
    const weights = Array.from({ length: width }, (_, k) => Math.sin(k + 1));
    const sets = randomChoices({ sets: 40, weights, ragged: true, size: 9, seed: width });
    const offset = Float64Array.from({ length: sets.starts[40] }, (_, r) => Math.cos(r));
    const sums = logitSums({ ...sets, offset }, Float64Array.from(weights));
    let logLikelihood = 0;
    const gradient = new Float64Array(width);
    const information = new Float64Array(width * width);
    for (let n = 0; n < 40; n++) {
      const rows = Array.from({ length: sets.starts[n + 1] - sets.starts[n] }, (_, j) => sets.starts[n] + j);
      const x = (r: number, k: number) => sets.values[r * width + k];
      const odds = rows.map((r) => Math.exp(offset[r] + weights.reduce((sum, w, k) => sum + w * x(r, k), 0)));
      const total = odds.reduce((a, b) => a + b, 0);
      logLikelihood += Math.log(odds[sets.chosen[n] - sets.starts[n]] / total);
      const mean = weights.map((_, k) => rows.reduce((sum, r, j) => sum + odds[j] / total * x(r, k), 0));
      for (let k = 0; k < width; k++) {
        gradient[k] += x(sets.chosen[n], k) - mean[k];
        for (let l = 0; l < width; l++) {
          rows.forEach((r, j) =>
            information[k * width + l] += odds[j] / total * (x(r, k) - mean[k]) * (x(r, l) - mean[l])
          );
        }
      }
    }
    const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      assert.ok(Array.from(a).every((value, i) => Math.abs(value - b[i]) < 1e-11 * Math.max(1, Math.abs(b[i]))));
    close([sums.logLikelihood], [logLikelihood]);
    close(sums.gradient, gradient);
    close(sums.information, information);
  }
});

Deno.test("a set of 20,000 rows, and many small ones, are summed whole", () => {
  const large = randomChoices({ sets: 3, weights: [0.3, 0.1], size: 20000 });
  assert.equal(logitSums(large, Float64Array.of(0, 0)).uniformLogLikelihood, -3 * Math.log(20000));
  assert.ok(Math.abs(logitSums(large, Float64Array.of(0, 0)).logLikelihood + 3 * Math.log(20000)) < 1e-9);
  const small = randomChoices({ sets: 30000, weights: [0.3], size: 2 });
  assert.ok(Math.abs(logitSums(small, Float64Array.of(0)).logLikelihood + 30000 * Math.LN2) < 1e-7);
});
