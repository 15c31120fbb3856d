import assert from "node:assert/strict";
import fc from "fast-check";
import { SERVING_ASSUMPTIONS, type ServingLoad, sizeServing } from "../../lib/distributed/serving_size.ts";
import { InputError } from "../../lib/errors.ts";

const LOAD: ServingLoad = {
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

const valueOf = (load: ServingLoad, what: string) =>
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
