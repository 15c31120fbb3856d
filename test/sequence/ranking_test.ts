import assert from "node:assert/strict";
import fc from "fast-check";
import { playlistsOf } from "../../lib/sequence/interactions.ts";
import { compareResults, evaluateNext, rankMetrics } from "../../lib/sequence/ranking.ts";
import { type SequenceRecommender, topTracks } from "../../lib/sequence/recommender.ts";
import { splitPlaylists } from "../../lib/sequence/split.ts";

const LISTS = [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 0], [3, 4, 5, 0, 1], [4, 5, 0, 1, 2], [5, 0, 1, 2, 3]];
const split = splitPlaylists({
  ...playlistsOf(LISTS),
  userIds: LISTS.map((_, p) => String(p)),
  trackIds: LISTS.map((_, t) => String(t)),
}, { minimumCount: 1 });

function model(name: string, score: (history: Int32Array, out: Float32Array) => void): SequenceRecommender {
  return { name, tracks: 6, score };
}

const circle = model(
  "circle",
  (history, out) => out.forEach((_, t) => out[t] = t === (history.at(-1)! + 1) % 6 ? 1 : 0),
);
const constant = model("constant", (_, out) => out.fill(0));

Deno.test("evaluateNext() gives rank 1 to a model that knows the rule, and the middle to one that ties everything", () => {
  const found = evaluateNext(circle, split, { k: 1 });
  assert.deepEqual([...found.ranks], [1, 1, 1, 1, 1, 1]);
  assert.deepEqual([found.recall.value, found.ndcg.value, found.mrr.value, found.coverage], [1, 1, 1, 1]);
  assert.equal(found.popularityBias.value, 1);
  // Four tracks of six are history, so two are ranked: their shared rank is 1.5.
  assert.deepEqual([...evaluateNext(constant, split, { k: 1 }).ranks], [1.5, 1.5, 1.5, 1.5, 1.5, 1.5]);
});

Deno.test("evaluateNext() leaves the history out of the ranking", () => {
  const likesHistory = model("history", (history, out) => {
    out.fill(0);
    for (const track of history) out[track] = 9;
    out[(history.at(-1)! + 1) % 6] = 1;
  });
  assert.deepEqual([...evaluateNext(likesHistory, split, { k: 1 }).ranks], [1, 1, 1, 1, 1, 1]);
});

Deno.test("evaluateNext() refuses a model whose score is not a number", () => {
  const broken = model("broken", (_, out) => out.fill(NaN));
  assert.throws(() => evaluateNext(broken, split), /k to be an integer|broken scored track/);
  assert.throws(() => evaluateNext(broken, split, { k: 2 }), /broken scored track 0 as NaN/);
});

Deno.test("rankMetrics() gives recall, NDCG and MRR by hand, and its intervals hold the estimates", () => {
  const { recall, ndcg, mrr } = rankMetrics(Float64Array.of(1, 3, 20), 10);
  assert.equal(recall.value, 2 / 3);
  assert.ok(Math.abs(ndcg.value - (1 + 1 / 2) / 3) < 1e-12);
  assert.ok(Math.abs(mrr.value - (1 + 1 / 3 + 1 / 20) / 3) < 1e-12);
  for (const { value, lower, upper } of [recall, ndcg, mrr]) assert.ok(lower <= value && value <= upper);
});

Deno.test("rankMetrics() gives an interval near the normal one for many playlists", () => {
  const ranks = Float64Array.from({ length: 4000 }, (_, i) => i % 5 === 0 ? 1 : 100);
  const { lower, upper } = rankMetrics(ranks, 10).recall;
  const half = 1.96 * Math.sqrt(0.2 * 0.8 / 4000);
  assert.ok(Math.abs(lower - (0.2 - half)) < 0.002 && Math.abs(upper - (0.2 + half)) < 0.002, `${lower} ${upper}`);
});

Deno.test("compareResults() is zero against itself and needs the same playlists", () => {
  const one = evaluateNext(circle, split, { k: 1 });
  assert.deepEqual(compareResults(one, one).recall, { value: 0, lower: 0, upper: 0 });
  assert.equal(compareResults(one, evaluateNext(constant, split, { k: 1 })).recall.value, 1);
  assert.throws(() => compareResults(one, evaluateNext(constant, split, { k: 1, playlists: 2 })), /same playlists/);
});

Deno.test("topTracks() gives what sorting gives", () => {
  const property = fc.property(
    fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1 }),
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.nat(9)),
    (scores, k, exclude) => {
      const expected = scores.map((score, t) => ({ score, t })).filter(({ t }) => !exclude.includes(t))
        .sort((a, b) => b.score - a.score || a.t - b.t).slice(0, k).map(({ t }) => t);
      assert.deepEqual([...topTracks(Float32Array.from(scores), k, exclude)], expected);
    },
  );
  fc.assert(property);
});
