/**
 * What every metric begins with: the check that plays are plays.
 *
 * @module
 */
/**
 * Checks that a sequence of plays is long enough and names tracks that exist.
 *
 * @param plays Track indices in the order in which they were played.
 * @param trackCount Number of tracks n; every play must lie in [0, n).
 * @param minimum Least number of plays that the metric needs.
 * @returns The plays, unchanged.
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
