import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import type { NeighborGraph } from "../../lib/graph/graph.ts";
import { selfJoin } from "../../lib/graph/join.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import { type Matrix, matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

/** Gaussian blobs; with `spread` 0 all rows of a blob are equal. */
function blobs(rows: number, columns: number, count: number, spread: number, seed = 1): Matrix {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centers = Float32Array.from({ length: count * columns }, normal);
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const blob = Math.floor(i / columns) % count;
    return centers[blob * columns + i % columns] + spread * normal();
  });
  return matrix(rows, columns, data);
}

/** Cosines of one row with all rows in 64-bit floats. */
function cosines(x: Matrix, i: number): Float64Array {
  const d = x.columns;
  const norm = (r: number) => Math.hypot(...x.data.subarray(r * d, r * d + d));
  const own = norm(i);
  return Float64Array.from({ length: x.rows }, (_, r) => {
    const other = norm(r);
    if (own === 0 || other === 0) return 0;
    let dot = 0;
    for (let j = 0; j < d; j++) dot += x.data[i * d + j] * x.data[r * d + j];
    return dot / own / other;
  });
}

/** Checks every row of an exact graph against brute force in 64-bit floats; similarities may differ by rounding. */
function assertExact(x: Matrix, k: number, graph: NeighborGraph): void {
  assert.equal(graph.nodeCount, x.rows);
  assert.equal(graph.indices.length, x.rows * k);
  for (let i = 0; i < x.rows; i++) {
    const truth = cosines(x, i);
    const best = Array.from(truth, (_, r) => r).filter((r) => r !== i).sort((a, b) => truth[b] - truth[a]);
    const seen = new Set<number>();
    for (let e = 0; e < k; e++) {
      const at = graph.offsets[i] + e;
      const [row, similarity] = [graph.indices[at], graph.similarities[at]];
      assert.notEqual(row, i, `row ${i} is its own neighbour`);
      assert.ok(!seen.has(row), `row ${i} has neighbour ${row} twice`);
      seen.add(row);
      assert.ok(Math.abs(similarity - truth[row]) < 2e-6, `row ${i}: ${similarity} against ${truth[row]}`);
      assert.ok(truth[row] >= truth[best[e]] - 2e-6, `row ${i}, rank ${e}: ${truth[row]} against ${truth[best[e]]}`);
      if (e > 0) {
        const before = graph.similarities[at - 1];
        assert.ok(similarity < before || (similarity === before && row > graph.indices[at - 1]), `row ${i} is sorted`);
      }
    }
  }
}

Deno.test("buildKnnGraph() finds the neighbours of four vectors, by hand", async () => {
  // Angles 0°, 10°, 90°, 180°: cosines 0.98 between the first two, 0.17 from the second to the third.
  const at = (degrees: number) => [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
  const x = matrix(4, 2, Float32Array.of(...at(0), ...at(10), ...at(90), ...at(180)));
  const { graph, report } = await buildKnnGraph(x, { k: 2 });
  assert.deepEqual([...graph.indices], [1, 2, 0, 2, 1, 0, 2, 1]);
  assert.deepEqual([...graph.offsets], [0, 2, 4, 6, 8]);
  assert.ok(Math.abs(graph.similarities[0] - Math.cos(Math.PI / 18)) < 1e-6);
  assert.equal(report.method, "exact");
  assert.equal(report.recall, 1);
});

Deno.test("buildKnnGraph() equals brute force on matrices of all kinds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        rows: fc.integer({ min: 2, max: 150 }),
        columns: fc.integer({ min: 1, max: 9 }),
        count: fc.integer({ min: 1, max: 8 }),
        spread: fc.constantFrom(0, 1e-4, 0.1, 1),
        zeros: fc.integer({ min: 0, max: 5 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        seed: fc.integer(),
      }),
      async ({ rows, columns, count, spread, zeros, share, seed }) => {
        const x = blobs(rows, columns, count, spread, seed);
        for (let z = 0; z < zeros; z++) {
          const row = Math.floor((z + 0.5) / zeros * rows);
          x.data.fill(0, row * columns, (row + 1) * columns);
        }
        const k = 1 + Math.floor(share * (rows - 2));
        assertExact(x, k, (await buildKnnGraph(x, { k })).graph);
        assertExact(x, k, (await buildKnnGraph(x, { k, kernel: false })).graph);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("buildKnnGraph() handles equal rows, zero rows and k = n - 1", async () => {
  const equal = matrix(5, 3, new Float32Array(15).fill(2));
  assert.deepEqual([...(await buildKnnGraph(equal, { k: 2 })).graph.indices], [1, 2, 0, 2, 0, 1, 0, 1, 0, 1]);
  const zero = await buildKnnGraph(matrix(4, 2), { k: 3 });
  assert.deepEqual([...zero.graph.indices], [1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2]);
  assert.deepEqual([...zero.graph.similarities], new Array(12).fill(0));
  assert.equal(zero.report.zero_rows, 4);
  const mixed = blobs(40, 128, 3, 0.5);
  mixed.data.fill(0, 128, 256);
  mixed.data.copyWithin(5 * 128, 7 * 128, 8 * 128);
  const all = await buildKnnGraph(mixed, { k: 39 });
  assertExact(mixed, 39, all.graph);
  assert.deepEqual([all.report.duplicates, all.report.zero_rows], [1, 1]);
});

Deno.test("buildKnnGraph() keeps its digits when all rows lie in one narrow cone", async () => {
  const x = blobs(400, 6, 1, 1e-3);
  const { graph } = await buildKnnGraph(x, { k: 10 });
  let hits = 0;
  for (let i = 0; i < 400; i++) {
    const truth = cosines(x, i);
    const best = Array.from(truth, (_, r) => r).filter((r) => r !== i).sort((a, b) => truth[b] - truth[a]).slice(0, 10);
    for (const r of graph.indices.subarray(i * 10, i * 10 + 10)) if (best.includes(r)) hits++;
  }
  assert.ok(hits / 4000 > 0.999, `recall ${hits / 4000}`);
});

for (
  const [name, x] of [
    ["blobs", blobs(6000, 16, 40, 0.3)],
    ["noise", blobs(6000, 8, 1, 1e3)],
    ["one giant cluster and a few far rows", blobs(6000, 5, 1, 0.01)],
    ["rows that repeat 20 times", blobs(6000, 4, 300, 0)],
    ["a circle", blobs(6000, 2, 7, 1)],
  ] as const
) {
  Deno.test(`selfJoin() reaches the recall over cells, and says so honestly: ${name}`, async () => {
    const options = { k: 20, recall: 0.97, seed: 3, threads: 1 };
    const exact = await selfJoin(x, { ...options, exactCost: Infinity });
    const cells = await selfJoin(x, { ...options, exactCost: 0 });
    const { count } = exact.directions;
    let hits = 0;
    for (let i = 0; i < count; i++) {
      const found = new Set(cells.ids.subarray(i * 20, i * 20 + 20));
      for (let e = i * 20; e < i * 20 + 20; e++) if (found.has(exact.ids[e])) hits++;
    }
    const recall = hits / count / 20;
    const told = cells.report;
    assert.ok(recall >= 0.97, `recall ${recall}, said ${told.recall}`);
    assert.ok(
      Math.abs(recall - told.recall) <= 4 * told.recall_error + 1e-3,
      `recall ${recall}, said ${told.recall}`,
    );
  });
}

Deno.test("selfJoin() says the recall of the whole graph where all rows are in its sample", async () => {
  const x = blobs(1000, 4, 12, 0.3);
  const options = { k: 5, recall: 0.9, seed: 3, threads: 1 };
  const exact = await selfJoin(x, { ...options, exactCost: Infinity });
  const cells = await selfJoin(x, { ...options, exactCost: 0 });
  assert.deepEqual([cells.report.method, cells.report.recall_sample], ["cells", 1000]);
  let hits = 0;
  for (let e = 0; e < exact.ids.length; e++) {
    const row = Math.floor(e / 5);
    if (cells.ids.subarray(row * 5, row * 5 + 5).includes(exact.ids[e])) hits++;
  }
  assert.ok(hits < 5000);
  assert.ok(Math.abs(cells.report.recall - hits / 5000) < 1e-9, `recall ${hits / 5000}, said ${cells.report.recall}`);
});

Deno.test("selfJoin() gives the same with one thread and with two, and with the same seed", async () => {
  const x = blobs(12000, 12, 30, 0.4);
  const options = { k: 15, recall: 0.95, seed: 7, exactCost: 0 };
  const one = await selfJoin(x, { ...options, threads: 1 });
  const two = await selfJoin(x, { ...options, threads: 2 });
  assert.equal(one.report.method, "cells");
  assert.ok(one.ids.every((id, i) => id === two.ids[i]) && one.ids.length === two.ids.length);
  assert.ok(one.similarities.every((similarity, i) => similarity === two.similarities[i]));
});

Deno.test("buildKnnGraph() without its kernel gives what it gives with it, ties aside", async () => {
  const x = blobs(500, 7, 9, 0.3);
  x.data.fill(0, 7, 14);
  x.data.copyWithin(3 * 7, 9 * 7, 10 * 7);
  const [fast, plain] = [await buildKnnGraph(x, { k: 12 }), await buildKnnGraph(x, { k: 12, kernel: false })];
  // The kernel compares distinct directions only.
  assert.deepEqual({ ...plain.report, compared: 497 }, fast.report);
  assert.deepEqual([fast.report.zero_rows, fast.report.duplicates], [1, 1]);
  for (let e = 0; e < fast.graph.indices.length; e++) {
    assert.ok(Math.abs(fast.graph.similarities[e] - plain.graph.similarities[e]) < 1e-6);
    const tied = [e - 1, e + 1].some((o) => Math.abs(plain.graph.similarities[o] - plain.graph.similarities[e]) < 1e-6);
    assert.ok(tied || fast.graph.indices[e] === plain.graph.indices[e], `edge ${e}`);
  }
});

Deno.test("buildKnnGraph() refuses k >= n, NaN, no rows and a recall above 1", async () => {
  const x = blobs(10, 3, 1, 1);
  await assert.rejects(buildKnnGraph(x, { k: 10 }), /Expected k to be an integer in \[1, 9\] but found 10/);
  await assert.rejects(buildKnnGraph(x, { k: 3, recall: 1.5 }), InputError);
  await assert.rejects(buildKnnGraph(matrix(0, 3), { k: 1 }), InputError);
  x.data[3 * 3 + 1] = NaN;
  await assert.rejects(buildKnnGraph(x, { k: 3 }), /found NaN in row 3, column 1/);
});

Deno.test("rows that are asked for have the neighbours that they have in the whole graph, duplicates and zero rows among them", async () => {
  const random = seededRandom(11);
  const x = matrix(900, 6);
  for (let i = 0; i < x.data.length; i++) x.data[i] = random() - 0.5;
  x.data.copyWithin(5 * 6, 800 * 6, 801 * 6);
  x.data.fill(0, 7 * 6, 8 * 6);
  for (const exactCost of [undefined, 0]) {
    const whole = await buildKnnGraph(x, { k: 10, exactCost, recall: 1 });
    const { graph, report } = await buildKnnGraph(x, { k: 10, exactCost, recall: 1, queries: 300 });
    assert.equal(graph.nodeCount, 300);
    assert.deepEqual([...graph.indices], [...whole.graph.indices.subarray(0, 3000)]);
    assert.deepEqual([...graph.similarities], [...whole.graph.similarities.subarray(0, 3000)]);
    assert.equal(report.zero_rows, 1);
  }
});

Deno.test("rows asked for reach the recall that is asked for by way of cells", async () => {
  const random = seededRandom(12);
  const x = matrix(12000, 8);
  for (let i = 0; i < x.data.length; i++) x.data[i] = random() - 0.5;
  const { graph, report } = await buildKnnGraph(x, { k: 10, exactCost: 0, recall: 0.95, queries: 4000 });
  assert.equal(report.method, "cells");
  const exact = await buildKnnGraph(x, { k: 10, recall: 1, queries: 4000 });
  let hits = 0;
  for (let i = 0; i < 4000; i++) {
    const known = new Set(exact.graph.indices.subarray(i * 10, i * 10 + 10));
    for (let e = i * 10; e < i * 10 + 10; e++) if (known.has(graph.indices[e])) hits++;
  }
  assert.ok(hits / 40000 >= 0.94, `recall ${hits / 40000}`);
});
