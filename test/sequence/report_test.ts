import assert from "node:assert/strict";
import { CONTINUATION_METRICS, type ListMetric, RANK_METRICS, type RankMetric } from "../../lib/metrics/ranking.ts";
import { fitMarkov, fitPopularity } from "../../lib/sequence/baselines.ts";
import { evaluateContinuation } from "../../lib/sequence/continuation.ts";
import { evaluateNext } from "../../lib/sequence/ranking.ts";
import {
  continuationTable,
  formatEstimate,
  orderAblation,
  resultTable,
  sideOfZero,
} from "../../lib/sequence/report.ts";
import { twoWays } from "./contract.ts";

const split = twoWays();
const popularity = fitPopularity(split.train, split.trackIds.length);

Deno.test("a metric that joins the list stands in results and tables, beside those that were there", () => {
  const worst = { name: "worst", label: "worst@k", definition: "the rank itself", source: "here" } as const;
  const first: RankMetric = { ...worst, range: [1, Infinity], better: "lower", digits: 1, of: (rank) => rank };
  const metrics = [...RANK_METRICS, first];
  const result = evaluateNext(popularity, split, { k: 5, playlists: 50, metrics });
  const [row] = resultTable([result], metrics);
  assert.match(String(row["worst@5"]), /^\d+\.\d \[\d+\.\d, \d+\.\d\]$/);
  const [before] = resultTable([evaluateNext(popularity, split, { k: 5, playlists: 50 })]);
  for (const column of ["Recall@5", "NDCG@5", "MRR"]) assert.equal(row[column], before[column]);
  const length: ListMetric = {
    ...worst,
    label: "length",
    range: [0, 500],
    better: "higher",
    of: (list) => list.length,
  };
  const lists = [...CONTINUATION_METRICS, length];
  const [continued] = continuationTable(
    [evaluateContinuation(popularity, split, Int32Array.of(0, 1), { metrics: lists })],
    lists,
  );
  assert.deepEqual(Object.keys(continued), ["model", "R-precision", "NDCG", "clicks", "length"]);
  assert.match(continued.length, /^11\d\./);
});

Deno.test("formatEstimate() and sideOfZero() tell a number with its interval", () => {
  assert.equal(formatEstimate({ value: 0.12345, lower: 0.1, upper: 0.2 }), "0.1235 [0.1000, 0.2000]");
  const sides = [[0.1, 0.2], [-0.2, -0.1], [-0.1, 0.1]].map(([lower, upper]) => sideOfZero({ value: 0, lower, upper }));
  assert.deepEqual(sides, ["above zero", "below zero", "around zero"]);
});

Deno.test("orderAblation(): shuffling before the last track changes nothing for a Markov chain, all shuffled it loses", () => {
  const [row] = orderAblation([fitMarkov(split.train, split.trackIds.length)], split, { k: 5, playlists: 300 });
  assert.equal(row["true order"], row["shuffled before the last track"]);
  assert.ok(parseFloat(row["all shuffled"]) < parseFloat(row["true order"]) - 0.1, JSON.stringify(row));
});
