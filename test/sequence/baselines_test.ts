import assert from "node:assert/strict";
import { fitItemKnn, fitMarkov, fitPopularity } from "../../lib/sequence/baselines.ts";
import { playlistsOf } from "../../lib/sequence/interactions.ts";
import type { SequenceRecommender } from "../../lib/sequence/recommender.ts";
import { testContract } from "./contract.ts";

testContract("popularity", fitPopularity);
testContract("Markov", fitMarkov);
testContract("item-kNN", fitItemKnn);
testContract("item-kNN with recency", (train, tracks) => fitItemKnn(train, tracks, { halfLife: 3 }));

const LISTS = playlistsOf([[0, 1, 2], [0, 1, 3], [4, 0, 1]]);

function scores(model: SequenceRecommender, history: number[]): number[] {
  const out = new Float32Array(model.tracks);
  model.score(Int32Array.from(history), out);
  return [...out];
}

function near(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 1e-5, `${found} is not near ${expected}`);
}

Deno.test("fitPopularity() gives log((count + 1) / (positions + tracks))", () => {
  scores(fitPopularity(LISTS, 5), [2]).forEach((score, t) => near(score, Math.log([4, 4, 2, 2, 2][t] / 14)));
});

Deno.test("fitMarkov() gives the discounted chain by hand, and its probabilities sum to 1", () => {
  // Pairs: 0>1 three times, 1>2, 1>3, 4>0 once: D = 3 / (3 + 0) = 1.
  const model = fitMarkov(LISTS, 5);
  const popularity = [4, 4, 2, 2, 2].map((count) => count / 14);
  const after0 = scores(model, [4, 0]).map(Math.exp);
  popularity.forEach((p, t) => near(after0[t], (t === 1 ? 2 / 3 : 0) + p / 3));
  for (const track of [0, 1, 4]) near(scores(model, [track]).map(Math.exp).reduce((sum, p) => sum + p), 1);
  scores(model, [3]).map(Math.exp).forEach((p, t) => near(p, popularity[t]));
});

Deno.test("fitItemKnn() gives the sum of cosines that the co-occurrence matrix gives", () => {
  const matrix = [[3, 3, 1, 1, 1], [3, 3, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [1, 1, 0, 0, 1]];
  const cosine = (i: number, j: number) => matrix[i][j] / Math.sqrt(matrix[i][i] * matrix[j][j]);
  const found = scores(fitItemKnn(LISTS, 5), [2, 4]);
  found.forEach((score, t) => near(score, Math.log(1e-4 + cosine(2, t) + cosine(4, t))));
  const recent = scores(fitItemKnn(LISTS, 5, { halfLife: 1 }), [2, 4]);
  recent.forEach((score, t) => near(score, Math.log(1e-4 + cosine(2, t) / 2 + cosine(4, t))));
});
