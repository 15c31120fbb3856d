/** What is known of a listener: plays with their times, skips and likes. */
import { InputError } from "../data/errors.ts";
import { type Collection, expectTrack, type TrackIndex } from "./collection.ts";

/** Kinds of events. `cycle` marks where "nothing repeats until all has played" starts anew; it has no track. */
export type EventType = "play" | "skip" | "like" | "unlike" | "cycle";

/** An event as it is saved: kind, `track_id` (null for `cycle`), time in ms since 1970. */
export type SavedEvent = [type: EventType, trackId: string | null, at: number];

/** The JSON form of a {@linkcode UserState}. It names tracks by id, so that it outlives a new catalogue. */
export interface SavedUserState {
  /** Always `"segue-user-state"`. */
  format: "segue-user-state";
  /** Version of the form, 1. */
  version: 1;
  /** All events in order. */
  events: SavedEvent[];
}

/** An event with its track as an index; −1 for `cycle`. */
export interface UserEvent {
  /** What happened. */
  type: EventType;
  /** To which track. */
  track: TrackIndex;
  /** When, in ms since 1970. */
  at: number;
}

/** What is known of a listener and one track. */
export interface TrackHistory {
  /** Number of plays. */
  plays: number;
  /** Number of skips. */
  skips: number;
  /** Liked, and not unliked since. */
  liked: boolean;
  /** Time of the last play in ms since 1970; −Infinity when never played. */
  lastTime: number;
  /** Number of the last play, counting all plays from 0; −1 when never played. */
  lastPlay: number;
}

/** An event with what it overwrote. */
interface LoggedEvent extends UserEvent {
  before: { now: number; cycleStart: number; history: TrackHistory | undefined; lastWorkPlay: number | undefined };
}

/**
 * The state of one listener. Every update costs constant time and memory; nothing is ever in proportion to the
 * catalogue. No clock is read: times are passed in.
 *
 * @example
 * ```ts ignore
 * const state = new UserState(collection);
 * state.play(12, Date.parse("2026-03-01T08:00:00Z"));
 * state.skip(12, Date.parse("2026-03-01T08:00:09Z"));
 * const copy = UserState.fromJSON(collection, JSON.parse(JSON.stringify(state)));
 * ```
 */
export class UserState {
  #events: LoggedEvent[] = [];
  #plays: number[] = [];
  #tracks = new Map<TrackIndex, TrackHistory>();
  #artists = new Map<number, number>();
  #works = new Map<number, number>();
  #now = -Infinity;
  #cycleStart = 0;

  /** A listener of whom nothing is known, and the collection whose tracks the state speaks of. */
  constructor(readonly collection: Collection) {}

  /**
   * Restores a state from its JSON form.
   *
   * @param options `ignoreUnknown`: leave events of unknown tracks out instead of failing.
   * @throws {InputError} When `saved` is of another form, or holds tracks that the collection lacks.
   */
  static fromJSON(collection: Collection, saved: SavedUserState, options: { ignoreUnknown?: boolean } = {}): UserState {
    if (saved?.format !== "segue-user-state" || saved.version !== 1 || !Array.isArray(saved.events)) {
      throw new InputError(
        `Expected a saved state (format segue-user-state, version 1) but found ${saved?.format} ${saved?.version}`,
      );
    }
    const state = new UserState(collection);
    for (const [type, id, at] of saved.events) {
      if (type === "cycle") {
        state.startCycle(at);
        continue;
      }
      const track = id === null ? undefined : collection.indexOf(id);
      if (track !== undefined) state.#add(type, track, at);
      else if (!options.ignoreUnknown) throw new InputError(`The saved state names track ${id}, not in the catalogue`);
    }
    return state;
  }

  /** The JSON form: `JSON.stringify(state)` uses it. */
  toJSON(): SavedUserState {
    const ids = this.collection.catalog.texts.track_id!;
    const events = this.#events.map(({ type, track, at }): SavedEvent => [type, track < 0 ? null : ids[track], at]);
    return { format: "segue-user-state", version: 1, events };
  }

  /** Number of plays so far. */
  get playCount(): number {
    return this.#plays.length;
  }

  /** Number of events so far. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** Time of the latest event in ms since 1970; −Infinity when there is none. */
  get now(): number {
    return this.#now;
  }

  /** Number of the first play of the present cycle of "nothing repeats until all has played". */
  get cycleStart(): number {
    return this.#cycleStart;
  }

  /** The track of a play, by the number of the play in [0, playCount). */
  playedTrack(index: number): TrackIndex {
    return this.#plays[index];
  }

  /**
   * What is known of a track.
   *
   * @param eventCount Look back to when there were so many events; now when left out. O(events since then).
   * @returns Plays, skips, likes and the last play; `undefined` when nothing had happened to it.
   */
  historyOf(track: TrackIndex, eventCount: number = this.#events.length): Readonly<TrackHistory> | undefined {
    for (let e = eventCount; e < this.#events.length; e++) {
      if (this.#events[e].track === track) return this.#events[e].before.history;
    }
    return this.#tracks.get(track);
  }

  /**
   * How often an artist was played.
   *
   * @param artist Code of the artist in `collection.artists`.
   * @param eventCount Look back to when there were so many events; now when left out. O(events since then).
   */
  artistPlays(artist: number, eventCount: number = this.#events.length): number {
    let plays = this.#artists.get(artist) ?? 0;
    const { offsets, codes } = this.collection.artists;
    for (let e = eventCount; e < this.#events.length; e++) {
      const { type, track } = this.#events[e];
      if (type === "play" && codes.subarray(offsets[track], offsets[track + 1]).includes(artist)) plays--;
    }
    return plays;
  }

  /** Number of the last play of a work (all takes of a song), by its code in `collection.workOf`; −1 when never. */
  lastWorkPlay(work: number): number {
    return this.#works.get(work) ?? -1;
  }

  /** The latest events, oldest first: `count` of them at most, all when left out. */
  events(count: number = this.#events.length): UserEvent[] {
    return this.#events.slice(Math.max(0, this.#events.length - count)).map(withoutBefore);
  }

  /**
   * A track is played.
   *
   * @param at When it started, in ms since 1970.
   * @throws {InputError} When there is no such track or the time is not finite.
   */
  play(track: TrackIndex, at: number): void {
    this.#add("play", track, at);
  }

  /**
   * A track is skipped. It is no play of its own: a track that was heard before it was skipped has a play as well.
   * Parameters and errors are those of {@linkcode UserState.play}.
   */
  skip(track: TrackIndex, at: number): void {
    this.#add("skip", track, at);
  }

  /** A track is liked. Parameters and errors are those of {@linkcode UserState.play}. */
  like(track: TrackIndex, at: number): void {
    this.#add("like", track, at);
  }

  /** A like is taken back. Parameters and errors are those of {@linkcode UserState.play}. */
  unlike(track: TrackIndex, at: number): void {
    this.#add("unlike", track, at);
  }

  /**
   * Starts a cycle of "nothing repeats until all has played": from here on every track counts as not yet played.
   */
  startCycle(at: number): void {
    this.#add("cycle", -1, at);
  }

  /** Takes back the latest event, whichever it was, exactly. Constant time. */
  undo(): UserEvent | undefined {
    const event = this.#events.pop();
    if (!event) return undefined;
    const { type, track, before } = event;
    this.#now = before.now;
    this.#cycleStart = before.cycleStart;
    if (type === "cycle") return withoutBefore(event);
    setOrDelete(this.#tracks, track, before.history);
    if (type === "play") {
      this.#plays.pop();
      setOrDelete(this.#works, this.collection.workOf(track), before.lastWorkPlay);
      this.#countArtists(track, -1);
    }
    return withoutBefore(event);
  }

  #add(type: EventType, track: TrackIndex, at: number): void {
    if (type !== "cycle") expectTrack(this.collection, track);
    if (!Number.isFinite(at)) throw new InputError(`Expected a time in ms since 1970 but found ${at}`);
    const known = this.#tracks.get(track);
    const work = track < 0 ? -1 : this.collection.workOf(track);
    const before = {
      now: this.#now,
      cycleStart: this.#cycleStart,
      history: known,
      lastWorkPlay: this.#works.get(work),
    };
    this.#events.push({ type, track, at, before });
    this.#now = Math.max(this.#now, at);
    if (type === "cycle") {
      this.#cycleStart = this.#plays.length;
      return;
    }
    const history = { ...known ?? NEVER_HEARD };
    if (type === "play") {
      history.plays++;
      history.lastTime = Math.max(history.lastTime, at);
      history.lastPlay = this.#plays.length;
      this.#works.set(work, this.#plays.length);
      this.#plays.push(track);
      this.#countArtists(track, 1);
    } else if (type === "skip") history.skips++;
    else history.liked = type === "like";
    // Nothing is kept of a track of which nothing is known.
    const blank = history.plays === 0 && history.skips === 0 && !history.liked;
    setOrDelete(this.#tracks, track, blank ? undefined : history);
  }

  #countArtists(track: TrackIndex, change: number): void {
    const { offsets, codes } = this.collection.artists;
    for (let a = offsets[track]; a < offsets[track + 1]; a++) {
      this.#artists.set(codes[a], this.artistPlays(codes[a]) + change);
    }
  }
}

const NEVER_HEARD: TrackHistory = { plays: 0, skips: 0, liked: false, lastTime: -Infinity, lastPlay: -1 };

const withoutBefore = ({ type, track, at }: LoggedEvent): UserEvent => ({ type, track, at });

function setOrDelete<T>(map: Map<number, T>, key: number, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
