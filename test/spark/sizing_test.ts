import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type MeasuredGraphRun,
  SERVING_ASSUMPTIONS,
  sizeCluster,
  sizeServing,
  type SizingLine,
} from "../../lib/spark/sizing.ts";
import { InputError } from "../../lib/data/errors.ts";

const RUN: MeasuredGraphRun = {
  rows: 100_000,
  cells: 4,
  replication: 2,
  assignSeconds: 0.4,
  joinSeconds: 20,
  shuffleBytes: 20_000_000,
  peakTaskMiB: 256,
};

/** To four digits. */
function value(rows: SizingLine[], what: string): number {
  return Number(rows.find((row) => row.what === what)!.value.toPrecision(4));
}

Deno.test("the reckoning is what a hand makes of it", () => {
  // 100 M / 25,000 = 4,000 cells; one run shows no growth, so 2 rows a track; a row is 20 MB / 200,000 = 100 B.
  const rows = sizeCluster([RUN], {
    tracks: 100e6,
    hours: 2,
    efficiency: 0.5,
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
  // 20,400 s / 3600 / 0.5 = 11.33 core hours; / 8 = 1.4 executors; cost 11.33 x 0.05.
  assert.equal(value(rows, "core hours in all"), 11.33);
  assert.equal(value(rows, "executors"), 2);
  assert.equal(value(rows, "hours"), 1.417);
  assert.equal(value(rows, "memory of an executor"), 1);
  assert.equal(value(rows, "cost"), 0.5667);
});

Deno.test("replication grows with the logarithm of the cells, as the runs show", () => {
  // 1 at 1 cell, 1.5 at e cells; the larger run has 10 rows a cell, so 10,000 tracks are 1,000 cells.
  const e = Math.E;
  const runs = [{ ...RUN, rows: 9, cells: 1, replication: 1 }, { ...RUN, rows: 10 * e, cells: e, replication: 1.5 }];
  const rows = sizeCluster(runs, { tracks: 10_000 });
  assert.equal(value(rows, "replication"), Number((1 + 0.5 * Math.log(1000)).toPrecision(4)));
});

Deno.test("putting rows into cells grows with the number of cells, as the runs show", () => {
  // 1 + 0.5 x cells µs a track: 3 µs at 4 cells, 5 µs at 8; at 1,000 cells of 25,000 rows 501 µs, of 25 M tracks 12,525 s.
  const runs = [{ ...RUN, assignSeconds: 0.3 }, { ...RUN, rows: 200_000, cells: 8, assignSeconds: 1 }];
  const rows = sizeCluster(runs, { tracks: 25e6 });
  assert.equal(value(rows, "putting rows into cells"), Number((12_525 / 3600).toPrecision(4)));
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

const LOAD = {
  ...SERVING_ASSUMPTIONS,
  microsecondsPerPick: 50,
  microsecondsPerUpdate: 10,
  requestsPerSecond: 2000,
  requestCores: 2,
  bytesPerGraphRow: 400,
  bytesPerEmbedding: 100,
  bytesPerEvent: 50,
  bytesPerBelief: 100,
  tracks: 1e6,
  listeners: 1e6,
  activeShare: 0.5,
  picksPerDay: 24,
  peakFactor: 3.6,
  utilisation: 0.5,
};

const valueOf = (load: typeof LOAD, what: string) =>
  sizeServing(load).find((line) => line.what.startsWith(what))!.value;

Deno.test("sizeServing() by hand: a million listeners, half of them active, 24 picks a day", () => {
  // 12 million picks a day are 138.9 a second, 500 at the peak.
  assert.ok(Math.abs(valueOf(LOAD, "picks at the peak") - 500) < 1e-9);
  assert.ok(Math.abs(valueOf(LOAD, "cores to choose") - 500 * 50e-6 / 0.5) < 1e-12);
  assert.ok(Math.abs(valueOf(LOAD, "cores to answer") - 1) < 1e-12);
  assert.ok(Math.abs(valueOf(LOAD, "graph and embeddings") - 5e8 / 2 ** 30) < 1e-12);
  assert.equal(valueOf(LOAD, "machines"), LOAD.copies);
});

Deno.test("twice the listeners never need fewer machines, nor cost less in all", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), (millions) => {
    const [one, two] = [millions, 2 * millions].map((m) => ({ ...LOAD, listeners: m * 1e6 }));
    assert.ok(valueOf(two, "machines") >= valueOf(one, "machines"));
    assert.ok(valueOf(two, "all of it") * two.listeners >= valueOf(one, "all of it") * one.listeners - 1e-6);
  }));
});

Deno.test("sizeServing() refuses numbers that are not above 0, and machines that cannot hold the graph", () => {
  assert.throws(() => sizeServing({ ...LOAD, listeners: 0 }), InputError);
  assert.throws(() => sizeServing({ ...LOAD, tracks: 1e10 }), /more memory/);
});
