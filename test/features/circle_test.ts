import assert from "node:assert/strict";
import { fifthsPosition, keyAtFifths } from "../../lib/features/circle.ts";

Deno.test("Keys a fifth apart are neighbours, and a minor key stands with its relative major", () => {
  assert.deepEqual([0, 7, 2, 9].map((key) => fifthsPosition(key, 1)), [0, 1, 2, 3]);
  assert.equal(fifthsPosition(9, 0), fifthsPosition(0, 1));
  assert.equal(fifthsPosition(6, 1), 6);
});

Deno.test("The position gives the key back", () => {
  for (const mode of [0, 1]) {
    for (let key = 0; key < 12; key++) assert.equal(keyAtFifths(fifthsPosition(key, mode), mode), key);
  }
});
