import assert from "node:assert/strict";
import fc from "fast-check";
import { cosine, matrix, row } from "../../lib/math/matrix.ts";
import { exactNeighbors } from "../../lib/math/neighbors.ts";
import { correlated } from "../embedding/samples.ts";

Deno.test("exactNeighbors() of three points, by hand", () => {
  const x = matrix(4, 2, Float32Array.of(1, 0, 1, 1, 0, 3, 0, 0));
  const found = exactNeighbors(x, x, 2, Int32Array.of(0, 1, 2, 3));
  assert.deepEqual([...found.indices], [1, 2, 0, 2, 1, 0, 0, 1]);
  const half = Math.fround(Math.SQRT1_2);
  assert.deepEqual([...found.similarities], [half, 0, half, half, half, 0, 0, 0]);
});

Deno.test("exactNeighbors() orders equal similarities by row, across blocks of rows", () => {
  const x = matrix(5000, 1, Float32Array.from({ length: 5000 }, (_, i) => i % 100 === 99 ? i : -1));
  const { indices, similarities } = exactNeighbors(x, matrix(1, 1, Float32Array.of(2)), 49);
  assert.deepEqual([...indices], Array.from({ length: 49 }, (_, i) => 100 * i + 99));
  assert.ok(similarities.every((similarity) => similarity === 1));
});

Deno.test("exactNeighbors() finds what sorting all cosines finds", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 7 }), (seed, n, d) => {
      const x = correlated(n, d, seed);
      const k = Math.min(5, n - 1);
      const own = Int32Array.from({ length: n }, (_, i) => i);
      const found = exactNeighbors(x, x, k, own);
      for (let i = 0; i < n; i++) {
        const sorted = Array.from(own).filter((j) => j !== i).map((j) => cosine(row(x, i), row(x, j))).sort((a, b) =>
          b - a
        );
        for (let j = 0; j < k; j++) {
          assert.notEqual(found.indices[i * k + j], i);
          assert.ok(Math.abs(found.similarities[i * k + j] - sorted[j]) < 1e-6);
        }
      }
    }),
    { numRuns: 40 },
  );
  assert.throws(() => exactNeighbors(matrix(3, 1), matrix(3, 1), 3, Int32Array.of(0, 1, 2)), /Expected k .*\[1, 2\]/);
  assert.throws(() => exactNeighbors(matrix(3, 1), matrix(3, 2), 1), /Expected queries of 1 columns but found 2/);
});
