import assert from "node:assert/strict";
import fc from "fast-check";
import { type MeasuredGraphRun, sizeCluster } from "../../lib/distributed/sizing.ts";

const RUN: MeasuredGraphRun = {
  rows: 100_000,
  columns: 20,
  k: 50,
  cells: 4,
  replication: 2,
  assignSeconds: 0.4,
  joinSeconds: 20,
  shuffleBytes: 20_000_000,
  peakTaskMiB: 256,
};

function value(rows: ReturnType<typeof sizeCluster>, quantity: string): number {
  return rows.find((row) => row.quantity === quantity)!.value;
}

Deno.test("the reckoning is what a hand makes of it", () => {
  // 100 M / 25,000 = 4,000 cells; one run shows no growth, so 2 rows a track; a row is 20 MB / 200,000 = 100 B.
  const rows = sizeCluster([RUN], {
    tracks: 100e6,
    hours: 2,
    coresPerExecutor: 4,
    efficiency: 0.5,
    pricePerCoreHour: 0.04,
  });
  assert.equal(value(rows, "cells"), 4000);
  assert.equal(value(rows, "replication"), 2);
  assert.equal(value(rows, "bytes of a row on its way"), 100);
  // 100 M x 2 x 100 B = 2e10 B.
  assert.equal(value(rows, "shuffle volume"), Number((2e10 / 2 ** 30).toPrecision(4)));
  // One run shows no growth with the cells either: 0.4 s / 100,000 = 4 µs a track, 100 M x 4 µs = 400 s.
  assert.equal(value(rows, "putting rows into cells"), 0.1111);
  // 20 s / 200,000 = 100 µs a row: 200 M x 100 µs = 20,000 s.
  assert.equal(value(rows, "joining the cells"), 5.556);
  // 20,400 s / 3600 / 0.5 = 11.33 core hours; / 8 = 1.4 executors; cost 11.33 x 0.04.
  assert.equal(value(rows, "core hours in all"), 11.33);
  assert.equal(value(rows, "executors"), 2);
  assert.equal(value(rows, "hours"), 1.417);
  assert.equal(value(rows, "memory of an executor"), 1);
  assert.equal(value(rows, "cost"), 0.4533);
});

Deno.test("replication grows with the logarithm of the cells, as the runs show", () => {
  const e = Math.E;
  const runs = [{ ...RUN, cells: 1, replication: 1 }, { ...RUN, rows: 200_000, cells: e, replication: 1.5 }];
  const rows = sizeCluster(runs, { tracks: 10_000, cellRows: 10 });
  assert.equal(value(rows, "replication"), Number((1 + 0.5 * Math.log(1000)).toPrecision(4)));
});

Deno.test("putting rows into cells grows with the number of cells, as the runs show", () => {
  // 1 + 0.5 x cells µs a track: 3 µs at 4 cells, 5 µs at 8; at 1,000 cells 501 µs, of 10,000 tracks 5.01 s.
  const runs = [{ ...RUN, assignSeconds: 0.3 }, { ...RUN, rows: 200_000, cells: 8, assignSeconds: 1 }];
  const rows = sizeCluster(runs, { tracks: 10_000, cellRows: 10 });
  assert.equal(value(rows, "putting rows into cells"), Number((5.01 / 3600).toPrecision(4)));
});

Deno.test("more tracks never need fewer cells, bytes, hours or executors", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (a, b) => {
    const [few, many] = [Math.min(a, b), Math.max(a, b)].map((tracks) => sizeCluster([RUN], { tracks }));
    for (const quantity of ["cells", "shuffle volume", "core hours in all", "executors", "cost"]) {
      assert.ok(value(few, quantity) <= value(many, quantity), quantity);
    }
  }));
});

Deno.test("a reckoning without a measurement is refused", () => {
  assert.throws(() => sizeCluster([], { tracks: 100 }), /at least one measured run but found none/);
  assert.throws(() => sizeCluster([RUN], { tracks: 0 }), /Expected tracks to be an integer of at least 1 but found 0/);
});
