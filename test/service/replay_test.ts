import assert from "node:assert/strict";
import { enterFeedback } from "../../lib/service/replay.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { randomCollection } from "../score/small_worlds.ts";

Deno.test("a skip of what plays counts until the stream is kept; a skip of another track always", () => {
  const state = new UserState(randomCollection(30, 5, 1));
  const session = new Session(state, { from: 0, count: 5, rules: {}, start: 0 });
  const skipsAfter = (heard: number) => {
    const { track, at } = session.next();
    enterFeedback(session, "skip", track, at + heard);
    return state.historyOf(track)?.skips;
  };
  assert.equal(skipsAfter(29_999), 1);
  assert.equal(skipsAfter(30_000), 0);
  const { track: current, at } = session.current!;
  const other = current === 7 ? 8 : 7;
  enterFeedback(session, "skip", other, at + 60_000);
  assert.equal(state.historyOf(other)?.skips, 1);
  enterFeedback(session, "like", current, at + 60_000);
  assert.equal(state.historyOf(current)?.liked, true);
});
