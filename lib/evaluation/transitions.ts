/**
 * How well one track leads into the next: keys and tempi.
 *
 * @module
 */
import { expectNumber, InputError } from "../errors.ts";
import { keyMatch, UNKNOWN_KEY } from "../shuffle/keys.ts";
import { expectPlays } from "./plays.ts";

/** Keys at most one step apart on the circle of fifths count as compatible: the same or a neighbouring Camelot hour. */
const COMPATIBLE = 1 - 1 / 6 - 1e-9;

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
 * @throws {InputError} When there are fewer than 2 plays, or a play is not a track index.
 */
export function keyTransitions(plays: ArrayLike<number>, keys: ArrayLike<number>): KeyTransitions {
  expectPlays(plays, keys.length, 2);
  let known = 0;
  let total = 0;
  let compatible = 0;
  for (let p = 1; p < plays.length; p++) {
    const [before, after] = [keys[plays[p - 1]], keys[plays[p]]];
    if (before === UNKNOWN_KEY || after === UNKNOWN_KEY) continue;
    const match = keyMatch(before, after);
    known++;
    total += match;
    if (match >= COMPATIBLE) compatible++;
  }
  return { known, match: known ? total / known : NaN, compatible: known ? compatible / known : NaN };
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
 * @param tolerance Largest smooth change, as a factor on the tempo above 1; 0.08 is the ±8 % of a DJ's pitch fader.
 * @returns Mean distance in octaves and share of smooth transitions, over the transitions whose tempi are known.
 * @throws {InputError} When there are fewer than 2 plays, a play is not a track index, or a tempo is negative.
 */
export function tempoTransitions(
  plays: ArrayLike<number>,
  tempo: ArrayLike<number>,
  tolerance: number = 0.08,
): TempoTransitions {
  expectPlays(plays, tempo.length, 2);
  const limit = Math.log2(1 + expectNumber("tolerance", tolerance, 0)) + 1e-12;
  let known = 0;
  let total = 0;
  let smooth = 0;
  for (let p = 1; p < plays.length; p++) {
    const [before, after] = [tempo[plays[p - 1]], tempo[plays[p]]];
    if (before < 0 || after < 0) {
      throw new InputError(`Expected tempi above 0 BPM but found ${Math.min(before, after)}`);
    }
    if (!(before > 0 && after > 0)) continue;
    const octaves = Math.log2(after / before);
    const distance = Math.abs(octaves - Math.round(octaves));
    known++;
    total += distance;
    if (distance <= limit) smooth++;
  }
  return { known, distance: known ? total / known : NaN, smooth: known ? smooth / known : NaN };
}
