/**
 * The features of a candidate: what the utility weighs.
 *
 * @module
 */
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { row } from "../math/matrix.ts";
import { keyMatch } from "../math/circle.ts";
import type { UserState } from "./state.ts";
import { type Collection, similarityOf, type TrackIndex } from "./collection.ts";

/** The features that every utility has, in the order of every feature matrix and of every choice log. */
export const FEATURES = ["similarity", "recency", "sameArtist", "keyMatch", "clusterDiversity"] as const;

/** The features that join, in this order and behind {@linkcode FEATURES}, when their weight is given. */
export const OPTIONAL_FEATURES = ["sequence", "familiarity", "feedback", "energyArc"] as const;

/** Name of a feature. */
export type FeatureName = typeof FEATURES[number] | typeof OPTIONAL_FEATURES[number];

/** Default half-life of recency on the clock of hours: a day, so that yesterday's session still counts half. */
export const DEFAULT_HALF_LIFE_HOURS = 24;

/** Default half-life of recency on the clock of plays: about what two hours of listening hold, at 3.5 minutes each. */
export const DEFAULT_HALF_LIFE_PLAYS = 35;

/** Default number m of last plays that clusterDiversity looks at. */
export const DEFAULT_CLUSTER_WINDOW = 20;

const MS_PER_HOUR = 3_600_000;

/**
 * Gives the log-probability of each candidate from a sequence model, up to a constant.
 *
 * @param candidates The candidates, c of them.
 * @param out Where to write, length c.
 */
export type SequenceScorer = (candidates: Int32Array, out: Float64Array) => void;

/** What the features depend on besides track and listener. */
export interface FeatureOptions {
  /** The time to reckon from, in ms since 1970; the time of the listener's latest event when left out. */
  now?: number;
  /** The clock of recency: `"hours"` (default) or `"plays"`. */
  clock?: "hours" | "plays";
  /**
   * Half-life of recency on that clock, above 0; {@linkcode DEFAULT_HALF_LIFE_HOURS} or
   * {@linkcode DEFAULT_HALF_LIFE_PLAYS} when left out.
   */
  halfLife?: number;
  /** Number m of last plays that clusterDiversity looks at, at least 1; {@linkcode DEFAULT_CLUSTER_WINDOW} by default. */
  clusterWindow?: number;
  /** Tracks whose embeddings are added to the current track's: the walk leans towards them. */
  toward?: readonly TrackIndex[];
  /** Tracks whose embeddings are subtracted from the current track's. */
  away?: readonly TrackIndex[];
  /** The energy, in [0, 1], that the session should have now. */
  targetEnergy?: number;
  /** The sequence model behind the feature `sequence`. */
  sequence?: SequenceScorer;
}

/**
 * Computes the features of candidates:
 *
 * | feature | x_f | range |
 * |---|---|---|
 * | similarity | cosine of the embeddings (with `toward` and `away`: to the sum of the unit vectors) | [−1, 1] |
 * | recency | −2^(−Δt / half-life), Δt since the listener last played the track; 0 if never | [−1, 0] |
 * | sameArtist | 1 if it shares an artist with the current track | {0, 1} |
 * | keyMatch | 1 − d/6, d the distance on the circle of fifths; 0 when a key is unknown | [0, 1] |
 * | clusterDiversity | 1 − share of the last m plays in its cluster; 1 before the first play, 0 without clusters | [0, 1] |
 * | sequence | log-probability from a sequence model, standardised over the candidates | real |
 * | familiarity | 1 if the listener has played or liked it | {0, 1} |
 * | feedback | ½ if liked, minus skips / (skips + plays + 1) | (−1, 0.5] |
 * | energyArc | −abs(energy − target); 0 when the energy is unknown or there is no target | [−1, 0] |
 *
 * Cost O(c · f + m), independent of the size of the catalogue.
 *
 * @param current The track that plays now.
 * @param state The listener.
 * @param candidates The candidates, c of them.
 * @param options Clock, half-life and the like.
 * @param names The features wanted, in order; {@linkcode FEATURES} when left out.
 * @param similarities Cosine to the current track where it is known already (graph edges); used without steering.
 * @param out Where to write; a new array when left out.
 * @returns The features [c, names.length], row-major: `out`.
 * @throws {InputError} When a half-life is not above 0, `sequence` is wanted without a scorer, or the like.
 */
export function fillFeatures(
  current: TrackIndex,
  state: UserState,
  candidates: Int32Array,
  options: FeatureOptions = {},
  names: readonly FeatureName[] = FEATURES,
  similarities?: ArrayLike<number>,
  out: Float64Array = new Float64Array(candidates.length * names.length),
): Float64Array {
  for (let f = 0; f < names.length; f++) {
    FILL[names[f]]({
      current,
      state,
      collection: state.collection,
      candidates,
      options,
      similarities,
      out,
      f,
      w: names.length,
    });
  }
  return out;
}

/** Plays by cluster, reused from call to call: all zero between calls. */
let clusterCounts = new Int32Array(256);

/** One column to fill: element c is `out[c * w + f]`. */
interface Fill {
  current: TrackIndex;
  state: UserState;
  collection: Collection;
  candidates: Int32Array;
  options: FeatureOptions;
  similarities?: ArrayLike<number>;
  out: Float64Array;
  f: number;
  w: number;
}

const FILL: Record<FeatureName, (fill: Fill) => void> = {
  similarity({ current, collection, candidates, options, similarities, out, f, w }) {
    if (options.toward?.length || options.away?.length) {
      const query = steeredQuery(collection, current, options);
      for (let c = 0; c < candidates.length; c++) out[c * w + f] = cosineTo(collection, query, candidates[c]);
    } else {
      for (let c = 0; c < candidates.length; c++) {
        out[c * w + f] = similarities?.[c] ?? similarityOf(collection, current, candidates[c]);
      }
    }
  },

  recency({ state, candidates, options, out, f, w }) {
    const plays = options.clock === "plays";
    const halfLife = expectNumber(
      "halfLife",
      options.halfLife ?? (plays ? DEFAULT_HALF_LIFE_PLAYS : DEFAULT_HALF_LIFE_HOURS),
    );
    if (halfLife <= 0) throw new InputError(`Expected halfLife to be above 0 but found ${halfLife}`);
    const now = options.now ?? state.now;
    const last = state.playCount - 1;
    for (let c = 0; c < candidates.length; c++) {
      const history = state.historyOf(candidates[c]);
      if (!history || history.lastPlay < 0) {
        out[c * w + f] = 0;
        continue;
      }
      const elapsed = plays ? last - history.lastPlay : (now - history.lastTime) / MS_PER_HOUR;
      out[c * w + f] = -(2 ** (-Math.max(0, elapsed) / halfLife));
    }
  },

  sameArtist({ current, collection, candidates, out, f, w }) {
    for (let c = 0; c < candidates.length; c++) {
      out[c * w + f] = shareArtist(collection, current, candidates[c]) ? 1 : 0;
    }
  },

  keyMatch({ current, collection, candidates, out, f, w }) {
    const key = collection.keys[current];
    for (let c = 0; c < candidates.length; c++) out[c * w + f] = keyMatch(key, collection.keys[candidates[c]]);
  },

  clusterDiversity({ state, collection, candidates, options, out, f, w }) {
    const window = expectInteger("clusterWindow", options.clusterWindow ?? DEFAULT_CLUSTER_WINDOW, 1);
    const plays = Math.min(window, state.playCount);
    if (clusterCounts.length < collection.clusterCount) clusterCounts = new Int32Array(collection.clusterCount);
    const first = state.playCount - plays;
    for (let p = first; p < state.playCount; p++) clusterCounts[collection.clusters[state.playedTrack(p)]]++;
    for (let c = 0; c < candidates.length; c++) {
      const share = plays === 0 ? 0 : clusterCounts[collection.clusters[candidates[c]]] / plays;
      out[c * w + f] = collection.clusterCount === 0 ? 0 : 1 - share;
    }
    for (let p = first; p < state.playCount; p++) clusterCounts[collection.clusters[state.playedTrack(p)]] = 0;
  },

  sequence({ candidates, options, out, f, w }) {
    if (!options.sequence) throw new InputError("Expected options.sequence, since weight sequence is given");
    const scores = new Float64Array(candidates.length);
    options.sequence(candidates, scores);
    let mean = 0;
    for (const score of scores) mean += score / scores.length;
    let variance = 0;
    for (const score of scores) variance += (score - mean) ** 2 / scores.length;
    const sd = Math.sqrt(variance);
    for (let c = 0; c < candidates.length; c++) out[c * w + f] = sd > 1e-12 ? (scores[c] - mean) / sd : 0;
  },

  familiarity({ state, candidates, out, f, w }) {
    for (let c = 0; c < candidates.length; c++) {
      const history = state.historyOf(candidates[c]);
      out[c * w + f] = history && (history.plays > 0 || history.liked) ? 1 : 0;
    }
  },

  feedback({ state, candidates, out, f, w }) {
    for (let c = 0; c < candidates.length; c++) {
      const history = state.historyOf(candidates[c]);
      out[c * w + f] = history ? (history.liked ? 0.5 : 0) - history.skips / (history.skips + history.plays + 1) : 0;
    }
  },

  energyArc({ collection, candidates, options, out, f, w }) {
    const energy = collection.catalog.numbers.energy;
    const target = options.targetEnergy;
    for (let c = 0; c < candidates.length; c++) {
      const distance = target === undefined ? 0 : Math.abs((energy?.[candidates[c]] ?? NaN) - target);
      out[c * w + f] = distance > 0 ? -distance : 0;
    }
  },
};

/**
 * Tells whether two tracks share an artist.
 *
 * @param collection The collection.
 * @param a A track.
 * @param b Another.
 * @returns True when at least one artist made both.
 */
export function shareArtist(collection: Collection, a: TrackIndex, b: TrackIndex): boolean {
  const { offsets, codes } = collection.artists;
  for (let i = offsets[a]; i < offsets[a + 1]; i++) {
    for (let j = offsets[b]; j < offsets[b + 1]; j++) if (codes[i] === codes[j]) return true;
  }
  return false;
}

/** Sum of the unit vectors of the current and the `toward` tracks minus those of the `away` tracks, as a unit vector. */
function steeredQuery(collection: Collection, current: TrackIndex, options: FeatureOptions): Float64Array {
  const query = new Float64Array(collection.embedding.columns);
  const add = (track: TrackIndex, sign: number) => {
    const vector = row(collection.embedding, track);
    let squares = 0;
    for (const value of vector) squares += value * value;
    const scale = squares === 0 ? 0 : sign / Math.sqrt(squares);
    for (let d = 0; d < query.length; d++) query[d] += scale * vector[d];
  };
  add(current, 1);
  for (const track of options.toward ?? []) add(track, 1);
  for (const track of options.away ?? []) add(track, -1);
  let squares = 0;
  for (const value of query) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  for (let d = 0; d < query.length; d++) query[d] /= length;
  return query;
}

function cosineTo(collection: Collection, unitQuery: Float64Array, track: TrackIndex): number {
  const vector = row(collection.embedding, track);
  let dot = 0;
  let squares = 0;
  for (let d = 0; d < unitQuery.length; d++) {
    dot += unitQuery[d] * vector[d];
    squares += vector[d] * vector[d];
  }
  return squares === 0 ? 0 : Math.max(-1, Math.min(1, dot / Math.sqrt(squares)));
}
