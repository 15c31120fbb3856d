import assert from "node:assert/strict";
import fc from "fast-check";
import { codeLists } from "../../lib/catalog/catalog.ts";
import { repeatGaps, repeatRates } from "../../lib/metrics/repetition.ts";

const identity = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

Deno.test("repeatRates() gives the values worked out by hand", () => {
  // a b a c c a: gaps to the same track 0 0 2 0 1 3, so 1, 2 and 3 of 6 plays repeat within 1, 2 and 3.
  const plays = [0, 1, 0, 2, 2, 0];
  assert.deepEqual([...repeatGaps(plays, identity(3))], [0, 0, 2, 0, 1, 3]);
  assert.deepEqual([...repeatRates(plays, identity(3), 4)].map((rate) => Math.round(rate * 6)), [1, 2, 3, 3]);
});

Deno.test("repeatGaps() looks at every artist of a track", () => {
  const artists = codeLists([["A"], ["B"], ["A", "B"], ["C"]]);
  assert.deepEqual([...repeatGaps([0, 1, 2, 3, 0], artists)], [0, 0, 1, 0, 2]);
});

Deno.test("repeatGaps() does not take unknown labels for repeats", () => {
  assert.deepEqual([...repeatGaps([0, 1, 0], Int32Array.of(-1, -1))], [0, 0, 0]);
});

Deno.test("repeatRates() agrees with the definition and never falls with the window", () => {
  fc.assert(fc.property(fc.array(fc.nat(7), { minLength: 1, maxLength: 60 }), (plays) => {
    const rates = repeatRates(plays, identity(8), 20);
    for (let n = 1; n <= 20; n++) {
      const repeats = plays.filter((track, p) => plays.slice(Math.max(0, p - n), p).includes(track)).length;
      assert.ok(Math.abs(rates[n - 1] - repeats / plays.length) < 1e-12);
      assert.ok(n === 1 || rates[n - 1] >= rates[n - 2]);
    }
  }));
});

Deno.test("repeatRates() refuses an empty run and a track that does not exist", () => {
  assert.throws(() => repeatRates([], identity(3)), /Expected at least 1 play but found 0/);
  assert.throws(() => repeatRates([0, 3], identity(3)), /Expected play 1 to be a track index in \[0, 2\] but found 3/);
});
