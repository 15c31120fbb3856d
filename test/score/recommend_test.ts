import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { recommendNext } from "../../lib/score/recommend.ts";
import { softmax } from "../../lib/math/softmax.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../../lib/score/weights.ts";
import { randomCollection, smallCollection } from "./small_worlds.ts";

const HOUR = 3_600_000;
const ZERO: Weights = { similarity: 0, recency: 0, sameArtist: 0, keyMatch: 0, clusterDiversity: 0 };
const close = (a: number, b: number, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ≠ ${b}`);

/** Three tracks around track 0 whose every term can be reckoned by hand. */
function threeAroundOne() {
  const collection = smallCollection([
    { vector: [1, 0], artists: ["A"], key: 0, mode: 1, cluster: 0 }, // C major
    { vector: [0.6, 0.8], artists: ["A", "B"], key: 9, mode: 0, cluster: 0 }, // A minor: the relative key
    { vector: [0, 1], artists: ["C"], key: 7, mode: 1, cluster: 1 }, // G major: one hour away
    { vector: [-1, 0], artists: ["D"], key: 6, mode: 1, cluster: 1 }, // F sharp major: opposite
  ]);
  const state = new UserState(collection);
  state.play(1, 0);
  state.play(0, 24 * HOUR);
  return { collection, state };
}

Deno.test("recommendNext() gives the terms, utilities and probabilities reckoned by hand", () => {
  const { state } = threeAroundOne();
  const weights = { similarity: 2, recency: 3, sameArtist: -1, keyMatch: 1.2, clusterDiversity: 0.5 };
  const next = recommendNext(0, state, weights, { temperature: 2 });
  assert.deepEqual([...next.candidates], [1, 2, 3]);
  const rows = [
    [0.6, -0.5, 1, 1, 0], // played a half-life ago, cluster 0 holds both plays
    [0, -0, 0, 1 - 1 / 6, 1],
    [-1, -0, 0, 0, 1],
  ];
  rows.flat().forEach((value, i) => close(next.values[i], value, 1e-7));
  const utilities = rows.map(([s, r, a, k, c]) => 2 * s + 3 * r - a + 1.2 * k + 0.5 * c);
  utilities.forEach((utility, c) => close(next.utilities[c], utility, 1e-6));
  const total = utilities.reduce((sum, u) => sum + Math.exp(u / 2), 0);
  utilities.forEach((utility, c) => close(next.probabilities[c], Math.exp(utility / 2) / total, 1e-6));
});

Deno.test("recommendNext() reckons recency in hours from the time passed in, or in plays", () => {
  const { state } = threeAroundOne();
  const recency = (options: object) => recommendNext(0, state, DEFAULT_WEIGHTS, options).values[1];
  close(recency({ now: 72 * HOUR }), -(2 ** -3));
  close(recency({ now: 72 * HOUR, halfLife: 72 }), -0.5);
  close(recency({ clock: "plays", halfLife: 1 }), -0.5);
  close(recency({ now: -5 * HOUR }), -1);
});

Deno.test("probabilities sum to 1 and do not change when a constant is added to the utilities", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 1, maxLength: 60 }),
    fc.double({ min: -1000, max: 1000, noNaN: true }),
    fc.double({ min: 0.1, max: 10, noNaN: true }),
    (utilities, constant, temperature) => {
      const p = softmax(utilities, temperature);
      close(p.reduce((sum, x) => sum + x, 0), 1);
      softmax(utilities.map((u) => u + constant), temperature).forEach((q, c) => close(q, p[c], 1e-9));
    },
  ));
});

Deno.test("raising the weight of recency never raises the probability of a just-played track", () => {
  fc.assert(fc.property(
    fc.integer({ min: 4, max: 40 }),
    fc.integer(),
    fc.array(fc.nat(39), { maxLength: 20 }),
    fc.double({ min: -5, max: 10, noNaN: true }),
    fc.double({ min: 0, max: 10, noNaN: true }),
    (n, seed, plays, weight, raise) => {
      const collection = randomCollection(n, 10, seed);
      const state = new UserState(collection);
      plays.forEach((track, hour) => state.play(track % n, hour * HOUR));
      const justPlayed = collection.graph.indices[collection.graph.offsets[0]];
      state.play(justPlayed, 100 * HOUR);
      const probability = (recency: number) => {
        const next = recommendNext(0, state, { ...DEFAULT_WEIGHTS, recency });
        return next.probabilities[next.candidates.indexOf(justPlayed)];
      };
      assert.ok(probability(weight + raise) <= probability(weight) + 1e-12);
    },
  ));
});

Deno.test("weights 0 give the uniform distribution", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 60 }), fc.integer(), (n, seed) => {
    const next = recommendNext(0, new UserState(randomCollection(n, 50, seed)), ZERO);
    next.probabilities.forEach((p) => close(p, 1 / next.candidates.length));
  }));
});

Deno.test("temperature to 0 gives the best candidate, to infinity any of them, without overflow", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 2, maxLength: 60 }),
    (utilities) => {
      const best = utilities.indexOf(Math.max(...utilities));
      for (const temperature of [0, 1e-300, 1e-9]) {
        softmax(utilities, temperature).forEach((p, c) => assert.equal(p, c === best ? 1 : 0));
      }
      for (const temperature of [Infinity, 1e300]) {
        softmax(utilities, temperature).forEach((p) => close(p, 1 / utilities.length));
      }
    },
  ));
  assert.deepEqual([...softmax([3, 3, 1], 0)], [0.5, 0.5, 0]);
});

Deno.test("sample() draws each candidate as often as its probability says", () => {
  const { state } = threeAroundOne();
  const next = recommendNext(0, state, DEFAULT_WEIGHTS, { temperature: 5 });
  const random = seededRandom(1);
  const draws = 40_000;
  const counts = new Float64Array(next.candidates.length);
  for (let d = 0; d < draws; d++) {
    const pick = next.sample(random);
    assert.equal(pick.track, next.candidates[pick.index]);
    assert.equal(pick.probability, next.probabilities[pick.index]);
    counts[pick.index]++;
  }
  // Pearson's chi-square with 2 degrees of freedom stays below 13.8 with probability 0.999.
  const chiSquare = counts.reduce((sum, count, c) => {
    const expected = draws * next.probabilities[c];
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  assert.ok(chiSquare < 13.8, `chi-square ${chiSquare}`);
});

Deno.test("top() ranks by probability and stops at the number of candidates", () => {
  const { state } = threeAroundOne();
  const top = recommendNext(0, state, { ...ZERO, similarity: 1 }).top(10);
  assert.deepEqual(top.map(({ track }) => track), [1, 2, 3]);
});

Deno.test("recommendNext() takes an empty state and a candidate set of one", () => {
  const collection = smallCollection([{ vector: [1, 0] }, { vector: [0, 1] }]);
  const next = recommendNext(0, new UserState(collection), DEFAULT_WEIGHTS);
  assert.deepEqual([...next.candidates], [1]);
  assert.deepEqual([...next.probabilities], [1]);
  assert.equal(next.explain(1).utilityDifference, 0);
});

Deno.test("recommendNext() recommends the only track of a catalogue again and says so", () => {
  const next = recommendNext(0, new UserState(smallCollection([{ vector: [1, 0] }])), DEFAULT_WEIGHTS);
  assert.deepEqual([...next.candidates], [0]);
  assert.deepEqual(next.relaxed, [{ rule: "sameTrack", kept: null }]);
});

Deno.test("recommendNext() names what is wrong with its input", () => {
  const { state } = threeAroundOne();
  const fails = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => error instanceof InputError && message.test(error.message));
  fails(() => recommendNext(4, state, DEFAULT_WEIGHTS), /Expected current to be a track index in \[0, 3\] but found 4/);
  fails(() => recommendNext(0.5, state, DEFAULT_WEIGHTS), /found 0.5/);
  fails(
    () => recommendNext(0, state, { ...DEFAULT_WEIGHTS, recency: NaN }),
    /Expected weight recency to be a finite number but found NaN/,
  );
  fails(() => recommendNext(0, state, { similarity: 1 } as Weights), /weight recency .* found undefined/);
  fails(() => recommendNext(0, state, { ...ZERO, similarity: 1e308, keyMatch: 1.7e308 }), /weights are too large/);
  fails(() => recommendNext(0, state, DEFAULT_WEIGHTS, { temperature: -1 }), /Expected temperature .* found -1/);
  fails(() => recommendNext(0, state, DEFAULT_WEIGHTS, { halfLife: 0 }), /Expected halfLife to be above 0/);
  fails(() => recommendNext(0, state, { ...DEFAULT_WEIGHTS, sequence: 1 }), /options.sequence/);
  fails(
    () => recommendNext(0, state, DEFAULT_WEIGHTS).explain(0),
    /Expected one of the 3 candidates but found track 0/,
  );
});

Deno.test("recommendNext() changes nothing: the same call gives the same result", () => {
  const collection = randomCollection(30, 5, 3);
  const state = new UserState(collection);
  for (let i = 0; i < 20; i++) state.play(i, i * HOUR);
  const before = JSON.stringify(state);
  const options = { rules: { repeatTrack: 29 } };
  const first = recommendNext(3, state, DEFAULT_WEIGHTS, options);
  const second = recommendNext(3, state, DEFAULT_WEIGHTS, options);
  assert.deepEqual(first.candidates, second.candidates);
  assert.deepEqual(first.probabilities, second.probabilities);
  assert.equal(JSON.stringify(state), before);
});

Deno.test("the walk leans towards added tracks and away from subtracted ones", () => {
  const collection = smallCollection([{ vector: [1, 0] }, { vector: [0, 1] }, { vector: [0.7, 0.7] }, {
    vector: [0.7, -0.7],
  }]);
  const similarity = (options: object) => {
    const next = recommendNext(0, new UserState(collection), { ...ZERO, similarity: 1 }, options);
    return (track: number) => next.utilities[next.candidates.indexOf(track)];
  };
  const plain = similarity({});
  close(plain(2), plain(3), 1e-6);
  const toward = similarity({ toward: [1] });
  close(toward(2), 1, 1e-6); // (1, 0) + (0, 1) points along (1, 1)
  close(toward(3), 0, 1e-6);
  const away = similarity({ away: [1] });
  close(away(3), 1, 1e-6);
});

Deno.test("the sequence term is standardised over the candidates", () => {
  const { state } = threeAroundOne();
  const scores = [-1, -5, -9];
  const next = recommendNext(0, state, { ...ZERO, sequence: 2 }, {
    sequence: (_candidates, out) => out.set(scores),
  });
  const column = [0, 1, 2].map((c) => next.values[c * 6 + 5]);
  [Math.sqrt(1.5), 0, -Math.sqrt(1.5)].forEach((value, c) => close(column[c], value));
});
