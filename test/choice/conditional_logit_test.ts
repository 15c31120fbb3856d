import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ConditionalLogit,
  fitConditionalLogit,
  fitConditionalLogitBatches,
} from "../../lib/choice/conditional_logit.ts";
import { type ChoiceSets, groupChoices, takeSets } from "../../lib/listening/choice_sets.ts";
import { InputError } from "../../lib/data/errors.ts";
import { runPython } from "../python.ts";
import { HAS_HEATING, HEATING_ALTERNATIVES, heatingRows } from "./heating.ts";
import { randomChoices } from "./random_choices.ts";

function heating(features: Record<string, (row: ReturnType<typeof heatingRows>[number]) => number>): ChoiceSets {
  const rows = heatingRows();
  return groupChoices({
    features: Object.keys(features),
    values: Float64Array.from(rows.flatMap((row) => Object.values(features).map((of) => of(row)))),
    choice: Int32Array.from(rows, (row) => Number(row.choice_id) - 1),
    chosen: Uint8Array.from(rows, (row) => Number(row.chosen)),
    alternative: Int32Array.from(rows, (row) => HEATING_ALTERNATIVES.indexOf(row.alternative)),
    alternatives: HEATING_ALTERNATIVES,
  });
}

function digits(fit: ConditionalLogit): string[][] {
  return fit.coefficients.map((c) => [c.feature, c.estimate.toFixed(7), c.standardError.toFixed(7)]);
}

// Published values: the e1.mlogit vignette of R's mlogit (Heating data of Train).
Deno.test({
  name: "fitConditionalLogit() gives the published Heating estimates without constants, to all digits",
  ignore: !HAS_HEATING,
  fn() {
    const fit = fitConditionalLogit(heating({ ic: (row) => Number(row.ic), oc: (row) => Number(row.oc) }));
    assert.deepEqual(digits(fit), [["ic", "-0.0062319", "0.0003528"], ["oc", "-0.0045801", "0.0003222"]]);
    assert.equal(fit.statistics.logLikelihood.toFixed(1), "-1095.2");
  },
});

Deno.test({
  name: "fitConditionalLogit() gives the published Heating estimates with constants, to all digits",
  ignore: !HAS_HEATING,
  fn() {
    const constants = Object.fromEntries(
      ["ec", "er", "gc", "gr"].map((name) => [
        `alternative:${name}`,
        (row: ReturnType<typeof heatingRows>[number]) => row.alternative === name ? 1 : 0,
      ]),
    );
    const sets = heating({ ...constants, ic: (row) => Number(row.ic), oc: (row) => Number(row.oc) });
    const fit = fitConditionalLogit({ ...sets, constantsName: "alternative" });
    assert.deepEqual(digits(fit), [
      ["alternative:ec", "1.6588459", "0.4484194"],
      ["alternative:er", "1.8534370", "0.3619551"],
      ["alternative:gc", "1.7109793", "0.2267421"],
      ["alternative:gr", "0.3082632", "0.2065922"],
      ["ic", "-0.0015332", "0.0006209"],
      ["oc", "-0.0069964", "0.0015541"],
    ]);
    const { statistics: s } = fit;
    assert.equal(s.logLikelihood.toFixed(4), "-1008.2287");
    // The same vignette: McFadden R² 0.013691, likelihood ratio 27.99 (p 8.3572e-07), both against constants alone.
    assert.equal(s.rhoSquaredConstants!.toFixed(6), "0.013691");
    assert.equal(s.likelihoodRatioConstants!.statistic.toFixed(2), "27.99");
    assert.equal(s.likelihoodRatioConstants!.p.toExponential(4), "8.3572e-7");
  },
});

Deno.test("fitConditionalLogit() gives log(3) for a row that is taken three of four times, by hand", () => {
  const sets = groupChoices({
    features: ["x"],
    values: Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0),
    choice: Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3),
    chosen: Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 1),
  });
  const { coefficients: [x], statistics: s } = fitConditionalLogit(sets);
  assert.ok(Math.abs(x.estimate - Math.log(3)) < 1e-12);
  // Information 4 · 3/4 · 1/4.
  assert.ok(Math.abs(x.standardError - 1 / Math.sqrt(0.75)) < 1e-12);
  assert.ok(Math.abs(s.logLikelihood - (3 * Math.log(0.75) + Math.log(0.25))) < 1e-12);
  assert.ok(Math.abs(s.logLikelihoodZero + 4 * Math.LN2) < 1e-12);
  assert.ok(Math.abs(s.aic - (2 - 2 * s.logLikelihood)) < 1e-12);
  assert.ok(Math.abs(s.bic - (Math.log(4) - 2 * s.logLikelihood)) < 1e-12);
  assert.equal(s.hitRate, 0.75);
  // P(|z| > log(3) · √0.75 = 0.95142) = 0.34139, from tables.
  assert.ok(Math.abs(x.p - 0.34139) < 1e-4);
});

Deno.test("fitConditionalLogit() equals a maximum found by SciPy, ragged sets and offsets included", () => {
  const sets = randomChoices({ sets: 300, weights: [0.8, -0.4, 0.3], ragged: true, size: 8, perListener: 10 });
  const offset = Float64Array.from({ length: sets.values.length / 3 }, (_, r) => Math.sin(r));
  const fit = fitConditionalLogit({ ...sets, offset });
  const code = `import json, sys, numpy as np
from scipy.optimize import minimize
d = json.loads(sys.argv[1])
x, o = np.array(d["values"]).reshape(-1, 3), np.array(d["offset"])
starts, chosen, cluster = d["starts"], d["chosen"], np.array(d["cluster"])
def scores(w):
    ll, out = 0.0, []
    for n, c in enumerate(chosen):
        s = slice(starts[n], starts[n + 1])
        u = x[s] @ w + o[s]
        p = np.exp(u - u.max()); p /= p.sum()
        ll += np.log(p[c - starts[n]])
        out.append(x[c] - p @ x[s])
    return ll, np.array(out)
r = minimize(lambda w: (-scores(w)[0], -scores(w)[1].sum(0)), np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-9})
h = 1e-5
H = np.array([(scores(r.x - h * e)[1].sum(0) - scores(r.x + h * e)[1].sum(0)) / (2 * h) for e in np.eye(3)])
V = np.linalg.inv(H)
S = scores(r.x)[1]
G = cluster.max() + 1
g = np.array([S[cluster == c].sum(0) for c in range(G)])
R = V @ (g.T @ g) @ V * G / (G - 1)
print(json.dumps({"w": list(r.x), "se": list(np.sqrt(np.diag(V))), "rse": list(np.sqrt(np.diag(R))), "ll": -r.fun}))`;
  const input = {
    values: [...sets.values],
    offset: [...offset],
    starts: [...sets.starts],
    chosen: [...sets.chosen],
    cluster: [...sets.cluster!],
  };
  const expected = JSON.parse(runPython(code, [JSON.stringify(input)]));
  fit.coefficients.forEach((c, k) => {
    assert.ok(Math.abs(c.estimate - expected.w[k]) < 1e-7, `${c.estimate} ${expected.w[k]}`);
    assert.ok(Math.abs(c.standardError - expected.se[k]) < 1e-7);
    assert.ok(Math.abs(c.robustStandardError! - expected.rse[k]) < 1e-7);
  });
  assert.ok(Math.abs(fit.statistics.logLikelihood - expected.ll) < 1e-8);
});

Deno.test("estimates follow the units of the features: a factor divides the weight, a shift changes nothing", () => {
  const plain = fitConditionalLogit(randomChoices({ sets: 200, weights: [0.8, -0.4] }));
  fc.assert(
    fc.property(fc.integer({ min: -7, max: 7 }), fc.integer({ min: -1000, max: 1000 }), (power, shift) => {
      const units = [{ factor: 10 ** power, shift: shift * 10 ** power }, { factor: 1, shift: 0 }];
      const fit = fitConditionalLogit(randomChoices({ sets: 200, weights: [0.8, -0.4], units }));
      fit.coefficients.forEach((c, k) => {
        const same = plain.coefficients[k];
        assert.ok(Math.abs(c.estimate * units[k].factor - same.estimate) < 1e-8 * Math.abs(same.estimate));
        assert.ok(Math.abs(c.standardError * units[k].factor - same.standardError) < 1e-8 * same.standardError);
      });
    }),
    { numRuns: 15 },
  );
});

Deno.test("a warm start on many sets does not change the optimum, nor does that of batches", async () => {
  const sets = randomChoices({ sets: 21000, weights: [0.5, -0.2], size: 3 });
  const warm = fitConditionalLogit(sets);
  const first = takeSets(sets, Int32Array.of(0));
  const rest = takeSets(sets, Int32Array.from({ length: 20999 }, (_, n) => n + 1));
  const cold = await fitConditionalLogitBatches({
    features: sets.features,
    clusterCount: 0,
    async *batches() {
      // The start comes from one set alone.
      for (const part of [first, rest]) yield await Promise.resolve(part);
    },
  });
  warm.coefficients.forEach((c, k) => assert.ok(Math.abs(c.estimate - cold.coefficients[k].estimate) < 1e-9));
});

Deno.test("batches give what the whole gives, cluster-robust errors included", async () => {
  const sets = randomChoices({ sets: 400, weights: [0.5, -0.2], ragged: true, perListener: 8 });
  const whole = fitConditionalLogit(sets);
  const indices = Array.from({ length: 400 }, (_, n) => n);
  const parts = [indices.slice(0, 130), indices.slice(130, 135), indices.slice(135)].map((p) => takeSets(sets, p));
  const fit = await fitConditionalLogitBatches({
    features: sets.features,
    clusterCount: 50,
    async *batches() {
      for (const part of parts) yield await Promise.resolve(part);
    },
  });
  fit.coefficients.forEach((c, k) => {
    assert.ok(Math.abs(c.estimate - whole.coefficients[k].estimate) < 1e-9);
    assert.ok(Math.abs(c.robustStandardError! - whole.coefficients[k].robustStandardError!) < 1e-9);
  });
  assert.ok(Math.abs(fit.statistics.logLikelihood - whole.statistics.logLikelihood) < 1e-8);
  assert.equal(fit.statistics.clusters, 50);
});

Deno.test("held-out listeners are predicted better than by a uniform guess when there is something to learn", () => {
  const sets = randomChoices({ sets: 600, weights: [1, -1], perListener: 10 });
  const { holdout } = fitConditionalLogit(sets, { holdout: 0.25, seed: 3 });
  assert.equal(holdout!.by, "cluster");
  assert.equal(holdout!.testSets, 150);
  assert.equal(holdout!.trainSets, 450);
  assert.ok(holdout!.crossEntropy < holdout!.uniformCrossEntropy - 0.2);
});

Deno.test("constants alone reach the entropy of the market shares when every set has every alternative", () => {
  const sets = groupChoices({
    features: ["x"],
    values: Float64Array.of(1, 0, 0, 1, 1, 0, 0, 1),
    choice: Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3),
    chosen: Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 1),
    alternative: Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1),
    alternatives: ["bus", "car"],
  });
  const { statistics } = fitConditionalLogit(sets);
  assert.ok(Math.abs(statistics.logLikelihoodConstants! - (3 * Math.log(0.75) + Math.log(0.25))) < 1e-12);
  // An alternative that nobody takes says nothing.
  const more = fitConditionalLogit({
    ...sets,
    values: Float64Array.of(1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1),
    starts: Int32Array.of(0, 3, 6, 9, 12),
    chosen: Int32Array.of(0, 3, 6, 10),
    alternative: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2),
    alternatives: ["bus", "car", "tram"],
  });
  assert.ok(Math.abs(more.statistics.logLikelihoodConstants! - statistics.logLikelihoodConstants!) < 1e-12);
});

function fails(sets: () => ChoiceSets, message: RegExp): void {
  assert.throws(() => fitConditionalLogit(sets()), (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** Random choices with one more feature computed from the others and from whether the row was chosen. */
function withFeature(make: (x: number[], chosen: boolean, set: number) => number): ChoiceSets {
  const base = randomChoices({ sets: 150, weights: [0.5, -0.5] });
  const values: number[] = [];
  for (let n = 0; n < 150; n++) {
    for (let r = base.starts[n]; r < base.starts[n + 1]; r++) {
      const x = [base.values[2 * r], base.values[2 * r + 1]];
      values.push(...x, make(x, base.chosen[n] === r, n));
    }
  }
  return { ...base, features: ["x0", "x1", "extra"], values: Float64Array.from(values) };
}

Deno.test("a feature that never varies within a choice set is named", () => {
  fails(() => withFeature((_x, _chosen, set) => set * 0.1), /Feature extra never varies within a choice set/);
});

Deno.test("collinear features are named, also when they differ by a constant of the set", () => {
  fails(
    () => withFeature(([a, b], _chosen, set) => 2 * a - 3 * b + set),
    /extra is a linear combination of x0, x1 .*collinear/,
  );
  fails(() => withFeature(([a]) => 1e6 * a), /extra is a linear combination of x0 within/);
});

Deno.test("a feature that separates the chosen rows is named, complete and quasi-complete separation alike", () => {
  fails(() => withFeature((_x, chosen) => chosen ? 1 : 0), /Feature extra separates the choices.*largest/);
  fails(() => withFeature((_x, chosen, set) => chosen && set < 30 ? -2 : 0), /Feature extra separates.*smallest/);
  fails(() => withFeature(([a], chosen) => (chosen ? 50 : 0) - a), /separate/);
});

Deno.test("near-separation without separation is fitted", () => {
  const fit = fitConditionalLogit(withFeature((_x, chosen, set) => chosen !== (set === 7) ? 1 : 0));
  assert.ok(fit.coefficients[2].estimate > 3 && Number.isFinite(fit.coefficients[2].standardError));
});

Deno.test("one cluster is not enough for robust standard errors", () => {
  fails(() => ({ ...randomChoices({ sets: 20, weights: [1] }), cluster: new Int32Array(20) }), /at least 2 clusters/);
});

Deno.test("groupChoices() names the set without, and the set with two chosen rows, and the missing value", () => {
  const make = (chosen: number[], values = [1, 2, 3, 4], choice = [0, 0, 1, 1]) => () =>
    groupChoices({
      features: ["price"],
      values: Float64Array.from(values),
      choice: Int32Array.from(choice),
      chosen: Uint8Array.from(chosen),
      nameOf: (n) => `trip-${n}`,
    });
  fails(make([1, 0, 0, 0]), /Choice set trip-1 has no chosen row/);
  fails(make([1, 1, 1, 0]), /Choice set trip-0 has more than one chosen row/);
  fails(make([1, 0, 0, 1], [1, 2, NaN, 4]), /feature price .*missing value in choice set trip-1/);
  fails(make([1, 0, 0, 1], [1, 2, 3, 4], [1, 0, 1, 0]), /rows of choice set trip-0 to stand together/);
});
