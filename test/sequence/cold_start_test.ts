import assert from "node:assert/strict";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { evaluateColdStart } from "../../lib/sequence/cold_start.ts";
import { playlistsOf } from "../../lib/sequence/interactions.ts";
import { topTracks } from "../../lib/sequence/recommender.ts";
import { splitPlaylists } from "../../lib/sequence/split.ts";
import { loadTensorFlow } from "../../lib/math/tensor.ts";

const { backend } = await loadTensorFlow();

/** Playlists that stay within one of five kinds of tracks; the features tell the kind, with noise. */
function kinds() {
  const random = seededRandom(5, "kinds");
  const lists = Array.from({ length: 400 }, () => {
    const kind = randomInteger(random, 5);
    const list = new Set<number>();
    while (list.size < 10) list.add(5 * randomInteger(random, 24) + kind);
    return [...list];
  });
  const split = splitPlaylists({
    ...playlistsOf(lists),
    userIds: lists.map((_, p) => String(p)),
    trackIds: Array.from({ length: 120 }, (_, t) => String(t)),
  });
  const data = new Float32Array(120 * 5);
  for (let t = 0; t < 120; t++) for (let f = 0; f < 5; f++) data[5 * t + f] = (t % 5 === f ? 2 : -0.5) + random() - 0.5;
  return { split, features: { data, rows: 120, columns: 5 } };
}

Deno.test({
  name: "evaluateColdStart() recommends tracks that stand in no playlist, from their features",
  ignore: backend.name !== "tensorflow",
  async fn() {
    const { split, features } = kinds();
    const training = {
      dimensions: 16,
      window: 8,
      batchSize: 64,
      learningRate: 0.01,
      minimumSteps: 60,
      maximumSteps: 60,
      evaluateEvery: 60,
    };
    const result = await evaluateColdStart(split, features, { share: 0.2, k: 5, places: 300, training });
    assert.equal(result.coldTracks, 24);
    assert.ok(result.amongCold.lower > 2 * result.chance, JSON.stringify(result));
    assert.ok(result.amongAll.value <= result.amongCold.value);
    // The model speaks the split's codes: a playlist of one kind goes on with tracks of that kind.
    const scores = new Float32Array(120);
    const kindOf = (track: number) => Number(split.trackIds[track]) % 5;
    const history = Int32Array.from(
      Array.from({ length: 120 }, (_, t) => t).filter((t) => kindOf(t) === 2).slice(0, 6),
    );
    result.model.score(history, scores);
    const best = topTracks(scores, 10, history);
    assert.ok(best.filter((track) => kindOf(track) === 2).length >= 8, String(best.map(kindOf)));
  },
});

Deno.test("evaluateColdStart() refuses features of another number of tracks", async () => {
  const { split } = kinds();
  const features = { data: new Float32Array(8), rows: 2, columns: 4 };
  await assert.rejects(evaluateColdStart(split, features), /Expected features of 120 tracks but found 2/);
});
