import assert from "node:assert/strict";
import fc from "fast-check";
import { miscalibration } from "../../lib/math/shares.ts";

Deno.test("miscalibration() of a taste (1/2, 1/2) played (1, 0) is 1.959 nats at α 0.01", () => {
  // q̃ = (0.995, 0.005): 0.5 ln(0.5 / 0.995) + 0.5 ln(0.5 / 0.005)
  assert.ok(Math.abs(miscalibration([1, 1], [3, 0]) - 1.9585177737) < 1e-9);
});

Deno.test("miscalibration() is 0 for the taste itself and at most −ln α", () => {
  const shares = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 })
    .filter((counts) => counts.some((count) => count > 0));
  fc.assert(fc.property(shares, shares, (taste, played) => {
    assert.ok(miscalibration(taste, taste) < 1e-12);
    const value = miscalibration(taste, played);
    assert.ok(value >= 0 && value <= -Math.log(0.01) + 1e-12);
  }));
  assert.ok(Math.abs(miscalibration([1, 0], [0, 1]) + Math.log(0.01)) < 1e-12);
});

Deno.test("miscalibration() refuses shares over different classes", () => {
  assert.throws(() => miscalibration([1, 1], [1, 1, 1]), /Expected 2 classes in played as in taste but found 3/);
});
