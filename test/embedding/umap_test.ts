import assert from "node:assert/strict";
import fc from "fast-check";
import { neighborPurity2d } from "../../lib/embedding/quality.ts";
import { exactNeighbors } from "../../lib/math/neighbors.ts";
import { placeAmong, stratifiedSample, umapOfSample } from "../../lib/embedding/umap.ts";
import { firstNonFinite, matrix, takeRows, unitRows } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { blobs } from "./samples.ts";

Deno.test("stratifiedSample() gives every stratum its share, and a rare one at least one row", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 90 }), fc.integer(), (size, seed) => {
      const strata = Array.from({ length: 100 }, (_, i) => i === 0 ? "rare" : i < 30 ? "third" : "rest");
      const sample = stratifiedSample(strata, size, seededRandom(seed));
      assert.equal(sample.length, size);
      assert.equal(new Set(sample).size, size);
      assert.deepEqual(sample, sample.toSorted());
      assert.ok(sample.includes(0));
      const third = sample.filter((i) => strata[i] === "third").length;
      assert.ok(Math.abs(third - 0.29 * size) < 2, `${third} of ${size}`);
    }),
    { numRuns: 40 },
  );
  assert.deepEqual([...stratifiedSample([1, 1, 2], 5, seededRandom(1))], [0, 1, 2]);
});

Deno.test("umapOfSample() keeps blobs together, places the rows outside the sample too, and repeats under a seed", () => {
  const x = blobs(400, 6, 4, 8, 3);
  const sample = stratifiedSample(Array.from({ length: 400 }, (_, i) => i % 4), 200, seededRandom(1));
  const positions = umapOfSample(x, sample, seededRandom(2), 60);
  assert.deepEqual(positions, umapOfSample(x, sample, seededRandom(2), 60));
  assert.equal(firstNonFinite(positions), undefined);
  const labels = Int32Array.from({ length: 400 }, (_, i) => i % 4);
  const rows = labels.map((_, i) => i);
  assert.ok(neighborPurity2d(positions, labels, rows, 5).purity > 0.95);
});

Deno.test("placeAmong() puts a point on its only neighbour, and between two equal ones, by hand", () => {
  // The rest of the layout is so far away that it pushes by less than can be seen.
  const layout = matrix(1000, 2, new Float32Array(2000).fill(1e6));
  layout.data.set([3, 4, 5, 4]);
  const place = (...indices: number[]) => {
    const similarities = new Float32Array(indices.length).fill(0.9);
    return placeAmong(
      layout,
      { indices: Int32Array.from(indices), similarities, k: indices.length },
      seededRandom(1),
    ).data;
  };
  const on = place(0);
  assert.ok(Math.hypot(on[0] - 3, on[1] - 4) < 1e-3, `${on}`);
  const between = place(0, 1);
  assert.ok(between[0] > 3 && between[0] < 5 && Math.abs(between[1] - 4) < 1e-3, `${between}`);
});

Deno.test("placeAmong() puts points near their neighbours, nearer than to others, and moves no point of the layout", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededRandom(seed);
      // Two islands 20 apart; each new point has its neighbours on one of them.
      const layout = matrix(60, 2, Float32Array.from({ length: 120 }, (_, i) => 2 * random() + (i < 60 ? 0 : 20)));
      const before = layout.data.slice();
      const indices = Int32Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 30) + Math.floor(30 * random()));
      const similarities = Float32Array.from({ length: 40 }, (_, i) => 0.9 - 0.01 * (i % 5));
      const places = placeAmong(layout, { indices, similarities, k: 5 }, random).data;
      for (let i = 0; i < 8; i++) {
        for (const axis of [0, 1]) assert.ok(Math.abs(places[2 * i + axis] - (i < 4 ? 1 : 21)) < 6);
      }
      assert.deepEqual(layout.data, before);
    }),
    { numRuns: 30 },
  );
});

Deno.test("placeAmong() keeps more true neighbours of new points than their weighted mean does", () => {
  const x = unitRows(blobs(700, 6, 3, 1, 5));
  const sample = Int32Array.from({ length: 600 }, (_, i) => i);
  const anchors = takeRows(x, sample);
  const fresh = takeRows(x, Int32Array.from({ length: 100 }, (_, i) => 600 + i));
  const layout = takeRows(umapOfSample(x, sample, seededRandom(2)), sample);
  const near = exactNeighbors(anchors, fresh, 15);
  const overlap = (points: Float32Array) => {
    let shared = 0;
    for (let q = 0; q < 100; q++) {
      const away = (j: number) =>
        Math.hypot(points[2 * q] - layout.data[2 * j], points[2 * q + 1] - layout.data[2 * j + 1]);
      const found = [...sample].sort((a, b) => away(a) - away(b)).slice(0, 15);
      const known = near.indices.subarray(15 * q, 15 * q + 15);
      shared += found.filter((j) => known.includes(j)).length / 15;
    }
    return shared / 100;
  };
  const mean = Float32Array.from({ length: 200 }, (_, at) => {
    const own = near.indices.subarray(15 * (at >> 1), 15 * (at >> 1) + 5);
    return own.reduce((sum, j) => sum + layout.data[2 * j + at % 2], 0) / own.length;
  });
  const [placed, averaged] = [overlap(placeAmong(layout, near, seededRandom(3)).data), overlap(mean)];
  assert.ok(placed > averaged, `${placed} of the neighbours against ${averaged}`);
});

Deno.test("bad input is named", () => {
  assert.throws(
    () => umapOfSample(matrix(9, 2), Int32Array.of(0, 1, 2), seededRandom(1)),
    /at least 4 tracks .* found 3/,
  );
});
