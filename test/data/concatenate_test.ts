import assert from "node:assert/strict";
import fc from "fast-check";
import { concatenate } from "../../lib/data/concatenate.ts";

Deno.test("concatenate() puts arrays one behind another, by hand", () => {
  const all = concatenate(Int32Array, [Int32Array.of(1, 2), new Int32Array(0), Int32Array.of(3)]);
  assert.deepEqual(all, Int32Array.of(1, 2, 3));
  assert.deepEqual(concatenate(Uint8Array, []), new Uint8Array(0));
});

Deno.test("concatenate() gives what flat() gives, in a buffer of its own, whatever the parts are views of", () => {
  fc.assert(fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 255 }))), (lists) => {
    const parts = lists.map((list) => Uint8Array.from([9, ...list]).subarray(1));
    const all = concatenate(Uint8Array, parts);
    assert.deepEqual([...all], lists.flat());
    assert.deepEqual([all.byteOffset, all.buffer.byteLength], [0, all.length]);
  }));
});
