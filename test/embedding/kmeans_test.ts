import assert from "node:assert/strict";
import fc from "fast-check";
import { adjustedRandIndex, chooseClusterCount, kMeans, silhouette } from "../../lib/embedding/kmeans.ts";
import { matrix } from "../../lib/matrix.ts";
import { seededRandom } from "../../lib/random.ts";
import { runPython } from "../python.ts";
import { blobs } from "./samples.ts";

Deno.test("kMeans() parts two pairs of points, by hand", () => {
  const result = kMeans(matrix(5, 1, Float32Array.of(0, 1, 10, 11, 12)), 2, seededRandom(1));
  assert.deepEqual([...result.labels], [1, 1, 0, 0, 0]);
  assert.deepEqual([...result.centroids.data], [11, 0.5]);
  assert.equal(result.inertia, 2.5);
});

Deno.test("kMeans() finds blobs that lie apart, the same under one seed, with all rows and with mini-batches", () => {
  const x = blobs(3000, 5, 6, 8, 2);
  const truth = Int32Array.from({ length: 3000 }, (_, i) => i % 6);
  const options = { miniBatchBeyond: 100 };
  for (const settings of [{}, options]) {
    const result = kMeans(x, 6, seededRandom(3), settings);
    assert.ok(adjustedRandIndex(result.labels, truth) > 0.99);
    assert.deepEqual(result, kMeans(x, 6, seededRandom(3), settings));
  }
});

Deno.test("every row lies with its nearest centroid, and clusters come by falling size", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, k) => {
      const x = blobs(60, 2, 3, 1, seed);
      const { labels, centroids } = kMeans(x, k, seededRandom(seed), { starts: 1 });
      const distance = (i: number, c: number) =>
        (x.data[2 * i] - centroids.data[2 * c]) ** 2 + (x.data[2 * i + 1] - centroids.data[2 * c + 1]) ** 2;
      const sizes = new Array(centroids.rows).fill(0);
      labels.forEach((label, i) => {
        sizes[label]++;
        for (let c = 0; c < centroids.rows; c++) assert.ok(distance(i, label) <= distance(i, c) + 1e-6);
      });
      assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
    }),
    { numRuns: 40 },
  );
});

Deno.test("rows that are all alike make one cluster", () => {
  const result = kMeans(matrix(20, 3), 4, seededRandom(1));
  assert.equal(result.centroids.rows, 1);
  assert.equal(result.inertia, 0);
});

Deno.test("chooseClusterCount() takes the number of blobs there are", () => {
  const choice = chooseClusterCount(blobs(600, 8, 5, 10, 4), [2, 3, 4, 5, 6, 8], seededRandom(1));
  assert.equal(choice.k, 5);
  assert.equal(choice.candidates.length, 6);
});

Deno.test("silhouette() and adjustedRandIndex() equal scikit-learn's", () => {
  const x = blobs(120, 3, 4, 2, 7);
  const a = kMeans(x, 4, seededRandom(1)).labels;
  const b = kMeans(x, 3, seededRandom(2)).labels;
  const code = `import json, sys, numpy as np
from sklearn.metrics import silhouette_score, adjusted_rand_score
x, a, b = json.loads(sys.argv[1])
print(json.dumps([silhouette_score(np.array(x).reshape(-1, 3), a), adjusted_rand_score(a, b)]))`;
  const [score, index] = JSON.parse(runPython(code, [JSON.stringify([[...x.data], [...a], [...b]])]));
  assert.ok(Math.abs(silhouette(x, a) - score) < 1e-6);
  assert.ok(Math.abs(adjustedRandIndex(a, b) - index) < 1e-9);
  assert.equal(adjustedRandIndex(a, a), 1);
});

Deno.test("bad input is named", () => {
  const x = blobs(10, 2, 2, 3, 1);
  assert.throws(() => kMeans(x, 11, seededRandom(1)), /Expected k to be an integer in \[1, 10\] but found 11/);
  assert.throws(() => kMeans(matrix(2, 1, Float32Array.of(1, NaN)), 1, seededRandom(1)), /in row 1, column 0/);
  assert.throws(() => chooseClusterCount(x, [8], seededRandom(1)), /Expected more rows/);
  assert.throws(() => adjustedRandIndex([1], [1, 2]), /Expected 1 labels but found 2/);
});
