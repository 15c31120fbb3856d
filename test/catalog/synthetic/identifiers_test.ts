import assert from "node:assert/strict";
import { identifier } from "../../../lib/catalog/synthetic/identifiers.ts";

Deno.test("identifiers are 22 letters and digits and do not collide", () => {
  const ids = new Set<string>();
  for (let i = 0; i < 100_000; i++) ids.add(identifier(42, "track", i));
  assert.equal(ids.size, 100_000);
  assert.match(identifier(42, "album", 7), /^[0-9A-Za-z]{22}$/);
  assert.notEqual(identifier(42, "album", 7), identifier(42, "track", 7));
  assert.notEqual(identifier(42, "album", 7), identifier(43, "album", 7));
});
