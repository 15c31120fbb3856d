import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { fitMixedLogit, halton, haltonNormals } from "../../lib/choice/mixed_logit.ts";
import { trainSoftmaxRegression } from "../../lib/choice/softmax_regression.ts";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";
import { randomChoices } from "./random_choices.ts";

Deno.test("halton() begins as the textbook has it", () => {
  assert.deepEqual([1, 2, 3, 4, 5].map((i) => halton(i, 2)), [1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8]);
  [1 / 3, 2 / 3, 1 / 9, 4 / 9].forEach((value, i) => assert.ok(Math.abs(halton(i + 1, 3) - value) < 1e-15));
});

Deno.test("haltonNormals() have mean 0, variance 1 and no correlation, closer than random draws would", () => {
  const z = haltonNormals(100, 50, 2, seededRandom(1));
  const n = z.length / 2;
  let [mean, square, cross] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    mean += z[2 * i] / n;
    square += z[2 * i] ** 2 / n;
    cross += z[2 * i] * z[2 * i + 1] / n;
  }
  assert.ok(Math.abs(mean) < 0.003 && Math.abs(square - 1) < 0.01 && Math.abs(cross) < 0.01);
});

Deno.test("fitMixedLogit() recovers centre and spread where the conditional logit shrinks the centre", () => {
  const sets = randomChoices({ sets: 3000, weights: [2, -1], spread: [1.5, 0.5], perListener: 15, size: 5, seed: 4 });
  const conditional = fitConditionalLogit(sets);
  const mixed = fitMixedLogit(sets, { draws: 60 });
  assert.ok(mixed.converged);
  assert.ok(conditional.coefficients[0].upper < 2, "the conditional logit is expected to miss the centre");
  assert.ok(mixed.logLikelihood > mixed.conditionalLogLikelihood + 50);
  [2, -1].forEach((truth, k) => {
    const c = mixed.means[k];
    assert.ok(Math.abs(c.estimate - truth) < 3 * c.standardError, `${c.estimate} ± ${c.standardError}, not ${truth}`);
  });
  [1.5, 0.5].forEach((truth, k) => {
    const c = mixed.deviations[k];
    assert.ok(Math.abs(c.estimate - truth) < 3 * c.standardError, `${c.estimate} ± ${c.standardError}, not ${truth}`);
  });
});

Deno.test("for listeners who are all alike the mixed logit has the centre of the conditional logit, and spreads of 0", () => {
  const sets = randomChoices({ sets: 600, weights: [1, -1], perListener: 20 });
  const mixed = fitMixedLogit(sets, { draws: 30 });
  const fit = fitConditionalLogit({ ...sets, cluster: undefined });
  fit.coefficients.forEach((c, k) => {
    assert.ok(Math.abs(mixed.means[k].estimate - c.estimate) < c.standardError);
    assert.ok(mixed.deviations[k].estimate < 3 * mixed.deviations[k].standardError);
  });
  assert.ok(mixed.logLikelihood - fit.statistics.logLikelihood < 2);
  assert.ok(mixed.logLikelihood > fit.statistics.logLikelihood - 0.1);
});

Deno.test("its log-likelihood is what plain loops over listeners and draws give at its estimates, and a maximum", () => {
  const sets = randomChoices({ sets: 200, weights: [2, -1], spread: [1.5, 0.8], perListener: 10, size: 4, seed: 4 });
  const draws = 40;
  const mixed = fitMixedLogit(sets, { draws, seed: 7 });
  const z = haltonNormals(20, draws, 2, seededRandom(7, "halton"));
  const means = mixed.means.map((c) => c.estimate);
  const deviations = mixed.deviations.map((c) => c.estimate);
  const logLikelihood = (shift: number[]) => {
    const likelihoods = new Float64Array(20 * draws).fill(1);
    sets.chosen.forEach((chosen, n) => {
      for (let r = 0; r < draws; r++) {
        const at = sets.cluster![n] * draws + r;
        const weights = [0, 1].map((k) => means[k] + shift[k] + (deviations[k] + shift[2 + k]) * z[2 * at + k]);
        const odds = (row: number) =>
          Math.exp(weights[0] * sets.values[2 * row] + weights[1] * sets.values[2 * row + 1]);
        let total = 0;
        for (let row = sets.starts[n]; row < sets.starts[n + 1]; row++) total += odds(row);
        likelihoods[at] *= odds(chosen) / total;
      }
    });
    return Array.from({ length: 20 }, (_, i) => {
      return Math.log(likelihoods.subarray(i * draws, (i + 1) * draws).reduce((sum, value) => sum + value, 0) / draws);
    }).reduce((sum, value) => sum + value, 0);
  };
  assert.ok(mixed.converged);
  const top = logLikelihood([0, 0, 0, 0]);
  assert.ok(Math.abs(top - mixed.logLikelihood) < 1e-8 * Math.abs(top), `${mixed.logLikelihood} is not ${top}`);
  for (let p = 0; p < 4; p++) {
    for (const step of [-0.05, 0.05]) {
      assert.ok(logLikelihood([0, 1, 2, 3].map((q) => q === p ? step : 0)) < top);
    }
  }
});

Deno.test("fitMixedLogit() asks for listeners", () => {
  assert.throws(() => fitMixedLogit(randomChoices({ sets: 20, weights: [1] })), InputError);
});

Deno.test("trainSoftmaxRegression() gives the estimates of the conditional logit to 1e-3 and leaves no tensors", async () => {
  const { tf } = await loadTensorFlow();
  const before = tf.memory().numTensors;
  const units = [{ factor: 10, shift: 300 }, { factor: 1, shift: 0 }, { factor: 0.1, shift: 5 }];
  const sets = randomChoices({ sets: 400, weights: [1, -0.5, 0.3], ragged: true, size: 9, units });
  const learned = await trainSoftmaxRegression(sets);
  fitConditionalLogit(sets).coefficients.forEach((c, k) => {
    assert.ok(Math.abs(learned.weights[k] - c.estimate) < 1e-3, `${learned.weights[k]} is not ${c.estimate}`);
  });
  assert.equal(tf.memory().numTensors, before);
  assert.ok(learned.losses.at(-1)! < learned.losses[0]);
});
