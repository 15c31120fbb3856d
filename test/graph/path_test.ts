import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { connectTrack, likedGraph, meanDirection } from "../../lib/graph/connect.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import { smoothPath } from "../../lib/graph/path.ts";
import { cosine, type Matrix, matrix, row } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

/** Unit vectors at angles in degrees. */
function circle(...degrees: number[]): Matrix {
  const data = degrees.flatMap((a) => [Math.cos(a * Math.PI / 180), Math.sin(a * Math.PI / 180)]);
  return matrix(degrees.length, 2, Float32Array.from(data));
}

function noise(rows: number, columns: number, seed: number): Matrix {
  const random = seededRandom(seed);
  return matrix(rows, columns, Float32Array.from({ length: rows * columns }, () => random() - 0.5));
}

Deno.test("smoothPath() walks round the circle in equal steps, by hand", async () => {
  const x = circle(0, 10, 20, 30, 40, 50, 60, 180, 181, 182);
  const { graph } = await buildKnnGraph(x, { k: 3 });
  const walk = smoothPath(graph, x, 0, 6, 6);
  assert.deepEqual([...walk.tracks], [0, 1, 2, 3, 4, 5, 6]);
  assert.ok(Math.abs(walk.largestStep - (1 - Math.cos(Math.PI / 18))) < 1e-6);
  assert.ok(walk.alongGraph);
});

Deno.test("smoothPath() with few steps takes the smallest largest step", async () => {
  const x = circle(0, 7, 20, 33, 40);
  const { graph } = await buildKnnGraph(x, { k: 4 });
  assert.deepEqual([...smoothPath(graph, x, 0, 4, 2).tracks], [0, 2, 4]);
  assert.deepEqual([...smoothPath(graph, x, 0, 4, 1).tracks], [0, 4]);
});

Deno.test("smoothPath() joins tracks that no edges join", async () => {
  const x = circle(0, 1, 2, 120, 121, 122);
  const { graph } = await buildKnnGraph(x, { k: 2 });
  const walk = smoothPath(graph, x, 0, 5, 4);
  assert.equal(walk.alongGraph, false);
  assert.equal(new Set(walk.tracks).size, 5);
});

Deno.test("smoothPath() keeps its ends, its length and repeats no track", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 3, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (seed, rows, share) => {
        const x = noise(rows, 4, seed);
        const { graph } = await buildKnnGraph(x, { k: Math.min(5, rows - 1) });
        const steps = 1 + Math.floor(share * (rows - 2));
        const walk = smoothPath(graph, x, 0, rows - 1, steps);
        assert.deepEqual([walk.tracks[0], walk.tracks[steps]], [0, rows - 1]);
        assert.equal(walk.tracks.length, steps + 1);
        assert.equal(new Set(walk.tracks).size, steps + 1);
        const largest = Math.max(...walk.similarities.map((s) => 1 - s));
        assert.ok(Math.abs(largest - walk.largestStep) < 1e-6);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("smoothPath() refuses equal ends and more steps than tracks", async () => {
  const x = circle(0, 10, 20);
  const { graph } = await buildKnnGraph(x, { k: 2 });
  assert.throws(() => smoothPath(graph, x, 1, 1, 2), /two different tracks/);
  assert.throws(() => smoothPath(graph, x, 0, 1, 3), InputError);
  assert.throws(() => smoothPath(graph, x, 0, 9, 2), InputError);
});

Deno.test("connectTrack() gives what the graph would have given", async () => {
  const x = noise(200, 6, 4);
  const { graph } = await buildKnnGraph(x, { k: 8 });
  for (const i of [0, 77, 199]) {
    const { indices, similarities } = connectTrack(x, row(x, i), 9);
    assert.equal(indices[0], i);
    assert.deepEqual([...indices.subarray(1)], [...graph.indices.subarray(i * 8, i * 8 + 8)]);
    assert.ok(Math.abs(similarities[3] - cosine(row(x, i), row(x, indices[3]))) < 1e-6);
  }
  assert.throws(() => connectTrack(x, [1, 2], 3), /Expected a vector of 6 elements but found 2/);
  assert.throws(() => connectTrack(x, [NaN, 0, 0, 0, 0, 0], 3), InputError);
});

Deno.test("likedGraph() connects liked tracks among themselves only", async () => {
  const x = circle(0, 1, 2, 90, 95, 200);
  const { tracks, graph } = await likedGraph(x, [0, 3, 4, 3], 1);
  assert.deepEqual([...tracks], [0, 3, 4]);
  assert.deepEqual([...graph.indices], [1, 2, 1]);
  await assert.rejects(likedGraph(x, [2, 2]), /at least 2 different liked tracks/);
  await assert.rejects(likedGraph(x, [0, 6]), InputError);
});

Deno.test("meanDirection() lies amid its tracks", () => {
  const [a, b] = meanDirection(circle(0, 90), [0, 1]);
  assert.ok(Math.abs(a - b) < 1e-6 && a > 0);
});
