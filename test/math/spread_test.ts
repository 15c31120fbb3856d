import assert from "node:assert/strict";
import fc from "fast-check";
import { deviationOf, mergeSpreads, spreadOf } from "../../lib/math/spread.ts";

const close = (a: number, b: number, scale = 1) =>
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, scale), `${a} ≠ ${b}`);

Deno.test("The spread of 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and deviation 2; NaN does not count", () => {
  const spread = spreadOf([2, 4, 4, NaN, 4, 5, 5, 7, 9]);
  assert.deepEqual([spread.count, spread.mean, spread.m2], [8, 5, 32]);
  assert.equal(deviationOf(spread), 2);
  assert.equal(deviationOf(spreadOf([])), 0);
});

Deno.test("Spreads of parts merge to the spread of the whole, in any order", () => {
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }));
  fc.assert(fc.property(numbers, numbers, (a, b) => {
    const whole = spreadOf([...a, ...b]);
    for (const merged of [mergeSpreads(spreadOf(a), spreadOf(b)), mergeSpreads(spreadOf(b), spreadOf(a))]) {
      assert.equal(merged.count, whole.count);
      close(merged.mean, whole.mean, 1e6);
      close(merged.m2, whole.m2, 1e12 * (whole.count + 1));
    }
  }));
});

Deno.test("A small spread around a large mean does not cancel", () => {
  const values = Array.from({ length: 1000 }, (_, i) => 1e9 + i % 2);
  close(deviationOf(spreadOf(values)), 0.5);
});
