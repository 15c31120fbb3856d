import assert from "node:assert/strict";
import fc from "fast-check";
import { type Companions, countPairs, topCompanions } from "../../lib/sequence/cooccurrence.ts";

Deno.test("companions by hand: 2 stands with 1 in two playlists, with 3 in one", () => {
  const found = topCompanions(countPairs([[1, 2], [2, 1, 3]]), 2);
  assert.deepEqual([...found.get(2)!], [[1, 2], [3, 1]]);
});

Deno.test("counts of parts add up to those of the whole", () => {
  const playlists = fc.array(fc.array(fc.nat(8), { maxLength: 6 }), { maxLength: 12 });
  fc.assert(fc.property(playlists, fc.nat(12), (lists, cut) => {
    const parts = [...countPairs(lists.slice(0, cut)), ...countPairs(lists.slice(cut))];
    const told = (pairs: Iterable<[number, Companions]>) =>
      [...topCompanions(pairs, 4)].map(([track, companions]) => [track, [...companions]]).sort();
    assert.deepEqual(told(parts), told(countPairs(lists)));
  }));
});

Deno.test("a pair counts as often one way as the other, and never a track with itself", () => {
  fc.assert(fc.property(fc.array(fc.array(fc.nat(8), { maxLength: 6 })), (lists) => {
    const pairs = [...countPairs(lists)].flatMap(([a, companions]) =>
      Array.from(companions, ([b, count]) => ({ a, b, count }))
    );
    const table = new Map(pairs.map(({ a, b, count }) => [`${a} ${b}`, count]));
    for (const { a, b, count } of pairs) {
      assert.notEqual(a, b);
      assert.equal(count, table.get(`${b} ${a}`));
    }
  }));
});
