import assert from "node:assert/strict";
import { metricOf, METRICS, metricTable } from "../../lib/metrics/registry.ts";

Deno.test("every metric has a name of its own, a range upwards, and a way to be computed", () => {
  assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  for (const { name, label, definition, range: [low, high], ofSessions, ofRun } of METRICS) {
    assert.ok(label && definition && low < high && (ofSessions || ofRun), name);
  }
});

Deno.test("metricTable() tells each metric's range with its unit, and metricOf() refuses a name that there is not", () => {
  const row = metricTable().find(({ metric }) => metric === metricOf("similarity").label)!;
  assert.deepEqual([row.range, row.better], ["−1 to 1 (cosine)", "higher"]);
  assert.equal(metricTable([metricOf("attained")])[0].range, "−∞ to 1");
  assert.throws(() => metricOf("repeats"), /Expected a metric \(trackRepeat, .*\) but found 'repeats'/);
});
