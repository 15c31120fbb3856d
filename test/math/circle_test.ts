import assert from "node:assert/strict";
import { keyAtFifths, keyPosition } from "../../lib/math/circle.ts";

Deno.test("Keys a fifth apart are neighbours, and a minor key stands with its relative major", () => {
  assert.deepEqual([0, 7, 2, 9].map((key) => keyPosition(key, 1)), [0, 1, 2, 3]);
  assert.equal(keyPosition(9, 0), keyPosition(0, 1));
  assert.equal(keyPosition(6, 1), 6);
});

Deno.test("The position gives the key back", () => {
  for (const mode of [0, 1]) {
    for (let key = 0; key < 12; key++) assert.equal(keyAtFifths(keyPosition(key, mode), mode), key);
  }
});
