/** Repetition: how soon a track, a work, an artist or an album comes back. */
import { cumsum, max } from "d3-array";
import { eachSession, expectPlays, type Labels, type Metric, shareOfPlays } from "./metric.ts";

/** What repeats are counted of. */
export const REPEAT_KINDS = ["track", "work", "artist", "album"] as const;

/** A track, a work (any take of a song), an artist, or an album. */
export type RepeatKind = typeof REPEAT_KINDS[number];

/** Windows of the curves of repeat rates: 1 to this many plays. */
export const WINDOWS = 50;

export const trackRepeat: Metric<"trackRepeat"> = repeatMetric("track", 50, {
  ...{ name: "trackRepeat", label: "Same track within 50", shown: "overview" },
  definition: "Share of plays whose track is among the 50 before",
});

export const workRepeat: Metric<"workRepeat"> = repeatMetric("work", 50, {
  ...{ name: "workRepeat", label: "Same work within 50" },
  definition: "Share of plays of which any take (remaster, live) is among the 50 before",
});

export const artistInRow: Metric<"artistInRow"> = repeatMetric("artist", 1, {
  ...{ name: "artistInRow", label: "Artist twice in a row" },
  definition: "Share of plays with an artist of the play before",
});

export const artistRepeat: Metric<"artistRepeat"> = repeatMetric("artist", 5, {
  ...{ name: "artistRepeat", label: "Same artist within 5", shown: "overview" },
  definition: "Share of plays with an artist of the 5 before",
});

export const albumRepeat: Metric<"albumRepeat"> = repeatMetric("album", 10, {
  ...{ name: "albumRepeat", label: "Same album within 10" },
  definition: "Share of plays whose album is among the 10 before",
});

function repeatMetric<Name extends string>(
  kind: RepeatKind,
  window: number,
  description: Pick<Metric<Name>, "name" | "label" | "definition"> & Partial<Metric<Name>>,
): Metric<Name> {
  return {
    ...{ range: [0, 1], unit: "share", better: "lower", shown: "sentences" },
    ...description,
    ofSessions(run) {
      const labels = run.labels[kind];
      if (!labels) return eachSession(run, () => NaN);
      return shareOfPlays(run, repeatGaps(run.plays, labels), (gap) => gap > 0 && gap <= window);
    },
  };
}

/**
 * How many plays back the latest play with a common label lies. Cost O(plays × labels a track).
 *
 * @param plays Track indices in the order in which they were played.
 * @returns For every play the distance, 1 for the play just before; 0 when no play before has a common label.
 * @throws {RangeError} When a play is not a track index.
 */
export function repeatGaps(plays: ArrayLike<number>, labels: Labels): Int32Array {
  const single = labels instanceof Int32Array;
  expectPlays(plays, single ? labels.length : labels.offsets.length - 1, 0);
  const codesOf = (track: number) =>
    single
      ? labels.subarray(track, track + 1)
      : labels.codes.subarray(labels.offsets[track], labels.offsets[track + 1]);
  const last = new Map<number, number>();
  const gaps = new Int32Array(plays.length);
  for (let p = 0; p < plays.length; p++) {
    const codes = codesOf(plays[p]).filter((code) => code >= 0);
    gaps[p] = p - (max(codes, (code) => last.get(code)) ?? p);
    for (const code of codes) last.set(code, p);
  }
  return gaps;
}

/**
 * Repeat rate over every window: the share of plays whose label is among the N plays before them, for N = 1 … windows.
 * Range [0, 1], never falling in N. The first plays of a sequence, which have fewer than N before them, count as plays.
 *
 * @param plays Track indices in the order in which they were played.
 * @param windows Largest window, at least 1.
 * @returns Rates; element N − 1 belongs to window N.
 * @throws {RangeError} When there is no play, or a play is not a track index.
 *
 * @example
 * ```ts
 * import { repeatRates } from "./repetition.ts";
 * import assert from "node:assert/strict";
 *
 * // Plays a b a a: the last repeats within one play, the third within two.
 * const tracks = Int32Array.of(0, 1);
 * assert.deepEqual([...repeatRates([0, 1, 0, 0], tracks, 2)], [0.25, 0.5]);
 * ```
 */
export function repeatRates(plays: ArrayLike<number>, labels: Labels, windows: number = WINDOWS): Float64Array {
  if (!(windows >= 1)) throw new RangeError(`Expected windows of at least 1 but found ${windows}`);
  const gaps = repeatGaps(plays, labels);
  if (gaps.length === 0) throw new RangeError("Expected at least 1 play but found 0");
  const counts = new Float64Array(windows);
  for (const gap of gaps) if (gap > 0 && gap <= windows) counts[gap - 1]++;
  return cumsum(counts).map((count) => count / gaps.length);
}
