import assert from "node:assert/strict";
import { drawScenario, LIBRARY_KINDS, LISTENING_PATTERNS, scenarioCollection } from "../../lib/evaluation/scenarios.ts";
import { createCollection } from "../../lib/score/collection.ts";
import { randomCollection } from "../score/small_worlds.ts";

const collection = randomCollection(400, 10, 1);

Deno.test("drawScenario() goes round all kinds of libraries and patterns in 12 listeners", () => {
  const seen = new Set(Array.from({ length: 12 }, (_, listener) => {
    const { library, pattern } = drawScenario(collection, listener);
    return `${library}, ${pattern}`;
  }));
  assert.equal(seen.size, LIBRARY_KINDS.length * LISTENING_PATTERNS.length);
});

Deno.test("drawScenario() draws the libraries that it names", () => {
  const [genre, broad, tiny, artist] = [0, 1, 2, 3].map((listener) =>
    drawScenario(collection, listener, { librarySize: 90 })
  );
  assert.ok(genre.catalog.lists.genres!.every((genres) => genres.includes(genre.about)));
  assert.deepEqual([broad.tracks.length, tiny.tracks.length], [90, 40]);
  const own = artist.catalog.lists.artists!.filter((artists) => artists.includes(artist.about)).length;
  assert.ok(own >= 2 && own <= artist.tracks.length / 2);
  for (const { tracks, starts } of [genre, broad, tiny, artist]) {
    assert.equal(new Set(tracks).size, tracks.length);
    assert.ok(starts.every((start) => start < tracks.length));
  }
});

Deno.test("drawScenario() draws the same listener again, and another under another seed", () => {
  assert.deepEqual(drawScenario(collection, 5), drawScenario(collection, 5));
  assert.notDeepEqual(drawScenario(collection, 5).weights, drawScenario(collection, 5, { seed: 43 }).weights);
});

Deno.test("scenarioCollection() holds the library's rows of the catalogue and neighbours among them alone", async () => {
  const scenario = drawScenario(collection, 1, { librarySize: 60 });
  const own = await scenarioCollection(scenario);
  assert.equal(own.trackCount, 60);
  scenario.tracks.forEach((track, i) => {
    assert.equal(own.catalog.texts.track_id![i], collection.catalog.texts.track_id![track]);
    assert.equal(own.keys[i], collection.keys[track]);
    assert.equal(own.graph.offsets[i + 1] - own.graph.offsets[i], 50);
  });
});

Deno.test("drawScenario() works without genres and clusters, and refuses a catalogue of a few tracks", () => {
  const { genres: _, ...lists } = collection.catalog.lists;
  const plain = createCollection({
    catalog: { ...collection.catalog, lists },
    graph: collection.graph,
    embedding: collection.embedding,
  });
  assert.equal(drawScenario(plain, 0).about, "cluster 0");
  assert.equal(drawScenario(plain, 0).clusters, undefined);
  assert.throws(() => drawScenario(randomCollection(12, 3, 1), 0), /at least 20 tracks to draw from but found 12/);
  assert.throws(() => drawScenario(collection, -1), /Expected listener to be an integer/);
});
