/** How a session is made: a new one from its options, an older one by playing the events of the log again. */
import type { z } from "@hono/zod-openapi";
import { InputError } from "../data/errors.ts";
import type { SequenceModel } from "../hybrid/sequence_term.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import { outcomeOf } from "../score/outcome.ts";
import type { SequenceScorer } from "../score/terms/term.ts";
import { compileRules } from "../score/rules.ts";
import { Session } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import type * as schemas from "./schemas.ts";
import type { LoggedEvent, LoggedSession, Store } from "./store.ts";

/** Options that can change while a session runs. */
export type Tuning = z.infer<typeof schemas.Tuning>;

/** Options of a new session. They are logged as JSON, so tracks are given by their ids. */
export type NewSession = Omit<z.infer<typeof schemas.SessionRequest>, "listener">;

/** A session in memory. */
export interface LiveSession extends Readonly<Omit<LoggedSession, "options">> {
  /** The options it began with. */
  readonly options: NewSession;
  readonly session: Session;
}

/** What sessions are made of. */
export interface SessionParts {
  readonly collection: Collection;
  readonly store: Store;
  /** The model behind the weight `sequence`; undefined when none is trained. */
  readonly sequence?: SequenceModel;
}

/** Makes a session of a listener; an option that is out of range or names an unknown track throws InputError. */
export function makeSession(parts: SessionParts, logged: LoggedSession, state: UserState): LiveSession {
  const { id, listener, created } = logged;
  const options: NewSession = JSON.parse(logged.options);
  const { seeds, after, ...rest } = options;
  const indexOf = (id: string) => {
    const track = parts.collection.indexOf(id);
    if (track === undefined) throw new InputError(`no track '${id}'`);
    return track;
  };
  const tracks = (seeds ?? []).map(indexOf);
  // The session reads its rules at the first pick. An unknown genre must be refused now, not then.
  compileRules(parts.collection, options.rules);
  const session = new Session(state, {
    ...rest,
    from: tracks[0],
    after: after === undefined ? undefined : indexOf(after),
    sequence: sequenceScorer(parts, state, options),
    start: Math.max(created, Number.isFinite(state.now) ? state.now : created),
    ...(tracks.length > 1 ? { toward: tracks.slice(1) } : {}),
  });
  return { id, listener, created, options, session };
}

/** The sequence model for one listener, or undefined; InputError when the weights need a model and there is none. */
export function sequenceScorer(
  { sequence }: SessionParts,
  state: UserState,
  { weights }: Tuning,
): SequenceScorer | undefined {
  if (weights?.sequence !== undefined && !sequence) {
    throw new InputError("weight sequence needs a sequence model, and none is loaded: run segue train-sasrec first");
  }
  return sequence?.(state);
}

/**
 * Makes a listener from the log. The random numbers of a pick depend on the seed and the step alone, so playing the
 * events again gives the same picks. When it does not, the catalogue has changed and the session is over.
 */
export function replayListener(
  parts: SessionParts,
  listener: string,
): { state: UserState; current: LiveSession | undefined } {
  const state = new UserState(parts.collection);
  let current: LiveSession | undefined;
  for (const logged of parts.store.sessionsOf(listener)) current = replaySession(parts, logged, state);
  return { state, current };
}

function replaySession(parts: SessionParts, logged: LoggedSession, state: UserState): LiveSession | undefined {
  try {
    const live = makeSession(parts, logged, state);
    return parts.store.eventsOf(logged.id).every((event) => replayEvent(parts, live, event)) ? live : undefined;
  } catch (error) {
    // A track or the sequence model is no longer there.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Lets an event of the log happen again; false when something else happens. */
function replayEvent({ collection }: SessionParts, { session }: LiveSession, event: LoggedEvent): boolean {
  switch (event.type) {
    case "pick":
      return collection.catalog.texts.track_id![session.next(event.at).track] === event.track_id;
    case "forward":
      return session.next() !== undefined;
    case "previous":
      return session.previous() !== undefined;
    case "clear":
      takeBackAhead(session);
      return true;
    case "undo":
      return session.undo() !== undefined;
    case "retune":
      session.retune(JSON.parse(event.detail!));
      return true;
    default: {
      const track = collection.indexOf(event.track_id!);
      if (track === undefined) return false;
      enterFeedback(session, event.type as "skip" | "like" | "unlike", track, event.at);
      return true;
    }
  }
}

/**
 * Enters a skip or a like in the listener's state. A skip of the track that plays counts when the stream was not kept:
 * later it is a fact of the log alone.
 */
export function enterFeedback(
  { state, current }: Session,
  type: "skip" | "like" | "unlike",
  track: TrackIndex,
  at: number,
): void {
  const duration = state.collection.catalog.numbers.duration_ms?.[track] ?? NaN;
  const isKept = current?.track === track && outcomeOf(at - current.at, duration) === "kept";
  if (type !== "skip" || !isKept) state[type](track, at);
}

/** Takes back the picks after the track that plays now, but no like or skip; tells whether there were any such picks. */
export function takeBackAhead(session: Session): boolean {
  const { state } = session;
  const latest = session.picks.at(-1)?.step ?? 0;
  const plays = session.current?.step ?? 0;
  if (latest === plays) return false;
  const events = state.events();
  for (let step = latest; step > plays; step--) session.undo();
  for (const { type, track, at } of events.slice(state.eventCount)) {
    if (type === "skip" || type === "like" || type === "unlike") state[type](track, at);
  }
  return true;
}
