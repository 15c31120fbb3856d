import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { helperRuns } from "../../lib/embedding/kernel_helper.ts";
import { accumulateMoments, fitPca, mergeMoments, pcaReconstruct, pcaScores } from "../../lib/embedding/pca.ts";
import { InputError } from "../../lib/errors.ts";
import { matrix } from "../../lib/matrix.ts";
import { writeNpy } from "../../lib/storage/npy.ts";
import { runPython } from "../python.ts";
import { correlated } from "./samples.ts";

function near(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - expected[i]) <= tolerance, `element ${i}: ${found[i]} is not near ${expected[i]}`);
  }
}

Deno.test("fitPca() finds the line through three points, by hand", () => {
  // Columns (0, 1, 2) and (0, 2, 4): variances 1 and 4, covariance 2; eigenvalues 5 and 0, first vector (1, 2) / √5.
  const x = matrix(3, 2, Float32Array.of(0, 0, 1, 2, 2, 4));
  const model = fitPca(x);
  near(model.spectrum, [5, 0], 1e-6);
  near(model.components, [1 / Math.sqrt(5), 2 / Math.sqrt(5)], 1e-6);
  near(model.mean, [1, 2], 1e-12);
  near(pcaScores(x, model).data, [-Math.sqrt(5), 0, Math.sqrt(5)], 1e-6);
  near(pcaReconstruct(pcaScores(x, model), model).data, x.data, 1e-6);
});

Deno.test("fitPca() and pcaScores() equal scikit-learn to 1e-4", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-pca-"));
  try {
    const samples = ([[5000, 40, 0], [3001, 13, 7], [97, 5, -300]] as const).map(([rows, columns, mean], i) => {
      const x = correlated(rows, columns, rows, mean);
      writeNpy(join(folder, `${i}.npy`), x);
      return x;
    });
    const code = `import json, sys, numpy as np
from sklearn.decomposition import PCA
def fit(path):
  x = np.load(path).astype("float64")
  p = PCA(0.95, svd_solver="full").fit(x)
  return [p.components_.ravel().tolist(), p.explained_variance_.tolist(), p.explained_variance_ratio_.tolist(),
    p.mean_.tolist(), p.transform(x[:50]).ravel().tolist()]
print(json.dumps([fit(path) for path in sys.argv[1:]]))`;
    const expected = JSON.parse(runPython(code, samples.map((_, i) => join(folder, `${i}.npy`))));
    samples.forEach((x, i) => {
      const [components, variance, ratio, center, scores] = expected[i];
      const model = fitPca(x, { variance: 0.95 });
      near(model.components, components, 1e-4);
      near(model.explainedVariance, variance, 1e-4 * variance[0]);
      near(model.explainedVarianceRatio, ratio, 1e-4);
      near(model.mean, center, 1e-4);
      near(pcaScores(x, model).data.subarray(0, scores.length), scores, 1e-4 * Math.max(1, Math.sqrt(variance[0])));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("accumulateMoments() equals plain float64 sums whatever the size of the matrix", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 11 }),
      fc.integer(),
      (rows, columns, seed) => {
        const x = correlated(rows, columns, seed, 3);
        const moments = accumulateMoments(x);
        for (let i = 0; i < columns; i++) {
          const mean = (c: number) =>
            Array.from({ length: rows }, (_, r) => x.data[r * columns + c]).reduce((a, b) => a + b) / rows;
          assert.ok(Math.abs(moments.mean[i] - mean(i)) < 1e-5);
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let r = 0; r < rows; r++) {
              sum += (x.data[r * columns + i] - mean(i)) *
                (x.data[r * columns + j] - mean(j));
            }
            assert.ok(Math.abs(moments.scatter[i * columns + j] - sum) < 1e-3 * (1 + Math.abs(sum)));
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("mergeMoments() of two parts equals the moments of the whole", () => {
  const x = correlated(4000, 7, 1, 50);
  const whole = accumulateMoments(x);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4000 }), (cut) => {
      const merged = mergeMoments(accumulateMoments(x, 0, cut), accumulateMoments(x, cut));
      assert.equal(merged.count, 4000);
      near(merged.mean, whole.mean, 1e-5);
      near(merged.scatter, whole.scatter, 1e-4 * whole.scatter[0]);
    }),
    { numRuns: 20 },
  );
  assert.throws(() => mergeMoments(whole, accumulateMoments(correlated(5, 3, 1))), /Expected moments over 7 columns/);
});

Deno.test("components are orthonormal, in order of falling variance, their largest loading positive", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.integer(), (d, seed) => {
      const model = fitPca(correlated(200, d, seed), { variance: 1 });
      const k = model.explainedVariance.length;
      for (let a = 0; a < k; a++) {
        if (a > 0) assert.ok(model.explainedVariance[a] <= model.explainedVariance[a - 1]);
        const component = model.components.subarray(a * d, (a + 1) * d);
        assert.ok(Math.max(...component) >= -Math.min(...component));
        for (let b = 0; b < k; b++) {
          let dot = 0;
          for (let j = 0; j < d; j++) dot += component[j] * model.components[b * d + j];
          assert.ok(Math.abs(dot - (a === b ? 1 : 0)) < 1e-9);
        }
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("the number of components is the smallest that explains the share", () => {
  const x = correlated(1000, 12, 3);
  const all = fitPca(x, { variance: 1 }).explainedVarianceRatio;
  for (const variance of [0.01, 0.5, 0.9, 0.95]) {
    const kept = fitPca(x, { variance }).explainedVarianceRatio;
    const sum = (n: number) => all.slice(0, n).reduce((a, b) => a + b, 0);
    assert.ok(sum(kept.length) >= variance - 1e-9);
    assert.ok(kept.length === 1 || sum(kept.length - 1) < variance);
  }
});

Deno.test("a constant column has no part in any component", () => {
  const x = correlated(300, 5, 8);
  for (let i = 0; i < x.rows; i++) x.data[i * 5 + 2] = 7;
  const model = fitPca(x, { variance: 1 });
  assert.equal(model.explainedVariance.length, 4);
  for (let c = 0; c < 4; c++) assert.ok(Math.abs(model.components[c * 5 + 2]) < 1e-9);
});

Deno.test("fewer rows than columns give at most rows - 1 components", () => {
  const x = correlated(4, 9, 2);
  const model = fitPca(x, { variance: 1 });
  assert.equal(model.explainedVariance.length, 3);
  near(pcaReconstruct(pcaScores(x, model), model).data, x.data, 1e-4);
  assert.throws(() => fitPca(x, { components: 4 }), /Expected components to be an integer in \[1, 3\] but found 4/);
});

Deno.test("bad input is named", () => {
  const x = correlated(30, 3, 2);
  const broken = matrix(30, 3, x.data.slice());
  broken.data[3 * 4 + 1] = NaN;
  assert.throws(() => fitPca(broken), new InputError("Expected finite numbers but found NaN in row 4, column 1"));
  broken.data[3 * 4 + 1] = Infinity;
  assert.throws(() => fitPca(broken), new InputError("Expected finite numbers but found Infinity in row 4, column 1"));
  assert.throws(() => fitPca(matrix(5, 2)), /Expected columns that vary but found 2 constant columns/);
  assert.throws(() => fitPca(matrix(1, 2)), /Expected at least 2 rows for PCA but found 1/);
  assert.throws(() => fitPca(x, { variance: 1.5 }), /Expected variance to be a number in \[0, 1\] but found 1.5/);
  assert.throws(() => pcaScores(matrix(2, 2), fitPca(x)), /Expected 3 columns, as the PCA has, but found 2/);
});

Deno.test({
  name: "a second thread does not change a bit",
  // The thread lives as long as the process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const x = correlated(20_001, 7, 3, 2);
    const alone = fitPca(x, { variance: 1 });
    const scores = pcaScores(x, alone);
    // 20,001 rows are too few to start the thread; these are enough, and it then helps with all that are.
    const wide = correlated(2_000, 600, 4);
    const before = accumulateMoments(wide);
    const deadline = performance.now() + 60_000;
    while (!helperRuns() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(helperRuns());
    assert.deepEqual(accumulateMoments(wide), before);
    const model = fitPca(wide, { components: 200 });
    const two = pcaScores(wide, model);
    for (const r of [0, 1, 999, 1999]) {
      const own = pcaScores(matrix(1, 600, wide.data.slice(r * 600, r * 600 + 600)), model);
      assert.deepEqual(two.data.slice(r * 200, r * 200 + 200), own.data);
    }
    assert.deepEqual(fitPca(x, { variance: 1 }), alone);
    assert.deepEqual(pcaScores(x, alone), scores);
  },
});
