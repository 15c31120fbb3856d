import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { ditheredOrder, freshestOrder, stalenessOf, vanillaOrder } from "../../lib/score/baselines.ts";
import { POLICY_NAMES } from "../../lib/score/policies.ts";
import { durationOf, energyAt, Session, type SessionOptions } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS, weightsForDiscovery } from "../../lib/score/weights.ts";
import { type Collection, restrictCollection, similarityOf } from "../../lib/score/collection.ts";
import { randomCollection, smallCollection } from "./small_worlds.ts";

const HOUR = 3_600_000;
const tracksOf = (collection: Collection, options: SessionOptions) =>
  new Session(new UserState(collection), options).run().map(({ track }) => track);

Deno.test("a walk of 10,000 steps ends properly on hard catalogues", () => {
  const plain = { vector: [1, 0] };
  const three = smallCollection([{ vector: [1, 0] }, { vector: [0, 1] }, { vector: [-1, 0] }]);
  const disconnected = smallCollection([plain, plain, plain, plain, plain, plain], 2, [
    [1, 2],
    [0],
    [0, 1],
    [4],
    [3],
    [],
  ]);
  const oneArtist = smallCollection(Array.from({ length: 8 }, (_, i) => ({ vector: [1, i], artists: ["A"] })));
  const single = smallCollection([plain]);
  for (const [name, collection] of Object.entries({ three, disconnected, oneArtist, single })) {
    for (const policy of POLICY_NAMES) {
      const session = new Session(new UserState(collection), { policy, count: 10_000, seed: 1 });
      const picks = session.run();
      assert.equal(picks.length, 10_000, `${policy} on ${name}`);
      const played = new Set(picks.map(({ track }) => track));
      if (policy !== "similarity") assert.equal(played.size, collection.trackCount, `${policy} on ${name}`);
      for (const { probability } of picks) assert.ok(probability === null || (probability > 0 && probability <= 1));
    }
  }
});

Deno.test("the same seed gives the same session, another seed another one", () => {
  const collection = randomCollection(100, 10, 1);
  for (const policy of POLICY_NAMES) {
    assert.deepEqual(tracksOf(collection, { policy, seed: 5 }), tracksOf(collection, { policy, seed: 5 }));
    assert.notDeepEqual(tracksOf(collection, { policy, seed: 5 }), tracksOf(collection, { policy, seed: 6 }));
  }
});

Deno.test("under 'all' nothing repeats until every track has played, in every cycle", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 6 }), fc.integer(), (n, k, seed) => {
      const collection = randomCollection(n, k, seed);
      const picks = new Session(new UserState(collection), { rules: { repeatTrack: "all" }, count: 3 * n, seed }).run();
      for (const cycle of [0, 1, 2]) {
        const tracks = new Set(picks.slice(cycle * n, (cycle + 1) * n).map(({ track }) => track));
        assert.equal(tracks.size, n, `cycle ${cycle}`);
      }
      for (const { relaxed } of picks) assert.deepEqual(relaxed, []);
    }),
    { numRuns: 40 },
  );
});

Deno.test("previous() goes back without forgetting, undo() takes back, and the session then goes the same way", () => {
  const collection = randomCollection(40, 8, 2);
  const state = new UserState(collection);
  const session = new Session(state, { seed: 3, start: 0 });
  const before = Array.from({ length: 6 }, () => session.next());
  assert.equal(session.previous(), before[4]);
  assert.equal(session.previous(), before[3]);
  assert.equal(state.playCount, 6);
  assert.equal(session.next(), before[4]);
  assert.equal(session.next(), before[5]);
  state.skip(before[5].track, before[5].at + 5000);
  const saved = JSON.stringify(state);
  session.next();
  assert.equal(session.undo()?.step, 6);
  assert.equal(JSON.stringify(state), saved);
  assert.equal(session.undo(), before[5]);
  assert.equal(state.historyOf(before[5].track)?.skips ?? 0, 0);
  assert.equal(session.next().track, before[5].track);
  assert.equal(new Session(state).previous(), undefined);
  assert.equal(new Session(state).undo(), undefined);
});

Deno.test("a session of minutes comes as near to them as its tracks allow", () => {
  const collection = randomCollection(50, 10, 4);
  const session = new Session(new UserState(collection), { minutes: 45, start: 0 });
  const picks = session.run();
  const length = picks.reduce((sum, { track }) => sum + durationOf(collection, track), 0) / 60_000;
  // Tracks of the random collection last between 2 and 6 minutes: the nearest sum is at most 3 minutes away.
  assert.ok(Math.abs(length - 45) <= 3, `${length} minutes`);
  assert.equal(picks[1].at, durationOf(collection, picks[0].track));
});

Deno.test("an energy arc is a line between its points, and the session follows it", () => {
  const arc = [[0.2, 0.1], [0.6, 0.9], [0.6, 0.5]] as const;
  assert.deepEqual([0, 0.2, 0.4, 0.6, 1].map((p) => Number(energyAt(arc, p).toFixed(9))), [0.1, 0.1, 0.5, 0.9, 0.5]);
  const collection = randomCollection(400, 40, 5);
  const error = (withArc: boolean) => {
    const session = new Session(new UserState(collection), {
      count: 60,
      seed: 1,
      arc: withArc ? [[0, 0], [1, 1]] : undefined,
    });
    return session.run().reduce(
      (sum, { track, step }) => sum + Math.abs(collection.catalog.numbers.energy![track] - step / 59) / 60,
      0,
    );
  };
  assert.ok(error(true) < 0.6 * error(false), `${error(true)} against ${error(false)}`);
});

Deno.test("the slider makes known tracks likelier on the familiar side", () => {
  assert.deepEqual(weightsForDiscovery(0.5), DEFAULT_WEIGHTS);
  assert.deepEqual(weightsForDiscovery(1), {
    similarity: 4,
    recency: 8,
    sameArtist: -2.5,
    keyMatch: 1,
    clusterDiversity: 2,
    familiarity: -2,
  });
  assert.throws(() => weightsForDiscovery(1.5), InputError);
  const collection = randomCollection(200, 30, 6);
  const knownShare = (discover: number) => {
    const state = new UserState(collection);
    for (let i = 0; i < 100; i++) state.play(i, i * HOUR);
    const picks = new Session(state, { discover, count: 60, seed: 2, start: 1000 * HOUR, rules: {} }).run();
    return picks.filter(({ track }) => track < 100).length / 60;
  };
  assert.ok(knownShare(0) > knownShare(0.5) && knownShare(0.5) > knownShare(1));
});

Deno.test("a restricted collection only ever plays the library", async () => {
  const collection = randomCollection(100, 10, 7);
  const library = [3, 14, 15, 92, 65, 35];
  const restricted = await restrictCollection(collection, library);
  for (const policy of POLICY_NAMES) {
    const session = new Session(new UserState(restricted), { policy, from: 50, count: 30 });
    for (const { track } of session.run().slice(1)) assert.ok(library.includes(track), `${policy} played ${track}`);
  }
  const { offsets, indices, similarities } = restricted.graph;
  assert.equal(offsets[4] - offsets[3], library.length - 1);
  assert.ok(indices.every((track) => library.includes(track)));
  for (let e = offsets[3] + 1; e < offsets[4]; e++) assert.ok(similarities[e] <= similarities[e - 1]);
  await assert.rejects(restrictCollection(collection, []), /at least one track in the library/);
  await assert.rejects(restrictCollection(collection, [100]), /track indices in \[0, 99\] but found 100/);
});

Deno.test("the graph of a library is that of sorting all its cosines, equal ones by row", async () => {
  const random = seededRandom(11);
  // Small whole numbers, so that many cosines are equal; some tracks have the very same vector.
  const collection = smallCollection(
    Array.from({ length: 90 }, () => ({ vector: Array.from({ length: 3 }, () => Math.round(2 * random() - 1)) })),
  );
  const library = Array.from({ length: 90 }, (_, track) => track).filter((track) => track % 4 !== 0);
  const { offsets, indices } = (await restrictCollection(collection, library, 12)).graph;
  for (const track of library) {
    const cosine = (other: number) => Math.fround(similarityOf(collection, track, other));
    const others = library.filter((other) => other !== track);
    const nearest = others.sort((a, b) => cosine(b) - cosine(a) || a - b).slice(0, 12);
    assert.deepEqual(Array.from(indices.subarray(offsets[track], offsets[track + 1])), nearest);
  }
});

Deno.test("the vanilla shuffle gives every order of three tracks equally often", () => {
  const random = seededRandom(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = vanillaOrder([0, 1, 2], random).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  // Six orders of 2,000 expected; chi-square with 5 degrees of freedom stays below 20.5 with probability 0.999.
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  assert.equal(counts.size, 6);
  assert.ok(chiSquare < 20.5, `chi-square ${chiSquare}`);
});

Deno.test("dithering spreads an artist evenly: no two in a row where a vanilla shuffle has some", () => {
  const collection = smallCollection(
    Array.from({ length: 40 }, (_, i) => ({ vector: [1, i], artists: [i < 10 ? "A" : `B${i}`] })),
  );
  const pairs = (order: Int32Array) => order.filter((track, i) => i > 0 && track < 10 && order[i - 1] < 10).length;
  const random = seededRandom(2);
  let dithered = 0;
  let vanilla = 0;
  for (let i = 0; i < 200; i++) {
    const order = ditheredOrder(collection, collection.library, random);
    assert.deepEqual(order.slice().sort(), collection.library);
    dithered += pairs(order);
    vanilla += pairs(vanillaOrder(collection.library, random));
  }
  // Ten of forty in random order: 39 places × (10 × 9) / (40 × 39) = 2.25 pairs expected.
  assert.ok(Math.abs(vanilla / 200 - 2.25) < 0.4, `vanilla ${vanilla / 200}`);
  assert.ok(dithered < 0.3 * vanilla, `dithered ${dithered / 200}`);
});

Deno.test("the freshest of several is less stale than one alone", () => {
  const collection = randomCollection(60, 5, 8);
  const state = new UserState(collection);
  for (let i = 0; i < 20; i++) state.play(i, i * HOUR);
  assert.ok(Math.abs(stalenessOf([19, 40], state) - 1) < 1e-12); // just played, first of two
  assert.ok(Math.abs(stalenessOf([40, 19], state, { now: 43 * HOUR }) - 0.25) < 1e-12); // a half-life ago, last of two
  const mean = (attempts: number) => {
    const random = seededRandom(3);
    let sum = 0;
    for (let i = 0; i < 100; i++) {
      sum += stalenessOf(freshestOrder(collection.library, state, random, { attempts }), state);
    }
    return sum / 100;
  };
  assert.ok(mean(5) < mean(1));
});

Deno.test("a session names what is wrong with its options", () => {
  const state = new UserState(randomCollection(10, 3, 1));
  const fails = (options: SessionOptions, message: RegExp) =>
    assert.throws(() => new Session(state, options), (e) => e instanceof InputError && message.test(e.message));
  fails({ policy: "random" as never }, /Expected policy to be one of segue, similarity.* but found 'random'/);
  fails({ count: 0 }, /Expected count to be an integer of at least 1 but found 0/);
  fails({ minutes: 0 }, /Expected minutes to be above 0/);
  fails({ from: 10 }, /Expected from to be a track index in \[0, 9\] but found 10/);
  fails({ arc: [[0.5, 0.5], [0.2, 0.5]] }, /progress of the arc/);
  fails({ arc: [] }, /at least one point/);
});
