/** Exposure: what share of a library comes to light, how evenly, and how far from the beaten track. */
import { mean, rollup, sum } from "d3-array";
import { giniOfExposure } from "../math/shares.ts";
import { type CodeLists, eachSession, expectPlays, type Metric } from "./metric.ts";

const inequality = { range: [0, 1], better: "lower", source: "Shani & Gunawardana 2011" } as const;

export const coverage: Metric<"coverage"> = {
  ...{ name: "coverage", label: "Coverage", range: [0, 1], unit: "share", better: "higher", shown: "overview" },
  definition: "Share of the library that was played",
  source: "Shani & Gunawardana 2011",
  ofRun: ({ plays, library }) => coverageOf(exposureCounts(plays, library)),
};

export const giniTracks: Metric<"giniTracks"> = {
  ...{ ...inequality, name: "giniTracks", label: "Gini, tracks", shown: "sentences" },
  definition: "Inequality of plays over the tracks of the library",
  ofRun: ({ plays, library }) => giniOfExposure(exposureCounts(plays, library)),
};

export const giniArtists: Metric<"giniArtists"> = {
  ...{ ...inequality, name: "giniArtists", label: "Gini, artists", shown: "overview" },
  definition: "Inequality of plays over the artists of the library",
  ofRun: ({ plays, library, labels }) => giniOfExposure(artistExposure(plays, library, labels.artist)),
};

export const novelty: Metric<"novelty"> = {
  ...{ name: "novelty", label: "Novelty", range: [0, Infinity], unit: "bits", better: "higher", shown: "sentences" },
  definition: "Mean −log₂ of how well known a played track is",
  source: "Vargas & Castells 2011",
  ofSessions: (run) => eachSession(run, (plays) => noveltyOf(plays, run.knownness)),
};

/**
 * How often each item of a set was played.
 *
 * @param items The distinct items to count, in the order of the result.
 * @returns Number of plays of each item; plays of other items are left out.
 */
export function exposureCounts(plays: ArrayLike<number>, items: ArrayLike<number>): Float64Array {
  const counts = rollup(Array.from(plays), (own) => own.length, (item) => item);
  return Float64Array.from(items, (item) => counts.get(item) ?? 0);
}

/**
 * How often each artist of a library was played. A track of several artists counts for each of them.
 *
 * @param artists Artists of every track of the catalogue.
 * @returns Number of plays of each artist of the library, in order of first appearance there.
 * @throws {RangeError} When a play is not a track index.
 */
export function artistExposure(
  plays: ArrayLike<number>,
  library: ArrayLike<number>,
  artists: CodeLists,
): Float64Array {
  expectPlays(plays, artists.offsets.length - 1, 0);
  const artistsOf = (tracks: ArrayLike<number>) =>
    Array.from(tracks).flatMap((t) => Array.from(artists.codes.subarray(artists.offsets[t], artists.offsets[t + 1])));
  return exposureCounts(artistsOf(plays), [...new Set(artistsOf(library))]);
}

/**
 * Coverage: share of the items that were played at all (Shani & Gunawardana, 2011). Range [0, 1].
 *
 * @throws {RangeError} When there are no items.
 */
export function coverageOf(counts: ArrayLike<number>): number {
  if (counts.length === 0) throw new RangeError("Expected at least one item but found none");
  return mean(Array.from(counts), (count) => count > 0 ? 1 : 0)!;
}

/**
 * Novelty: mean self-information −log₂ p(track) of the plays (Vargas & Castells, Rank and relevance in novelty and
 * diversity metrics, RecSys 2011). Range [0, ∞) in bits; log₂ n when all n tracks are equally well known.
 *
 * @param plays Track indices, at least one.
 * @param knownness Probability of every track of the catalogue being heard anywhere; must be above 0 for played tracks.
 * @returns Mean bits a play; higher is less well known.
 * @throws {RangeError} When there is no play, a play is not a track index, or a played track has no probability above
 * 0.
 */
export function noveltyOf(plays: ArrayLike<number>, knownness: ArrayLike<number>): number {
  expectPlays(plays, knownness.length);
  const bits = Array.from(plays, (track) => {
    const probability = knownness[track];
    if (!(probability > 0 && probability <= 1)) {
      throw new RangeError(`Expected the probability of track ${track} in (0, 1] but found ${probability}`);
    }
    return -Math.log2(probability);
  });
  return mean(bits)!;
}

/**
 * How well known each track is, as a distribution: its popularity plus one over the sum. Tracks of unknown popularity
 * count as popularity 0; without any popularity all tracks are equal.
 *
 * @param popularity Popularity of every track in [0, 100], NaN where missing.
 * @returns Probabilities that sum to 1.
 */
export function knownnessOf(trackCount: number, popularity?: ArrayLike<number>): Float64Array {
  const values = Float64Array.from({ length: trackCount }, (_, i) => 1 + (popularity?.[i] || 0));
  const total = sum(values);
  return values.map((value) => value / total);
}
