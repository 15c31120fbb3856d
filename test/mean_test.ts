import assert from "node:assert/strict";
import fc from "fast-check";
import { mean } from "../lib/mean.ts";

Deno.test("mean() of three values by hand, of none, and with one that is missing", () => {
  assert.equal(mean(Float64Array.of(1, 2, 6)), 3);
  assert.ok(Number.isNaN(mean([])));
  assert.ok(Number.isNaN(mean([1, NaN])));
});

Deno.test("mean() lies between the smallest and the largest value and moves with all of them", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (values) => {
    const found = mean(values);
    assert.ok(found >= Math.min(...values) && found <= Math.max(...values));
    assert.ok(Math.abs(mean(values.map((value) => value + 5)) - found - 5) < 1e-9);
  }));
});
