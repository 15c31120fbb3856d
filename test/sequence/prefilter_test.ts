import assert from "node:assert/strict";
import fc from "fast-check";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { BLOCK, quantizeRows, queryLevels } from "../../lib/sequence/prefilter.ts";
import { initialWeights, sasrecConfig } from "../../lib/sequence/sasrec.ts";
import { serveSasrec } from "../../lib/sequence/serve.ts";

const TRACKS = 40 * BLOCK - 13;
const D = 16;
const config = sasrecConfig({ tracks: TRACKS, dimensions: D, window: 6 });
const weights = initialWeights(config, 1);
const [filtered, whole] = [0, Infinity].map((from) => serveSasrec({ config, weights }, from));

/** The answers with and without the prefilter on embeddings. */
function answers(items: Float32Array, history: number[], k: number) {
  return [filtered, whole].map((server) => {
    server.update({ ...weights, items });
    return server.next(history, k);
  });
}

function expectSame(items: Float32Array, history: number[], k: number): void {
  const [found, expected] = answers(items, history, k);
  const told = (list: typeof found) => list.map(({ track, score }) => ({ track, score }));
  assert.deepEqual(told(found), told(expected));
}

/** Embeddings made to be hard for 8 bits. */
const TABLES: Record<string, (t: number, c: number, random: () => number) => number> = {
  "plain rows": (_t, _c, random) => random() - 0.5,
  "rows of very different length": (t, _c, random) => (random() - 0.5) * 10 ** (t % 9 - 6),
  "rows that all tie": () => 0.25,
  "rows that tie in groups": (t, c) => Math.sin(3 * (t % 7) + c),
  "rows a hair apart": (t, c) => Math.sin(c) * (1 + (t * 7919 % TRACKS) * 2 ** -22),
  "one large element that hides the others": (_t, c, random) => c === 5 ? 100 : random() - 0.5,
  "zero rows among others": (t, _c, random) => t % 3 === 0 ? 0 : random() - 0.5,
  "numbers that 32 bits hardly hold": (_t, _c, random) => (random() - 0.5) * 1e-42,
  "rows of numbers that 32 bits hardly hold and of others": (t, _c, random) =>
    (random() - 0.5) * (t % 2 === 0 ? 4e-43 : 3e-36),
  "all scores below zero": (t, c, random) => -Math.abs(Math.sin(c + t % 5)) - random(),
};

for (const [name, element] of Object.entries(TABLES)) {
  Deno.test(`next() with the prefilter gives what the whole scan gives: ${name}`, () => {
    const random = seededRandom(2, name);
    for (let round = 0; round < 4; round++) {
      const items = Float32Array.from({ length: TRACKS * D }, (_, i) => element(Math.floor(i / D), i % D, random));
      const history = Array.from({ length: 5 }, () => randomInteger(random, TRACKS));
      // The best are taken out of the ranking by the history, ties and all.
      const [, best] = answers(items, history, 4);
      for (const k of [1, 3, 10]) expectSame(items, [...best.map(({ track }) => track), ...history], k);
    }
  });
}

Deno.test("next() with the prefilter gives what the whole scan gives, whatever the table", () => {
  const property = fc.property(
    fc.integer(),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 1, max: 6 }),
    (seed, k, levels) => {
      const random = seededRandom(seed, "table");
      // Few distinct values make many ties.
      const items = Float32Array.from({ length: TRACKS * D }, () => randomInteger(random, 2 * levels + 1) / levels - 1);
      expectSame(items, [1, randomInteger(random, TRACKS), TRACKS - 1], k);
    },
  );
  fc.assert(property, { numRuns: 25 });
});

Deno.test("the prefilter moves probabilities by less than a thousandth of themselves", () => {
  const random = seededRandom(8, "spread");
  const items = Float32Array.from({ length: TRACKS * D }, () => 2 * (random() - 0.5));
  const [found, expected] = answers(items, [3, 9], 10);
  found.forEach(({ probability }, i) => {
    assert.ok(Math.abs(probability / expected[i].probability - 1) < 1e-3, `${probability} ${expected[i].probability}`);
  });
});

Deno.test("next() reads everything where more is asked for than the bounds can tell apart", () => {
  const items = Float32Array.from({ length: TRACKS * D }, (_, i) => Math.sin(i * i));
  expectSame(items, [4], 50);
  assert.equal(answers(items, [4], TRACKS)[0].length, TRACKS - 1);
});

Deno.test("quantizeRows() keeps every inner product within its bound", () => {
  const d = 12;
  const levels = queryLevels(d);
  const property = fc.property(fc.integer(), fc.integer({ min: -8, max: 8 }), (seed, exponent) => {
    const random = seededRandom(seed, "row");
    const table = Float32Array.from({ length: 5 * d }, () => (random() - 0.5) * 10 ** exponent);
    const into = { values: new Int8Array(5 * 16), scales: new Float32Array(5), spreads: new Float32Array(5) };
    quantizeRows(table, d, 16, into, levels);
    const query = Float64Array.from({ length: d }, () => random() - 0.5);
    for (let j = 0; j < 5; j++) {
      let error = 0;
      for (let c = 0; c < d; c++) error += query[c] * (table[j * d + c] - into.values[j * 16 + c] * into.scales[j]);
      assert.ok(Math.abs(error) <= Math.hypot(...query) * into.spreads[j]);
    }
  });
  fc.assert(property);
});

Deno.test("queryLevels() keeps sums within 32 bits, by hand", () => {
  assert.equal(queryLevels(64), 32767);
  assert.ok(queryLevels(4096) * 127 * 4096 <= 2 ** 31 - 1 && queryLevels(4096) > 4000);
});
