import assert from "node:assert/strict";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { describeClusters, describeComponent, inWords } from "../../lib/embedding/describe.ts";

Deno.test("describeComponent() sets what rises against what falls", () => {
  const names = ["energy", "loudness", "acousticness", "genre=rock", "decade=1990"];
  assert.equal(describeComponent([0.6, 0.5, -0.6, 0.1, 0], names), "energy and loudness against acousticness");
  assert.equal(describeComponent([0, 0, 0, 0.9, 0.6], names), "rock and the 1990s");
});

Deno.test("inWords() names the three features that differ most, the genres and the years", () => {
  const standardized = { tempo: 1.5, loudness: 1.2, instrumentalness: 1.1, energy: 0.9, valence: -0.1 };
  const genres = [{ name: "techno", share: 0.7 }, { name: "house", share: 0.2 }];
  assert.equal(
    inWords(standardized, genres, { from: 2012, to: 2020 }),
    "fast, loud, instrumental; mostly techno; 2012–2020",
  );
  assert.equal(
    inWords({ tempo: -0.4 }, [{ name: "a", share: 0.3 }, { name: "b", share: 0.2 }]),
    "slow; a and b among others",
  );
  assert.equal(inWords({}), "average in sound");
});

Deno.test("describeClusters() works by hand, and without genres, years and features", () => {
  const catalog: Catalog = {
    length: 4,
    numbers: {
      tempo: Float64Array.of(80, 80, 160, NaN),
      year: Float64Array.of(1990, NaN, 2000, 2010),
      energy: Float64Array.of(0.5, 0.5, 0.5, 0.5),
    },
    texts: {},
    lists: { genres: [["rock"], ["rock", "pop"], [], ["pop"]] },
  };
  const [slow, fast] = describeClusters(catalog, Int32Array.of(0, 0, 1, 1), 2);
  assert.equal(slow.description, "slow; mostly rock; 1990");
  assert.deepEqual([slow.size, slow.share, slow.means.tempo, slow.examples], [2, 0.5, 80, [0, 1]]);
  assert.deepEqual(slow.genres, [{ name: "rock", share: 1 }, { name: "pop", share: 0.5 }]);
  assert.equal(fast.description, "fast; mostly pop; 2000–2010");
  const bare = describeClusters({ length: 2, numbers: {}, texts: {}, lists: {} }, Int32Array.of(0, 0), 1);
  assert.deepEqual(bare, [{
    cluster: 0,
    size: 2,
    share: 1,
    description: "average in sound",
    means: {},
    standardized: {},
    examples: [0, 1],
  }]);
});

Deno.test("the typical tracks of a cluster are different works where titles say so", () => {
  const title = ["Tide", "Tide", null, null, "Ebb"];
  const catalog: Catalog = {
    length: 5,
    numbers: { tempo: Float64Array.of(100, 100, 101, 102, 160) },
    texts: { title },
    lists: {},
  };
  const [{ examples }] = describeClusters(catalog, new Int32Array(5), 1);
  assert.equal(examples.length, 3);
  assert.equal(examples.filter((t) => title[t] === "Tide").length, 1);
  assert.ok(examples.includes(2) && examples.includes(3));
});
