import assert from "node:assert/strict";
import { attentionMap, modelComparison, playlistOverview, trainingCurve } from "../../lib/plots/sequence.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { themed } from "../../lib/plots/theme.ts";
import { playlistsOf } from "../../lib/sequence/interactions.ts";

Deno.test("the figures of notebook 10 render, with titles on their axes, and are small", async () => {
  const weights = [[Float32Array.of(0.2, 0.8), Float32Array.of(0.5, 0.5)]];
  const estimate = { value: 0.1, lower: 0.05, upper: 0.2 };
  const result = {
    name: "one",
    k: 10,
    playlists: Int32Array.of(0),
    ranks: Float64Array.of(1),
    recall: estimate,
    ndcg: estimate,
    mrr: estimate,
    coverage: 0.1,
    popularityBias: estimate,
    milliseconds: 1,
  };
  const point = { step: 10, epoch: 1, loss: 5, ndcg: 0.1, recall: 0.2, seconds: 1 };
  const figures = {
    "rank of the track": playlistOverview(playlistsOf([[0, 1, 2], [1, 2]]), 3),
    "optimiser steps": trainingCurve([point, { ...point, step: 20 }]),
    "Recall@10, 95 % interval": modelComparison([result, { ...result, name: "two" }]),
    "the last track at the bottom": attentionMap(weights, ["A · B", "C · D"]),
  };
  for (const [title, spec] of Object.entries(figures)) {
    assert.ok((await renderSvg(themed(spec))).includes(title), title);
    assert.ok(JSON.stringify(spec).length < 300_000);
  }
});
