import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { accumulateMoments, fitPca, mergeMoments, pcaReconstruct, pcaScores } from "../../lib/math/pca.ts";
import { matrix, takeRows } from "../../lib/math/matrix.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";
import { runPython } from "../python.ts";
import { correlated } from "../embedding/samples.ts";

function near(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - expected[i]) <= tolerance, `element ${i}: ${found[i]} is not near ${expected[i]}`);
  }
}

Deno.test("fitPca() finds the line through three points, by hand", async () => {
  // Columns (0, 1, 2) and (0, 2, 4): variances 1 and 4, covariance 2; eigenvalues 5 and 0, first vector (1, 2) / √5.
  const x = matrix(3, 2, Float32Array.of(0, 0, 1, 2, 2, 4));
  const model = await fitPca(x);
  near(model.spectrum, [5, 0], 1e-6);
  near(model.components, [1 / Math.sqrt(5), 2 / Math.sqrt(5)], 1e-6);
  near(model.mean, [1, 2], 1e-12);
  near((await pcaScores(x, model)).data, [-Math.sqrt(5), 0, Math.sqrt(5)], 1e-6);
  near((await pcaReconstruct(await pcaScores(x, model), model)).data, x.data, 1e-6);
});

Deno.test("fitPca() and pcaScores() equal scikit-learn to 1e-4", async () => {
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
    for (const [i, x] of samples.entries()) {
      const [components, variance, ratio, center, scores] = expected[i];
      const model = await fitPca(x, { variance: 0.95 });
      near(model.components, components, 1e-4);
      near(model.explainedVariance, variance, 1e-4 * variance[0]);
      near(model.explainedVarianceRatio, ratio, 1e-4);
      near(model.mean, center, 1e-4);
      near(
        (await pcaScores(x, model)).data.subarray(0, scores.length),
        scores,
        1e-4 * Math.max(1, Math.sqrt(variance[0])),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("accumulateMoments() equals plain float64 sums whatever the size of the matrix", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 11 }),
      fc.integer(),
      async (rows, columns, seed) => {
        const x = correlated(rows, columns, seed, 3);
        const moments = await accumulateMoments(x);
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

Deno.test("mergeMoments() of two parts equals the moments of the whole", async () => {
  const x = correlated(4000, 7, 1, 50);
  const whole = await accumulateMoments(x);
  const part = (from: number, to: number) => accumulateMoments(matrix(to - from, 7, x.data.subarray(7 * from, 7 * to)));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4000 }), async (cut) => {
      const merged = mergeMoments(await part(0, cut), await part(cut, 4000));
      assert.equal(merged.count, 4000);
      near(merged.mean, whole.mean, 1e-5);
      near(merged.scatter, whole.scatter, 1e-4 * whole.scatter[0]);
    }),
    { numRuns: 20 },
  );
});

Deno.test("components are orthonormal, in order of falling variance, their largest loading positive", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 12 }), fc.integer(), async (d, seed) => {
      const model = await fitPca(correlated(200, d, seed), { variance: 1 });
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

Deno.test("the number of components is the smallest that explains the share", async () => {
  const x = correlated(1000, 12, 3);
  const all = (await fitPca(x, { variance: 1 })).explainedVarianceRatio;
  for (const variance of [0.01, 0.5, 0.9, 0.95]) {
    const kept = (await fitPca(x, { variance })).explainedVarianceRatio;
    const sum = (n: number) => all.slice(0, n).reduce((a, b) => a + b, 0);
    assert.ok(sum(kept.length) >= variance - 1e-9);
    assert.ok(kept.length === 1 || sum(kept.length - 1) < variance);
  }
});

Deno.test("a constant column has no part in any component", async () => {
  const x = correlated(300, 5, 8);
  for (let i = 0; i < x.rows; i++) x.data[i * 5 + 2] = 7;
  const model = await fitPca(x, { variance: 1 });
  assert.equal(model.explainedVariance.length, 4);
  for (let c = 0; c < 4; c++) assert.ok(Math.abs(model.components[c * 5 + 2]) < 1e-9);
});

Deno.test("fewer rows than columns give at most rows - 1 components", async () => {
  const x = correlated(4, 9, 2);
  const model = await fitPca(x, { variance: 1 });
  assert.equal(model.explainedVariance.length, 3);
  near((await pcaReconstruct(await pcaScores(x, model), model)).data, x.data, 1e-4);
  await assert.rejects(fitPca(x, { components: 4 }), /Expected components to be an integer in \[1, 3\] but found 4/);
});

Deno.test("bad input is named", async () => {
  const x = correlated(30, 3, 2);
  const broken = matrix(30, 3, x.data.slice());
  broken.data[3 * 4 + 1] = NaN;
  await assert.rejects(fitPca(broken), new RangeError("Expected finite numbers but found NaN in row 4, column 1"));
  broken.data[3 * 4 + 1] = Infinity;
  await assert.rejects(fitPca(broken), new RangeError("Expected finite numbers but found Infinity in row 4, column 1"));
  await assert.rejects(fitPca(matrix(5, 2)), /Expected columns that vary but found 2 constant columns/);
  await assert.rejects(fitPca(matrix(1, 2)), /Expected at least 2 rows for PCA but found 1/);
  await assert.rejects(fitPca(x, { variance: 1.5 }), /Expected variance to be a number in \[0, 1\] but found 1.5/);
  await assert.rejects(pcaScores(matrix(2, 2), await fitPca(x)), /Expected 3 columns, as the PCA has, but found 2/);
});

Deno.test("rows in several blocks give what plain sums give, the same every time, and leave no tensor behind", async () => {
  const { tf } = await loadTensorFlow();
  const tensors = tf.memory().numTensors;
  const x = correlated(20_001, 3, 3, 200);
  const moments = await accumulateMoments(x);
  assert.deepEqual(await accumulateMoments(x), moments);
  const mean = (value: (r: number) => number) => {
    let sum = 0;
    for (let r = 0; r < x.rows; r++) sum += value(r);
    return sum / x.rows;
  };
  const means = [0, 1, 2].map((j) => mean((r) => x.data[3 * r + j]));
  near(moments.mean, means, 1e-5);
  const covariance = [0, 1, 2].flatMap((i) =>
    [0, 1, 2].map((j) => mean((r) => (x.data[3 * r + i] - means[i]) * (x.data[3 * r + j] - means[j])))
  );
  near(moments.scatter.map((sum) => sum / x.rows), covariance, 1e-5);
  const model = await fitPca(moments, { variance: 1 });
  const scores = await pcaScores(x, model);
  assert.deepEqual(await pcaScores(x, model), scores);
  for (const r of [0, 16_383, 16_384, 20_000]) {
    near((await pcaScores(takeRows(x, [r]), model)).data, scores.data.subarray(3 * r, 3 * r + 3), 1e-4);
  }
  assert.equal(tf.memory().numTensors, tensors);
});
