import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { distributionAfter, effectiveCandidates, walkProbabilities } from "../../lib/score/chain.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { playSessions } from "../../lib/score/walks.ts";
import { randomCollection, smallCollection } from "./small_worlds.ts";

Deno.test("the chain of two tracks and a third that leads to one of them, by hand", () => {
  // 0 ⇄ 1, 2 → 0: after an odd number of steps from a uniform start 0 has 2/3 and 1 has 1/3.
  const { graph } = smallCollection([{ vector: [1, 0] }, { vector: [1, 1] }, { vector: [0, 1] }], 2, [[1], [0], [0]]);
  const after = distributionAfter(graph, walkProbabilities(graph, 1), 3);
  [2 / 3, 1 / 3, 0].forEach((p, i) => assert.ok(Math.abs(after[i] - p) < 1e-12));
});

Deno.test("probabilities of a node and of all nodes sum to 1, effective candidates lie between 1 and k", () => {
  fc.assert(fc.property(
    fc.integer({ min: 3, max: 40 }),
    fc.integer({ min: 1, max: 10 }),
    fc.integer(),
    fc.double({ min: 0.01, max: 10, noNaN: true }),
    (n, k, seed, temperature) => {
      const { graph } = randomCollection(n, k, seed);
      const probabilities = walkProbabilities(graph, temperature);
      for (let i = 0; i < n; i++) {
        const sum = probabilities.subarray(graph.offsets[i], graph.offsets[i + 1]).reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum - 1) < 1e-12);
      }
      for (const count of effectiveCandidates(graph, probabilities)) {
        assert.ok(count > 1 - 1e-9 && count < Math.min(k, n - 1) + 1e-9);
      }
      const total = distributionAfter(graph, probabilities, 20).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(total - 1) < 1e-12);
    },
  ));
});

Deno.test("a long similarity walk visits tracks as often as the chain says", () => {
  const collection = randomCollection(12, 11, 9); // every track leads to every other, so that the start is forgotten
  const probabilities = walkProbabilities(collection.graph, 1);
  const expected = distributionAfter(collection.graph, probabilities, 2000);
  const counts = new Float64Array(12);
  const steps = 20_000;
  const picks = new Session(new UserState(collection), { policy: "similarity", temperature: 1, count: steps, seed: 4 })
    .run();
  for (const { track } of picks) counts[track] += 1 / steps;
  counts.forEach((share, i) => assert.ok(Math.abs(share - expected[i]) < 0.01, `track ${i}: ${share}, ${expected[i]}`));
});

Deno.test("sessions follow each other by the gap, and the listener remembers them", () => {
  const collection = randomCollection(50, 10, 2);
  const state = new UserState(collection);
  const { plays, sessions } = playSessions(state, { sessions: 4, count: 5, gap: 12, start: 0, seed: 1 });
  assert.equal(plays.length, 20);
  assert.equal(state.playCount, 20);
  assert.deepEqual(sessions.map(([first]) => first.at / 3_600_000), [0, 12, 24, 36]);
  assert.throws(() => playSessions(state, { sessions: 0 }), InputError);
});
