import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import {
  estimateSequenceWeight,
  loadSequenceTerm,
  serveSequenceTerm,
  type WeighedSequenceTerm,
  weighSequenceTerm,
} from "../../lib/hybrid/sequence_term.ts";
import { comparePolicies, valuesOf } from "../../lib/evaluation/comparison.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { openWorkspace } from "../../lib/prepare.ts";
import { seededRandom, shuffleInPlace } from "../../lib/math/random.ts";
import { initialWeights, sasrecConfig, saveSasrec } from "../../lib/sequence/sasrec.ts";
import { serveSasrec } from "../../lib/sequence/serve.ts";
import type { SequenceSplit } from "../../lib/sequence/split.ts";
import { UserState } from "../../lib/score/state.ts";
import { loadCollection } from "../../lib/score/collection.ts";
import { writeParquet } from "../../lib/data/parquet.ts";
import { randomCollection } from "../score/small_worlds.ts";

const collection = randomCollection(120, 20, 3);
const config = sasrecConfig({ tracks: 100, dimensions: 8, window: 10 });
// The model knows tracks 119, 118, … 20 of the catalogue as its codes 0, 1, … 99.
const term: WeighedSequenceTerm = {
  config,
  weights: initialWeights(config, 1),
  trackIds: Array.from({ length: 100 }, (_, code) => `id${119 - code}`),
  weight: 1,
};

Deno.test("serveSequenceTerm() gives the scores of the model itself, and the mean to tracks that it does not know", () => {
  const state = new UserState(collection);
  for (const track of [5, 100, 30, 101]) state.play(track, 0);
  const out = new Float64Array(4);
  serveSequenceTerm(term)(collection)(state)(Int32Array.of(50, 3, 119, 77), out);
  const scores = new Float32Array(100);
  // Track 5 is not in the vocabulary, 100, 30 and 101 are codes 19, 89 and 18.
  serveSasrec(term).score(Int32Array.of(19, 89, 18), scores);
  const expected = [scores[69], scores[0], scores[42]];
  [0, 2, 3].forEach((c, i) => assert.ok(Math.abs(out[c] - expected[i]) < 1e-5));
  assert.ok(Math.abs(out[1] - (out[0] + out[2] + out[3]) / 3) < 1e-12);
});

Deno.test("serveSequenceTerm() gives 0 to all before anything that it knows was played", () => {
  const out = new Float64Array(2).fill(7);
  serveSequenceTerm(term)(collection)(new UserState(collection))(Int32Array.of(50, 60), out);
  assert.deepEqual([...out], [0, 0]);
});

Deno.test("comparePolicies() plays the sequence term when there is a model, alike on one worker and on two", async () => {
  const options = {
    listeners: 2,
    variantListeners: 0,
    librarySize: 40,
    trainingListeners: 12,
    validationListeners: 2,
    sequence: term,
  };
  const [one, two] = await Promise.all([1, 2].map((workers) => comparePolicies(collection, { ...options, workers })));
  assert.ok(one.policies.some(({ name }) => name === "segue-sequence"));
  assert.deepEqual(one.runs, two.runs);
  assert.notDeepEqual(valuesOf(one, "segue-sequence", "similarity"), valuesOf(one, "segue", "similarity"));
});

/** Playlists of 6 drawn tracks, then a validation and a test target: the best or any of 5 tracks by the model's scores. */
function playlists(count: number, follow: boolean): SequenceSplit {
  const random = seededRandom(3);
  const server = serveSasrec(term);
  const scores = new Float32Array(100);
  const rows: number[] = [];
  for (let p = 0; p < count; p++) {
    const order = shuffleInPlace(Int32Array.from({ length: 100 }, (_, code) => code), random);
    const list = Array.from(order.subarray(0, 6));
    for (const from of [6, 11]) {
      server.score(Int32Array.from(list), scores);
      const offered = order.subarray(from, from + 5);
      list.push(follow ? offered.reduce((best, code) => scores[code] > scores[best] ? code : best) : offered[0]);
    }
    rows.push(...list);
  }
  const tracks = Int32Array.from(rows);
  const offsets = Int32Array.from({ length: count + 1 }, (_, p) => 8 * p);
  const userIds = Array.from({ length: count }, (_, p) => `${p}`);
  const counts = new Int32Array(100);
  return {
    offsets,
    tracks,
    trackIds: term.trackIds,
    userIds,
    train: { offsets, tracks },
    counts,
    rounds: 1,
  };
}

const rows = Int32Array.from(term.trackIds, (id) => Number(id.slice(2)));

Deno.test("estimateSequenceWeight() finds the weight that playlists which follow the model ask for, and none in others", () => {
  const options = { candidates: 20, playlists: 300 };
  const follows = estimateSequenceWeight(collection, term, playlists(300, true), rows, options);
  assert.ok(follows.weight > 5 * follows.standardError && follows.gain.lower > 0, JSON.stringify(follows));
  assert.deepEqual([follows.choices, follows.testChoices, follows.candidates], [300, 300, 20]);
  const ignores = estimateSequenceWeight(collection, term, playlists(300, false), rows, options);
  assert.ok(Math.abs(ignores.weight) < 3 * ignores.standardError && ignores.gain.lower < 0.02, JSON.stringify(ignores));
});

Deno.test("estimateSequenceWeight() of two equal candidates has log ½ without the term", () => {
  // Without similarity, keys, artists and clusters that differ, two candidates are as good as each other.
  const even = {
    ...collection,
    embedding: { ...collection.embedding, data: new Float32Array(collection.embedding.data.length) },
    keys: new Int8Array(120).fill(-1),
    clusterCount: 0,
    artists: { ...collection.artists, offsets: new Int32Array(121) },
  };
  const { without } = estimateSequenceWeight(even, term, playlists(40, false), rows, { candidates: 2 });
  assert.ok(Math.abs(without - Math.log(0.5)) < 1e-12, `${without}`);
});

Deno.test("estimateSequenceWeight() refuses playlists whose tracks the catalogue lacks", () => {
  assert.throws(
    () => estimateSequenceWeight(collection, term, playlists(30, true), rows.map(() => -1)),
    /at least 20 playlists whose targets are in the catalogue but found 0/,
  );
});

Deno.test("loadSequenceTerm() names the tracks by their ids in the catalogue, and finds nothing in an empty folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-sequence-"));
  try {
    assert.equal(await loadSequenceTerm(folder), undefined);
    assert.equal(await weighSequenceTerm(folder, collection), undefined);
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
    // A model that was trained on other interactions has names of its own.
    await writeParquet(join(folder, "sasrec", "names.parquet"), [
      { name: "track_id", type: "text", values: ["7", "9"] },
      { name: "track_uri", type: "text", values: ["spotify:track:c", null] },
    ]);
    assert.deepEqual((await loadSequenceTerm(folder))!.trackIds, ["c", "9"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("the stage sasrec trains on the playlists of a collection, and its term is estimated on the targets left out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-sequence-"));
  const before = process.env.SEGUE_DATA;
  process.env.SEGUE_DATA = folder;
  try {
    const workspace = openWorkspace({ tracks: 300, seed: 1 });
    const options = {
      catalog: { playlists: 150 },
      sasrec: { maximumSteps: 4, minimumSteps: 4, evaluateEvery: 4, dimensions: 8 },
    };
    await workspace.prepare("features", options);
    await pcaStage(workspace.directory);
    await graphStage(workspace.directory, { k: 20 });
    const [, trained] = await workspace.prepare("sasrec", options);
    assert.deepEqual([trained.stage, trained.upToDate], ["sasrec", false]);
    const again = await workspace.prepare("sasrec", { catalog: options.catalog });
    assert.ok(again.every(({ upToDate }) => upToDate), "a model that was trained with other settings is kept");
    const own = await loadCollection(workspace.directory);
    const found = (await weighSequenceTerm(workspace.directory, own))!;
    assert.ok(found.trackIds.every((id) => own.indexOf(id) !== undefined));
    assert.ok(found.weight === found.estimate!.weight && found.estimate!.choices > 100);
    rmSync(join(workspace.directory, "playlists"), { recursive: true });
    rmSync(workspace.file("manifest.json"));
    assert.equal(
      (await openWorkspace({ tracks: 300, seed: 1 }).prepare("sasrec", { catalog: { playlists: 0 } })).length,
      1,
    );
  } finally {
    if (before === undefined) delete process.env.SEGUE_DATA;
    else process.env.SEGUE_DATA = before;
    rmSync(folder, { recursive: true, force: true });
  }
});
