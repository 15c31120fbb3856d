import assert from "node:assert/strict";
import fc from "fast-check";
import { isCompatible, keyMatches, tempoDistances } from "../../lib/metrics/transitions.ts";
import { keyPosition } from "../../lib/math/circle.ts";

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);

Deno.test("keyMatches() of C, A minor, G, F sharp are 1, 5/6 and 1/6, the first two compatible", () => {
  // C → A minor: relative. A minor → G: one step. G → F sharp: five steps.
  const keys = [keyPosition(0, 1), keyPosition(9, 0), keyPosition(7, 1), keyPosition(6, 1), -1];
  const matches = keyMatches([0, 1, 2, 3], keys);
  assert.equal(matches.length, 3);
  [1, 5 / 6, 1 / 6].forEach((expected, i) => assert.ok(Math.abs(matches[i] - expected) < 1e-12));
  assert.deepEqual(matches.map(isCompatible), [true, true, false]);
  assert.deepEqual(keyMatches([0, 4, 0], keys), []);
});

Deno.test("keyMatches() are the same forwards and backwards, and in every transposition", () => {
  fc.assert(fc.property(fc.array(fc.nat(11), { minLength: 2 }), fc.nat(11), (positions, shift) => {
    const plays = positions.map((_, p) => p);
    const matches = keyMatches(plays, positions);
    const moved = keyMatches(plays.toReversed(), positions.map((position) => (position + shift) % 12));
    assert.ok(matches.every((match) => match >= 0 && match <= 1));
    assert.ok(Math.abs(total(matches) - total(moved)) < 1e-9);
    assert.equal(matches.filter(isCompatible).length, moved.filter(isCompatible).length);
  }));
});

Deno.test("tempoDistances() take a doubled tempo for the same pulse", () => {
  // 100 → 108 is just smooth, 108 → 54 is the same pulse, 54 → 70 lies 0.374 octaves away.
  const distances = tempoDistances([0, 1, 2, 3], [100, 108, 54, 70, NaN]);
  [Math.log2(1.08), 0, Math.log2(70 / 54)].forEach((expected, i) =>
    assert.ok(Math.abs(distances[i] - expected) < 1e-12)
  );
  assert.deepEqual(tempoDistances([0, 4], [100, 1, 1, 1, NaN]), []);
});

Deno.test("tempoDistances() do not change when all tempi are scaled", () => {
  const tempi = fc.array(fc.double({ min: 40, max: 220, noNaN: true }), { minLength: 2 });
  fc.assert(fc.property(tempi, fc.double({ min: 0.5, max: 2, noNaN: true }), (tempo, factor) => {
    const plays = tempo.map((_, p) => p);
    const distances = tempoDistances(plays, tempo);
    assert.ok(distances.every((distance) => distance >= 0 && distance <= 0.5));
    const scaled = tempoDistances(plays, tempo.map((bpm) => bpm * factor));
    assert.ok(distances.every((distance, i) => Math.abs(distance - scaled[i]) < 1e-9));
  }));
});

Deno.test("transitions refuse a single play and negative tempi", () => {
  assert.throws(() => keyMatches([0], [3]), /Expected at least 2 plays but found 1/);
  assert.throws(() => tempoDistances([0, 1], [100, -3]), /Expected tempi above 0 BPM but found -3/);
});
