import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { type SavedUserState, UserState } from "../../lib/score/state.ts";
import { randomCollection } from "./small_worlds.ts";

const HOUR = 3_600_000;
const collection = randomCollection(12, 4, 1);

type Step = [kind: "play" | "skip" | "like" | "unlike" | "cycle" | "undo", track: number, at: number];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom("play", "play", "play", "skip", "like", "unlike", "cycle", "undo"),
    fc.nat(11),
    fc.integer({ min: 0, max: 1e12 }),
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Step[]>;

function apply(state: UserState, [kind, track, at]: Step): void {
  if (kind === "undo") state.undo();
  else if (kind === "cycle") state.startCycle(at);
  else state[kind](track, at);
}

/** Everything that can be asked of a state. */
function portrait(state: UserState): unknown {
  return {
    plays: Array.from({ length: state.playCount }, (_, p) => state.playedTrack(p)),
    tracks: Array.from({ length: 12 }, (_, track) => ({ ...state.historyOf(track) })),
    artists: collection.artists.names.map((_, artist) => state.artistPlays(artist)),
    works: Array.from(collection.library, (track) => state.lastWorkPlay(collection.workOf(track))),
    now: state.now,
    cycle: state.cycleStart,
    events: state.events(),
  };
}

Deno.test("a state counts plays, skips and likes and keeps their times", () => {
  const state = new UserState(collection);
  state.play(3, HOUR);
  state.play(4, 2 * HOUR);
  state.play(3, 5 * HOUR);
  state.skip(3, 5 * HOUR + 1);
  state.like(4, 6 * HOUR);
  assert.equal(state.playCount, 3);
  assert.equal(state.now, 6 * HOUR);
  assert.deepEqual(state.historyOf(3), { plays: 2, skips: 1, liked: false, lastTime: 5 * HOUR, lastPlay: 2 });
  assert.equal(state.historyOf(4)?.liked, true);
  assert.equal(state.historyOf(5), undefined);
});

Deno.test("a state survives JSON: the restored state answers every question alike", () => {
  fc.assert(fc.property(steps, (list) => {
    const state = new UserState(collection);
    list.forEach((step) => apply(state, step));
    const restored = UserState.fromJSON(collection, JSON.parse(JSON.stringify(state)));
    assert.deepEqual(portrait(restored), portrait(state));
  }));
});

Deno.test("undo() restores the state before the event exactly", () => {
  fc.assert(fc.property(steps, steps, (before, after) => {
    const state = new UserState(collection);
    before.forEach((step) => apply(state, step));
    const expected = portrait(state);
    const events = state.eventCount;
    after.filter(([kind]) => kind !== "undo").forEach((step) => apply(state, step));
    while (state.eventCount > events) state.undo();
    assert.deepEqual(portrait(state), expected);
  }));
});

Deno.test("looking back gives what was known then", () => {
  fc.assert(fc.property(steps, steps, (before, after) => {
    const state = new UserState(collection);
    before.forEach((step) => apply(state, step));
    const events = state.eventCount;
    const known = Array.from({ length: 12 }, (_, track) => ({ ...state.historyOf(track) }));
    const artists = collection.artists.names.map((_, artist) => state.artistPlays(artist));
    after.filter(([kind]) => kind !== "undo").forEach((step) => apply(state, step));
    known.forEach((history, track) => assert.deepEqual({ ...state.historyOf(track, events) }, history));
    artists.forEach((plays, artist) => assert.equal(state.artistPlays(artist, events), plays));
  }));
});

Deno.test("a state refuses unknown tracks, times that are none, and saved states of another form", () => {
  const state = new UserState(collection);
  assert.throws(() => state.play(12, 0), /Expected track to be a track index in \[0, 11\] but found 12/);
  assert.throws(() => state.play(0, NaN), /Expected a time in ms since 1970 but found NaN/);
  assert.throws(() => UserState.fromJSON(collection, { format: "x" } as never), InputError);
  const saved: SavedUserState = {
    format: "segue-user-state",
    version: 1,
    events: [["play", "gone", 5], ["play", "id3", 6]],
  };
  assert.throws(() => UserState.fromJSON(collection, saved), /names track gone, not in the catalogue/);
  assert.equal(UserState.fromJSON(collection, saved, { ignoreUnknown: true }).playCount, 1);
});

Deno.test("an update costs the same whatever the length of the history", () => {
  const seconds = (plays: number) => {
    const state = new UserState(collection);
    for (let p = 0; p < plays; p++) state.play(p % 12, p);
    const start = performance.now();
    for (let p = 0; p < 20_000; p++) state.play(p % 12, plays + p);
    return performance.now() - start;
  };
  seconds(1000);
  const short = Math.min(seconds(1000), seconds(1000), seconds(1000));
  const long = Math.min(seconds(200_000), seconds(200_000), seconds(200_000));
  // Linear cost would be two hundred times as much.
  assert.ok(long < 20 * short + 20, `${long} ms after 200,000 plays against ${short} ms after 1,000`);
});
