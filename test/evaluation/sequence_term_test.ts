import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSequenceTerm, type SequenceTerm, serveSequenceTerm } from "../../lib/evaluation/sequence_term.ts";
import { runTournament, valuesOf } from "../../lib/evaluation/tournament.ts";
import { initialWeights, sasrecConfig, saveSasrec } from "../../lib/sequence/sasrec.ts";
import { serveSasrec } from "../../lib/sequence/serve.ts";
import { UserState } from "../../lib/shuffle/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/shuffle/weights.ts";
import { writeParquet } from "../../lib/storage/parquet.ts";
import { randomWorld } from "../shuffle/small_worlds.ts";

const world = randomWorld(120, 20, 3);
const config = sasrecConfig({ tracks: 100, dimensions: 8, window: 10 });
// The model knows tracks 119, 118, … 20 of the catalogue as its codes 0, 1, … 99.
const term: SequenceTerm = {
  config,
  weights: initialWeights(config, 1),
  trackIds: Array.from({ length: 100 }, (_, code) => `id${119 - code}`),
};

Deno.test("serveSequenceTerm() gives the scores of the model itself, and the mean to tracks that it does not know", () => {
  const state = new UserState(world);
  for (const track of [5, 100, 30, 101]) state.play(track, 0);
  const out = new Float64Array(4);
  serveSequenceTerm(term)(world)(state)(Int32Array.of(50, 3, 119, 77), out);
  const scores = new Float32Array(100);
  // Track 5 is not in the vocabulary, 100, 30 and 101 are codes 19, 89 and 18.
  serveSasrec(term).score(Int32Array.of(19, 89, 18), scores);
  const expected = [scores[69], scores[0], scores[42]];
  [0, 2, 3].forEach((c, i) => assert.ok(Math.abs(out[c] - expected[i]) < 1e-5));
  assert.ok(Math.abs(out[1] - (out[0] + out[2] + out[3]) / 3) < 1e-12);
});

Deno.test("serveSequenceTerm() gives 0 to all before anything that it knows was played", () => {
  const out = new Float64Array(2).fill(7);
  serveSequenceTerm(term)(world)(new UserState(world))(Int32Array.of(50, 60), out);
  assert.deepEqual([...out], [0, 0]);
});

Deno.test("runTournament() plays the sequence term when there is a model, alike on one worker and on two", async () => {
  const options = { listeners: 4, variantListeners: 0, librarySize: 40, learned: DEFAULT_WEIGHTS, sequence: term };
  const [one, two] = await Promise.all([1, 2].map((workers) => runTournament(world, { ...options, workers })));
  assert.ok(one.policies.some(({ name }) => name === "segue-sequence"));
  assert.deepEqual(one.values, two.values);
  assert.notDeepEqual(valuesOf(one, "segue-sequence", "similarity"), valuesOf(one, "segue", "similarity"));
});

Deno.test("loadSequenceTerm() names the tracks by their ids in the catalogue, and finds nothing in an empty folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-sequence-"));
  try {
    assert.equal(await loadSequenceTerm(folder), undefined);
    const small = sasrecConfig({ tracks: 2, dimensions: 8, window: 4 });
    saveSasrec(
      { config: small, weights: initialWeights(small, 1), trackIds: ["7", "9"], training: {} },
      join(folder, "sasrec"),
    );
    await writeParquet(join(folder, "track_names.parquet"), [
      { name: "track_id", type: "int32", values: Int32Array.of(9, 7) },
      { name: "track_uri", type: "text", values: ["spotify:track:b", "spotify:track:a"] },
      { name: "title", type: "text", values: ["B", "A"] },
      { name: "artist", type: "text", values: ["X", "Y"] },
      { name: "album", type: "text", values: ["", ""] },
    ]);
    assert.deepEqual((await loadSequenceTerm(folder))!.trackIds, ["a", "b"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
