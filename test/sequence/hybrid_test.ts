import assert from "node:assert/strict";
import { randomInteger, seededRandom } from "../../lib/random.ts";
import { fitItemKnn, fitMarkov, fitPopularity } from "../../lib/sequence/baselines.ts";
import { affinityRecommender, nameCodes } from "../../lib/sequence/content.ts";
import { continuationMetrics, evaluateContinuation, holdOutPlaylists } from "../../lib/sequence/continuation.ts";
import { fitHybrid, hybridRecommender } from "../../lib/sequence/hybrid.ts";
import { playlistsOf } from "../../lib/sequence/interactions.ts";
import { compareResults, evaluateNext } from "../../lib/sequence/ranking.ts";
import { splitPlaylists } from "../../lib/sequence/split.ts";
import { CONTRACT_TRACKS, testContract } from "./contract.ts";

testContract(
  "affinity",
  () => affinityRecommender("artist", Int32Array.from({ length: CONTRACT_TRACKS }, (_, t) => t % 7 - 1)),
);
testContract("hybrid", (train, tracks) =>
  hybridRecommender([
    { feature: "popularity", model: fitPopularity(train, tracks) },
    { feature: "markov", model: fitMarkov(train, tracks), standardize: true },
  ], [0.5, 1]));

/** Two ways to go on: the next track on a circle, or a track of the same artist (t mod 20); each half of the time. */
function twoWays() {
  const random = seededRandom(3, "two ways");
  const size = 120;
  const lists = Array.from({ length: 600 }, () => {
    const list = [randomInteger(random, size)];
    while (list.length < 12) {
      const last = list.at(-1)!;
      const next = random() < 0.5 ? (last + 1) % size : (last + 20 * (1 + randomInteger(random, 5))) % size;
      list.push(list.includes(next) ? randomInteger(random, size) : next);
    }
    return list;
  });
  return splitPlaylists({
    ...playlistsOf(lists),
    userIds: lists.map((_, p) => String(p)),
    trackIds: Array.from({ length: size }, (_, t) => String(t)),
  });
}

Deno.test("fitHybrid() weighs two sources of evidence so that both together beat each by more than chance", () => {
  const split = twoWays();
  const tracks = split.trackIds.length;
  const circle = fitMarkov(split.train, tracks);
  const artist = affinityRecommender("artist", Int32Array.from(split.trackIds, (id) => Number(id) % 20), 0.5);
  const { model, logit } = fitHybrid([
    { feature: "markov", model: circle },
    { feature: "artist", model: artist },
  ], split);
  for (const { feature, estimate, standardError } of logit.coefficients) {
    assert.ok(estimate > 4 * standardError, `${feature}: ${estimate} ± ${standardError}`);
  }
  const [both, ...alone] = [model, circle, artist].map((m) => evaluateNext(m, split, { k: 5 }));
  for (const one of alone) {
    const { ndcg } = compareResults(both, one);
    assert.ok(ndcg.lower > 0, `${one.name}: ${JSON.stringify(ndcg)}`);
  }
  const knn = evaluateNext(fitItemKnn(split.train, tracks), split, { k: 5 });
  assert.ok(knn.recall.value < both.recall.value);
});

Deno.test("nameCodes() tells albums of one name by different artists apart", () => {
  const names = {
    rows: new Map([["5", 0], ["6", 1], ["7", 2]]),
    uris: [null, null, null],
    titles: ["a", "b", "c"],
    artists: ["X", "Y", "X"],
    albums: ["Greatest Hits", "Greatest Hits", "Greatest Hits"],
    label: (id: string) => id,
  };
  assert.deepEqual([...nameCodes(["5", "6", "7", "8"], names, "albums")], [0, 1, 0, -1]);
  assert.deepEqual([...nameCodes(["5", "6", "7", "8"], names, "artists")], [0, 1, 0, -1]);
});

Deno.test("continuationMetrics() gives the challenge's metrics by hand", () => {
  const { rPrecision, ndcg, clicks } = continuationMetrics([9, 1, 8, 2, 7], [1, 2, 3]);
  assert.equal(rPrecision, 1 / 3);
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
  assert.ok(Math.abs(ndcg - gain / (1 + 1 / Math.log2(3) + 1 / Math.log2(4))) < 1e-12);
  assert.equal(clicks, 0);
  const late = Array.from({ length: 40 }, (_, i) => i);
  assert.equal(continuationMetrics(late, [20, 99]).clicks, 2);
  assert.deepEqual(continuationMetrics(late, [99]), { rPrecision: 0, ndcg: 0, clicks: 51 });
});

Deno.test("evaluateContinuation() judges playlists that training did not hold", () => {
  const split = twoWays();
  const { heldOut, rest } = holdOutPlaylists(split, 50);
  assert.equal(rest.userIds.length, split.userIds.length - 50);
  assert.ok([...heldOut].every((p) => !rest.userIds.includes(split.userIds[p])));
  assert.equal(rest.train.tracks.length, rest.tracks.length - 2 * rest.userIds.length);
  const tracks = split.trackIds.length;
  const [knn, popularity] = [fitItemKnn(rest.train, tracks), fitPopularity(rest.train, tracks)]
    .map((model) => evaluateContinuation(model, split, heldOut));
  assert.ok(knn.rPrecision.value > popularity.rPrecision.value && knn.clicks.value < popularity.clicks.value);
});
