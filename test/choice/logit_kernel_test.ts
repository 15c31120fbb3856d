import assert from "node:assert/strict";
import { logitSums } from "../../lib/choice/logit_sums.ts";
import { randomChoices } from "./random_choices.ts";

Deno.test("the kernel equals a plain loop for every width from 1 to 9 and sets of 1 to 9 rows", () => {
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

Deno.test("a set larger than a block, and many small ones, are summed whole", () => {
  const large = randomChoices({ sets: 3, weights: [0.3, 0.1], size: 20000 });
  assert.equal(logitSums(large, Float64Array.of(0, 0)).uniformLogLikelihood, -3 * Math.log(20000));
  assert.ok(Math.abs(logitSums(large, Float64Array.of(0, 0)).logLikelihood + 3 * Math.log(20000)) < 1e-9);
  const small = randomChoices({ sets: 30000, weights: [0.3], size: 2 });
  assert.ok(Math.abs(logitSums(small, Float64Array.of(0)).logLikelihood + 30000 * Math.LN2) < 1e-7);
});
