/**
 * Listeners and their sessions, kept in memory while they are in use and made anew from the log when they are not.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import { randomUUID } from "node:crypto";
import { InputError } from "../data/errors.ts";
import type { SequenceModel } from "../hybrid/sequence_term.ts";
import type { SequenceScorer } from "../score/features.ts";
import { compileRules } from "../score/rules.ts";
import { Session, type SessionPick } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import type * as schemas from "./schemas.ts";
import type { LoggedEvent, LoggedSession, Store } from "./store.ts";

/** Options that can change while a session runs. */
export type Tuning = z.infer<typeof schemas.Tuning>;

/** Options of a new session, as they are logged: JSON, tracks by id. */
type NewSession = Omit<z.infer<typeof schemas.SessionRequest>, "listener">;

/** A session that is in use. */
export interface LiveSession extends Readonly<Omit<LoggedSession, "options">> {
  /** The options it began with. */
  readonly options: NewSession;
  /** The session. */
  readonly session: Session;
}

/** No such session, or one that is over. */
export class SessionError extends Error {
  /**
   * Makes the error.
   *
   * @param status HTTP status that says it: 404 unknown, 409 over.
   * @param message One line for the client.
   */
  constructor(readonly status: 404 | 409, message: string) {
    super(message);
  }
}

interface Listener {
  state: UserState;
  current: LiveSession | undefined;
  /** Events that the sum of all listeners counts. */
  counted: number;
}

/** Picks a session may have; then a new one must be begun. */
const MOST_PICKS = 2000;
/** Latest picks of a session that keep their candidates, for reasons and previews; about five kilobytes each. */
const EXPLAINED_PICKS = 100;
/** Of those that have been played, only the latest few: who goes back further sees the track without its reasons. */
const EXPLAINED_PLAYED = 10;
/** Events of all listeners kept in memory, about a kilobyte each; listeners not used for longest go first. */
const MOST_EVENTS = 50_000;

/** All sessions of a service. */
export class Sessions {
  #collection: Collection;
  #store: Store;
  #sequence?: SequenceModel;
  #listeners = new Map<string, Listener>();
  #owners = new Map<string, string>();
  #events = 0;
  #mostEvents: number;

  /**
   * Takes up the log.
   *
   * @param collection What is shuffled.
   * @param store The log.
   * @param sequence The sequence model behind the weight `sequence`, when there is one.
   * @param mostEvents Events of all listeners that are kept in memory, at least 1.
   */
  constructor(collection: Collection, store: Store, sequence?: SequenceModel, mostEvents: number = MOST_EVENTS) {
    this.#collection = collection;
    this.#store = store;
    this.#sequence = sequence;
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
   * Begins a session. It ends the listener's session before it.
   *
   * @param options Its options.
   * @param listener The listener; a new one when left out.
   * @param now The time, in ms since 1970.
   * @returns The session; it is on disk.
   * @throws {InputError} When an option is out of range or names a track that does not exist.
   */
  async begin(options: NewSession, listener: string | undefined, now: number): Promise<LiveSession> {
    if (this.#store.writtenElsewhere()) this.#forgetAll();
    // Of a new listener the log knows nothing: it is not asked.
    const owner = listener === undefined
      ? this.#keep(listener = randomUUID(), this.#replay(listener, []))
      : this.#listener(listener);
    const logged = { id: randomUUID(), listener, created: now, options: JSON.stringify(options) };
    const live = this.#make(logged, owner.state);
    if (owner.current) this.#owners.delete(owner.current.id);
    owner.current = live;
    this.#owners.set(live.id, listener);
    await this.#onDisk(listener, this.#store.addSession(logged));
    return live;
  }

  /**
   * A session that goes on.
   *
   * @param id Its id.
   * @returns The session.
   * @throws {SessionError} 404 when there is none, 409 when the listener has begun another since.
   */
  get(id: string): LiveSession {
    if (this.#store.writtenElsewhere()) this.#forgetAll();
    const listener = this.#owners.get(id) ?? this.#store.session(id)?.listener;
    if (listener === undefined) throw new SessionError(404, `no session '${id}'`);
    const { current } = this.#listener(listener);
    if (current?.id !== id) throw new SessionError(409, `session '${id}' is over: its listener has begun another`);
    return current;
  }

  /**
   * Goes on: to tracks that lie ahead, then to new picks.
   *
   * @param live The session.
   * @param count How many tracks, at least 1.
   * @param now The time, in ms since 1970; later picks start when the one before ends.
   * @param ahead Pick the tracks ahead of time: the first track of a session begins to play, later ones wait.
   * @returns The tracks; they are on disk.
   * @throws {SessionError} 409 when the session has reached its longest.
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
    this.#forgetReasons(session, count);
    await this.#enter(live, events);
    return picks;
  }

  /**
   * Goes back to the track before.
   *
   * @param live The session.
   * @param now The time, in ms since 1970.
   * @returns What plays now, or undefined at the start.
   */
  async previous(live: LiveSession, now: number): Promise<SessionPick | undefined> {
    const pick = live.session.previous();
    if (pick) await this.#enter(live, [this.#event(live, "previous", now)]);
    return pick;
  }

  /**
   * Takes the track that plays now back, with what lies ahead of it and what the listener thought of it.
   *
   * @param live The session.
   * @param now The time, in ms since 1970.
   * @returns The pick that was taken back, or undefined when there is none.
   */
  async undo(live: LiveSession, now: number): Promise<SessionPick | undefined> {
    const cleared = this.#clear(live, now);
    const pick = live.session.undo();
    if (pick) await this.#enter(live, [...cleared, this.#event(live, "undo", now, pick)]);
    return pick;
  }

  /**
   * Enters what the listener thinks of a track. What lies ahead is taken back: it was picked without knowing it.
   *
   * @param live The session.
   * @param type What happened.
   * @param track The track.
   * @param now The time, in ms since 1970.
   * @returns Settles when it is on disk.
   */
  async feedback(live: LiveSession, type: "skip" | "like" | "unlike", track: TrackIndex, now: number): Promise<void> {
    const cleared = this.#clear(live, now);
    const at = Math.max(now, live.session.state.now);
    live.session.state[type](track, at);
    await this.#enter(live, [...cleared, this.#event(live, type, at, { track })]);
  }

  /**
   * Changes how a session goes on. What lies ahead is taken back.
   *
   * @param live The session.
   * @param tuning What changes.
   * @param now The time, in ms since 1970.
   * @returns Settles when it is on disk.
   * @throws {InputError} When an option is out of range.
   */
  async retune(live: LiveSession, tuning: Tuning, now: number): Promise<void> {
    compileRules(this.#collection, tuning.rules);
    this.scorer(live.session.state, tuning);
    live.session.retune(tuning);
    const cleared = this.#clear(live, now);
    await this.#enter(live, [...cleared, { ...this.#event(live, "retune", now), detail: JSON.stringify(tuning) }]);
  }

  /**
   * What the sequence model says to a listener's next track.
   *
   * @param state The listener.
   * @param tuning The weights that are asked for.
   * @returns The scorer of candidates; undefined when there is no model.
   * @throws {InputError} When a weight is asked for that needs a model, and there is none.
   */
  scorer(state: UserState, { weights }: Tuning): SequenceScorer | undefined {
    if (weights?.sequence !== undefined && !this.#sequence) {
      throw new InputError("weight sequence needs a sequence model, and none is loaded: run segue train-sasrec first");
    }
    return this.#sequence?.(state);
  }

  /** Old picks leave their candidates behind. */
  #forgetReasons({ picks, current }: Session, added: number = picks.length): void {
    const kept = Math.max(picks.length - EXPLAINED_PICKS, (current?.step ?? 0) - EXPLAINED_PLAYED, 0);
    for (const old of picks.slice(Math.max(0, kept - EXPLAINED_PLAYED - added), kept)) old.distribution = undefined;
  }

  #enter(live: LiveSession, events: readonly LoggedEvent[]): Promise<void> {
    return this.#onDisk(live.listener, this.#store.addEvents(events));
  }

  /** What could not be written has not happened: the listener is made anew from the log. */
  async #onDisk(listener: string, written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#forget(listener);
      throw error;
    }
  }

  /** Takes back what lies ahead; gives the event that says so, if there was anything. */
  #clear(live: LiveSession, now: number): LoggedEvent[] {
    return takeBackAhead(live.session) ? [this.#event(live, "clear", now)] : [];
  }

  /** The listener, from memory or made anew from the log. */
  #listener(id: string): Listener {
    const known = this.#listeners.get(id);
    this.#listeners.delete(id);
    return this.#keep(id, known ?? this.#replay(id, this.#store.sessionsOf(id)));
  }

  /** Puts a listener last among those in memory; the first ones leave when there are too many events. */
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

  /**
   * Plays the log of a listener again. The randomness of a pick depends on seed and step alone, so that the same picks
   * come out; where they do not, the catalogue is another one, and the session is over.
   */
  #replay(listener: string, sessions: readonly LoggedSession[]): Listener {
    const state = new UserState(this.#collection);
    let current: LiveSession | undefined;
    for (const logged of sessions) current = this.#remake(logged, state);
    if (current) this.#owners.set(current.id, listener);
    return { state, current, counted: 0 };
  }

  #remake(logged: LoggedSession, state: UserState): LiveSession | undefined {
    try {
      const live = this.#make(logged, state);
      if (!this.#store.eventsOf(logged.id).every((event) => this.#again(live, event))) return undefined;
      this.#forgetReasons(live.session);
      return live;
    } catch (error) {
      // A track or a model that is no longer there.
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  #again({ session }: LiveSession, event: LoggedEvent): boolean {
    switch (event.type) {
      case "pick":
        return this.#id(session.next(event.at).track) === event.track_id;
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
        const track = this.#collection.indexOf(event.track_id!);
        if (track === undefined) return false;
        session.state[event.type as "skip" | "like" | "unlike"](track, event.at);
        return true;
      }
    }
  }

  #make({ id, listener, created, options: text }: LoggedSession, state: UserState): LiveSession {
    const options: NewSession = JSON.parse(text);
    const { seeds, ...rest } = options;
    const tracks = (seeds ?? []).map((seed) => {
      const track = this.#collection.indexOf(seed);
      if (track === undefined) throw new InputError(`no track '${seed}'`);
      return track;
    });
    // Rules are read at the first pick; a genre that does not exist is to be told now, and not at every pick to come.
    compileRules(this.#collection, options.rules);
    const session = new Session(state, {
      ...rest,
      from: tracks[0],
      sequence: this.scorer(state, options),
      start: Math.max(created, Number.isFinite(state.now) ? state.now : created),
      ...(tracks.length > 1 ? { toward: tracks.slice(1) } : {}),
    });
    return { id, listener, created, options, session };
  }

  #event(live: LiveSession, type: LoggedEvent["type"], at: number, pick?: Partial<SessionPick>): LoggedEvent {
    const { track, probability = null } = pick ?? {};
    const track_id = track === undefined ? null : this.#id(track);
    return { session: live.id, type, track_id, at, probability, detail: null };
  }

  #id(track: number): string {
    return this.#collection.catalog.texts.track_id![track]!;
  }
}

/** Takes back the picks after the one that plays now; likes and skips that were entered since stay. */
function takeBackAhead(session: Session): boolean {
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
