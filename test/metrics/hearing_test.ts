import assert from "node:assert/strict";
import fc from "fast-check";
import { heardShare, playsUntilHeard } from "../../lib/metrics/hearing.ts";

Deno.test("heardShare() and playsUntilHeard() follow a library to its end", () => {
  assert.deepEqual([...heardShare([4, 4, 5, 9, 6, 7], [4, 5, 6, 7])], [0.25, 0.25, 0.5, 0.5, 0.75, 1]);
  assert.equal(playsUntilHeard([4, 4, 5, 9, 6, 7], [4, 5, 6, 7]), 6);
  assert.equal(playsUntilHeard([4, 4, 5, 9, 6, 7], [4, 5, 6, 7], 0.5), 3);
  assert.equal(playsUntilHeard([4, 5], [4, 5, 6]), undefined);
  assert.throws(() => heardShare([1], []), /at least one track in the library/);
});

Deno.test("playsUntilHeard() is the size of the library for any order without repeats", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(500), { minLength: 1 }), (order) => {
    assert.equal(playsUntilHeard(order, [...order].sort()), order.length);
  }));
});
