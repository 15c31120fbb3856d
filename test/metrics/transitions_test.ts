import assert from "node:assert/strict";
import fc from "fast-check";
import { keyTransitions, tempoTransitions } from "../../lib/metrics/transitions.ts";
import { keyPosition } from "../../lib/math/circle.ts";

Deno.test("keyTransitions() of C, A minor, G, F sharp matches by 2/3, two of three compatible", () => {
  // C → A minor: relative, 1. A minor → G: one step, 5/6. G → F sharp: five steps, 1/6.
  const keys = [keyPosition(0, 1), keyPosition(9, 0), keyPosition(7, 1), keyPosition(6, 1), -1];
  const { known, match, compatible } = keyTransitions([0, 1, 2, 3], keys);
  assert.equal(known, 3);
  assert.ok(Math.abs(match - 2 / 3) < 1e-12);
  assert.ok(Math.abs(compatible - 2 / 3) < 1e-12);
  assert.deepEqual(keyTransitions([0, 4, 0], keys), { known: 0, match: NaN, compatible: NaN });
});

Deno.test("keyTransitions() is the same forwards and backwards, and in every transposition", () => {
  fc.assert(fc.property(fc.array(fc.nat(11), { minLength: 2 }), fc.nat(11), (positions, shift) => {
    const plays = positions.map((_, p) => p);
    const value = keyTransitions(plays, positions);
    const moved = keyTransitions(plays.toReversed(), positions.map((position) => (position + shift) % 12));
    assert.ok(Math.abs(value.match - moved.match) < 1e-12 && value.match >= 0 && value.match <= 1);
    assert.ok(Math.abs(value.compatible - moved.compatible) < 1e-12);
  }));
});

Deno.test("tempoTransitions() takes a doubled tempo for the same pulse", () => {
  // 100 → 108 is just smooth, 108 → 54 is the same pulse, 54 → 70 lies 0.374 octaves away.
  const { known, distance, smooth } = tempoTransitions([0, 1, 2, 3], [100, 108, 54, 70, NaN]);
  assert.equal(known, 3);
  assert.ok(Math.abs(smooth - 2 / 3) < 1e-12);
  assert.ok(Math.abs(distance - (Math.log2(1.08) + 0 + Math.log2(70 / 54)) / 3) < 1e-12);
  assert.equal(tempoTransitions([0, 4], [100, 1, 1, 1, NaN]).known, 0);
});

Deno.test("tempoTransitions() does not change when all tempi are scaled", () => {
  const tempi = fc.array(fc.double({ min: 40, max: 220, noNaN: true }), { minLength: 2 });
  fc.assert(fc.property(tempi, fc.double({ min: 0.5, max: 2, noNaN: true }), (tempo, factor) => {
    const plays = tempo.map((_, p) => p);
    const value = tempoTransitions(plays, tempo).distance;
    assert.ok(value >= 0 && value <= 0.5);
    assert.ok(Math.abs(value - tempoTransitions(plays, tempo.map((bpm) => bpm * factor)).distance) < 1e-9);
  }));
});

Deno.test("transitions refuse a single play and negative tempi", () => {
  assert.throws(() => keyTransitions([0], [3]), /Expected at least 2 plays but found 1/);
  assert.throws(() => tempoTransitions([0, 1], [100, -3]), /Expected tempi above 0 BPM but found -3/);
});
