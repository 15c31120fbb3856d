/** Hard rules: what may not be played, whatever its utility. */
import { type CodedLists, listsOf, numbersOf, textsOf } from "../catalog/catalog.ts";
import { normalizeTitle } from "../catalog/find.ts";
import { findNames, type NameKind } from "../catalog/names.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import type { UserState } from "./state.ts";
import type { Collection, TrackIndex } from "./collection.ts";

/** At most `most` tracks of one artist (or album) among any `window` plays in a row. */
export interface Cap {
  /** Tracks allowed, at least 1. */
  most: number;
  /** Length of the run of plays that is looked at, the next play included; at least 1. */
  window: number;
}

/** The hard rules of a session. Every one may be left out. Do not change an object of rules once it has been used. */
export interface Rules {
  /** No track among the last N plays; or `"all"`: no track twice until every allowed track has played. */
  repeatTrack?: number | "all";
  /** No take of a work (remaster, live, …) among the last N plays. */
  repeatWork?: number;
  /** Cap on the tracks of an artist. */
  artist?: Cap;
  /** Cap on the tracks of an album. */
  album?: Cap;
  /** Largest change of tempo from track to track, in percent; a track of unknown tempo passes. */
  tempoJump?: number;
  /** Only tracks of one of these genres or subgenres, as people write them. */
  genres?: readonly string[];
  /** No track of these genres or subgenres. */
  excludedGenres?: readonly string[];
  /** Only tracks of these years, first and last. A track of unknown year does not pass. */
  years?: readonly [number, number];
  /** Only tracks of this duration, shortest and longest, in seconds. */
  duration?: readonly [number, number];
  /** Largest speechiness, in [0, 1]; above 0.66 a recording is probably made of speech alone. */
  speechiness?: number;
  /** False: no explicit tracks. */
  explicit?: boolean;
  /** No track of these artists (case, accents and punctuation do not matter). */
  excludedArtists?: readonly string[];
  /** No track with one of these words, or runs of words, in its title. */
  excludedWords?: readonly string[];
  /** None of these tracks. */
  excludedTracks?: readonly TrackIndex[];
}

/** Name of a rule; `sameTrack` always holds: the current track is not its own successor. */
export type RuleName = keyof Rules | "sameTrack";

/**
 * The hard rules of the policy `segue` when none are given: what listeners ask for most. No track and no other take of
 * it within 50 plays, and no artist twice among any 3 tracks in a row.
 */
export const DEFAULT_RULES: Rules = { repeatTrack: 50, repeatWork: 50, artist: { most: 1, window: 3 } };

/** A rule that had to be relaxed. */
export interface Relaxation {
  /** Which rule. */
  rule: RuleName;
  /** What is left of it: the shorter window that was kept, or null when it was dropped. */
  kept: number | null;
}

/** A rule made ready for a collection. */
export interface CompiledRule {
  /** Its name. */
  name: RuleName;
  /** Its limits from the strict one to the laxest, for a rule that is relaxed in steps; else one limit. */
  limits: number[];
  /** True when it looks at the track alone, not at what was played: it then narrows the library once and for all. */
  fixed?: boolean;
  /** True when dropping it breaks no promise: the end of a cycle of "nothing repeats until all has played". */
  cyclic?: boolean;
  /**
   * Makes the test for one call.
   *
   * @param limit One of `limits`.
   * @returns Tells whether a track breaks the rule.
   */
  test(current: TrackIndex, state: UserState, limit: number): (track: TrackIndex) => boolean;
}

/** Rules made ready for a collection. */
export interface CompiledRules {
  /** The rules in force, in the order of {@linkcode RELAXATION_ORDER}. */
  rules: CompiledRule[];
  /** The tracks of the library that pass all fixed rules, ascending. Found on first use, O(library). */
  allowed(): Int32Array;
}

const NO_RULES: Rules = {};
const compiledRules = new WeakMap<Collection, WeakMap<Rules, CompiledRules>>();

/**
 * Makes rules ready for a collection. The result is kept, so that a second call with the same object costs nothing.
 *
 * @throws {InputError} When a value is out of its range, names an unknown genre or artist, or needs a column that the
 * catalogue lacks.
 */
export function compileRules(collection: Collection, rules: Rules = NO_RULES): CompiledRules {
  let ofCollection = compiledRules.get(collection);
  if (!ofCollection) compiledRules.set(collection, ofCollection = new WeakMap());
  const known = ofCollection.get(rules);
  if (known) return known;
  const list = RELAXATION_ORDER
    .filter((name) => name === "sameTrack" || rules[name] !== undefined)
    .map((name): CompiledRule => ({ name, ...COMPILE[name](collection, rules) }))
    .filter((rule) => rule.limits.length > 0);
  const fixed = list.filter((rule) => rule.fixed);
  let allowed: Int32Array | undefined = fixed.length === 0 ? collection.library : undefined;
  const compiled: CompiledRules = {
    rules: list,
    allowed() {
      if (!allowed) {
        const tests = fixed.map((rule) => rule.test(-1, undefined as never, rule.limits[0]));
        allowed = collection.library.filter((track) => !tests.some((breaks) => breaks(track)));
      }
      return allowed;
    },
  };
  ofCollection.set(rules, compiled);
  return compiled;
}

type Compile = (collection: Collection, rules: Rules) => Omit<CompiledRule, "name">;

/** How each rule is made ready, in the order in which rules are relaxed. */
const COMPILE: Readonly<Record<RuleName, Compile>> = {
  tempoJump(collection, rules) {
    const percent = expectNumber("tempoJump", rules.tempoJump!, 0);
    const tempo = numbersOf(collection.catalog, "tempo");
    return {
      limits: [percent],
      test: (current) => (track) =>
        tempo[current] > 0 && tempo[track] > 0 &&
        100 * Math.abs(tempo[track] - tempo[current]) > percent * tempo[current],
    };
  },
  album: (collection, rules) => cap("album", rules.album!, (track, i) => i === 0 ? collection.albumOf(track) : -1),
  artist({ artists: { offsets, codes } }, rules) {
    const artistOf = (track: TrackIndex, i: number) =>
      offsets[track] + i < offsets[track + 1] ? codes[offsets[track] + i] : -1;
    return cap("artist", rules.artist!, artistOf);
  },
  repeatWork: (collection, rules) => ({
    limits: halvings(expectInteger("repeatWork", rules.repeatWork!, 1)),
    test(_current, state, window) {
      const first = Math.max(0, state.playCount - window);
      return (track) => state.lastWorkPlay(collection.workOf(track)) >= first;
    },
  }),
  repeatTrack(_collection, rules) {
    const all = rules.repeatTrack === "all";
    return {
      limits: all ? [0] : halvings(expectInteger("repeatTrack", rules.repeatTrack as number, 1)),
      cyclic: all,
      test(_current, state, window) {
        const first = all ? state.cycleStart : Math.max(0, state.playCount - window);
        return (track) => (state.historyOf(track)?.lastPlay ?? -1) >= first;
      },
    };
  },
  duration: ({ catalog }, rules) => outside("duration", numbersOf(catalog, "duration_ms"), rules.duration!, 1000),
  years: ({ catalog }, rules) => outside("years", numbersOf(catalog, "year"), rules.years!, 1),
  genres({ genres }, rules) {
    const holds = holdsOneOf("genre", rules.genres!, genres);
    return fixed((track) => !holds(track));
  },
  excludedGenres: ({ genres }, rules) => fixed(holdsOneOf("genre", rules.excludedGenres!, genres)),
  speechiness(collection, rules) {
    const speechiness = numbersOf(collection.catalog, "speechiness");
    const most = expectNumber("speechiness", rules.speechiness!, 0, 1);
    return fixed((track) => speechiness[track] > most);
  },
  excludedWords({ catalog }, rules) {
    const titles = textsOf(catalog, "title");
    const spaced = (text: string) => ` ${normalizeTitle(text)} `;
    const unwanted = rules.excludedWords!.map(spaced);
    return fixed((track) => {
      const title = spaced(titles[track]!);
      return unwanted.some((words) => title.includes(words));
    });
  },
  sameTrack: () => ({ limits: [1], test: (current) => (track) => track === current }),
  explicit(collection, rules) {
    const explicit = rules.explicit ? undefined : numbersOf(collection.catalog, "explicit");
    return fixed((track) => explicit?.[track] === 1);
  },
  excludedArtists({ catalog, artists }, rules) {
    listsOf(catalog, "artists");
    return fixed(holdsOneOf("artist", rules.excludedArtists!, artists));
  },
  excludedTracks(_collection, rules) {
    const unwanted = new Set(rules.excludedTracks);
    return fixed((track) => unwanted.has(track));
  },
};

/**
 * The order in which rules are relaxed when they leave no track at all, least important first. A window is not dropped
 * at once: it is halved, again and again, before the next rule is touched. Once a track is found, the rules that were
 * relaxed on the way and need not have been are put back. What a listener has ruled out (explicit tracks, artists,
 * tracks) is relaxed last, after playing the same track again.
 */
export const RELAXATION_ORDER: readonly RuleName[] = Object.keys(COMPILE) as RuleName[];

function fixed(breaks: (track: TrackIndex) => boolean): ReturnType<Compile> {
  return { limits: [1], fixed: true, test: () => breaks };
}

/** Keeps out what lies outside a range, and what is not known. */
function outside(
  name: string,
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
  unit: number,
): ReturnType<Compile> {
  if (!(low <= high)) {
    throw new InputError(`Expected rule ${name} to be a range from low to high but found ${low}–${high}`);
  }
  return fixed((track) => !(values[track] >= low * unit && values[track] <= high * unit));
}

/**
 * A cap on the tracks of an artist or album; `codeOf` gives the i-th one of a track, below 0 behind the last. It is
 * relaxed by halving its window; the play to come is part of the window.
 */
function cap(
  name: "artist" | "album",
  value: Cap,
  codeOf: (track: TrackIndex, i: number) => number,
): ReturnType<Compile> {
  const most = expectInteger(`most of rule ${name}`, value.most, 1);
  expectInteger(`window of rule ${name}`, value.window, 1);
  return {
    limits: halvings(value.window).filter((window) => window > most),
    test(_current, state, window) {
      const counts = new Map<number, number>();
      const full = new Set<number>();
      for (let p = Math.max(0, state.playCount - window + 1); p < state.playCount; p++) {
        const track = state.playedTrack(p);
        for (let i = 0, code; (code = codeOf(track, i)) >= 0; i++) {
          const count = (counts.get(code) ?? 0) + 1;
          counts.set(code, count);
          if (count >= most) full.add(code);
        }
      }
      return (track) => {
        for (let i = 0, code; (code = codeOf(track, i)) >= 0; i++) if (full.has(code)) return true;
        return false;
      };
    },
  };
}

function halvings(window: number): number[] {
  const limits = [];
  for (let limit = window; limit >= 1; limit = Math.floor(limit / 2)) limits.push(limit);
  return limits;
}

/** Tells which tracks have one of the named genres or artists. */
function holdsOneOf(kind: NameKind, names: readonly string[], lists: CodedLists): (track: TrackIndex) => boolean {
  const wanted = new Set(findNames(kind, lists.names, names));
  return (track) => {
    for (let i = lists.offsets[track]; i < lists.offsets[track + 1]; i++) if (wanted.has(lists.codes[i])) return true;
    return false;
  };
}
