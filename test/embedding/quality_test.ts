import assert from "node:assert/strict";
import {
  columnErrors,
  estimate,
  labelShares,
  neighborPurity2d,
  overlapShares,
  trustworthiness,
  unexplainedShare,
} from "../../lib/embedding/quality.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { runPython } from "../python.ts";
import { correlated } from "./samples.ts";

Deno.test("trustworthiness() equals scikit-learn's", () => {
  const x = correlated(80, 6, 4);
  const y = matrix(80, 2, Float32Array.from({ length: 160 }, (_, i) => x.data[Math.floor(i / 2) * 6 + i % 2]));
  const code = `import json, sys, numpy as np
from sklearn.manifold import trustworthiness
x, y = [np.array(v).reshape(80, -1) for v in json.loads(sys.argv[1])]
print(json.dumps([trustworthiness(x, y, n_neighbors=k) for k in (3, 10, 15)]))`;
  const expected = JSON.parse(runPython(code, [JSON.stringify([[...x.data], [...y.data]])]));
  [3, 10, 15].forEach((k, i) => assert.ok(Math.abs(trustworthiness(x, y, k) - expected[i]) < 1e-9));
  assert.equal(trustworthiness(x, x, 5), 1);
});

Deno.test("shares, errors and purities, by hand", () => {
  const x = matrix(2, 2, Float32Array.of(0, 0, 2, 4));
  const back = matrix(2, 2, Float32Array.of(1, 0, 2, 3));
  assert.equal(unexplainedShare(x, back, [1, 2]), 2 / 10);
  assert.deepEqual([...columnErrors(x, back)], [Math.SQRT1_2, Math.SQRT1_2]);
  const a = { indices: Int32Array.of(1, 2, 0, 2), similarities: new Float32Array(4), k: 2 };
  const b = { indices: Int32Array.of(2, 3, 0, 2), similarities: new Float32Array(4), k: 2 };
  assert.deepEqual([...overlapShares(a, b)], [0.5, 1]);
  const labels = [["rock"], [], ["rock", "pop"], ["pop"]];
  assert.deepEqual([...labelShares(b, Int32Array.of(0, 1), labels)], [0.5, NaN]);
  assert.deepEqual(estimate([1, 3, NaN]), { mean: 2, standardError: 1, count: 2 });
});

Deno.test("neighborPurity2d() is 1 for two heaps and near chance for labels that mean nothing", () => {
  const positions = matrix(40, 2, Float32Array.from({ length: 80 }, (_, i) => (i < 40 ? 0 : 100) + (i * 7919 % 13)));
  const rows = Int32Array.from({ length: 40 }, (_, i) => i);
  const heaps = neighborPurity2d(positions, rows.map((i) => i < 20 ? 0 : 1), rows, 5);
  assert.equal(heaps.purity, 1);
  assert.ok(Math.abs(heaps.chance - 19 / 39) < 1e-12);
});
