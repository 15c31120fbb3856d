import assert from "node:assert/strict";
import fc from "fast-check";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { choiceContrast, choiceDistance, gumbelShares, scaleSurface } from "../../lib/choice/contrast.ts";
import { historyChoices, skipChoices } from "../../lib/choice/history_choices.ts";
import { createListener, simulateListeners } from "../../lib/listening/simulated_listeners.ts";
import { compareEstimates, errorBySize, recoverWeights } from "../../lib/choice/recovery.ts";
import { sampleAlternatives } from "../../lib/choice/sampling.ts";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { softmax } from "../../lib/math/softmax.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import type { Collection } from "../../lib/score/collection.ts";
import { smallCollection } from "../score/small_worlds.ts";
import { randomChoices } from "../choice/random_choices.ts";

const HOUR = 3_600_000;

/** 300 tracks in six clusters of four dimensions, by 60 artists, in all keys. */
function world300(): Collection {
  const random = seededRandom(9, "world");
  return smallCollection(
    Array.from({ length: 300 }, (_, i) => ({
      vector: Array.from({ length: 4 }, (_, d) => (i % 6 === d ? 1 : 0.3) + random()),
      artists: [`Artist ${i % 60}`],
      cluster: i % 6,
      key: Math.floor(random() * 12),
      mode: i % 2,
    })),
    30,
  );
}

Deno.test("simulateListeners() gives the same log for the same seed, and another for another", () => {
  const collection = world300();
  const options = { users: 4, steps: 8, seed: 3 };
  const a = simulateListeners(collection, options);
  assert.deepEqual(a, simulateListeners(collection, options));
  assert.notDeepEqual(a.tracks, simulateListeners(collection, { ...options, seed: 4 }).tracks);
  // More listeners do not change the first ones.
  const more = simulateListeners(collection, { ...options, users: 5 });
  assert.deepEqual(more.tracks.slice(0, a.tracks.length), a.tracks);
});

Deno.test("every simulated choice set holds its chosen track, never the current one, and no track twice", () => {
  const { sets, tracks, current, times, steps } = simulateListeners(world300(), { users: 5, steps: 20 });
  for (let n = 0; n < sets.chosen.length; n++) {
    const offered = tracks.subarray(sets.starts[n], sets.starts[n + 1]);
    assert.ok(sets.chosen[n] >= sets.starts[n] && sets.chosen[n] < sets.starts[n + 1]);
    assert.equal(new Set(offered).size, offered.length);
    assert.ok(!offered.includes(current[n]));
    if (steps[n] > 0) assert.ok(times[n] > times[n - 1]);
  }
  assert.deepEqual(sets.features, ["similarity", "recency", "sameArtist", "keyMatch", "clusterDiversity"]);
});

Deno.test("the weights of simulated listeners are learned within four standard errors, over the temperature", () => {
  const { sets } = simulateListeners(world300(), { users: 60, steps: 40, temperature: 2 });
  for (const c of fitConditionalLogit(sets).coefficients) {
    const truth = DEFAULT_WEIGHTS[c.feature as "similarity"] / 2;
    assert.ok(Math.abs(c.estimate - truth) < 4 * c.robustStandardError!, `${c.feature}: ${c.estimate}, not ${truth}`);
  }
});

Deno.test("noise listeners choose at random, and spread gives each listener weights of their own", () => {
  const noisy = simulateListeners(world300(), { users: 30, steps: 20, noise: 1 });
  for (const c of fitConditionalLogit(noisy.sets).coefficients) assert.ok(Math.abs(c.estimate) < 4.5 * c.standardError);
  const options = { users: 200, spread: { keyMatch: 2 } };
  const collection = world300();
  const weights = Array.from({ length: 200 }, (_, u) => createListener(collection, u, options).weights);
  const own = weights.map(({ keyMatch }) => keyMatch);
  const mean = own.reduce((a, b) => a + b, 0) / 200;
  const sd = Math.sqrt(own.reduce((sum, w) => sum + (w - mean) ** 2, 0) / 199);
  assert.ok(Math.abs(mean - 1) < 0.5 && Math.abs(sd - 2) < 0.4);
  assert.ok(weights.every(({ similarity }) => similarity === DEFAULT_WEIGHTS.similarity));
});

Deno.test("simulateListeners() says what is out of range", () => {
  const collection = world300();
  assert.throws(() => simulateListeners(collection, { users: 0 }), /users to be an integer of at least 1 but found 0/);
  assert.throws(() => simulateListeners(collection, { temperature: 0 }), InputError);
  assert.throws(
    () => simulateListeners(collection, { spread: { tempo: 1 } as Record<string, number> }),
    /term in spread/,
  );
});

Deno.test("gumbelShares() tend to the softmax", () => {
  const shares = gumbelShares([0, 1, 2], 40000, seededRandom(2));
  softmax(Float64Array.of(0, 1, 2)).forEach((p, j) => assert.ok(Math.abs(p - shares[j]) < 0.01));
});

Deno.test("sampled alternatives give the weights of the whole with the McFadden term, and other ones without it", () => {
  const sets = randomChoices({ sets: 4000, weights: [1, -1], size: 30, seed: 8 });
  const plan = { feature: "x0", nearCount: 8, near: 6, far: 3 };
  const sampled = sampleAlternatives(sets, plan, seededRandom(1));
  assert.equal(sampled.starts[4000], 4000 * 9);
  const close = (fit: ReturnType<typeof fitConditionalLogit>) =>
    [1, -1].every((truth, k) => Math.abs(fit.coefficients[k].estimate - truth) < 4 * fit.coefficients[k].standardError);
  assert.ok(close(fitConditionalLogit(sampled)));
  assert.ok(!close(fitConditionalLogit({ ...sampled, offset: undefined })));
});

Deno.test("a sample that keeps everything changes nothing", () => {
  const sets = randomChoices({ sets: 100, weights: [1, -1], size: 6 });
  const sampled = sampleAlternatives(sets, { feature: "x0", nearCount: 3, near: 3, far: 3 }, seededRandom(1));
  const [whole, kept] = [sets, sampled].map((s) => fitConditionalLogit(s).coefficients.map((c) => c.estimate));
  whole.forEach((value, k) => assert.ok(Math.abs(value - kept[k]) < 1e-9));
  assert.ok(sampled.offset!.every((value) => value === 0));
});

Deno.test("recoverWeights() reckons bias, error and coverage, by hand", () => {
  const report = recoverWeights({ x: 1 }, 4, (w) => [{ estimate: [0, 1, 2, 5][w], standardError: 1 }]);
  const [x] = report.weights;
  assert.equal(x.mean, 2);
  assert.equal(x.bias, 1);
  assert.equal(x.rmse, Math.sqrt((1 + 0 + 1 + 16) / 4));
  assert.equal(x.coverage, 0.75);
  assert.ok(Math.abs(x.deviation - Math.sqrt((4 + 1 + 0 + 9) / 3)) < 1e-12);
  assert.throws(() => recoverWeights({ x: 1 }, 1, () => [{ estimate: 0, standardError: 1 }]), /worlds/);
});

Deno.test("over 300 worlds the intervals cover the truth as often as they claim, within binomial error", () => {
  const report = recoverWeights({ x0: 0.8, x1: -0.4 }, 300, (seed) => {
    return fitConditionalLogit(randomChoices({ sets: 150, weights: [0.8, -0.4], seed: 1000 + seed })).coefficients;
  });
  const margin = 3 * Math.sqrt(0.95 * 0.05 / 300);
  for (const w of report.weights) {
    assert.ok(Math.abs(w.coverage - 0.95) < margin, `${w.feature}: coverage ${w.coverage}`);
    assert.ok(Math.abs(w.bias) < 4 * w.biasError + 0.03);
    assert.ok(Math.abs(w.meanStandardError / w.deviation - 1) < 0.15);
  }
});

Deno.test("errorBySize() shrinks with the number of choices", () => {
  const truth = { x0: 0.8, x1: -0.4 };
  const worlds = Array.from({ length: 40 }, (_, seed) => randomChoices({ sets: 400, weights: [0.8, -0.4], seed }));
  const rows = errorBySize(truth, worlds, [50, 400]).filter((row) => row.feature === "x0");
  const shrinks = rows[0].medianError / rows[1].medianError;
  assert.ok(shrinks > 1.8 && shrinks < 4.5, `${shrinks}`);
  assert.equal(rows[1].identified, 1);
});

Deno.test("compareEstimates() tells which intervals hold the truth", () => {
  const { coefficients } = fitConditionalLogit(randomChoices({ sets: 300, weights: [1] }));
  const [near, far] = [1, 9].map((x0) => compareEstimates({ x0 }, { logit: coefficients })[0]);
  assert.equal(near.covered, true);
  assert.equal(far.covered, false);
});

Deno.test("the likelihood depends on scale over temperature alone", () => {
  const sets = randomChoices({ sets: 50, weights: [1, -1] });
  fc.assert(fc.property(fc.double({ min: 0.1, max: 5, noNaN: true }), (factor) => {
    const points = scaleSurface(sets, [1, -1], [1, factor]);
    const on = points.filter((p) => p.scale === p.temperature).map((p) => p.logLikelihood);
    assert.ok(on.every((value) => Math.abs(value - on[0]) < 1e-12));
  }));
});

Deno.test("choiceContrast() and choiceDistance(), by hand", () => {
  const sets = {
    features: ["x"],
    values: Float64Array.of(1, 0, 0, 2),
    starts: Int32Array.of(0, 2, 4),
    chosen: Int32Array.of(0, 3),
  };
  const [x] = choiceContrast(sets);
  assert.deepEqual([x.chosen, x.offered], [1.5, 0.75]);
  assert.ok(Math.abs(x.deviation - Math.sqrt((0.25 + 0.25 + 1 + 1) / 4)) < 1e-12);
  assert.equal(choiceDistance(sets, [0.3], [0.3]), 0);
  // P(x = 1) = 3/4 and P(x = 2) = 9/10 at weight log 3, 1/2 at 0.
  assert.ok(Math.abs(choiceDistance(sets, [Math.log(3)], [0]) - (0.25 + 0.4) / 2) < 1e-12);
});

Deno.test("historyChoices() builds one set for every play that follows another within a session", async () => {
  const collection = world300();
  const state = new UserState(collection);
  const tracks = [0, 6, 12, 18, 24, 30, 1, 7];
  tracks.forEach((track, i) => state.play(track, i * 0.1 * HOUR));
  state.skip(7, 0.71 * HOUR);
  state.play(13, 9 * HOUR); // A new session: no choice.
  state.play(19, 9.1 * HOUR);
  const { sets, tracks: rows, skipped, steps, leftOut } = await historyChoices(collection, [{ user: "me", state }], {
    ...{ nearCount: 4, near: 3, far: 2, warmUp: 2 },
  });
  assert.deepEqual([...steps], [2, 3, 4, 5, 6, 7, 9]);
  assert.equal(leftOut, 1);
  assert.deepEqual([...skipped], [0, 0, 0, 0, 0, 1, 0]);
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
  const keep = skipChoices({ sets, tracks: rows, skipped, steps, leftOut, users: ["me"] });
  assert.deepEqual([...keep.chosen], [0, 2, 4, 6, 8, 11, 12]);
  assert.throws(
    () => skipChoices({ sets, tracks: rows, skipped: new Uint8Array(7), steps, leftOut, users: [] }),
    /0 skips/,
  );
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
