/** Choice sets: what was on offer at each step, and what was taken, as flat typed arrays. */
import { concatenate } from "../data/concatenate.ts";
import { InputError } from "../data/errors.ts";

/**
 * Choice sets of any sizes, one after another. The rows (alternatives) of set n are `starts[n] … starts[n+1]-1`; the
 * features of row r are `values[r * K] … values[r * K + K - 1]` with K the number of features.
 */
export interface ChoiceSets {
  /** Names of the K features, in column order. */
  readonly features: readonly string[];
  /** Features [rows, K], row-major. */
  readonly values: Float64Array;
  /** First row of each set, length (number of sets) + 1. */
  readonly starts: Int32Array;
  /** Row that was chosen, one a set. */
  readonly chosen: Int32Array;
  /** A known term of the utility of each row, whose coefficient is 1; zero when absent. */
  readonly offset?: Float64Array;
  /** Listener (or other cluster) of each set, as a code from 0. */
  readonly cluster?: Int32Array;
  /** Which alternative each row is, as a code into `alternatives`. */
  readonly alternative?: Int32Array;
  /** Names of the alternatives. */
  readonly alternatives?: readonly string[];
  /** Column that names the alternatives, when features `COLUMN:LEVEL` are their constants. */
  readonly constantsName?: string;
}

/** One choice: what was on offer, and what was taken. */
export interface Choice {
  /** Features of the J alternatives [J, K], row-major. */
  readonly values: Float64Array;
  /** Which of them was taken, in [0, J). */
  readonly chosen: number;
  /** A known term of the utility of each alternative; all choices have it or none. */
  readonly offset?: ArrayLike<number>;
  /** Listener (or other cluster) who chose, as a code from 0; all choices have it or none. */
  readonly cluster?: number;
  /** Which alternative each row is, as a code; all choices have it or none. */
  readonly alternative?: ArrayLike<number>;
}

/** What a choice log holds: simulated choices, or those of histories. */
export interface ChoiceLog {
  /** The choice sets; their clusters are the listeners. */
  sets: ChoiceSets;
  /** Number of each choice within its listener's choices or plays, from 0; one a set. */
  steps: Int32Array;
  /** Track of each row. */
  tracks: Int32Array;
  /** Names of the listeners, by cluster; the codes themselves when left out. */
  users?: readonly string[];
}

/**
 * Puts choices one behind another.
 *
 * @returns The choice sets, in the order of the choices.
 */
export function collectChoices(features: readonly string[], choices: readonly Choice[]): ChoiceSets {
  const width = features.length;
  const starts = new Int32Array(choices.length + 1);
  choices.forEach(({ values, chosen }, n) => {
    const rows = values.length / width;
    if (!Number.isInteger(rows) || !(chosen >= 0 && chosen < rows)) {
      throw new InputError(
        `Expected one of the rows of ${width} features to be chosen but found row ${chosen} of ${rows}`,
      );
    }
    starts[n + 1] = starts[n] + rows;
  });
  const of = <T>(value: (choice: Choice) => T | undefined): T[] | undefined =>
    choices.length > 0 && value(choices[0]) !== undefined ? choices.map((choice) => value(choice)!) : undefined;
  const offsets = of((choice) => choice.offset);
  const clusters = of((choice) => choice.cluster);
  const alternative = of((choice) => choice.alternative);
  return {
    features,
    values: concatenate(Float64Array, choices.map(({ values }) => values)),
    starts,
    chosen: Int32Array.from(choices, ({ chosen }, n) => starts[n] + chosen),
    offset: offsets && concatenate(Float64Array, offsets),
    cluster: clusters && Int32Array.from(clusters),
    alternative: alternative && concatenate(Int32Array, alternative),
  };
}

/** Choice rows in long format: one row an alternative, those of a choice set together. */
export interface ChoiceRows
  extends Pick<ChoiceSets, "features" | "values" | "offset" | "alternative" | "alternatives"> {
  /** Choice set of each row, any numbers in ascending order. */
  choice: ArrayLike<number>;
  /** 1 for the chosen row of a set, else 0. */
  chosen: ArrayLike<number>;
  /** Listener of each row, as a code from 0. */
  cluster?: ArrayLike<number>;
  /** What a choice set is called in errors; its number when left out. */
  nameOf?: (choice: number) => string;
}

/**
 * Groups long-format rows into choice sets and checks them. Cost O(rows · K); nothing is copied.
 *
 * @throws {InputError} When the rows of a set do not stand together, a value is missing, or a set has no chosen row or
 * several, or several listeners; the error names the feature and the set.
 *
 * @example
 * ```ts
 * import { groupChoices } from "./choice_sets.ts";
 * import assert from "node:assert/strict";
 *
 * const sets = groupChoices({
 *   features: ["price"],
 *   values: Float64Array.of(3, 5, 4, 2),
 *   choice: [7, 7, 9, 9],
 *   chosen: [1, 0, 0, 1],
 * });
 * assert.deepEqual([...sets.chosen], [0, 3]);
 * ```
 */
export function groupChoices(rows: ChoiceRows): ChoiceSets {
  const { features, values, choice, offset, alternative, alternatives } = rows;
  const name = rows.nameOf ?? String;
  const twice = features.find((feature, k) => features.indexOf(feature) !== k);
  if (twice !== undefined) throw new InputError(`Expected features with different names but found ${twice} twice`);
  expectFinite(rows, name);
  const starts: number[] = [];
  for (let r = 0; r < choice.length; r++) {
    if (r > 0 && choice[r] < choice[r - 1]) {
      throw new InputError(`Expected the rows of choice set ${name(choice[r])} to stand together in ascending order`);
    }
    if (r === 0 || choice[r] !== choice[r - 1]) starts.push(r);
  }
  if (starts.length === 0) throw new InputError("Expected at least one choice set but found none");
  starts.push(choice.length);
  const chosen = new Int32Array(starts.length - 1).fill(-1);
  for (let n = 0; n < chosen.length; n++) {
    const refuse = (what: string) => new InputError(`Choice set ${name(choice[starts[n]])} ${what}`);
    for (let r = starts[n]; r < starts[n + 1]; r++) {
      if (rows.cluster && rows.cluster[r] !== rows.cluster[starts[n]]) {
        throw refuse("belongs to two clusters; expected all its rows to be of one");
      }
      if (!rows.chosen[r]) continue;
      if (chosen[n] >= 0) throw refuse("has more than one chosen row; expected exactly one");
      chosen[n] = r;
    }
    if (chosen[n] < 0) throw refuse("has no chosen row; expected exactly one");
  }
  const cluster = rows.cluster && chosen.map((row) => rows.cluster![row]);
  return { features, values, starts: Int32Array.from(starts), chosen, offset, cluster, alternative, alternatives };
}

/**
 * Picks whole choice sets, copying them.
 *
 * @param wanted Indices of the sets, in the order of the result.
 */
export function takeSets(sets: ChoiceSets, wanted: ArrayLike<number>): ChoiceSets {
  const { features, values, starts, chosen, offset, cluster, alternative, alternatives, constantsName } = sets;
  const width = features.length;
  const taken = Array.from(wanted, (n): Choice => ({
    values: values.subarray(starts[n] * width, starts[n + 1] * width),
    chosen: chosen[n] - starts[n],
    offset: offset?.subarray(starts[n], starts[n + 1]),
    cluster: cluster?.[n],
    alternative: alternative?.subarray(starts[n], starts[n + 1]),
  }));
  return { ...collectChoices(features, taken), alternatives, constantsName };
}

/**
 * Where the choice sets of each listener begin.
 *
 * @param sets The choice sets, those of a listener together.
 * @returns First set of each listener in the order in which they stand, then the number of sets; listeners + 1 numbers.
 * @throws {InputError} When there are no clusters, or the sets of a listener do not stand together.
 */
export function listenerRanges(sets: ChoiceSets): Int32Array {
  const { cluster, chosen } = sets;
  if (!cluster) throw new InputError("Expected choice sets with listeners as clusters but found none");
  const starts: number[] = [];
  const seen = new Set<number>();
  for (let n = 0; n < chosen.length; n++) {
    if (n > 0 && cluster[n] === cluster[n - 1]) continue;
    if (seen.has(cluster[n])) {
      throw new InputError(`Expected the choice sets of listener ${cluster[n]} to stand together but found them apart`);
    }
    seen.add(cluster[n]);
    starts.push(n);
  }
  return Int32Array.from([...starts, chosen.length]);
}

function expectFinite(rows: ChoiceRows, name: (choice: number) => string): void {
  const { features, values, offset, choice } = rows;
  const width = features.length;
  const refuse = (what: string, value: number, row: number) => {
    const found = Number.isNaN(value) ? "a missing value" : value;
    const where = `in choice set ${name(choice[row])}`;
    throw new InputError(`Expected ${what} to be a finite number but found ${found} ${where}`);
  };
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) refuse(`feature ${features[i % width]}`, values[i], Math.floor(i / width));
  }
  offset?.forEach((value, row) => Number.isFinite(value) || refuse("the offset", value, row));
}
