import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { md5Numbers } from "../../lib/catalog/md5.ts";

Deno.test("The MD5 of abc is that of RFC 1321", () => {
  assert.deepEqual(md5Numbers()("abc"), [0x900150983cd2, 0x4fb0d6963f7d]);
});

Deno.test("The MD5 of any text is that of node:crypto, the longest of one block and longer ones too", () => {
  const md5 = md5Numbers();
  const check = (text: string) => {
    const digest = createHash("md5").update(text).digest();
    assert.deepEqual(md5(text), [digest.readUIntBE(0, 6), digest.readUIntBE(6, 6)]);
  };
  for (const length of [0, 1, 25, 54, 55, 56, 63, 64, 65, 200]) check("x".repeat(length));
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 80 }).filter((text) => text.isWellFormed()), check));
});
