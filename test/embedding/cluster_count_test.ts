import assert from "node:assert/strict";
import {
  adjustedRandIndex,
  chooseClusterCount,
  silhouette,
  STABLE_AGREEMENT,
} from "../../lib/embedding/cluster_count.ts";
import { kMeans } from "../../lib/math/kmeans.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { runPython } from "../python.ts";
import { blobs } from "./samples.ts";

Deno.test("chooseClusterCount() takes the largest k that is stable, and the number of blobs that lie apart is", async () => {
  const choice = await chooseClusterCount(blobs(600, 8, 5, 10, 4), [2, 3, 4, 5, 6, 8, 12], seededRandom(1));
  const stable = choice.candidates
    .filter(({ stability, standardError }) => stability - standardError >= STABLE_AGREEMENT).map(({ k }) => k);
  assert.equal(choice.k, Math.max(...stable));
  const { stability, standardError } = choice.candidates.find(({ k }) => k === 5)!;
  assert.deepEqual([stability, standardError], [1, 0]);
  assert.ok(choice.k >= 5 && choice.k < 12);
});

Deno.test("chooseClusterCount() takes the most stable k when none is stable enough", async () => {
  const { k, candidates } = await chooseClusterCount(blobs(300, 10, 1, 1, 4), [6, 9, 14], seededRandom(1));
  assert.ok(candidates.every((candidate) => candidate.stability < STABLE_AGREEMENT));
  assert.equal(k, candidates.toSorted((a, b) => b.stability - a.stability)[0].k);
});

Deno.test("its stability is the mean over clusterings that each left out a tenth, its error their spread", async () => {
  const { candidates: [found] } = await chooseClusterCount(blobs(100, 2, 2, 40, 5), [2], seededRandom(3));
  assert.deepEqual([found.stability, found.standardError], [1, 0]);
  const uneven = blobs(100, 2, 2, 40, 5);
  uneven.data.set([1e4, 1e4], 0);
  const { candidates: [moved] } = await chooseClusterCount(uneven, [2], seededRandom(3));
  // Nine clusterings set the far row apart, as that of all rows does; the tenth cannot, and finds the two blobs.
  const whole = Int32Array.from({ length: 100 }, (_, i) => i === 0 ? 1 : 0);
  const blob = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const lone = [blob, Int32Array.from(blob, (label, i) => i === 0 ? 1 - label : label)]
    .map((labels) => adjustedRandIndex(whole, labels));
  const expected = lone.map((index) => (9 + index) / 10);
  const at = expected.findIndex((value) => Math.abs(value - moved.stability) < 1e-9);
  assert.ok(at >= 0, `${moved.stability} is none of ${expected}`);
  assert.ok(Math.abs(moved.standardError - (1 - lone[at]) / 10) < 1e-9);
});

Deno.test("silhouette() and adjustedRandIndex() equal scikit-learn's", async () => {
  const x = blobs(120, 3, 4, 2, 7);
  const a = (await kMeans(x, 4, seededRandom(1))).labels;
  const b = (await kMeans(x, 3, seededRandom(2))).labels;
  const code = `import json, sys, numpy as np
from sklearn.metrics import silhouette_score, adjusted_rand_score
x, a, b = json.loads(sys.argv[1])
print(json.dumps([silhouette_score(np.array(x).reshape(-1, 3), a), adjusted_rand_score(a, b)]))`;
  const [score, index] = JSON.parse(runPython(code, [JSON.stringify([[...x.data], [...a], [...b]])]));
  assert.ok(Math.abs(silhouette(x, a) - score) < 1e-6);
  assert.ok(Math.abs(adjustedRandIndex(a, b) - index) < 1e-9);
  assert.equal(adjustedRandIndex(a, a), 1);
});

Deno.test("bad input is named", async () => {
  const x = blobs(10, 2, 2, 3, 1);
  await assert.rejects(chooseClusterCount(x, [8], seededRandom(1)), /Expected more rows/);
});
