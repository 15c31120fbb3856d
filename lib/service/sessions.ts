/**
 * The sessions of a service. Listeners who were active lately are in memory; the others are made from the log when they
 * come back.
 */
import { randomUUID } from "node:crypto";
import type { Collection, TrackIndex } from "../score/collection.ts";
import { compileRules } from "../score/rules.ts";
import type { Session, SessionPick } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import type { SequenceModel } from "../hybrid/sequence_term.ts";
import {
  enterFeedback,
  type LiveSession,
  makeSession,
  type NewSession,
  replayListener,
  sequenceScorer,
  type SessionParts,
  takeBackAhead,
  type Tuning,
} from "./replay.ts";
import type { LoggedEvent, Store } from "./store.ts";

/** There is no such session, or it is over. */
export class SessionError extends Error {
  /** Takes the HTTP status, 404 for unknown and 409 for over, and one line for the client. */
  constructor(readonly status: 404 | 409, message: string) {
    super(message);
  }
}

/** A listener in memory. */
interface Listener {
  state: UserState;
  current: LiveSession | undefined;
  /** How many events of this listener are in the total of all listeners. */
  counted: number;
}

/** A session can have this many picks. */
const MOST_PICKS = 2000;
/** The latest picks of a session keep their candidates, for reasons and previews; one takes about five kilobytes. */
const EXPLAINED_PICKS = 100;
/** Of the picks that were played only the latest few keep them. */
const EXPLAINED_PLAYED = 10;
/** Events of all listeners in memory; one takes about a kilobyte. The least active listeners leave first. */
const MOST_EVENTS = 50_000;

/** All sessions of a service. Times are in ms since 1970. A promise settles when the change is on disk. */
export class Sessions {
  /** What they are made of. */
  readonly parts: SessionParts;
  /** Listeners in memory by id, the least active first. */
  #listeners = new Map<string, Listener>();
  /** The listener of each session in memory. */
  #owners = new Map<string, string>();
  #events = 0;
  #mostEvents: number;

  /** Opens the sessions of a log; `mostEvents` events of all listeners are kept in memory, at least 1. */
  constructor(collection: Collection, store: Store, sequence?: SequenceModel, mostEvents: number = MOST_EVENTS) {
    this.parts = { collection, store, sequence };
    this.#mostEvents = mostEvents;
  }

  /** Number of listeners in memory. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Number of sessions in memory: at most one of each listener. */
  get sessionCount(): number {
    return this.#owners.size;
  }

  /**
   * Begins a session; the listener's session before it is over.
   *
   * @throws {InputError} When an option is out of range or names a track that does not exist.
   */
  async begin(options: NewSession, listener: string | undefined, now: number): Promise<LiveSession> {
    if (this.parts.store.writtenElsewhere()) this.#forgetAll();
    const owner = listener === undefined
      ? this.#keep(listener = randomUUID(), {
        state: new UserState(this.parts.collection),
        current: undefined,
        counted: 0,
      })
      : this.#listener(listener);
    const logged = { id: randomUUID(), listener, created: now, options: JSON.stringify(options) };
    const live = makeSession(this.parts, logged, owner.state);
    if (owner.current) this.#owners.delete(owner.current.id);
    owner.current = live;
    this.#owners.set(live.id, listener);
    await this.#onDisk(listener, this.parts.store.addSession(logged));
    return live;
  }

  /** The session with an id; SessionError when there is none, or when its listener has begun another since. */
  get(id: string): LiveSession {
    if (this.parts.store.writtenElsewhere()) this.#forgetAll();
    const listener = this.#owners.get(id) ?? this.parts.store.session(id)?.listener;
    if (listener === undefined) throw new SessionError(404, `no session '${id}'`);
    const { current } = this.#listener(listener);
    if (current?.id !== id) throw new SessionError(409, `session '${id}' is over: its listener has begun another`);
    return current;
  }

  /**
   * Goes on: first through the tracks that were picked ahead of time, then to new picks.
   *
   * @param now The time; later picks start when the one before ends.
   * @param ahead Pick ahead of time: what plays now goes on, and only the first track of a session begins to play.
   * @throws {SessionError} 409 when the session has as many picks as it can have.
   */
  async next(live: LiveSession, count: number, now: number, ahead: boolean = false): Promise<SessionPick[]> {
    const { session } = live;
    const plays = session.current?.step ?? 0;
    const events: LoggedEvent[] = [];
    const move = (type: "pick" | "forward" | "previous", pick: SessionPick) =>
      events.push(this.#event(live, type, pick.at, pick));
    if (ahead) { while (session.current?.step !== session.picks.at(-1)?.step) move("forward", session.next()); }
    const picks: SessionPick[] = [];
    for (let i = 0; i < count; i++) {
      const before = session.picks.length;
      if (before >= MOST_PICKS) {
        throw new SessionError(409, `session '${live.id}' has ${MOST_PICKS} tracks; begin another`);
      }
      const pick = session.next(i === 0 && !ahead ? Math.max(now, session.state.now) : undefined);
      picks.push(pick);
      move(session.picks.length > before ? "pick" : "forward", pick);
    }
    if (ahead) { while (session.current!.step > plays) move("previous", session.previous()!); }
    forgetReasons(session, count);
    await this.#enter(live, events);
    return picks;
  }

  /** Goes back to the track before; gives what plays now, or undefined at the start. */
  async previous(live: LiveSession, now: number): Promise<SessionPick | undefined> {
    const pick = live.session.previous();
    if (pick) await this.#enter(live, [this.#event(live, "previous", now)]);
    return pick;
  }

  /**
   * Takes back the track that plays now, everything picked after it, and the likes and skips since it began. Gives the
   * pick that was taken back, or undefined when there is none.
   */
  async undo(live: LiveSession, now: number): Promise<SessionPick | undefined> {
    const cleared = this.#clear(live, now);
    const pick = live.session.undo();
    if (pick) await this.#enter(live, [...cleared, this.#event(live, "undo", now, pick)]);
    return pick;
  }

  /** Enters a skip or a like, as {@linkcode enterFeedback} says. Tracks that were picked ahead of time are taken back: they were picked without it. */
  async feedback(live: LiveSession, type: "skip" | "like" | "unlike", track: TrackIndex, now: number): Promise<void> {
    const cleared = this.#clear(live, now);
    const at = Math.max(now, live.session.state.now);
    enterFeedback(live.session, type, track, at);
    await this.#enter(live, [...cleared, this.#event(live, type, at, { track })]);
  }

  /**
   * Changes options of a session. Tracks that were picked ahead of time are taken back. An option that is out of range
   * throws InputError and changes nothing.
   */
  async retune(live: LiveSession, tuning: Tuning, now: number): Promise<void> {
    compileRules(this.parts.collection, tuning.rules);
    sequenceScorer(this.parts, live.session.state, tuning);
    live.session.retune(tuning);
    const cleared = this.#clear(live, now);
    await this.#enter(live, [...cleared, { ...this.#event(live, "retune", now), detail: JSON.stringify(tuning) }]);
  }

  #enter(live: LiveSession, events: readonly LoggedEvent[]): Promise<void> {
    return this.#onDisk(live.listener, this.parts.store.addEvents(events));
  }

  /** When the disk refuses a write, the listener leaves the memory: the log does not have what has just happened. */
  async #onDisk(listener: string, written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#forget(listener);
      throw error;
    }
  }

  /** Takes back what was picked ahead of time; gives the event that says so, if there was anything. */
  #clear(live: LiveSession, now: number): LoggedEvent[] {
    return takeBackAhead(live.session) ? [this.#event(live, "clear", now)] : [];
  }

  #event(live: LiveSession, type: string, at: number, pick?: Partial<SessionPick>): LoggedEvent {
    const { track, probability = null } = pick ?? {};
    const track_id = track === undefined ? null : this.parts.collection.catalog.texts.track_id![track];
    return { session: live.id, type, track_id, at, probability, detail: null };
  }

  /** The listener, from memory or from the log. */
  #listener(id: string): Listener {
    const known = this.#listeners.get(id);
    this.#listeners.delete(id);
    if (known) return this.#keep(id, known);
    const { state, current } = replayListener(this.parts, id);
    if (current) {
      this.#owners.set(current.id, id);
      forgetReasons(current.session);
    }
    return this.#keep(id, { state, current, counted: 0 });
  }

  /** Makes a listener the most active one; the least active ones leave when there are too many events. */
  #keep(id: string, listener: Listener): Listener {
    this.#events += listener.state.eventCount + 1 - listener.counted;
    listener.counted = listener.state.eventCount + 1;
    for (const oldest of this.#listeners.keys()) {
      if (this.#events <= this.#mostEvents) break;
      this.#forget(oldest);
    }
    this.#listeners.set(id, listener);
    return listener;
  }

  #forget(id: string): void {
    const listener = this.#listeners.get(id);
    if (!listener) return;
    this.#listeners.delete(id);
    this.#events -= listener.counted;
    if (listener.current) this.#owners.delete(listener.current.id);
  }

  #forgetAll(): void {
    this.#listeners.clear();
    this.#owners.clear();
    this.#events = 0;
  }
}

/** Old picks lose their candidates; `added` is how many picks are new since the last call. */
function forgetReasons({ picks, current }: Session, added: number = picks.length): void {
  const kept = Math.max(picks.length - EXPLAINED_PICKS, (current?.step ?? 0) - EXPLAINED_PLAYED, 0);
  for (const old of picks.slice(Math.max(0, kept - EXPLAINED_PLAYED - added), kept)) old.distribution = undefined;
}
