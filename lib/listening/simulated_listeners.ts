/**
 * Simulated listeners: people with known weights who choose what to hear next, so that a method that learns weights
 * from choices can be held against the truth.
 */
import { group } from "d3-array";
import { randomGamma, randomLogNormal, randomNormal } from "d3-random";
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { type Random, randomInteger, sampleCategorical, seededRandom, shuffleInPlace } from "../math/random.ts";
import { BASE_TERM_NAMES, type BaseTermName } from "../score/terms/registry.ts";
import { recommendNext } from "../score/recommend.ts";
import { durationOf } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import { checkWeights, DEFAULT_WEIGHTS, type Weights } from "../score/weights.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import { type Choice, type ChoiceLog, collectChoices } from "./choice_sets.ts";

/** How to simulate. */
export interface ListenerOptions {
  /** Number of listeners. Default 500. */
  users?: number;
  /** Choices of each listener. Default 60. */
  steps?: number;
  /** Seed; every listener has a stream of random numbers of its own. Default 42. */
  seed?: number;
  /** The true weights, or the centre of their distribution. Default {@linkcode DEFAULT_WEIGHTS}. */
  weights?: Weights;
  /** Standard deviation of the listeners' weights around the centre (normal, independent); 0 where left out. */
  spread?: Partial<Record<BaseTermName, number>>;
  /** The weights of each listener, [users, 5] row-major: then `weights`, `spread` and `noise` have no say. */
  own?: Float64Array;
  /** Temperature of the choices, above 0. Only weights over temperature can be learned. Default 1. */
  temperature?: number;
  /** Share of listeners who choose at random, in [0, 1]. Default 0. */
  noise?: number;
  /** Most graph neighbours of the current track that are on offer. Default 30. */
  neighbors?: number;
  /** Tracks of the liked set that are on offer as well. Default 20. */
  familiar?: number;
  /** Size of the liked set. Default 200, or half of the library when that is less. */
  liked?: number;
  /** Mean number of plays in a session. Default 12. */
  sessionLength?: number;
  /** Median pause between sessions, hours; log-normal, so that some are of minutes and some of days. Default 14. */
  pauseHours?: number;
}

/** A choice log with what is behind it. */
export interface SimulatedChoices extends ChoiceLog {
  /** When each choice was made, ms since 1970; one a set. */
  times: Float64Array;
  /** The track that played at each choice; one a set. */
  current: Int32Array;
}

const START = Date.UTC(2026, 0, 5, 8);
const HOUR = 3_600_000;
/** Concentration of the Dirichlet distribution of tastes over clusters: small is narrow tastes. */
const CONCENTRATION = 0.3;
/** Hours since the latest and the earliest play of the simulated past; in between they are log-uniform. */
const SHORTEST_PAST = 1;
const LONGEST_PAST = 21 * 24;

/**
 * Lets simulated listeners choose. Each has a taste over the clusters (Dirichlet), a liked set drawn by it, and a past:
 * every liked track was heard at some time in the three weeks before, log-uniformly, so that about half of them were
 * heard in the last day. In each session they start at a liked track, then choose among graph neighbours of what plays
 * and some tracks they like, with P(j) = exp(w·x_j / T) / Σ_k exp(w·x_k / T) at their live state. The same seed gives
 * the same log. Cost O(users · steps · candidates).
 *
 * @throws {InputError} When an option is out of range.
 */
export function simulateListeners(collection: Collection, options: ListenerOptions = {}): SimulatedChoices {
  const settings = complete(collection, options);
  const choices = Array.from({ length: settings.users }, (_, user) => listen(collection, user, settings)).flat();
  return {
    sets: collectChoices(BASE_TERM_NAMES, choices),
    steps: Int32Array.from(choices, ({ step }) => step),
    times: Float64Array.from(choices, ({ time }) => time),
    current: Int32Array.from(choices, ({ current }) => current),
    tracks: concatenate(Int32Array, choices.map(({ tracks }) => tracks)),
  };
}

/** A simulated listener to whom anything can be played, with weights and a stream of random numbers of their own. */
export interface SimulatedListener {
  /** The listener's own weights. */
  weights: Weights;
  /** The liked tracks. */
  liked: Int32Array;
  /** What was heard so far: the simulated past. */
  state: UserState;
  /** When the first session begins, ms since 1970. */
  start: number;
  /** The listener's stream of random numbers. */
  random: Random;
  /** What is on offer after a track: its nearest neighbours and some liked tracks, none twice and not the track. */
  offer(current: TrackIndex, random: Random): Int32Array;
}

/**
 * Draws one of the listeners of {@linkcode simulateListeners}, before the first choice: the same seed and number give
 * the same person with the same past.
 *
 * @param user Number of the listener, from 0.
 * @throws {InputError} When an option is out of range.
 */
export function createListener(collection: Collection, user: number, options: ListenerOptions = {}): SimulatedListener {
  const users = Math.max(user + 1, options.users ?? 0);
  return drawListener(collection, user, complete(collection, { ...options, users }));
}

/** A choice with all that a log keeps of it. */
interface LoggedChoice extends Choice {
  tracks: Int32Array;
  step: number;
  time: number;
  current: TrackIndex;
}

type Settings = Required<Omit<ListenerOptions, "own">> & Pick<ListenerOptions, "own"> & {
  /** Tracks of each cluster. */
  members: ArrayLike<TrackIndex>[];
};

function complete(collection: Collection, options: ListenerOptions): Settings {
  const tracks = collection.library.length;
  if (tracks < 3) throw new InputError(`Expected a library of at least 3 tracks to choose from but found ${tracks}`);
  const settings = {
    users: expectInteger("users", options.users ?? 500, 1),
    steps: expectInteger("steps", options.steps ?? 60, 1),
    seed: expectInteger("seed", options.seed ?? 42, 0),
    weights: checkWeights(options.weights ?? DEFAULT_WEIGHTS),
    spread: options.spread ?? {},
    own: options.own,
    temperature: expectNumber("temperature", options.temperature ?? 1, 1e-6),
    noise: expectNumber("noise", options.noise ?? 0, 0, 1),
    neighbors: expectInteger("neighbors", options.neighbors ?? 30, 1, 10_000),
    liked: expectInteger("liked", options.liked ?? Math.min(200, Math.ceil(tracks / 2)), 1, tracks),
    familiar: 0,
    members: clusterMembers(collection),
    sessionLength: expectNumber("sessionLength", options.sessionLength ?? 12, 1),
    pauseHours: expectNumber("pauseHours", options.pauseHours ?? 14, 0),
  };
  settings.familiar = expectInteger("familiar", options.familiar ?? Math.min(20, settings.liked), 0, settings.liked);
  if (settings.own && settings.own.length < settings.users * BASE_TERM_NAMES.length) {
    throw new InputError(
      `Expected own weights of ${settings.users} listeners, ${BASE_TERM_NAMES.length} each, but found ${settings.own.length}`,
    );
  }
  for (const [name, sd] of Object.entries(settings.spread)) {
    if (!BASE_TERM_NAMES.includes(name as BaseTermName)) {
      throw new InputError(`Expected a term in spread but found ${name}`);
    }
    expectNumber(`spread of ${name}`, sd, 0);
  }
  return settings;
}

/** A listener with a stream of random numbers of their own, who draws weights, taste, liked set and past from it. */
function drawListener(collection: Collection, user: number, settings: Settings): SimulatedListener {
  const random = seededRandom(settings.seed, `listener ${user}`);
  const { members } = settings;
  const taste = drawTaste(members, random);
  const weights = drawWeights(settings, user, random);
  const liked = drawLiked(members, taste, settings.liked, random);
  const state = new UserState(collection);
  rememberPast(state, liked, random);
  const offer = (current: TrackIndex, source: Random) => {
    const { offsets, indices } = collection.graph;
    const from = offsets[current];
    const on = new Set(indices.subarray(from, Math.min(offsets[current + 1], from + settings.neighbors)));
    let wanted = settings.familiar;
    for (let tries = 0; wanted > 0 && tries < 4 * settings.familiar; tries++) {
      const track = liked[randomInteger(source, liked.length)];
      if (track === current || on.has(track)) continue;
      on.add(track);
      wanted--;
    }
    return Int32Array.from(on);
  };
  return { weights, liked, state, start: START, random, offer };
}

/** The choices of a listener, session after session. */
function listen(collection: Collection, cluster: number, settings: Settings): LoggedChoice[] {
  const { state, liked, random, weights, start, offer } = drawListener(collection, cluster, settings);
  const { temperature } = settings;
  const pause: () => number = randomLogNormal.source(random)(Math.log(Math.max(1e-9, settings.pauseHours)), 1);
  let now = start;
  let current = liked[randomInteger(random, liked.length)];
  state.play(current, now);
  return Array.from({ length: settings.steps }, (_, step) => {
    now += durationOf(collection, current);
    if (random() < 1 / settings.sessionLength) {
      now += pause() * HOUR;
      current = liked[randomInteger(random, liked.length)];
      state.play(current, now);
      now += durationOf(collection, current);
    }
    const candidates = offer(current, random);
    const distribution = recommendNext(current, state, weights, { candidates, now, temperature });
    const pick = distribution.sample(random);
    const { values, candidates: tracks } = distribution;
    const choice = { values, tracks, chosen: pick.index, cluster, step, time: now, current };
    current = pick.track;
    state.play(current, now);
    return choice;
  });
}

/** Every liked track was heard once in the last three weeks: as many in the last day as in all days before. */
function rememberPast(state: UserState, liked: Int32Array, random: Random): void {
  const past = Array.from(liked, (track) => {
    const hours = Math.exp(Math.log(SHORTEST_PAST) + random() * Math.log(LONGEST_PAST / SHORTEST_PAST));
    return { track, at: START - hours * HOUR };
  });
  past.sort((a, b) => a.at - b.at);
  for (const { track, at } of past) state.play(track, at);
}

function drawWeights({ weights, spread, noise, own }: Settings, user: number, random: Random): Weights {
  const normal: () => number = randomNormal.source(random)(0, 1);
  const drawn = BASE_TERM_NAMES.map((name, f) =>
    own ? own[user * BASE_TERM_NAMES.length + f] : weights[name] + (spread[name] ?? 0) * normal()
  );
  const isNoise = !own && random() < noise;
  return { ...weights, ...Object.fromEntries(BASE_TERM_NAMES.map((name, f) => [name, isNoise ? 0 : drawn[f]])) };
}

/** Tracks of each cluster; without clusters, all tracks as one. */
function clusterMembers({ library, clusters, clusterCount }: Collection): ArrayLike<TrackIndex>[] {
  if (clusterCount === 0) return [library];
  const members = group(library, (track) => clusters[track]);
  return Array.from({ length: clusterCount }, (_, cluster) => members.get(cluster) ?? []);
}

/** A draw from Dirichlet({@linkcode CONCENTRATION} · size of the cluster over the mean size): empty clusters get nothing. */
function drawTaste(members: ArrayLike<TrackIndex>[], random: Random): Float64Array {
  const total = members.reduce((sum, tracks) => sum + tracks.length, 0);
  const gamma = randomGamma.source(random);
  const taste = Float64Array.from(members, (tracks) => {
    const shape = CONCENTRATION * tracks.length * members.length / total;
    return shape > 0 ? gamma(shape)() : 0;
  });
  const sum = taste.reduce((a, b) => a + b, 0);
  return sum > 0 ? taste.map((value) => value / sum) : Float64Array.from(members, (t) => t.length / total);
}

function drawLiked(members: ArrayLike<TrackIndex>[], taste: Float64Array, count: number, random: Random): Int32Array {
  const liked = new Set<number>();
  for (let tries = 0; liked.size < count && tries < 20 * count; tries++) {
    const tracks = members[sampleCategorical(taste, random)];
    if (tracks.length > 0) liked.add(tracks[randomInteger(random, tracks.length)]);
  }
  return shuffleInPlace(Int32Array.from(liked), random);
}
