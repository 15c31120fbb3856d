/** How well one track leads into the next: keys and tempi. */
import { mean, pairs } from "d3-array";
import { keyMatch as matchOf, UNKNOWN_KEY } from "../math/circle.ts";
import { eachSession, expectPlays, type Metric, type SessionValue } from "./metric.ts";

/** Largest distance of a smooth change of tempo, in octaves: the ±8 % of a DJ's pitch fader. */
const SMOOTH = Math.log2(1.08) + 1e-12;

const share = { range: [0, 1], better: "higher" } as const;

/** Mean key match of consecutive plays. Two keys drawn evenly match by 1/2. */
export const keyMatch: Metric<"keyMatch"> = {
  ...{ ...share, name: "keyMatch", label: "Key match", shown: "overview" },
  definition: "Mean 1 − d/6 from play to play, d the distance of the keys on the circle of fifths",
  source: "Davis, Harmonic mixing",
  ofSessions: (run) => eachSession(run, (plays) => meanWithCount(keyMatches(plays, run.keys))),
};

/** Share of transitions to a compatible key, as DJs mix on the Camelot wheel: 1/4 for two keys drawn evenly. */
export const keyCompatible: Metric<"keyCompatible"> = {
  ...{ ...share, name: "keyCompatible", label: "Compatible keys", unit: "share", shown: "tables" },
  definition: "Share of transitions to the same or a neighbouring key",
  source: "Davis, Harmonic mixing",
  ofSessions: (run) => eachSession(run, (plays) => meanWithCount(keyMatches(plays, run.keys), isCompatible)),
};

/** Share of smooth transitions: about 22 % for two tempi whose logarithms are spread evenly over an octave. */
export const tempoSmooth: Metric<"tempoSmooth"> = {
  ...{ ...share, name: "tempoSmooth", label: "Smooth tempo", unit: "share", shown: "sentences" },
  definition: "Share of transitions within 8 % of the tempo or its double",
  ofSessions: (run) =>
    eachSession(
      run,
      (plays) =>
        meanWithCount(run.numbers.tempo ? tempoDistances(plays, run.numbers.tempo) : [], (distance) =>
          distance <= SMOOTH),
    ),
};

/** A session counts by its transitions whose keys or tempi are known. */
function meanWithCount(values: number[], holds?: (value: number) => boolean): SessionValue {
  return { value: mean(values, (value) => holds ? Number(holds(value)) : value) ?? NaN, weight: values.length };
}

/**
 * Tells whether two keys mix well: at most one step apart on the circle of fifths, the same or a neighbouring Camelot hour.
 *
 * @param match Their key match, 1 − d/6.
 */
export function isCompatible(match: number): boolean {
  return match >= 1 - 1 / 6 - 1e-9;
}

/**
 * Key match of transitions, 1 − d/6 with d the distance of the relative-major keys on the circle of fifths.
 *
 * @param plays Track indices in the order in which they were played, at least 2.
 * @param keys Position of every track's key on the circle of fifths, −1 when not known.
 * @returns The match, in [0, 1], of each transition whose two keys are known.
 * @throws {RangeError} When there are fewer than 2 plays, or a play is not a track index.
 */
export function keyMatches(plays: ArrayLike<number>, keys: ArrayLike<number>): number[] {
  return transitionsOf(plays, keys, (key) => key !== UNKNOWN_KEY, matchOf);
}

/**
 * Distance of the tempi of transitions in octaves. A tempo and its double are the same pulse counted differently (and
 * tempo trackers confuse them), so it is |log₂(b / a)| to the nearest whole number of octaves.
 *
 * @param plays Track indices in the order in which they were played, at least 2.
 * @param tempo Tempo of every track in BPM; NaN or 0 when not known.
 * @returns The distance, in [0, 0.5], of each transition whose two tempi are known.
 * @throws {RangeError} When there are fewer than 2 plays, a play is not a track index, or a tempo is negative.
 */
export function tempoDistances(plays: ArrayLike<number>, tempo: ArrayLike<number>): number[] {
  const isKnown = (bpm: number) => {
    if (bpm < 0) throw new RangeError(`Expected tempi above 0 BPM but found ${bpm}`);
    return bpm > 0;
  };
  return transitionsOf(plays, tempo, isKnown, (before, after) => {
    const octaves = Math.log2(after / before);
    return Math.abs(octaves - Math.round(octaves));
  });
}

/** What is found of every transition whose two tracks are known. */
function transitionsOf(
  plays: ArrayLike<number>,
  values: ArrayLike<number>,
  isKnown: (value: number) => boolean,
  compare: (before: number, after: number) => number,
): number[] {
  const known = Array.from(expectPlays(plays, values.length, 2), (t) => isKnown(values[t]) ? values[t] : undefined);
  return pairs(known).flatMap(([a, b]) => a === undefined || b === undefined ? [] : [compare(a, b)]);
}
