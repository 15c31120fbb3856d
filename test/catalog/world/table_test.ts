import fc from "fast-check";
import assert from "node:assert/strict";
import { seededRandom } from "../../../lib/random.ts";
import { identifier } from "../../../lib/catalog/world/identifiers.ts";
import { accumulate, drawFrom } from "../../../lib/catalog/world/sampling.ts";
import { PackedTexts } from "../../../lib/catalog/world/table.ts";

Deno.test("PackedTexts gives back every text", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
    const packed = new PackedTexts();
    for (const text of texts) packed.push(text);
    assert.equal(packed.length, texts.length);
    texts.forEach((text, i) => assert.equal(packed.at(i), text.toWellFormed()));
  }));
});

Deno.test("drawFrom() draws in proportion and never what weighs nothing", () => {
  const random = seededRandom(1);
  const sums = accumulate([0, 1, 0, 3, 0]);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 8000; i++) counts[drawFrom(sums, random)]++;
  assert.deepEqual(counts.filter((_, i) => i % 2 === 0), [0, 0, 0]);
  assert.ok(Math.abs(counts[3] / 8000 - 0.75) < 0.02);
});

Deno.test("identifiers are 22 letters and digits and do not collide", () => {
  const ids = new Set<string>();
  for (let i = 0; i < 100_000; i++) ids.add(identifier(42, "track", i));
  assert.equal(ids.size, 100_000);
  assert.match(identifier(42, "album", 7), /^[0-9A-Za-z]{22}$/);
  assert.notEqual(identifier(42, "album", 7), identifier(42, "track", 7));
  assert.notEqual(identifier(42, "album", 7), identifier(43, "album", 7));
});
