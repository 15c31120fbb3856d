/** What a metric is, and what it may look at: one run of plays as plain arrays. */
import { mean, range } from "d3-array";
import type { Matrix } from "../math/matrix.ts";

/** Lists of integer codes, one list a track: those of track t are `codes[offsets[t]]` to `codes[offsets[t + 1] - 1]`. */
export interface CodeLists {
  /** Where the list of each track begins, and at last the number of codes. */
  readonly offsets: Int32Array;
  /** The codes of all tracks. */
  readonly codes: Int32Array;
}

/** A label of each track: one code a track (−1: not known, never a repeat), or a list of codes (its artists). */
export type Labels = Int32Array | CodeLists;

/** What is known of the tracks of a library. Entry t of every array belongs to track t. */
export interface RunTracks {
  /** The distinct tracks that may be played. */
  readonly library: Int32Array;
  /** What repeats are counted of; no album when the catalogue has no albums. */
  readonly labels: {
    readonly track: Int32Array;
    readonly work: Int32Array;
    readonly artist: CodeLists;
    readonly album?: Int32Array;
  };
  /** The embedding [n, d]. */
  readonly embedding: Matrix;
  /** Cluster, in [0, clusterCount). */
  readonly clusters: ArrayLike<number>;
  /** Number of clusters; 0 when they are not known. */
  readonly clusterCount: number;
  /** Position of the key on the circle of fifths, −1 when not known. */
  readonly keys: ArrayLike<number>;
  /** The numeric columns of the catalogue by name, e.g. `tempo`, `year`; NaN where a value is not known. */
  readonly numbers: Readonly<Record<string, ArrayLike<number>>>;
  /** Probability of being heard anywhere, in (0, 1]. */
  readonly knownness: ArrayLike<number>;
}

/** One run: what was played to one listener under one policy, and what the listener thought of it. */
export interface Run extends RunTracks {
  /** Tracks in the order of play, session after session. */
  readonly plays: Int32Array;
  /** Plays of each session. */
  readonly sessionPlays: number;
  /** The listener's utility of each pick; NaN for the first track of a session, which the listener chose. */
  readonly utilities: Float64Array;
  /** The best utility that any track of the library would have had in its place. */
  readonly best: Float64Array;
  /** The mean utility over the library: what a track drawn blindly would have had. */
  readonly blind: Float64Array;
  /** For each pick 1 when the window of a hard rule was shortened for it, 2 when a rule was dropped, else 0. */
  readonly relaxed: Uint8Array;
}

/** Value of a metric in one session. */
export interface SessionValue {
  /** The value; NaN when the catalogue lacks what the metric needs. */
  value: number;
  /** How much it counts in the mean over the sessions of a run: plays, or the transitions that are known. */
  weight: number;
}

/** What a metric means. */
export interface MetricDescription<Name extends string = string> {
  /** Its name in files and code. */
  readonly name: Name;
  /** What people read. */
  readonly label: string;
  /** What is measured, with its formula. */
  readonly definition: string;
  /** Where it comes from; left out for plain counts. */
  readonly source?: string;
  /** Smallest and largest value that it can have. */
  readonly range: readonly [number, number];
  /** Unit; left out where there is none. */
  readonly unit?: string;
  /** Which direction listeners are taken to like. */
  readonly better: "higher" | "lower";
}

/** A metric of a run, and how it is computed. At least one of `ofSessions` and `ofRun` is there. */
export interface Metric<Name extends string = string> extends MetricDescription<Name> {
  /**
   * Where it is shown: in the overview figure, the sentences and the tables; in the sentences and the tables; or in the
   * tables alone, as another side of one that is shown in the sentences.
   */
  readonly shown: "overview" | "sentences" | "tables";
  /**
   * Value of each session, for a metric that a single session has. The others belong to a run as a whole: exposure,
   * time until heard through, quantiles and ratios.
   */
  ofSessions?(run: Run): SessionValue[];
  /** Value of the run; the weighted mean over its sessions when left out. */
  ofRun?(run: Run): number;
}

/**
 * Measures each session of a run.
 *
 * @param measure Gives the value of a session from its plays, their first place and one past their last; its weight is
 * the number of plays unless it says another.
 */
export function eachSession(
  run: Run,
  measure: (plays: Int32Array, from: number, to: number) => number | SessionValue,
): SessionValue[] {
  return range(0, run.plays.length, run.sessionPlays).map((from) => {
    const plays = run.plays.subarray(from, from + run.sessionPlays);
    const found = measure(plays, from, from + plays.length);
    return typeof found === "number" ? { value: found, weight: plays.length } : found;
  });
}

/**
 * Share of the plays of each session for which something holds.
 *
 * @returns One share a session, in [0, 1].
 */
export function shareOfPlays(
  run: Run,
  values: Int32Array | Uint8Array,
  holds: (value: number) => boolean,
): SessionValue[] {
  return eachSession(run, (plays, from, to) => values.subarray(from, to).filter(holds).length / plays.length);
}

/** Mean of the values that are known. */
export function meanOfKnown(values: Iterable<number>): number {
  return mean(values) ?? NaN;
}

/**
 * Checks that a sequence of plays is long enough and names tracks that exist.
 *
 * @param plays Track indices in the order in which they were played.
 * @param minimum Least number of plays that the metric needs.
 * @throws {RangeError} `Expected at least 2 plays but found 1`, or
 * `Expected play 3 to be a track index in [0, 19999] but found 20000`.
 */
export function expectPlays<T extends ArrayLike<number>>(plays: T, trackCount: number, minimum: number = 1): T {
  if (plays.length < minimum) {
    throw new RangeError(`Expected at least ${minimum} play${minimum === 1 ? "" : "s"} but found ${plays.length}`);
  }
  for (let p = 0; p < plays.length; p++) {
    if (!Number.isInteger(plays[p]) || plays[p] < 0 || plays[p] >= trackCount) {
      throw new RangeError(`Expected play ${p} to be a track index in [0, ${trackCount - 1}] but found ${plays[p]}`);
    }
  }
  return plays;
}
