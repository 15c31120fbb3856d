import assert from "node:assert/strict";
import fc from "fast-check";
import { camelotName, keyMatch, keyPosition } from "../../lib/math/circle.ts";
import { recommendNext } from "../../lib/score/recommend.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection, smallCollection } from "./small_worlds.ts";

const HOUR = 3_600_000;

Deno.test("contributions sum to the utility's difference from the mean, and with the base to log P", () => {
  fc.assert(fc.property(
    fc.integer({ min: 3, max: 60 }),
    fc.integer(),
    fc.double({ min: 0.05, max: 20, noNaN: true }),
    fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 6, maxLength: 6 }),
    (n, seed, temperature, [similarity, recency, sameArtist, keyMatch, clusterDiversity, feedback]) => {
      const state = new UserState(randomCollection(n, 20, seed));
      for (let i = 0; i < 10; i++) state.play(i % n, i * HOUR);
      state.skip(1, 11 * HOUR);
      const weights = { similarity, recency, sameArtist, keyMatch, clusterDiversity, feedback };
      const next = recommendNext(0, state, weights, { temperature });
      const mean = next.utilities.reduce((sum, u) => sum + u, 0) / next.utilities.length;
      next.candidates.forEach((track, c) => {
        const { contributions, utilityDifference, base, probability } = next.explain(track);
        const sum = contributions.reduce((total, { contribution }) => total + contribution, 0);
        assert.ok(Math.abs(sum - (next.utilities[c] - mean)) < 1e-9);
        assert.ok(Math.abs(utilityDifference - sum) < 1e-12);
        if (probability > 0) assert.ok(Math.abs(base + sum / temperature - Math.log(probability)) < 1e-8);
      });
    },
  ));
});

Deno.test("an explanation says what would have been without each term", () => {
  const collection = smallCollection([
    { vector: [1, 0], key: 0 },
    { vector: [1, 0.1], key: 6 }, // sounds most alike, in the farthest key
    { vector: [1, 0.5], key: 0 },
  ]);
  const weights = { similarity: 1, recency: 0, sameArtist: 0, keyMatch: 2, clusterDiversity: 0 };
  const { contributions, rank } = recommendNext(0, new UserState(collection), weights).explain(2);
  assert.equal(rank, 1);
  const without = (name: string) => contributions.find(({ term }) => term.name === name)!.without;
  assert.equal(without("keyMatch").track, 1);
  assert.equal(without("similarity").track, 2);
  assert.ok(without("keyMatch").own < 0.5 && without("similarity").own > 0.85);
});

Deno.test("the sentence gives the reasons, as they were when the track was chosen", () => {
  const collection = smallCollection([
    { vector: [1, 0], key: 9, mode: 0, artists: ["A"] }, // A minor, 8A
    { vector: [0.93, 0.367], key: 4, mode: 0, artists: ["B"] }, // E minor, 9A
    { vector: [0, 1], key: 3, mode: 0, artists: ["A"] },
  ]);
  const state = new UserState(collection);
  state.play(1, 0);
  state.play(0, 6.5 * 24 * HOUR);
  const next = recommendNext(0, state, { ...DEFAULT_WEIGHTS, feedback: 1 });
  const sentence = "similar sound (0.93), not played for 6 days, compatible key 8A → 9A";
  assert.equal(next.explain(1).sentence, sentence);
  state.skip(1, 7 * 24 * HOUR);
  state.play(1, 7 * 24 * HOUR);
  assert.equal(next.explain(1).sentence, sentence);
  const later = recommendNext(0, state, { ...DEFAULT_WEIGHTS, feedback: 1 }, { now: 7 * 24 * HOUR + 60_000 });
  assert.match(later.explain(1).sentence, /played 1 minute ago, .*although skipped once$/);
  assert.equal(later.explain(2).sentence, "different sound (0.00), never played, distant key 8A → 2A, same artist");
});

Deno.test("at temperature 0 there is no split of log P, the contributions stay", () => {
  const next = recommendNext(0, new UserState(randomCollection(10, 5, 1)), DEFAULT_WEIGHTS, { temperature: 0 });
  const { base, contributions, probability } = next.explain(next.top(1)[0].track);
  assert.ok(Number.isNaN(base) || !Number.isFinite(base));
  assert.equal(probability, 1);
  assert.ok(contributions.every(({ contribution }) => Number.isFinite(contribution)));
});

Deno.test("Camelot names and distances are those of the wheel", () => {
  // Keys by pitch class: C major 8B, A minor 8A, E minor 9A, F sharp major 2B, A flat minor 1A.
  assert.deepEqual([[0, 1], [9, 0], [4, 0], [6, 1], [8, 0]].map(([k, m]) => camelotName(k, m)), [
    "8B",
    "8A",
    "9A",
    "2B",
    "1A",
  ]);
  assert.equal(camelotName(-1, 1), "?");
  const at = (key: number, mode: number) => keyPosition(key, mode);
  assert.equal(keyMatch(at(0, 1), at(9, 0)), 1);
  assert.equal(keyMatch(at(0, 1), at(7, 1)), 1 - 1 / 6);
  assert.equal(keyMatch(at(0, 1), at(6, 1)), 0);
  assert.equal(keyMatch(at(NaN, 1), at(0, 1)), 0);
  fc.assert(fc.property(fc.nat(11), fc.nat(11), fc.nat(1), fc.nat(1), (a, b, m, n) => {
    const match = keyMatch(at(a, m), at(b, n));
    assert.ok(match >= 0 && match <= 1);
    assert.equal(match, keyMatch(at(b, n), at(a, m)));
    const up = (key: number) => (key + 5) % 12;
    assert.ok(Math.abs(match - keyMatch(at(up(a), m), at(up(b), n))) < 1e-12, "transposing both changes nothing");
  }));
});
