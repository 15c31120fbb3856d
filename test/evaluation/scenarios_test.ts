import assert from "node:assert/strict";
import { drawScenario, LIBRARY_KINDS, LISTENING_PATTERNS, scenarioWorld } from "../../lib/evaluation/scenarios.ts";
import { createShuffleWorld } from "../../lib/shuffle/world.ts";
import { randomWorld } from "../shuffle/small_worlds.ts";

const world = randomWorld(400, 10, 1);

Deno.test("drawScenario() goes round all kinds of libraries and patterns in 12 listeners", () => {
  const seen = new Set(Array.from({ length: 12 }, (_, listener) => {
    const { library, pattern } = drawScenario(world, listener);
    return `${library}, ${pattern}`;
  }));
  assert.equal(seen.size, LIBRARY_KINDS.length * LISTENING_PATTERNS.length);
});

Deno.test("drawScenario() draws the libraries that it names", () => {
  const [genre, broad, tiny, artist] = [0, 1, 2, 3].map((listener) =>
    drawScenario(world, listener, { librarySize: 90 })
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
  assert.deepEqual(drawScenario(world, 5), drawScenario(world, 5));
  assert.notDeepEqual(drawScenario(world, 5).weights, drawScenario(world, 5, { seed: 43 }).weights);
});

Deno.test("scenarioWorld() holds the library's rows of the catalogue and neighbours among them alone", async () => {
  const scenario = drawScenario(world, 1, { librarySize: 60 });
  const own = await scenarioWorld(scenario);
  assert.equal(own.trackCount, 60);
  scenario.tracks.forEach((track, i) => {
    assert.equal(own.catalog.texts.track_id![i], world.catalog.texts.track_id![track]);
    assert.equal(own.keys[i], world.keys[track]);
    assert.equal(own.graph.offsets[i + 1] - own.graph.offsets[i], 50);
  });
});

Deno.test("drawScenario() works without genres and clusters, and refuses a catalogue of a few tracks", () => {
  const { genres: _, ...lists } = world.catalog.lists;
  const plain = createShuffleWorld({
    catalog: { ...world.catalog, lists },
    graph: world.graph,
    embedding: world.embedding,
  });
  assert.equal(drawScenario(plain, 0).about, "cluster 0");
  assert.equal(drawScenario(plain, 0).clusters, undefined);
  assert.throws(() => drawScenario(randomWorld(12, 3, 1), 0), /at least 20 tracks to draw from but found 12/);
  assert.throws(() => drawScenario(world, -1), /Expected listener to be an integer/);
});
