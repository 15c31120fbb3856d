/**
 * How well one track leads into the next: keys and tempi.
 *
 * @module
 */
import { mean, pairs } from "d3-array";
import { keyMatch as matchOf, UNKNOWN_KEY } from "../math/circle.ts";
import { eachSession, type Metric } from "./metric.ts";
import { expectPlays } from "./plays.ts";

/** Keys at most one step apart on the circle of fifths count as compatible: the same or a neighbouring Camelot hour. */
const COMPATIBLE = 1 - 1 / 6 - 1e-9;

/** Largest distance of a smooth change of tempo, in octaves: the ±8 % of a DJ's pitch fader. */
const SMOOTH = Math.log2(1.08) + 1e-12;

const share = { range: [0, 1], better: "higher" } as const;

/** Mean 1 − d/6 from play to play, d the distance of the keys on the circle of fifths. */
export const keyMatch: Metric<"keyMatch"> = {
  ...{ ...share, name: "keyMatch", label: "Key match", shown: "overview" },
  definition: "Mean 1 − d/6 from play to play, d the distance of the keys on the circle of fifths",
  source: "Davis, Harmonic mixing",
  ofSessions: (run) =>
    eachSession(run, (plays) => {
      const { match, known } = keyTransitions(plays, run.keys);
      return { value: match, weight: known };
    }),
};

/** Share of transitions to the same or a neighbouring key. */
export const keyCompatible: Metric<"keyCompatible"> = {
  ...{ ...share, name: "keyCompatible", label: "Compatible keys", unit: "share", shown: "tables" },
  definition: "Share of transitions to the same or a neighbouring key",
  source: "Davis, Harmonic mixing",
  ofSessions: (run) =>
    eachSession(run, (plays) => {
      const { compatible, known } = keyTransitions(plays, run.keys);
      return { value: compatible, weight: known };
    }),
};

/** Share of transitions within 8 % of the tempo or its double. */
export const tempoSmooth: Metric<"tempoSmooth"> = {
  ...{ ...share, name: "tempoSmooth", label: "Smooth tempo", unit: "share", shown: "sentences" },
  definition: "Share of transitions within 8 % of the tempo or its double",
  ofSessions: (run) =>
    eachSession(run, (plays) => {
      if (!run.tempo) return NaN;
      const { smooth, known } = tempoTransitions(plays, run.tempo);
      return { value: smooth, weight: known };
    }),
};

/** What {@linkcode keyTransitions} finds. */
export interface KeyTransitions {
  /** Transitions whose two keys are known. */
  known: number;
  /** Mean key match, 1 − d/6 with d the distance on the circle of fifths, in [0, 1]; NaN when no key is known. */
  match: number;
  /** Share of transitions to the same, the relative or a neighbouring key, in [0, 1]; NaN when no key is known. */
  compatible: number;
}

/**
 * Key compatibility of transitions on the Camelot wheel, as DJs mix (Davis, Harmonic mixing; the distance is that on
 * the circle of fifths of the relative-major keys). Two keys drawn evenly match by 1/2 and are compatible in 1/4 of
 * cases.
 *
 * @param plays Track indices in the order in which they were played, at least 2.
 * @param keys Position of every track's key on the circle of fifths, −1 when not known.
 * @returns Mean match and share of compatible transitions, over the transitions whose keys are known.
 * @throws {RangeError} When there are fewer than 2 plays, or a play is not a track index.
 */
export function keyTransitions(plays: ArrayLike<number>, keys: ArrayLike<number>): KeyTransitions {
  const matches = transitionsOf(plays, keys, (key) => key !== UNKNOWN_KEY, matchOf);
  return {
    known: matches.length,
    match: mean(matches) ?? NaN,
    compatible: mean(matches, (match) => match >= COMPATIBLE ? 1 : 0) ?? NaN,
  };
}

/** What {@linkcode tempoTransitions} finds. */
export interface TempoTransitions {
  /** Transitions whose two tempi are known. */
  known: number;
  /** Mean distance of the tempi in octaves, in [0, 0.5]; NaN when no tempo is known. */
  distance: number;
  /** Share of transitions within the tolerance, in [0, 1]; NaN when no tempo is known. */
  smooth: number;
}

/**
 * Tempo compatibility of transitions. A tempo and its double are the same pulse counted differently (and tempo trackers
 * confuse them), so the distance is |log₂(b / a)| to the nearest whole number of octaves. Two tempi whose logarithms
 * are spread evenly over an octave lie within 8 % in about 22 % of cases.
 *
 * @param plays Track indices in the order in which they were played, at least 2.
 * @param tempo Tempo of every track in BPM; NaN or 0 when not known.
 * @returns Mean distance in octaves and share of smooth transitions, over the transitions whose tempi are known.
 * @throws {RangeError} When there are fewer than 2 plays, a play is not a track index, or a tempo is negative.
 */
export function tempoTransitions(plays: ArrayLike<number>, tempo: ArrayLike<number>): TempoTransitions {
  const isKnown = (bpm: number) => {
    if (bpm < 0) throw new RangeError(`Expected tempi above 0 BPM but found ${bpm}`);
    return bpm > 0;
  };
  const distances = transitionsOf(plays, tempo, isKnown, (before, after) => {
    const octaves = Math.log2(after / before);
    return Math.abs(octaves - Math.round(octaves));
  });
  return {
    known: distances.length,
    distance: mean(distances) ?? NaN,
    smooth: mean(distances, (distance) => distance <= SMOOTH ? 1 : 0) ?? NaN,
  };
}

/** What is found of every transition whose two tracks are known. */
function transitionsOf(
  plays: ArrayLike<number>,
  values: ArrayLike<number>,
  isKnown: (value: number) => boolean,
  judge: (before: number, after: number) => number,
): number[] {
  const known = Array.from(expectPlays(plays, values.length, 2), (t) => isKnown(values[t]) ? values[t] : undefined);
  return pairs(known).flatMap(([a, b]) => a === undefined || b === undefined ? [] : [judge(a, b)]);
}
