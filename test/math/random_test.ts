import assert from "node:assert/strict";
import fc from "fast-check";
import { drawFrom, drawToFront, sampleCategorical, seededRandom, shuffleInPlace } from "../../lib/math/random.ts";

Deno.test("seededRandom() is uniform on [0, 1) and streams of other labels differ", () => {
  const random = seededRandom(7);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]++;
  // Chi-square with 9 degrees of freedom: 27.9 is exceeded with probability 0.001.
  assert.ok(counts.reduce((sum, c) => sum + (c - 10_000) ** 2 / 10_000, 0) < 27.9);
  assert.notEqual(seededRandom(7, "a")(), seededRandom(7, "b")());
  assert.notEqual(seededRandom(7)(), seededRandom(8)());
});

Deno.test("shuffleInPlace() gives a permutation, the same one under the same seed", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
    const once = shuffleInPlace([...values], seededRandom(seed));
    assert.deepEqual(once, shuffleInPlace([...values], seededRandom(seed)));
    assert.deepEqual(once.toSorted((a, b) => a - b), values.toSorted((a, b) => a - b));
  }));
});

Deno.test("drawToFront() draws each value once at most, all alike often", () => {
  const random = seededRandom(3);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 5000; i++) {
    const drawn = drawToFront(Int32Array.of(0, 1, 2, 3, 4), 2, random);
    assert.notEqual(drawn[0], drawn[1]);
    for (const value of drawn) counts[value]++;
  }
  for (const count of counts) assert.ok(Math.abs(count / 5000 - 2 / 5) < 0.03);
  assert.deepEqual([...drawToFront(Int32Array.of(4, 7), 3, random)].sort(), [4, 7]);
});

Deno.test("sampleCategorical() never draws a weight of zero and follows the others", () => {
  const random = seededRandom(1);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 30_000; i++) counts[sampleCategorical([0, 1, 2, 0], random)]++;
  assert.deepEqual([counts[0], counts[3]], [0, 0]);
  assert.ok(Math.abs(counts[2] / 30_000 - 2 / 3) < 0.01);
});

Deno.test("drawFrom() draws in proportion and never what weighs nothing", () => {
  const random = seededRandom(1);
  const sums = Float64Array.of(0, 1, 1, 4, 4);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 8000; i++) counts[drawFrom(sums, random)]++;
  assert.deepEqual(counts.filter((_, i) => i % 2 === 0), [0, 0, 0]);
  assert.ok(Math.abs(counts[3] / 8000 - 0.75) < 0.02);
});
