import assert from "node:assert/strict";
import fc from "fast-check";
import { codeLists } from "../../lib/catalog/catalog.ts";
import { artistExposure, coverageOf, exposureCounts, knownnessOf, noveltyOf } from "../../lib/metrics/exposure.ts";
import { giniOfExposure } from "../../lib/math/shares.ts";

Deno.test("exposure of plays 3 3 5 in a library 3 4 5 has coverage 2/3 and Gini 4/9", () => {
  const counts = exposureCounts([3, 3, 5, 9], [3, 4, 5]);
  assert.deepEqual([...counts], [2, 0, 1]);
  assert.ok(Math.abs(coverageOf(counts) - 2 / 3) < 1e-12);
  // Sorted 0 1 2: (−2·0 + 0·1 + 2·2) / (3·3)
  assert.ok(Math.abs(giniOfExposure(counts) - 4 / 9) < 1e-12);
});

Deno.test("giniOfExposure() is half the mean absolute difference over the mean", () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 25 }), (counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    fc.pre(total > 0);
    let difference = 0;
    for (const a of counts) for (const b of counts) difference += Math.abs(a - b);
    const gini = giniOfExposure(counts);
    assert.ok(Math.abs(gini - difference / (2 * counts.length * total)) < 1e-12);
    assert.ok(gini <= 1 - 1 / counts.length + 1e-12);
    assert.ok(Math.abs(gini - giniOfExposure(counts.map((count) => 7 * count))) < 1e-12);
  }));
});

Deno.test("artistExposure() counts a joint track for both, and artists that were never played as 0", () => {
  const artists = codeLists([["A"], ["A", "B"], ["C"], ["D"]]);
  assert.deepEqual([...artistExposure([1, 0, 1, 3], [0, 1, 2], artists)], [3, 2, 0]);
});

Deno.test("noveltyOf() of two plays with probability 1/2 and 1/8 is 2 bits", () => {
  assert.equal(noveltyOf([0, 1], [0.5, 0.125]), 2);
  assert.equal(noveltyOf([0, 1, 2, 3], knownnessOf(4)), 2);
});

Deno.test("knownnessOf() sums to 1 and grows with popularity", () => {
  const known = knownnessOf(3, [0, 9, NaN]);
  assert.ok(Math.abs(known[0] + known[1] + known[2] - 1) < 1e-12);
  assert.ok(Math.abs(known[1] / known[0] - 10) < 1e-12);
  assert.equal(known[2], known[0]);
});

Deno.test("exposure metrics refuse what has no value", () => {
  assert.throws(() => coverageOf([]), /at least one item/);
  assert.throws(() => giniOfExposure([0, 0]), /at least one play/);
  assert.throws(() => giniOfExposure([1, -1]), /not negative but found -1/);
  assert.throws(() => noveltyOf([0], [0]), /probability of track 0 in \(0, 1\] but found 0/);
});
