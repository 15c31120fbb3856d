import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { adjustedRandIndex, meanAgreement } from "../../lib/embedding/cluster_count.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { kMeans, type KMeansOptions, oneOfEachStretch } from "../../lib/math/kmeans.ts";
import { type Matrix, matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";
import { blobs } from "../embedding/samples.ts";
import { runPython } from "../python.ts";

Deno.test("kMeans() parts two pairs of points, by hand", async () => {
  const result = await kMeans(matrix(5, 1, Float32Array.of(0, 1, 10, 11, 12)), 2, seededRandom(1));
  assert.deepEqual([...result.labels], [1, 1, 0, 0, 0]);
  assert.deepEqual([...result.centroids.data], [11, 0.5]);
  assert.equal(result.inertia, 2.5);
});

Deno.test("kMeans() finds blobs that lie apart, the same under one seed, with all rows and with some", async () => {
  const x = blobs(3000, 5, 6, 8, 2);
  const truth = Int32Array.from({ length: 3000 }, (_, i) => i % 6);
  for (const settings of [{}, { sample: 100 }, { start: "k-means++" as const }]) {
    const result = await kMeans(x, 6, seededRandom(3), settings);
    assert.ok(adjustedRandIndex(result.labels, truth) > 0.99);
    assert.deepEqual(result, await kMeans(x, 6, seededRandom(3), settings));
  }
});

Deno.test("every row lies with its nearest centroid, and clusters come by falling size", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 8 }), async (seed, k) => {
      const x = blobs(60, 2, 3, 1, seed);
      const { labels, centroids } = await kMeans(x, k, seededRandom(seed));
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

Deno.test("rows far from zero are parted as near zero, and no tensor is left behind", async () => {
  const { tf } = await loadTensorFlow();
  const before = tf.memory().numTensors;
  const near = blobs(2000, 3, 5, 4, 1);
  const far = matrix(2000, 3, near.data.map((value) => value + 3000));
  const [a, b] = [await kMeans(near, 5, seededRandom(1)), await kMeans(far, 5, seededRandom(1))];
  assert.ok(adjustedRandIndex(a.labels, b.labels) > 0.99);
  assert.ok(Math.abs(b.inertia / a.inertia - 1) < 1e-3, `${b.inertia} is not near ${a.inertia}`);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("rows that are all alike make one cluster", async () => {
  const result = await kMeans(matrix(20, 3), 4, seededRandom(1));
  assert.equal(result.centroids.rows, 1);
  assert.equal(result.inertia, 0);
});

Deno.test("kMeans() and the choice of k are the same under every seed; k-means++ is not where clusters overlap", async () => {
  // Blobs that overlap: their centres lie about as far apart as they are wide.
  const x = blobs(4000, 8, 10, 1.2, 3);
  const seeds = [1, 2, 3, 4];
  const agreement = async (x: Matrix, options: KMeansOptions) => {
    const found: Int32Array[] = [];
    for (const seed of seeds) found.push((await kMeans(x, 10, seededRandom(seed), options)).labels);
    return meanAgreement(found);
  };
  assert.equal(await agreement(x, {}), 1);
  assert.ok(await agreement(x, { start: "k-means++" }) < 0.99);
  const many = blobs(20_000, 8, 10, 1.2, 3);
  assert.equal(await agreement(many, { sample: 10_000 }), 1);
});

Deno.test("its inertia is about the smallest that twenty starts of scikit-learn's find", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-kmeans-"));
  try {
    const x = blobs(4000, 8, 10, 1.2, 3);
    writeNpy(join(folder, "x.npy"), x);
    const code = `import sys, numpy as np
from sklearn.cluster import KMeans
print(KMeans(10, n_init=20, random_state=0).fit(np.load(sys.argv[1])).inertia_)`;
    const smallest = Number(runPython(code, [join(folder, "x.npy")]));
    for (const start of ["principal", "k-means++"] as const) {
      const ratio = (await kMeans(x, 10, seededRandom(1), { start })).inertia / smallest;
      assert.ok(ratio > 0.999 && ratio < 1.02, `${start}: ${ratio}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("oneOfEachStretch() takes a row of each stretch, the same ones every time", () => {
  const x = matrix(1000, 1, Float32Array.from({ length: 1000 }, (_, i) => i));
  const rows = [...oneOfEachStretch(x, 300).data];
  assert.ok(rows.every((row, i) => row >= Math.floor(i * 10 / 3) && row < Math.floor((i + 1) * 10 / 3)));
  assert.deepEqual([...oneOfEachStretch(x, 300).data], rows);
  assert.equal(new Set(oneOfEachStretch(x, 100).data.map((row) => row % 10)).size, 10, "places within a stretch");
  assert.equal(oneOfEachStretch(x, 1000), x);
});

Deno.test("a tenth of the rows leaves nearly as little inertia as all of them do, though the rows come in turns", async () => {
  const x = blobs(8000, 3, 40, 1, 1);
  const some = await kMeans(x, 10, seededRandom(1), { sample: 800 });
  const all = await kMeans(x, 10, seededRandom(1));
  assert.ok(some.inertia < 1.05 * all.inertia, `${some.inertia} of ${all.inertia}`);
});

Deno.test("bad input is named", async () => {
  const x = blobs(10, 2, 2, 3, 1);
  const refuses = (found: Promise<unknown>, message: RegExp) => assert.rejects(found, { name: "RangeError", message });
  await refuses(kMeans(x, 11, seededRandom(1)), /Expected k to be an integer in \[1, 10\] but found 11/);
  await refuses(kMeans(matrix(2, 1, Float32Array.of(1, NaN)), 1, seededRandom(1)), /found NaN in row 1, column 0/);
});
