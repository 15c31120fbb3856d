/** Choice sets from a real history: what was played next, against tracks the listener likes and did not play. */
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { type Random, randomInteger, seededRandom } from "../math/random.ts";
import { BASE_TERM_NAMES, fillTerms } from "../score/terms/registry.ts";
import { outcomeOf } from "../score/outcome.ts";
import { type UserEvent, UserState } from "../score/state.ts";
import { type Collection, restrictCollection, type TrackIndex } from "../score/collection.ts";
import { type Choice, type ChoiceLog, type ChoiceSets, collectChoices } from "../listening/choice_sets.ts";

/** A listener's past, and what they like. */
export interface ListenerHistory {
  user: string;
  state: UserState;
  /** Tracks the listener likes beyond those in the past. */
  liked?: readonly TrackIndex[];
}

/** How to build choice sets. */
export interface HistoryChoiceOptions {
  /** The library's most similar tracks to the current one form the near stratum: so many of them. Default 50. */
  nearCount?: number;
  /** Rows of a set that are drawn from the near stratum. Default 20. */
  near?: number;
  /** Rows of a set that are drawn from the rest of the library. Default 20. */
  far?: number;
  /** Longest time from the start of one play to the start of the next of the same session, hours. Default 0.5. */
  sessionGap?: number;
  /** Streams at the start of a history that only fill the state. Default 20. */
  warmUp?: number;
  /** Seed of the sampling. Default 42. */
  seed?: number;
}

/** Choice sets from histories; their offset is the McFadden correction. */
export interface HistoryChoices extends Required<ChoiceLog> {
  /** Every stream that followed another, kept or skipped: the second outcome. */
  streams: Stream[];
  /** Streams that began a session or repeated the current track, and so were no choice of a next track. */
  leftOut: number;
}

/** A stream at the moment it began. */
export interface Stream {
  /** Features of its track, as the choice sets have them. */
  values: Float64Array;
  skipped: boolean;
  user: number;
}

const HOUR = 3_600_000;

/**
 * Builds a choice set for every stream that followed another within a session and was kept. The universe is the
 * listener's library (all tracks they ever heard or liked) but the current track, that of the stream before; of it the played track and a sample are kept: `near`
 * tracks of the stratum of the `nearCount` most similar ones, `far` tracks of the rest, the played track counted in its
 * stratum.
 *
 * Such a sample is not uniform, and estimates from it would be biased. Adding log π(sample | j was chosen) to the
 * utility of each j makes them consistent (McFadden 1978, positive conditioning; Ben-Akiva and Lerman 1985, §9.3). For
 * strata it is log(N_s / m_s), up to a constant: N_s the size of j's stratum, m_s the rows drawn from it.
 *
 * What such data cannot say: who put a track on (a person, a playlist, an algorithm) is not in them, and tracks the
 * listener did not know of were no alternatives; the library is known only in hindsight.
 *
 * @throws {InputError} When no listener has two different tracks in one session, or an option is out of range.
 */
export async function historyChoices(
  collection: Collection,
  histories: readonly ListenerHistory[],
  options: HistoryChoiceOptions = {},
): Promise<HistoryChoices> {
  const settings = {
    nearCount: expectInteger("nearCount", options.nearCount ?? 50, 1),
    near: expectInteger("near", options.near ?? 20, 1),
    far: expectInteger("far", options.far ?? 20, 1),
    sessionGap: expectNumber("sessionGap", options.sessionGap ?? 0.5, 0) * HOUR,
    warmUp: expectInteger("warmUp", options.warmUp ?? 20, 0),
    seed: expectInteger("seed", options.seed ?? 42, 0),
  };
  const kept: LoggedChoice[] = [];
  const streams: Stream[] = [];
  let leftOut = 0;
  for (const [code, { user, state, liked }] of histories.entries()) {
    const random = seededRandom(settings.seed, `history ${user}`);
    leftOut += await replay(collection, state, liked ?? [], code, settings, random, kept, streams);
  }
  if (kept.length === 0) {
    const hours = settings.sessionGap / HOUR;
    throw new InputError(
      `Expected a play that follows another within ${hours} hours but found none after the first ${settings.warmUp}`,
    );
  }
  return {
    sets: collectChoices(BASE_TERM_NAMES, kept),
    steps: Int32Array.from(kept, ({ step }) => step),
    tracks: concatenate(Int32Array, kept.map(({ tracks }) => tracks)),
    streams,
    users: histories.map(({ user }) => user),
    leftOut,
  };
}

/**
 * Skips as a second outcome: whether the track that came next was kept or skipped, as choice sets of two rows. The row
 * `keep` has the features of the track and a constant, the row `skip` has zeros, so that a conditional logit of these
 * sets is a binary logit of keeping.
 *
 * @param choices The streams of histories, with the names of their features.
 * @returns Sets with the features `alternative:keep` and those of the track.
 * @throws {InputError} When no track was skipped, or all were.
 */
export function skipChoices({ sets, streams }: Pick<HistoryChoices, "sets" | "streams">): ChoiceSets {
  const skips = streams.filter(({ skipped }) => skipped).length;
  if (skips === 0 || skips === streams.length) {
    throw new InputError(
      `Expected some tracks to be skipped and some not but found ${skips} skips of ${streams.length} streams`,
    );
  }
  const width = sets.features.length;
  const pairs = streams.map(({ values, skipped, user }): Choice => {
    const both = new Float64Array(2 * (width + 1));
    both[0] = 1;
    both.set(values, 1);
    return { values: both, chosen: Number(skipped), cluster: user, alternative: [0, 1] };
  });
  return {
    ...collectChoices(["alternative:keep", ...sets.features], pairs),
    alternatives: ["keep", "skip"],
    constantsName: "alternative",
  };
}

/** A choice with all that a log keeps of it. */
interface LoggedChoice extends Choice {
  tracks: Int32Array;
  step: number;
}

type Settings = Required<HistoryChoiceOptions>;

/** Plays a past again, event after event, and keeps every next stream; returns how many were no choice. */
async function replay(
  collection: Collection,
  past: UserState,
  liked: readonly TrackIndex[],
  user: number,
  settings: Settings,
  random: Random,
  kept: LoggedChoice[],
  streams: Stream[],
): Promise<number> {
  const events = past.events();
  const heard = events.filter(({ type }) => type === "play" || type === "skip" || type === "like");
  const library = new Set([...heard.map(({ track }) => track), ...liked]);
  if (library.size < 3) return 0;
  const { graph, library: tracks } = await restrictCollection(collection, Int32Array.from(library), settings.nearCount);
  const state = new UserState(collection);
  let step = 0;
  let leftOut = 0;
  let previous: HeardStream | undefined;
  const streamAt = streamsOf(events, collection);
  events.forEach(({ type, track, at }, e) => {
    const stream = streamAt[e];
    if (stream !== undefined) {
      const follows = previous !== undefined && at - previous.at <= settings.sessionGap && track !== previous.track;
      if (follows && step >= settings.warmUp) {
        const current = previous!.track;
        const { skipped } = stream;
        streams.push({ values: fillTerms(current, state, Int32Array.of(track), { now: at }), skipped, user });
        if (!skipped) {
          const near = graph.indices.subarray(graph.offsets[current], graph.offsets[current + 1]);
          const set = sample(tracks, near, current, track, settings, random);
          const values = fillTerms(current, state, set.tracks, { now: at });
          kept.push({ values, tracks: set.tracks, chosen: 0, offset: set.corrections, cluster: user, step });
        }
      } else if (step >= settings.warmUp) leftOut++;
      step++;
      previous = stream;
    }
    if (type !== "cycle") state[type](track, at);
  });
  return leftOut;
}

interface HeardStream {
  track: TrackIndex;
  at: number;
  skipped: boolean;
}

/** The stream that begins with each event: a play, or a skip that does not end the play of its track before it. */
function streamsOf(events: readonly UserEvent[], { catalog }: Collection): (HeardStream | undefined)[] {
  const durations = catalog.numbers.duration_ms;
  let last: HeardStream | undefined;
  return events.map(({ type, track, at }) => {
    if (type !== "play" && type !== "skip") return undefined;
    const ends = type === "skip" && last?.track === track && !last.skipped &&
      outcomeOf(at - last.at, durations?.[track] ?? NaN) === "skipped";
    if (ends) {
      last!.skipped = true;
      return undefined;
    }
    return last = { track, at, skipped: type === "skip" };
  });
}

/** The played track first, then the sample, with log(N_s / m_s) of each. */
function sample(
  library: Int32Array,
  near: Int32Array,
  current: TrackIndex,
  played: TrackIndex,
  settings: Settings,
  random: Random,
): { tracks: Int32Array; corrections: number[] } {
  const close = new Set(near);
  const inNear = close.has(played);
  const farSize = library.length - 1 - close.size;
  const nearDrawn = Math.min(settings.near, close.size);
  const farDrawn = Math.min(settings.far, farSize);
  const tracks = [played];
  const taken = new Set([played, current]);
  const draw = (from: Int32Array, count: number, allowed: (track: number) => boolean) => {
    for (let left = count; left > 0;) {
      const track = from[randomInteger(random, from.length)];
      if (taken.has(track) || !allowed(track)) continue;
      taken.add(track);
      tracks.push(track);
      left--;
    }
  };
  draw(near, nearDrawn - (inNear ? 1 : 0), () => true);
  draw(library, farDrawn - (inNear ? 0 : 1), (track) => !close.has(track));
  const corrections = tracks.map((track) =>
    close.has(track) ? Math.log(close.size / nearDrawn) : Math.log(farSize / farDrawn)
  );
  return { tracks: Int32Array.from(tracks), corrections };
}
