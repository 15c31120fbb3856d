/** A session: one run of plays under a policy, with Previous, undo, a shape and a length. */
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import { type Albums, albumsOf } from "./albums.ts";
import { findCandidates } from "./candidates.ts";
import type { Distribution } from "./distribution.ts";
import { type Policy, type PolicyName, policyOf } from "./policies.ts";
import { recommendNext, type RecommendOptions } from "./recommend.ts";
import { compileRules, type Relaxation } from "./rules.ts";
import type { UserState } from "./state.ts";
import { energyArc } from "./terms/energy_arc.ts";
import { TERMS } from "./terms/registry.ts";
import { sessionWeights, type Weights, weightsForDiscovery } from "./weights.ts";
import { type Collection, expectTrack, type TrackIndex } from "./collection.ts";

/** A point of an energy arc: at this share of the session, in [0, 1], this energy, in [0, 1]. */
export type ArcPoint = readonly [progress: number, energy: number];

/** Stands for the current track before the first. */
const NO_TRACK = -1;

/** Length of a track of unknown duration, for the clock of a session: 3.5 minutes. */
const TYPICAL_DURATION_MS = 210_000;

/** How long a track plays, in ms; 3.5 minutes when not known. */
export function durationOf(collection: Collection, track: TrackIndex): number {
  const duration = collection.catalog.numbers.duration_ms?.[track] ?? NaN;
  return duration > 0 ? duration : TYPICAL_DURATION_MS;
}

/** How a session goes. */
export interface SessionOptions extends Omit<RecommendOptions, "now" | "targetEnergy"> {
  /** The policy, by name or as an entry of its own; `segue` by default. */
  policy?: PolicyName | Policy;
  /** Weights of the utility; {@linkcode SESSION_WEIGHTS} by default. */
  weights?: Weights;
  /** Position of the familiar–discover slider, see {@linkcode weightsForDiscovery}; the weights as they are when left out. */
  discover?: number;
  /** The energy that the session should have as it goes on, straight lines between the points. */
  arc?: readonly ArcPoint[];
  /** Number of tracks of the session; 30 by default. The arc is laid over it unless `minutes` is given. */
  count?: number;
  /** Length of the session in minutes instead of a number of tracks. */
  minutes?: number;
  /** The first track; drawn from the library when left out. Of albums the one that begins with the album of this track. */
  from?: TrackIndex;
  /** The track that played before the session: the first pick goes on from it, unless `from` is given. */
  after?: TrackIndex;
  /**
   * What is shuffled: tracks, or whole albums, whose tracks keep their order. A session of albums ends with the album
   * that reaches its length.
   */
  by?: "track" | "album";
  /** Seed of everything random in the session. */
  seed?: number;
  /** When the session starts, in ms since 1970; at the listener's latest event by default, or at 0 without one. */
  start?: number;
}

/** A track of a session. */
export interface SessionPick {
  /** Place in the session, from 0. */
  step: number;
  /** The track. */
  track: TrackIndex;
  /** When it starts, in ms since 1970. */
  at: number;
  /**
   * The probability with which the policy chose it; 1 for the first track that the listener named and within an album;
   * null for the policies `dithered` and `freshest`, and for albums under those that order the library.
   */
  probability: number | null;
  /** The distribution it was drawn from; undefined for the first track and for policies that order the library. */
  distribution?: Distribution;
  /** The hard rules that had to be relaxed for it. */
  relaxed: readonly Relaxation[];
}

/**
 * One run of plays. `next` goes forward and enters the play in the listener's state, `previous` goes back without
 * forgetting, `undo` takes the latest pick back with all that happened since. The randomness of a step depends on seed
 * and step alone, so that a session that was undone or made anew goes the same way.
 *
 * @example
 * ```ts ignore
 * const session = new Session(state, { from: 12, seed: 7 });
 * for (let i = 0; i < 10; i++) console.log(session.next().track);
 * ```
 */
export class Session {
  /** The options for the picks to come: as given, or as {@linkcode Session.retune} left them. */
  options: Readonly<SessionOptions>;
  #picks: SessionPick[] = [];
  /** All tracks of the session so far. */
  readonly picks: readonly SessionPick[] = this.#picks;
  #eventsBefore: number[] = [];
  #cursor = -1;
  #weights: Weights;
  #orders = new Map<number, Int32Array>();
  #albums: Albums & { of?: Int32Array } | undefined;

  /**
   * Starts a session; nothing plays before {@linkcode Session.next} is called.
   *
   * @param state The listener; the session writes its plays into it.
   * @throws {InputError} When an option is out of range or the first track does not exist.
   */
  constructor(readonly state: UserState, options: SessionOptions = {}) {
    if (options.from !== undefined) expectTrack(state.collection, options.from, "from");
    if (options.after !== undefined) expectTrack(state.collection, options.after, "after");
    this.options = options;
    this.#weights = weightsOf(options);
    if (options.by === "album") this.#albumsNow();
  }

  /**
   * Changes how the session goes on: what was picked stays, what comes is picked by the new options.
   *
   * @param changes The options that change; the first track and the seed stay what they are.
   * @throws {InputError} When an option is out of range; then nothing has changed.
   */
  retune(changes: Omit<SessionOptions, "from" | "seed">): void {
    const options = { ...this.options, ...changes };
    this.#weights = weightsOf(options);
    this.options = options;
  }

  /** The track that plays now; undefined before the first. */
  get current(): SessionPick | undefined {
    return this.#picks[this.#cursor];
  }

  /**
   * Goes to the next track: one that was left with {@linkcode Session.previous}, else a new one, whose play is entered
   * in the listener's state.
   *
   * @param at When it starts, in ms since 1970; when the track before it ends, when left out.
   */
  next(at?: number): SessionPick {
    if (this.#cursor + 1 < this.#picks.length) return this.#picks[++this.#cursor];
    const time = at ?? this.#endOfCurrent();
    this.#eventsBefore.push(this.state.eventCount);
    const pick = this.#choose(time);
    if (pick.distribution?.found.cycleComplete) this.state.startCycle(time);
    this.state.play(pick.track, time);
    this.#picks.push(pick);
    this.#cursor++;
    return pick;
  }

  /**
   * The distribution that the next pick would be drawn from, if the session were retuned so. Nothing is changed.
   *
   * @param changes Options to try, as {@linkcode Session.retune} takes them.
   * @param at When the next track would start, in ms since 1970; when the latest pick ends, when left out.
   * @returns The distribution; undefined before the first track, within an album, and under policies that order the
   * library.
   * @throws {InputError} When an option is out of range.
   */
  preview(changes: Omit<SessionOptions, "from" | "seed"> = {}, at?: number): Distribution | undefined {
    const options = { ...this.options, ...changes };
    const weights = weightsOf(options);
    if (this.#picks.length === 0 || policyOf(options.policy).order || this.#nextOnAlbum() !== undefined) {
      return undefined;
    }
    return this.#distributionAt(this.#picks.length, at ?? this.#endOfCurrent(), options, weights);
  }

  /** Goes back to the track before. What was chosen after it is kept for {@linkcode Session.next}. */
  previous(): SessionPick | undefined {
    if (this.#cursor <= 0) return undefined;
    return this.#picks[--this.#cursor];
  }

  /** Takes back the latest pick, and every event of the listener since. */
  undo(): SessionPick | undefined {
    const pick = this.#picks.pop();
    if (!pick) return undefined;
    const events = this.#eventsBefore.pop()!;
    while (this.state.eventCount > events) this.state.undo();
    this.#cursor = Math.min(this.#cursor, this.#picks.length - 1);
    return pick;
  }

  /** Plays the session to its length: `count` tracks, or as many as bring it nearest to `minutes`. */
  run(): readonly SessionPick[] {
    const { count = 30, minutes } = this.options;
    if (minutes === undefined) {
      while (this.#picks.length < count || this.#nextOnAlbum() !== undefined) this.next();
      return this.#picks;
    }
    const wanted = minutes * 60_000;
    let before = 0;
    for (;;) {
      const after = before + durationOf(this.state.collection, this.next().track);
      if (after >= wanted && this.#nextOnAlbum() === undefined) {
        const isNearer = after - wanted > wanted - before && this.options.by !== "album";
        if (isNearer && this.#picks.length > 1) this.undo();
        return this.#picks;
      }
      before = after;
    }
  }

  #endOfCurrent(): number {
    const last = this.#picks[this.#picks.length - 1];
    if (last) return last.at + durationOf(this.state.collection, last.track);
    return this.options.start ?? (Number.isFinite(this.state.now) ? this.state.now : 0);
  }

  #choose(at: number): SessionPick {
    const step = this.#picks.length;
    const { from, after, by } = this.options;
    const policy = policyOf(this.options.policy);
    const named = step > 0
      ? this.#nextOnAlbum()
      : by === "album" && from !== undefined
      ? this.#albumsNow().firstOf(from)
      : from;
    if (named !== undefined && (step === 0 || !policy.order)) {
      return { step, track: named, at, probability: 1, relaxed: [] };
    }
    if (policy.order) return this.#fromOrder(policy, step, at);
    const random = seededRandom(this.options.seed ?? 42, `step ${step}`);
    if (step === 0 && after === undefined) return this.#firstTrack(random, at);
    const distribution = this.#distributionAt(step, at, this.options, this.#weights);
    const { track, probability } = distribution.sample(random);
    return { step, track, at, probability, distribution, relaxed: distribution.relaxed };
  }

  #distributionAt(step: number, at: number, options: SessionOptions, weights: Weights): Distribution {
    const { rules, temperature = 1 } = policyOf(options.policy);
    const current = this.#picks[step - 1]?.track ?? options.after!;
    return recommendNext(current, this.state, weights, {
      ...options,
      ...(options.by === "album" ? { candidates: this.#otherAlbums(current), closed: true } : {}),
      rules: options.rules ?? rules,
      temperature: options.temperature ?? temperature,
      now: at,
      targetEnergy: this.#targetEnergy(step, at, options),
    });
  }

  /** Any track of the library that the rules allow, all alike. O(1) for a new listener, else O(library), once a session. */
  #firstTrack(random: () => number, at: number): SessionPick {
    const { state } = this;
    const { rules = policyOf(this.options.policy).rules } = this.options;
    const compiled = compileRules(state.collection, rules);
    const candidates = this.options.by === "album" ? this.#albumsNow().first : compiled.allowed();
    // Before the first play only the rules that look at the track alone say anything.
    const tests = state.playCount === 0 ? [] : compiled.rules.map((rule) => rule.test(NO_TRACK, state, rule.limits[0]));
    const strict = tests.length === 0
      ? candidates
      : candidates.filter((track) => !tests.some((breaks) => breaks(track)));
    const { tracks, relaxed } = strict.length > 0 ? { tracks: strict, relaxed: [] } : findCandidates(NO_TRACK, state, {
      candidates: this.options.by === "album" ? candidates : state.collection.library,
      closed: true,
      rules,
    });
    return {
      step: 0,
      track: tracks[randomInteger(random, tracks.length)],
      at,
      probability: 1 / tracks.length,
      relaxed,
    };
  }

  /** The baselines order the library once and start again, in a new order, at its end. */
  #fromOrder(policy: Policy, step: number, at: number): SessionPick {
    const length = this.#library().length;
    const cycle = Math.floor(step / length);
    const place = step % length;
    const order = this.#orderOf(policy, cycle, at);
    const probability = policy.uniform && this.options.by !== "album" ? 1 / (length - place) : null;
    return { step, track: order[place], at, probability, relaxed: [] };
  }

  #orderOf(policy: Policy, cycle: number, at: number): Int32Array {
    let order = this.#orders.get(cycle);
    if (order) return order;
    const { seed = 42, from: named, halfLife, by } = this.options;
    const random = seededRandom(seed, `order ${cycle}`);
    const albums = by === "album" ? this.#albumsNow() : undefined;
    const from = albums && named !== undefined ? albums.firstOf(named) : named;
    order = policy.order!(albums?.first ?? this.#library(), this.state, random, { halfLife, now: at });
    const place = cycle === 0 && from !== undefined ? order.indexOf(from) : -1;
    if (place > 0) {
      order.copyWithin(1, 0, place);
      order[0] = from!;
    }
    if (albums) order = Int32Array.from(wholeAlbums(order, albums));
    this.#orders.set(cycle, order);
    return order;
  }

  /** What may be played by the rules that look at the track alone; everything when that is nothing. */
  #library(): Int32Array {
    const { rules = policyOf(this.options.policy).rules } = this.options;
    const allowed = compileRules(this.state.collection, rules).allowed();
    return allowed.length > 0 ? allowed : this.state.collection.library;
  }

  /** The albums of what may be played now. */
  #albumsNow(): Albums {
    const of = this.#library();
    if (this.#albums?.of !== of) this.#albums = { ...albumsOf(this.state.collection, of), of };
    return this.#albums;
  }

  /** The track after the latest pick on its album; undefined behind the last, and where tracks are shuffled. */
  #nextOnAlbum(): TrackIndex | undefined {
    const last = this.#picks.at(-1);
    return this.options.by === "album" && last ? this.#albumsNow().after(last.track) : undefined;
  }

  /** The first tracks of the albums but that of a track; of all when there is no other. */
  #otherAlbums(track: TrackIndex): Int32Array {
    const { first, firstOf } = this.#albumsNow();
    const others = first.filter((other) => other !== firstOf(track));
    return others.length > 0 ? others : first;
  }

  #targetEnergy(step: number, at: number, { arc, minutes, count = 30 }: SessionOptions): number | undefined {
    if (!arc) return undefined;
    const elapsed = at - (this.#picks[0]?.at ?? at);
    return energyAt(arc, minutes === undefined ? step / Math.max(1, count - 1) : elapsed / (minutes * 60_000));
  }
}

function* wholeAlbums(firsts: Int32Array, albums: Albums): Generator<TrackIndex> {
  for (const first of firsts) {
    for (let track: TrackIndex | undefined = first; track !== undefined; track = albums.after(track)) yield track;
  }
}

/** Checks the options and gives the weights that follow from them. */
function weightsOf({ policy, count, minutes, discover, arc, weights: given, terms = TERMS }: SessionOptions): Weights {
  const own = policyOf(policy).weights;
  if (count !== undefined) expectInteger("count", count, 1);
  if (minutes !== undefined && !(expectNumber("minutes", minutes) > 0)) {
    throw new InputError(`Expected minutes to be above 0 but found ${minutes}`);
  }
  if (arc) checkArc(arc);
  const weights = own ?? weightsForDiscovery(discover ?? 0.5, given ?? sessionWeights(terms), terms);
  return arc && weights.energyArc === undefined ? { ...weights, energyArc: energyArc.weight.value } : weights;
}

/**
 * The energy of an arc at a point of the session.
 *
 * @param arc Points by rising progress; straight lines between them, level before the first and after the last.
 * @param progress Share of the session that has passed; outside [0, 1] it is cut to it.
 * @returns Target energy in [0, 1].
 */
export function energyAt(arc: readonly ArcPoint[], progress: number): number {
  const p = Math.max(0, Math.min(1, progress));
  const next = arc.findIndex(([at]) => at >= p);
  if (next <= 0) return next === 0 ? arc[0][1] : arc[arc.length - 1][1];
  const [p0, e0] = arc[next - 1];
  const [p1, e1] = arc[next];
  return e0 + (e1 - e0) * (p - p0) / (p1 - p0);
}

function checkArc(arc: readonly ArcPoint[]): void {
  if (arc.length === 0) throw new InputError("Expected an energy arc to have at least one point but found none");
  arc.forEach(([progress, energy], i) => {
    expectNumber("progress of the arc", progress, i === 0 ? 0 : arc[i - 1][0], 1);
    expectNumber("energy of the arc", energy, 0, 1);
  });
}
