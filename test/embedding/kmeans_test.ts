import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  adjustedRandIndex,
  chooseClusterCount,
  clusterWithout,
  kMeans,
  meanAgreement,
  silhouette,
  STABLE_AGREEMENT,
} from "../../lib/embedding/kmeans.ts";
import { matrix } from "../../lib/matrix.ts";
import { seededRandom } from "../../lib/random.ts";
import { writeNpy } from "../../lib/storage/npy.ts";
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
  for (const settings of [{}, { miniBatchBeyond: 100 }, { start: "k-means++" as const }]) {
    const result = kMeans(x, 6, seededRandom(3), settings);
    assert.ok(adjustedRandIndex(result.labels, truth) > 0.99);
    assert.deepEqual(result, kMeans(x, 6, seededRandom(3), settings));
  }
});

Deno.test("every row lies with its nearest centroid, and clusters come by falling size", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, k) => {
      const x = blobs(60, 2, 3, 1, seed);
      const { labels, centroids } = kMeans(x, k, seededRandom(seed));
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

Deno.test("kMeans() gives the same clusters under every seed, and hardly others without a tenth of the rows", () => {
  // Blobs that overlap: their centres lie about as far apart as they are wide.
  const x = blobs(4000, 8, 10, 1.2, 3);
  const seeds = [1, 2, 3, 4];
  assert.equal(meanAgreement(seeds.map((seed) => kMeans(x, 10, seededRandom(seed)).labels)), 1);
  const without = meanAgreement(seeds.map((seed) => clusterWithout(x, 10, 0.1, seededRandom(seed))));
  assert.ok(without > STABLE_AGREEMENT, `agreement ${without}`);
  // What fails the floor: k-means that stops before it has found anything.
  const hasty = { start: "k-means++", starts: 1, iterations: 1 } as const;
  const broken = meanAgreement(seeds.map((seed) => clusterWithout(x, 10, 0.1, seededRandom(seed), hasty)));
  assert.ok(broken < STABLE_AGREEMENT - 0.2, `agreement ${broken}`);
});

Deno.test("its inertia is about the smallest that twenty starts of scikit-learn's find", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-kmeans-"));
  try {
    const x = blobs(4000, 8, 10, 1.2, 3);
    writeNpy(join(folder, "x.npy"), x);
    const code = `import sys, numpy as np
from sklearn.cluster import KMeans
print(KMeans(10, n_init=20, random_state=0).fit(np.load(sys.argv[1])).inertia_)`;
    const smallest = Number(runPython(code, [join(folder, "x.npy")]));
    for (const start of ["principal", "k-means++"] as const) {
      const ratio = kMeans(x, 10, seededRandom(1), { start }).inertia / smallest;
      assert.ok(ratio > 0.999 && ratio < 1.02, `${start}: ${ratio}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("chooseClusterCount() takes the largest k that is stable, and the number of blobs that lie apart is", () => {
  const choice = chooseClusterCount(blobs(600, 8, 5, 10, 4), [2, 3, 4, 5, 6, 8, 12], seededRandom(1));
  const stable = choice.candidates.filter(({ stability }) => stability >= STABLE_AGREEMENT).map(({ k }) => k);
  assert.equal(choice.k, Math.max(...stable));
  assert.equal(choice.candidates.find(({ k }) => k === 5)!.stability, 1);
  assert.ok(choice.k >= 5 && choice.k < 12);
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
  assert.throws(() => kMeans(x, 2, seededRandom(1), { start: "k-means++", starts: 0 }), /Expected starts to be/);
  assert.throws(() => meanAgreement([[1]]), /Expected at least 2 clusterings but found 1/);
  assert.throws(() => adjustedRandIndex([1], [1, 2]), /Expected 1 labels but found 2/);
});
