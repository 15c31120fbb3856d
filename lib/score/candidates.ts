/** Which tracks may come next: the neighbours that pass the hard rules, and how the search widens when none does. */
import { randomInteger, seededRandom } from "../math/random.ts";
import { type CompiledRule, compileRules, type Relaxation, type Rules } from "./rules.ts";
import type { UserState } from "./state.ts";
import { similarityOf, type TrackIndex } from "./collection.ts";

/** How many candidates a widened search is content with. */
const WIDENED_COUNT = 50;

/** What a search for candidates depends on. */
export interface CandidateOptions {
  /** The hard rules; none when left out. */
  rules?: Rules;
  /** The candidates to start from instead of the neighbours in the graph. */
  candidates?: ArrayLike<TrackIndex>;
  /** The search does not widen beyond `candidates`: rules are relaxed instead. */
  closed?: boolean;
  /** Tracks whose neighbours are candidates as well. */
  toward?: readonly TrackIndex[];
}

/** The tracks that may come next. */
export interface CandidateSet {
  /** The candidates, without repeats. */
  tracks: Int32Array;
  /** Cosine similarity of each to the current track. */
  similarities: Float64Array;
  /** How many came from the graph (or were given), from neighbours of neighbours, and from restarts in the library. */
  sources: { neighbors: number; twoHop: number; restarts: number };
  /** The rules that had to be relaxed, in the order in which they were; empty when all hold. */
  relaxed: Relaxation[];
  /** True when "nothing repeats until all has played" has come to its end, and a new cycle begins with this pick. */
  cycleComplete: boolean;
}

/** The candidates found so far, reused from call to call: a search allocates only its result. */
const pool: { tracks: TrackIndex[]; similarities: number[] } = { tracks: [], similarities: [] };
const seen = new Set<number>();

/**
 * Finds the candidates for the next play. The neighbours in the graph that break no rule; when there are none, the
 * neighbours of neighbours; then restarts at random tracks of the library, in an order that depends on current track and
 * number of plays alone and reaches every track before it gives up. Only when no track of the library passes are rules
 * relaxed, as {@linkcode RELAXATION_ORDER} says.
 *
 * Cost O(k) for k neighbours; O(k²) when it widens; O(library) when almost nothing passes.
 *
 * @param current The track that plays now; −1 when none does.
 * @throws {InputError} When a rule is not valid.
 */
export function findCandidates(current: TrackIndex, state: UserState, options: CandidateOptions = {}): CandidateSet {
  const collection = state.collection;
  const { rules, allowed } = compileRules(collection, options.rules);
  const limits = rules.map(() => 0);
  const sources = { neighbors: 0, twoHop: 0, restarts: 0 };
  for (let relaxing = 0;;) {
    const tests = rules.flatMap((rule, r) =>
      limits[r] < rule.limits.length ? [rule.test(current, state, rule.limits[limits[r]])] : []
    );
    const passes = (track: TrackIndex) => {
      for (let t = 0; t < tests.length; t++) if (tests[t](track)) return false;
      return true;
    };
    const narrowed = rules.every((rule, r) => !rule.fixed || limits[r] === 0);
    search(current, state, options, passes, narrowed ? allowed : () => collection.library, sources);
    if (pool.tracks.length > 0 || relaxing === rules.length) break;
    if (++limits[relaxing] >= rules[relaxing].limits.length) relaxing++;
  }
  const { relaxed, cycleComplete } = restoreRules(current, state, rules, limits);
  const tracks = new Int32Array(pool.tracks);
  const similarities = new Float64Array(pool.similarities);
  return { tracks, similarities, sources, relaxed, cycleComplete };
}

function search(
  current: TrackIndex,
  state: UserState,
  options: CandidateOptions,
  passes: (track: TrackIndex) => boolean,
  reachable: () => Int32Array,
  sources: CandidateSet["sources"],
): void {
  const collection = state.collection;
  pool.tracks.length = pool.similarities.length = 0;
  if (options.candidates || options.toward?.length) {
    seen.clear();
    if (options.candidates) { for (let c = 0; c < options.candidates.length; c++) offer(options.candidates[c]); }
    else for (const source of [current, ...options.toward!]) neighbors(source, (track) => offer(track));
  } else {
    const { offsets, indices, similarities } = collection.graph;
    for (let e = offsets[current]; e < offsets[current + 1]; e++) {
      if (passes(indices[e])) add(indices[e], similarities[e]);
    }
  }
  sources.neighbors = pool.tracks.length;
  sources.twoHop = sources.restarts = 0;
  if (pool.tracks.length > 0 || options.closed || isWholeLibrary(current, state, options) && !passes(current)) return;

  seen.clear();
  neighbors(current, (track) => neighbors(track, (next) => pool.tracks.length < WIDENED_COUNT && offer(next)));
  sources.twoHop = pool.tracks.length;
  if (pool.tracks.length > 0) return;

  const library = reachable();
  if (library.length === 0) return;
  const random = seededRandom(state.playCount, `restart ${current}`);
  const start = randomInteger(random, library.length);
  const stride = coprimeStride(randomInteger(random, library.length), library.length);
  for (let i = 0, at = start; i < library.length && pool.tracks.length < WIDENED_COUNT; i++) {
    offer(library[at]);
    at = (at + stride) % library.length;
  }
  sources.restarts = pool.tracks.length;

  function offer(track: TrackIndex): void {
    if (seen.has(track) || !passes(track)) return;
    seen.add(track);
    add(track, current < 0 ? 0 : similarityOf(collection, current, track));
  }

  function neighbors(track: TrackIndex, use: (neighbor: TrackIndex) => void): void {
    const { offsets, indices } = collection.graph;
    for (let e = offsets[track]; e < offsets[track + 1]; e++) use(indices[e]);
  }
}

/** True when the neighbours of a track are all other tracks of a small library: no wider search could find another. */
function isWholeLibrary(current: TrackIndex, { collection }: UserState, options: CandidateOptions): boolean {
  if (options.candidates || options.toward?.length) return false;
  const edges = collection.graph.offsets[current + 1] - collection.graph.offsets[current];
  return edges > 0 && edges === collection.library.length - 1;
}

/** A step that is coprime to the length, so that stepping modulo the length visits every place once. */
function coprimeStride(wish: number, length: number): number {
  let stride = Math.max(1, wish);
  while (greatestCommonDivisor(stride, length) !== 1) stride++;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

function add(track: TrackIndex, similarity: number): void {
  pool.tracks.push(track);
  pool.similarities.push(similarity);
}

/** Puts back, from the most important on, every relaxed limit that leaves at least one of the candidates found. */
function restoreRules(
  current: TrackIndex,
  state: UserState,
  rules: CompiledRule[],
  limits: number[],
): Pick<CandidateSet, "relaxed" | "cycleComplete"> {
  const relaxed: Relaxation[] = [];
  let cycleComplete = false;
  for (let r = rules.length - 1; r >= 0; r--) {
    const rule = rules[r];
    let kept = limits[r];
    for (let limit = 0; limit < limits[r]; limit++) {
      if (keepPassing(rule.test(current, state, rule.limits[limit]))) {
        kept = limit;
        break;
      }
    }
    if (kept === 0) continue;
    if (rule.cyclic) cycleComplete = true;
    else relaxed.unshift({ rule: rule.name, kept: rule.limits[kept] ?? null });
  }
  return { relaxed, cycleComplete };
}

/** Keeps the candidates that break no rule, unless that leaves none. */
function keepPassing(breaks: (track: TrackIndex) => boolean): boolean {
  const kept = pool.tracks.map((_, c) => c).filter((c) => !breaks(pool.tracks[c]));
  if (kept.length === 0) return false;
  pool.similarities = kept.map((c) => pool.similarities[c]);
  pool.tracks = kept.map((c) => pool.tracks[c]);
  return true;
}
