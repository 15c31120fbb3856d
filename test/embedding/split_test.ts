import assert from "node:assert/strict";
import fc from "fast-check";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { leakageGroups, splitByGroup } from "../../lib/embedding/split.ts";
import { seededRandom } from "../../lib/math/random.ts";

Deno.test("splitByGroup() puts every row in one part, no group in two, and leaves no part empty", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 200 }),
      fc.integer(),
      (raw, seed) => {
        const names = [...new Set(raw)];
        fc.pre(names.length >= 3);
        const groups = Int32Array.from(raw, (name) => names.indexOf(name));
        const split = splitByGroup(groups, names.length, seededRandom(seed));
        const parts = [split.train, split.validation, split.test];
        assert.deepEqual(parts.flatMap((rows) => [...rows]).sort((a, b) => a - b), raw.map((_, i) => i));
        const owners = parts.map((rows) => new Set(Array.from(rows, (r) => groups[r])));
        assert.equal(owners[0].size + owners[1].size + owners[2].size, names.length);
        for (const rows of parts) assert.ok(rows.length > 0);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("the parts have their shares when groups are small", () => {
  const groups = Int32Array.from({ length: 1000 }, (_, i) => i >> 1);
  const { train, validation, test } = splitByGroup(groups, 500, seededRandom(1));
  assert.deepEqual([train.length, validation.length, test.length], [800, 100, 100]);
  assert.throws(() => splitByGroup(Int32Array.of(0, 1), 2, seededRandom(1)), /Expected at least 3 groups/);
});

Deno.test("leakageGroups() groups by artist, else by album, else not at all", () => {
  const catalog = (artists: string[][] | undefined, albums?: (string | null)[]): Catalog => ({
    length: 20,
    numbers: {},
    texts: albums ? { album: albums } : {},
    lists: artists ? { artists } : {},
  });
  const twenty = Array.from({ length: 20 }, (_, i) => i);
  const many = leakageGroups(catalog(twenty.map((i) => [`artist ${i >> 1}`, "guest"])));
  assert.deepEqual([many.by, many.count, many.groups[0] === many.groups[1]], ["artist", 10, true]);
  const one = twenty.map(() => ["one"]);
  assert.equal(leakageGroups(catalog(one, twenty.map((i) => `album ${i % 10}`))).by, "album");
  assert.deepEqual(leakageGroups(catalog(one)), { by: "track", groups: Int32Array.from(twenty), count: 20 });
});
