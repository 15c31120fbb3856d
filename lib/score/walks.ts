/** Many sessions in a row: what a listener hears over days and weeks under one policy. */
import { expectInteger, expectNumber } from "../data/errors.ts";
import { Session, type SessionOptions, type SessionPick } from "./session.ts";
import type { UserState } from "./state.ts";

/**
 * Plays several sessions one after the other; the listener's state carries over from one to the next. Every session has
 * a seed of its own and begins with a track that the policy draws.
 *
 * @param state The listener; all plays are entered in it.
 * @returns All tracks in the order in which they played, and the picks, session by session.
 * @throws {InputError} When an option is out of range.
 */
export function playSessions(
  state: UserState,
  options: Omit<SessionOptions, "start" | "from"> & {
    /** Number of sessions, at least 1. */
    sessions: number;
    /** Hours from the start of one session to the start of the next, above 0; 24 by default. */
    gap?: number;
    /** When the first session starts, in ms since 1970; at the listener's latest event by default. */
    start?: number;
  },
): { plays: Int32Array; sessions: (readonly SessionPick[])[] } {
  const { sessions, gap = 24, start = Number.isFinite(state.now) ? state.now : 0, seed = 42, ...rest } = options;
  expectInteger("sessions", sessions, 1);
  expectNumber("gap", gap, 1e-9);
  const heard = Array.from({ length: sessions }, (_, s) => {
    return new Session(state, { ...rest, seed: seed + s, start: start + s * gap * 3_600_000 }).run();
  });
  return { plays: Int32Array.from(heard.flatMap((picks) => picks.map(({ track }) => track))), sessions: heard };
}
