import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { historyChoices, skipChoices } from "../../lib/choice/history_choices.ts";
import { simulateListeners } from "../../lib/listening/simulated_listeners.ts";
import { seededRandom } from "../../lib/math/random.ts";
import type { Collection } from "../../lib/score/collection.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { world300 } from "../listening/world300.ts";

const HOUR = 3_600_000;

Deno.test("historyChoices() builds one set for every play that follows another within a session", async () => {
  const collection = world300();
  const state = new UserState(collection);
  const tracks = [0, 6, 12, 18, 24, 30, 1, 7];
  tracks.forEach((track, i) => state.play(track, i * 0.1 * HOUR));
  state.skip(7, 0.705 * HOUR);
  state.play(13, 9 * HOUR); // A new session: no choice.
  state.play(19, 9.1 * HOUR);
  const { sets, tracks: rows, streams, steps, leftOut } = await historyChoices(collection, [{ user: "me", state }], {
    ...{ nearCount: 4, near: 3, far: 2, warmUp: 2 },
  });
  assert.deepEqual([...steps], [2, 3, 4, 5, 6, 9]);
  assert.equal(leftOut, 1);
  assert.deepEqual(streams.map(({ skipped }) => skipped), [false, false, false, false, false, true, false]);
  for (let n = 0; n < steps.length; n++) {
    const offered = [...rows.subarray(sets.starts[n], sets.starts[n + 1])];
    assert.equal(offered.length, 5);
    assert.equal(new Set(offered).size, 5);
    assert.equal(sets.chosen[n], sets.starts[n]);
    // A library of 10, less the current track: 4 near of which 3 are drawn, 5 others of which 2 are drawn.
    const corrections = [...sets.offset!.subarray(sets.starts[n], sets.starts[n + 1])].sort();
    const expected = [Math.log(4 / 3), Math.log(4 / 3), Math.log(4 / 3), Math.log(5 / 2), Math.log(5 / 2)];
    corrections.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-12));
  }
  const keep = skipChoices({ sets, streams });
  assert.deepEqual([...keep.chosen], [0, 2, 4, 6, 8, 11, 12]);
  assert.throws(
    () => skipChoices({ sets, streams: streams.filter(({ skipped }) => !skipped) }),
    /found 0 skips of 6 streams/,
  );
});

Deno.test("a skip that is no end of a play is a stream of its own, and an outcome", async () => {
  const collection = world300();
  const seconds = collection.catalog.numbers.duration_ms![6] / 1000;
  assert.ok(seconds > 60);
  const streamsAfter = async (use: (state: UserState) => void) => {
    const state = new UserState(collection);
    [0, 6, 12, 0, 6].forEach((track, i) => state.play(track, i * 0.1 * HOUR));
    use(state);
    const { streams, steps } = await historyChoices(collection, [{ user: "me", state }], { warmUp: 3 });
    return [steps.length, ...streams.map(({ skipped }) => skipped)];
  };
  const at = 0.4 * HOUR;
  assert.deepEqual(await streamsAfter(() => {}), [2, false, false]);
  assert.deepEqual(await streamsAfter((state) => state.skip(6, at + 5000)), [1, false, true], "the play is broken off");
  assert.deepEqual(
    await streamsAfter((state) => state.skip(12, at + 300_000)),
    [2, false, false, true],
    "another track",
  );
  assert.deepEqual(
    await streamsAfter((state) => state.skip(6, at + 300_000)),
    [2, false, false],
    "the same track again",
  );
  const twice = (state: UserState) => [12, 0, 12].forEach((track, i) => state.skip(track, at + 300_000 + 5000 * i));
  assert.deepEqual(await streamsAfter(twice), [2, false, false, true, true, true], "three in a row");
});

Deno.test("historyChoices() recovers the weights of a listener who chooses from the whole library", async () => {
  const collection = world300();
  const library = Array.from({ length: 120 }, (_, i) => i);
  const histories = Array.from({ length: 6 }, (_, u) => {
    const random = seededRandom(u, "past");
    const { tracks, current, times, sets, steps } = simulateListeners(
      { ...collection, graph: everyNeighbor(collection, library) },
      { users: 1, steps: 400, seed: u, neighbors: 119, familiar: 0, liked: 3, sessionLength: 1e9 },
    );
    const state = new UserState(collection);
    for (const track of library) state.like(track, 0);
    state.play(current[0], times[0] - 1000 * (1 + random()));
    steps.forEach((_, n) => state.play(tracks[sets.chosen[n]], times[n]));
    return { user: `u${u}`, state };
  });
  const { sets } = await historyChoices(collection, histories, { nearCount: 20, near: 12, far: 12 });
  for (const c of fitConditionalLogit(sets).coefficients.filter(({ feature }) => feature !== "recency")) {
    const truth = DEFAULT_WEIGHTS[c.feature as "similarity"];
    assert.ok(Math.abs(c.estimate - truth) < 4 * c.standardError, `${c.feature}: ${c.estimate} ± ${c.standardError}`);
  }
});

/** A graph in which the tracks of a library are all neighbours of every track. */
function everyNeighbor(collection: Collection, library: number[]): Collection["graph"] {
  const rows = Array.from({ length: collection.trackCount }, (_, i) => library.filter((track) => track !== i));
  const offsets = new Int32Array(collection.trackCount + 1);
  rows.forEach((row, i) => offsets[i + 1] = offsets[i] + row.length);
  return {
    nodeCount: collection.trackCount,
    offsets,
    indices: Int32Array.from(rows.flat()),
    similarities: new Float32Array(offsets[collection.trackCount]),
  };
}
