/** Components and clusters in words: what sets their tracks apart from the catalogue, their genres and their years. */
import { groups, rollup, sort } from "d3-array";
import type { Catalog, NumericColumn } from "../catalog/catalog.ts";
import { deviationOf, spreadOf } from "../math/spread.ts";

/**
 * A component of PCA in words: the columns with the largest loadings, those that rise with the score against those that
 * fall with it.
 *
 * @param loadings The component, one loading a column.
 * @returns For example `"energy and loudness against acousticness"`.
 */
export function describeComponent(loadings: ArrayLike<number>, names: readonly string[]): string {
  const sorted = names.map((name, j) => ({ name: plainName(name), loading: loadings[j] }))
    .sort((a, b) => Math.abs(b.loading) - Math.abs(a.loading));
  const notable = sorted.filter(({ loading }) => Math.abs(loading) >= 0.5 * Math.abs(sorted[0].loading)).slice(0, 4);
  const side = (sign: number) => notable.filter(({ loading }) => loading * sign > 0).map(({ name }) => name);
  const [up, down] = [side(1), side(-1)].map((words) => words.join(words.length > 2 ? ", " : " and "));
  return down ? `${up || "nothing"} against ${down}` : up;
}

/** `"genre=rock"` is rock, `"duration_ms"` is duration. */
function plainName(name: string): string {
  return name.replace(/^genre=/, "").replace(/^decade=(\d+)$/, "the $1s").replace("duration_ms", "duration")
    .replace(/^time_signature=/, "time signature ").replaceAll("_", " ");
}

/** A cluster, described. What the catalogue lacks is absent. */
export interface ClusterDescription {
  /** Number of the cluster, from 0. */
  cluster: number;
  /** Tracks in it. */
  size: number;
  /** Share of the catalogue, in [0, 1]. */
  share: number;
  /** One line, e.g. `"fast, loud, instrumental; mostly techno; 2012–2020"`. */
  description: string;
  /** Mean of each audio feature in the cluster, in the catalogue's unit. */
  means: Partial<Record<NumericColumn, number>>;
  /** Distance of that mean from the catalogue's, in its standard deviations. */
  standardized: Partial<Record<NumericColumn, number>>;
  /** The three commonest genres and the share of the cluster's tracks that have them. */
  genres?: { name: string; share: number }[];
  /** First and last year of the middle half of its tracks. */
  years?: { from: number; to: number };
  /** Row indices of the three tracks nearest to the centroid in standardised audio features, no title twice. */
  examples: number[];
}

/** What a mean above and below the catalogue's is called. */
const WORDS: [column: NumericColumn, above: string, below: string][] = [
  ["tempo", "fast", "slow"],
  ["loudness", "loud", "quiet"],
  ["energy", "energetic", "calm"],
  ["danceability", "danceable", "hard to dance to"],
  ["valence", "cheerful", "sombre"],
  ["acousticness", "acoustic", "not acoustic"],
  ["instrumentalness", "instrumental", "sung"],
  ["speechiness", "wordy", "few spoken words"],
  ["liveness", "live", "studio-made"],
  ["duration_ms", "long", "short"],
];

/** A mean must differ by this many standard deviations to be worth a word … */
const NOTABLE = 0.35;
/** … and at most so many words are used. */
const MOST_WORDS = 3;

/**
 * Describes every cluster.
 *
 * @param labels Cluster of each track, in [0, k).
 */
export function describeClusters(catalog: Catalog, labels: Int32Array, k: number): ClusterDescription[] {
  const features = WORDS.flatMap(([column]) => {
    const values = catalog.numbers[column];
    if (!values) return [];
    const spread = spreadOf(values);
    return [{ column, values, mean: spread.mean, sd: deviationOf(spread) }];
  }).filter(({ sd }) => sd > 0);
  const members = Array.from({ length: k }, () => [] as number[]);
  labels.forEach((label, track) => members[label].push(track));
  return members.map((tracks, cluster) => {
    const means: ClusterDescription["means"] = {};
    const standardized: ClusterDescription["standardized"] = {};
    for (const { column, values, mean, sd } of features) {
      const own = spreadOf(tracks.map((t) => values[t]));
      if (own.count === 0) continue;
      means[column] = own.mean;
      standardized[column] = (own.mean - mean) / sd;
    }
    const genres = catalog.lists.genres && commonest(tracks.map((t) => catalog.lists.genres![t]));
    const years = catalog.numbers.year && middleHalf(tracks.map((t) => catalog.numbers.year![t]));
    const distance = (t: number) =>
      features.reduce((sum, { column, values, sd }) => {
        const z = (values[t] - (means[column] ?? NaN)) / sd;
        return sum + (Number.isNaN(z) ? 1 : z * z);
      }, 0);
    const typical = sort(tracks, distance);
    const titles = catalog.texts.title;
    return {
      cluster,
      size: tracks.length,
      share: tracks.length / labels.length,
      description: inWords(standardized, genres, years),
      means,
      standardized,
      ...(genres && { genres }),
      ...(years && { years }),
      // Several takes of one work are often equally typical.
      examples: groups(typical, (t) => titles?.[t] || t).slice(0, 3).map(([, [first]]) => first),
    };
  });
}

/**
 * One line about a cluster.
 *
 * @param standardized Distance of each mean from the catalogue's, in standard deviations.
 * @param genres Its commonest genres with their shares, the commonest first.
 * @returns For example `"fast, loud, instrumental; mostly techno; 2012–2020"`.
 */
export function inWords(
  standardized: Partial<Record<NumericColumn, number>>,
  genres?: { name: string; share: number }[],
  years?: { from: number; to: number },
): string {
  const words = WORDS
    .map(([column, above, below]) => {
      const z = standardized[column] ?? 0;
      return { size: Math.abs(z), word: z > 0 ? above : below };
    })
    .filter(({ size }) => size >= NOTABLE)
    .sort((a, b) => b.size - a.size)
    .slice(0, MOST_WORDS)
    .map(({ word }) => word);
  const parts = [words.length > 0 ? words.join(", ") : "average in sound"];
  if (genres && genres.length > 0) {
    if (genres[0].share >= 0.5) parts.push(`mostly ${genres[0].name}`);
    else if (genres.length > 1) parts.push(`${genres[0].name} and ${genres[1].name} among others`);
    else parts.push(`some ${genres[0].name}`);
  }
  if (years) parts.push(years.from === years.to ? `${years.from}` : `${years.from}–${years.to}`);
  return parts.join("; ");
}

function commonest(lists: string[][]): { name: string; share: number }[] {
  const counts = rollup(lists.flat(), (some) => some.length, (name) => name);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 3)
    .map(([name, count]) => ({ name, share: count / lists.length }));
}

function middleHalf(values: number[]): { from: number; to: number } | undefined {
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const at = (share: number) => known[Math.round(share * (known.length - 1))];
  return { from: at(0.25), to: at(0.75) };
}
