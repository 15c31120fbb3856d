import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { albumsOf } from "../../lib/score/albums.ts";
import { POLICY_NAMES } from "../../lib/score/policies.ts";
import { Session, type SessionOptions } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { smallCollection } from "./small_worlds.ts";

/** Rows in no order: album A has two discs, B unnumbered tracks, the last track has no album. */
const collection = smallCollection([
  { vector: [1, 0], album: "A", disc: 2, number: 1 },
  { vector: [1, 1], album: "B" },
  { vector: [0, 1], album: "A", disc: 1, number: 2 },
  { vector: [0, 2], album: "A", disc: 1, number: 1 },
  { vector: [2, 1], album: "B" },
  { vector: [3, 1], album: "C", number: 10 },
  { vector: [3, 2], album: "C", number: 9 },
]);
const WHOLE = [[3, 2, 0], [1, 4], [6, 5]];
const play = (options: SessionOptions) =>
  new Session(new UserState(collection), { by: "album", ...options }).run().map(({ track }) => track);

/** The runs of tracks of one album. */
function runs(tracks: number[]): number[][] {
  const found: number[][] = [];
  for (const track of tracks) {
    if (WHOLE.some(([first]) => first === track)) found.push([]);
    found.at(-1)!.push(track);
  }
  return found;
}

Deno.test("albums go by disc and number, without them by row, and each begins once", () => {
  const { first, firstOf, after } = albumsOf(collection, collection.library);
  assert.deepEqual([...first].sort(), [1, 3, 6]);
  for (const album of WHOLE) {
    album.forEach((track, i) => assert.deepEqual([firstOf(track), after(track)], [album[0], album[i + 1]]));
  }
  const some = albumsOf(collection, Int32Array.of(0, 2, 4));
  assert.deepEqual([some.after(2), some.after(0), some.firstOf(4)], [0, undefined, 4]);
});

Deno.test("whatever the policy, seed and length, albums are played whole and in their order, none again before all", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICY_NAMES),
      fc.nat(1000),
      fc.integer({ min: 1, max: 20 }),
      (policy, seed, count) => {
        const rules = policy === "segue" ? { repeatTrack: "all" as const } : undefined;
        const tracks = play({ policy, seed, count, rules });
        const albums = runs(tracks);
        for (const album of albums) {
          assert.deepEqual(album, WHOLE.find(([first]) => first === album[0]));
        }
        assert.ok(tracks.length >= count && tracks.length - albums.at(-1)!.length < count, String(tracks));
        if (policy === "similarity") return;
        for (let a = 0; a < albums.length; a += 3) {
          assert.equal(new Set(albums.slice(a, a + 3).map(([first]) => first)).size, Math.min(3, albums.length - a));
        }
      },
    ),
  );
});

Deno.test("a named track brings its album first; within an album the next track is certain, at its end it is drawn", () => {
  for (const policy of POLICY_NAMES) assert.deepEqual(play({ policy, from: 0, count: 2 }), [3, 2, 0], policy);
  const session = new Session(new UserState(collection), { by: "album", from: 6, seed: 2 });
  const picks = [session.next(), session.next(), session.next()];
  assert.deepEqual(picks.map(({ probability }) => probability === 1), [true, true, false]);
  assert.deepEqual(picks.slice(0, 2).map(({ track }) => track), [6, 5]);
  // Of two other albums.
  assert.ok([1, 3].includes(picks[2].track));
  assert.equal(picks[2].distribution!.candidates.length, 2);
});

Deno.test("tracks that are ruled out are left out of their albums; minutes end with an album", () => {
  const tracks = play({ count: 6, rules: { excludedTracks: [2], repeatTrack: "all" } });
  assert.deepEqual([...tracks].sort(), [0, 1, 3, 4, 5, 6]);
  assert.equal(tracks.indexOf(0), tracks.indexOf(3) + 1);
  // Three minutes a track.
  assert.deepEqual(play({ from: 3, minutes: 4 }), [3, 2, 0]);
});

Deno.test("a catalogue without albums is refused", () => {
  const { album: _, ...texts } = collection.catalog.texts;
  const none = { ...collection, catalog: { ...collection.catalog, texts }, albumOf: () => -1 };
  assert.throws(() => new Session(new UserState(none), { by: "album" }), InputError);
});

Deno.test("a session goes on from the track before it", () => {
  const line = smallCollection(
    Array.from({ length: 9 }, (_, i) => ({ vector: [Math.cos(i / 6), Math.sin(i / 6)] })),
    2,
  );
  for (let after = 0; after < 9; after++) {
    const state = new UserState(line);
    state.play(after, 0);
    const first = new Session(state, { after, seed: 1, temperature: 0, rules: { repeatTrack: 5 } }).next();
    assert.equal(Math.abs(first.track - after), 1, `${after} → ${first.track}`);
    assert.ok(first.distribution!.candidates.length <= 2);
  }
  assert.throws(() => new Session(new UserState(line), { after: 9 }), /Expected after to be a track index/);
});
