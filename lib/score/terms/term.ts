/**
 * What a term of the utility is. Each term is one file in this folder and one line in `registry.ts`; labels, sliders,
 * schemas, figures, tables and explanations come from its entry.
 */
import type { CatalogColumn } from "../../catalog/catalog.ts";
import type { Collection, TrackIndex } from "../collection.ts";
import type { UserState } from "../state.ts";

/**
 * Gives the log-probability of each candidate from a sequence model, up to a constant.
 *
 * @param out Where to write, length c.
 */
export type SequenceScorer = (candidates: Int32Array, out: Float64Array) => void;

/** What the terms depend on besides track and listener. */
export interface TermOptions {
  /** The time to count from, in ms since 1970; the time of the listener's latest event when left out. */
  now?: number;
  /** The clock of recency: `"hours"` (default) or `"plays"`. */
  clock?: "hours" | "plays";
  /** Half-life of recency on that clock, above 0; 24 hours or 35 plays when left out. */
  halfLife?: number;
  /** Number m of last plays that clusterDiversity looks at, at least 1; 20 by default. */
  clusterWindow?: number;
  /** Tracks whose embeddings are added to the current track's: the walk leans towards them. */
  toward?: readonly TrackIndex[];
  /** Tracks whose embeddings are subtracted from the current track's. */
  away?: readonly TrackIndex[];
  /** The energy, in [0, 1], that the session should have now. */
  targetEnergy?: number;
  /** The sequence model behind the term `sequence`. */
  sequence?: SequenceScorer;
}

/** What terms are computed from: a listener at one moment, and the candidates for the next play. */
export interface Moment {
  /** The track that plays now. */
  current: TrackIndex;
  /** The listener. */
  state: UserState;
  /** The collection: `state.collection`. */
  collection: Collection;
  /** The candidates. */
  candidates: Int32Array;
  /** Cosine of each candidate to the current track, where it is known already. */
  similarities?: ArrayLike<number>;
  /** Clock, half-life and the like. */
  options: TermOptions;
}

/** What the words of an explanation speak of. */
export interface Explained {
  /** Value of the term for the track; NaN when the term weighs nothing. */
  value: number;
  /** The track that is explained. */
  track: TrackIndex;
  /** The track before it. */
  current: TrackIndex;
  /** The listener, who may have gone on since. */
  state: UserState;
  /** Number of the listener's events at the moment that is explained. */
  eventCount: number;
  /** That moment, in ms since 1970. */
  now: number;
}

/** A part of the sentence that explains a pick. */
export interface Phrase {
  /** Its place in the sentence: phrases are said from the lowest place to the highest. */
  place: number;
  /** The words; nothing when there is nothing to say. */
  say(about: Explained): string | undefined;
}

/** The weight of a term when none is given. */
export interface DefaultWeight {
  /** The weight, in units of log-odds. */
  value: number;
  /** `wish`: what the shuffle promises; `evidence`: estimated. */
  basis: "wish" | "evidence";
  /** A difference of the term that people can picture: it multiplies the odds by exp(value · unit). */
  unit: number;
  /** That difference in words, or what the weight was estimated on. */
  means: string;
  /** True for an optional term that every session has when no weights are given. */
  inSessions?: boolean;
}

/** One term x_f of the utility u(j | i, s) = Σ_f w_f · x_f(i, j, s). */
export interface Term<Name extends string = string> {
  /** Its name: of its weight, of its column in a choice log, over the wire. */
  name: Name;
  /** True when it joins only if its weight is given. */
  optional?: boolean;
  /** Its definition in a line. */
  formula: string;
  /** Its smallest and largest value. */
  range: readonly [low: number, high: number];
  /** Its weight when none is given. */
  weight: DefaultWeight;
  /** What it is called in figures. */
  label: string;
  /** What listeners read. */
  plainLabel: string;
  /** Columns of the catalogue that it reads. */
  columns?: readonly CatalogColumn[];
  /** True when it needs a sequence model: without one it has no slider. */
  needsModel?: boolean;
  /** Smallest and largest weight on its slider; no slider when left out. */
  slider?: readonly [low: number, high: number];
  /** What it says in an explanation. */
  phrases?: readonly Phrase[];
  /**
   * True when all candidates of a moment have the same value (the hour, the outcome of the play before). The softmax
   * cancels such a term, so the registry refuses it; multiply it with a term that differs, and enter the product.
   */
  sameForAll?: boolean;
  /**
   * How the familiar–discover slider moves its weight; it stays when left out.
   *
   * @param weight The weight in the middle, 0 for a term without one.
   * @param t The slider, −1 familiar, 1 discover.
   */
  discover?(weight: number, t: number): number;
  /**
   * Computes the term: the value of candidate c goes to `out[first + c * step]`.
   *
   * @throws {InputError} When an option is out of range or missing.
   */
  fill(moment: Moment, out: Float64Array, first: number, step: number): void;
}

/** A term that joins only if its weight is given. */
export interface OptionalTerm<Name extends string = string> extends Term<Name> {
  /** Always true. */
  optional: true;
}
