import assert from "node:assert/strict";
import fc from "fast-check";
import { CONTINUATION_METRICS, RANK_METRICS, rankOf } from "../../lib/metrics/ranking.ts";

/** The metrics of a list that continues a playlist, by name. */
function continuationMetrics(list: number[], hidden: number[]): Record<string, number> {
  return Object.fromEntries(CONTINUATION_METRICS.map(({ name, of }) => [name, of(list, new Set(hidden))]));
}

Deno.test("the metrics of the RecSys Challenge by hand", () => {
  const { rPrecision, ndcg, clicks } = continuationMetrics([9, 1, 8, 2, 7], [1, 2, 3]);
  assert.equal(rPrecision, 1 / 3);
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
  assert.ok(Math.abs(ndcg - gain / (1 + 1 / Math.log2(3) + 1 / Math.log2(4))) < 1e-12);
  assert.equal(clicks, 0);
  const late = Array.from({ length: 40 }, (_, i) => i);
  assert.equal(continuationMetrics(late, [20, 99]).clicks, 2);
  assert.deepEqual(continuationMetrics(late, [99]), { rPrecision: 0, ndcg: 0, clicks: 51 });
  // The tenth track still stands on the first page, the eleventh on the second.
  assert.deepEqual([9, 10].map((hit) => continuationMetrics(late, [hit]).clicks), [0, 1]);
  // All hidden tracks first, in any order, is the best there is, also when the list is shorter than what is hidden.
  assert.deepEqual(continuationMetrics([3, 1, 2, 9], [1, 2, 3]), { rPrecision: 1, ndcg: 1, clicks: 0 });
  assert.deepEqual(continuationMetrics([3, 1], [1, 2, 3]), { rPrecision: 2 / 3, ndcg: 1, clicks: 0 });
});

Deno.test("recall, NDCG and MRR of a rank, by hand", () => {
  const of = (rank: number) => RANK_METRICS.map((metric) => metric.of(rank, 10));
  assert.deepEqual(of(1), [1, 1, 1]);
  assert.deepEqual(of(3), [1, 1 / 2, 1 / 3]);
  assert.deepEqual(of(20), [0, 0, 1 / 20]);
});

Deno.test("metrics stay in their ranges, and a better rank or list is never worse", () => {
  const better = ({ better }: { better: string }) => better === "higher" ? 1 : -1;
  fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 30 }), (rank, k) => {
    for (const metric of RANK_METRICS) {
      const value = metric.of(rank, k);
      assert.ok(value >= metric.range[0] && value <= metric.range[1]);
      assert.ok(better(metric) * (value - metric.of(rank + 1, k)) >= 0, metric.name);
    }
  }));
  const list = fc.shuffledSubarray(Array.from({ length: 30 }, (_, t) => t), { minLength: 2 });
  fc.assert(fc.property(list, fc.nat(28), fc.integer({ min: 1, max: 30 }), (list, at, count) => {
    const hidden = new Set(Array.from({ length: count }, (_, t) => t));
    const place = 1 + at % (list.length - 1);
    const swapped = list.with(place - 1, list[place]).with(place, list[place - 1]);
    const [good, bad] = hidden.has(list[place]) && !hidden.has(list[place - 1]) ? [swapped, list] : [list, swapped];
    if (hidden.has(list[place]) === hidden.has(list[place - 1])) return;
    for (const metric of CONTINUATION_METRICS) {
      const [value, other] = [good, bad].map((one) => metric.of(one, hidden));
      assert.ok(value >= metric.range[0] && value <= metric.range[1] + 1e-12);
      assert.ok(better(metric) * (value - other) >= 0, metric.name);
    }
  }));
});

Deno.test("rankOf() leaves the history out, shares the ranks of equal scores, and refuses what is not a number", () => {
  const scores = Float32Array.of(5, 3, 3, 1, 3);
  assert.equal(rankOf(1, scores, [], "model"), 3);
  assert.equal(rankOf(1, scores, [0, 0, 4], "model"), 1.5);
  assert.equal(rankOf(1, scores, [1], "model"), 3);
  assert.throws(() => rankOf(1, Float32Array.of(1, 2, NaN), [], "model"), /model scored track 2 as NaN/);
});
