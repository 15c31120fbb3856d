import assert from "node:assert/strict";
import { matrix } from "../../lib/math/matrix.ts";
import { measureRun } from "../../lib/metrics/measure.ts";
import type { Run } from "../../lib/metrics/metric.ts";

/** Two sessions of two plays, a b and a a: tracks at right angles, by one artist each, in clusters of their own. */
const run: Run = {
  plays: Int32Array.of(0, 1, 0, 0),
  sessionPlays: 2,
  library: Int32Array.of(0, 1),
  labels: {
    track: Int32Array.of(0, 1),
    work: Int32Array.of(0, 1),
    artist: { offsets: Int32Array.of(0, 1, 2), codes: Int32Array.of(0, 1) },
  },
  embedding: matrix(2, 2, Float32Array.of(1, 0, 0, 1)),
  clusters: [0, 1],
  clusterCount: 2,
  keys: [0, -1],
  numbers: {},
  knownness: [0.5, 0.25],
  utilities: Float64Array.of(NaN, 1, NaN, 3),
  best: Float64Array.of(NaN, 2, NaN, 3),
  blind: Float64Array.of(NaN, 0, NaN, 1),
  relaxed: Uint8Array.of(0, 1, 0, 2),
};

Deno.test("measureRun() gives the values worked out by hand, and NaN for what is not known", () => {
  const { values, sessions, repeats, heard } = measureRun(run);
  const { trackRepeat, artistInRow, similarity, coverage, novelty, utility, regret, attained, relaxed } = values;
  // a comes back after two plays and after one; steps of cosine 0 and 1, the one between the sessions left out.
  assert.deepEqual([trackRepeat, artistInRow, similarity, coverage], [0.5, 0.25, 0.5, 1]);
  assert.deepEqual([novelty, utility, regret, attained, relaxed], [1.25, 2, 0.5, 0.75, 0.5]);
  assert.deepEqual(sessions.map((session) => session.trackRepeat), [0, 1]);
  // One of two transitions has known keys, and it stays in its key.
  assert.deepEqual([values.keyMatch, sessions[0].keyMatch], [1, NaN]);
  assert.deepEqual([values.albumRepeat, values.tempoSmooth, repeats.album[0]], [NaN, NaN, NaN]);
  assert.deepEqual([[...heard], repeats.track[0], repeats.track[1]], [[0.5, 1, 1, 1], 0.25, 0.5]);
});

Deno.test("measureRun() counts smooth tempi and compatible keys among the transitions that are known", () => {
  // 100 → 108 is just smooth, 108 → 70 is not; C → G is a neighbour, G → F sharp is far.
  const { values } = measureRun({
    ...run,
    plays: Int32Array.of(0, 1, 2),
    sessionPlays: 3,
    library: Int32Array.of(0, 1, 2),
    labels: {
      track: Int32Array.of(0, 1, 2),
      work: Int32Array.of(0, 1, 2),
      artist: { offsets: Int32Array.of(0, 1, 2, 3), codes: Int32Array.of(0, 1, 2) },
    },
    embedding: matrix(3, 1, Float32Array.of(1, 1, 1)),
    clusters: [0, 1, 1],
    keys: [0, 1, 6],
    numbers: { tempo: [100, 108, 70] },
    knownness: [0.5, 0.25, 0.25],
    relaxed: new Uint8Array(3),
  });
  assert.deepEqual([values.tempoSmooth, values.keyCompatible], [0.5, 0.5]);
  assert.ok(Math.abs(values.keyMatch - (5 / 6 + 1 / 6) / 2) < 1e-12);
});
