import assert from "node:assert/strict";
import fc from "fast-check";
import {
  coarseCellCount,
  distancesToCells,
  guestNeed,
  inSample,
  isGuest,
  joinCell,
  makeCoarseCells,
  mergeNearest,
  nearestRows,
  type NearRow,
  needForRecall,
} from "../../lib/graph/cells.ts";
import { neighborsOf } from "../../lib/graph/graph.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import { type Matrix, matrix, takeRows, unitRows } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

function noise(rows: number, columns: number, seed: number): Matrix {
  const random = seededRandom(seed);
  return matrix(rows, columns, Float32Array.from({ length: rows * columns }, () => random() - 0.5));
}

Deno.test("guestNeed() is the distance from the plane half-way between two centroids, by hand", () => {
  // Centroids at (1, 0) and (0, 1), √2 apart; the plane between them is x = y, from which (1, 0) is 1/√2 away.
  const cells = { centroids: matrix(2, 2, Float32Array.of(1, 0, 0, 1)), scales: Float32Array.of(0.5, 0.25) };
  const distances = new Float64Array(2);
  assert.equal(distancesToCells(matrix(1, 2, Float32Array.of(1, 0)), 0, cells, distances), 0);
  assert.deepEqual([...distances], [0, 2]);
  assert.ok(Math.abs(guestNeed(distances, 0, 1, cells) - Math.SQRT1_2 / 0.25) < 1e-6);
  assert.equal(guestNeed(distances, 0, 0, cells), 0);
});

Deno.test("isGuest() says of every row and cell what guestNeed() says", async () => {
  const x = noise(500, 5, 9);
  const unit = unitRows(x);
  const cells = await makeCoarseCells(unit, 7, 1);
  const distances = new Float64Array(cells.scales.length);
  for (const limit of [0, 0.1, 0.5, 2]) {
    for (let i = 0; i < 500; i++) {
      const home = distancesToCells(unit, i, cells, distances);
      for (let c = 0; c < distances.length; c++) {
        assert.equal(isGuest(distances, home, c, cells, limit), guestNeed(distances, home, c, cells) <= limit);
      }
    }
  }
});

Deno.test("nearest rows merge into those of the whole, however the rows are cut, and are those of the exact graph", async () => {
  const x = noise(300, 5, 1);
  const cells = await makeCoarseCells(unitRows(x), 4, 1);
  const rows = Int32Array.from({ length: 20 }, (_, q) => 3 * q);
  const queries = { x: takeRows(x, rows), rows, homes: new Int32Array(20) };
  const nearestOf = (from: number, to: number) => {
    const here = Array.from({ length: to - from }, (_, i) => from + i);
    return from === to
      ? rows.reduce<NearRow[][]>((none) => [...none, []], [])
      : nearestRows(takeRows(x, here), here, queries, 7, cells);
  };
  const whole = nearestOf(0, 300);
  const { graph } = await buildKnnGraph(x, { k: 7, recall: 1 });
  whole.forEach((near, q) => assert.deepEqual(near.map(({ row }) => row), [...neighborsOf(graph, rows[q])]));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      const right = mergeNearest(nearestOf(first, second), nearestOf(second, 300), 7);
      assert.deepEqual(mergeNearest(nearestOf(0, first), right, 7), whole);
      const left = mergeNearest(nearestOf(second, 300), nearestOf(0, first), 7);
      assert.deepEqual(mergeNearest(left, nearestOf(first, second), 7), whole);
    }),
    { numRuns: 30 },
  );
});

Deno.test("a cell with its guests gives what the whole matrix gives, when every row is a guest", async () => {
  const x = noise(600, 6, 3);
  x.data.copyWithin(10 * 6, 500 * 6, 501 * 6);
  const order = [
    ...Array.from({ length: 200 }, (_, i) => 3 * i + 1),
    ...Array.from({ length: 600 }, (_, i) => i).filter((i) => i % 3 !== 1),
  ];
  const cell = await joinCell(takeRows(x, order), 200, Int32Array.from(order), { k: 9, recall: 1, seed: 1 });
  const { graph } = await buildKnnGraph(x, { k: 9, recall: 1 });
  for (let h = 0; h < 200; h++) {
    const row = order[h];
    assert.deepEqual([...cell.neighbors.subarray(h * 9, h * 9 + 9)], [...graph.indices.subarray(row * 9, row * 9 + 9)]);
  }
});

Deno.test("rows within the need of a recall hold that share of the neighbours", async () => {
  const x = noise(3000, 4, 4);
  const unit = unitRows(x);
  const cells = await makeCoarseCells(unit, 6, 5);
  const distances = new Float64Array(cells.scales.length);
  const homes = Array.from({ length: 3000 }, (_, i) => distancesToCells(unit, i, cells, distances));
  const needOf = (i: number, cell: number) => {
    const home = distancesToCells(unit, i, cells, distances);
    return guestNeed(distances, home, cell, cells);
  };
  const { graph } = await buildKnnGraph(x, { k: 10, recall: 1 });
  const needs = Float64Array.from(graph.indices, (j, e) => needOf(j, homes[Math.floor(e / 10)]));
  const sample = Array.from(
    { length: 3000 },
    (_, i) => Array.from(needs.subarray(10 * i, 10 * i + 10), (need): NearRow => ({ row: 0, similarity: 0, need })),
  );
  for (const recall of [0.95, 0.99]) {
    const limit = needForRecall(sample, recall);
    const share = needs.filter((need) => need <= limit).length / needs.length;
    assert.ok(share >= recall && share < recall + 0.03, `${share} for ${recall}`);
  }
  assert.ok(needForRecall(sample, 0.99) > needForRecall(sample, 0.95));
});

Deno.test("a sample by hash has the share asked for, and is contained in a larger one", () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => i);
  const few = rows.filter((row) => inSample(row, 0.01, 7));
  const many = new Set(rows.filter((row) => inSample(row, 0.05, 7)));
  assert.ok(Math.abs(few.length - 1000) < 4 * Math.sqrt(1000), `${few.length}`);
  assert.ok(few.every((row) => many.has(row)));
  assert.ok(rows.every((row) => inSample(row, 1, 7)));
});

Deno.test("coarseCellCount() makes cells of the size asked for, but no crumbs", () => {
  assert.equal(coarseCellCount(100_000, 25_000, 2), 4);
  assert.equal(coarseCellCount(1000, 25_000, 8), 3);
  assert.equal(coarseCellCount(20, 25_000, 8), 1);
});
