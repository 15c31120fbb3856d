/** How long a library takes to be heard. */
import type { Metric } from "./metric.ts";

/** Plays of the runs that a comparison measures. */
const PLAYS = 200;

const plays = { range: [1, PLAYS], unit: "plays", better: "lower" } as const;

export const halfHeard: Metric<"halfHeard"> = {
  ...{ ...plays, name: "halfHeard", label: "Half heard after", shown: "sentences" },
  definition: "Plays until half of the library was heard",
  ofRun: ({ plays, library }) => playsUntilHeard(plays, library, 0.5) ?? plays.length,
};

export const allHeard: Metric<"allHeard"> = {
  ...{ ...plays, name: "allHeard", label: "Heard through after", shown: "tables" },
  definition: "Plays until all of the library was heard",
  ofRun: ({ plays, library }) => playsUntilHeard(plays, library) ?? plays.length,
};

/**
 * How much of a library has been heard after each play. Range (0, 1], never falling.
 *
 * @param plays Track indices in the order in which they were played.
 * @returns Share heard after play 1, 2, …; plays outside the library count as nothing.
 * @throws {RangeError} When the library is empty.
 */
export function heardShare(plays: ArrayLike<number>, library: ArrayLike<number>): Float64Array {
  if (library.length === 0) throw new RangeError("Expected at least one track in the library but found none");
  const unheard = new Set(Array.from(library));
  const size = unheard.size;
  return Float64Array.from(Array.from(plays), (track) => {
    unheard.delete(track);
    return 1 - unheard.size / size;
  });
}

/**
 * Time until a share of a library has been heard, in plays. A shuffle without replacement needs exactly the share times
 * the library's size; a draw with replacement needs about n log n for all of n tracks (the coupon collector's problem).
 *
 * @param plays Track indices in the order in which they were played.
 * @param share Share that must have been heard, in (0, 1]; 1 by default: heard through.
 * @returns Number of plays, or `undefined` when that share was not reached.
 * @throws {RangeError} When the library is empty.
 */
export function playsUntilHeard(
  plays: ArrayLike<number>,
  library: ArrayLike<number>,
  share: number = 1,
): number | undefined {
  // A share is a multiple of 1 / size; the slack is for its rounding.
  const at = heardShare(plays, library).findIndex((heard) => heard >= share - 1e-9);
  return at < 0 ? undefined : at + 1;
}
