import assert from "node:assert/strict";
import fc from "fast-check";
import { neighborPurity2d } from "../../lib/embedding/quality.ts";
import { stratifiedSample, umapOfSample } from "../../lib/embedding/umap.ts";
import { firstNonFinite, matrix } from "../../lib/matrix.ts";
import { seededRandom } from "../../lib/random.ts";
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
  const positions = umapOfSample(x, sample, seededRandom(2), { epochs: 60 });
  assert.deepEqual(positions, umapOfSample(x, sample, seededRandom(2), { epochs: 60 }));
  assert.equal(firstNonFinite(positions), undefined);
  const labels = Int32Array.from({ length: 400 }, (_, i) => i % 4);
  const rows = labels.map((_, i) => i);
  assert.ok(neighborPurity2d(positions, labels, rows, 5).purity > 0.95);
});

Deno.test("bad input is named", () => {
  assert.throws(
    () => umapOfSample(matrix(9, 2), Int32Array.of(0, 1, 2), seededRandom(1)),
    /at least 4 tracks .* found 3/,
  );
});
