/** Looking at a catalogue: as an Arquero table, and by the statistics that tell one catalogue from another. */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { type ColumnTable, op, table } from "arquero";
import { bisectLeft, bisectRight, group, mean, range, rollup, sum, variance } from "d3-array";
import { type Catalog, numbersOf, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";

/**
 * The catalogue as an Arquero table: a row a track; `title`, `artist` (the first), `genre` (the first) and every
 * numeric column that the catalogue has. Missing numbers are NaN, which Arquero's aggregates leave out.
 *
 * @example
 * ```ts ignore
 * import { op } from "arquero";
 *
 * const tracks = catalogTable(catalog);
 * tracks.groupby("genre").rollup({ tracks: op.count(), loudness: op.median("loudness") }).print();
 * ```
 */
export function catalogTable(catalog: Catalog): ColumnTable {
  const columns: Record<string, ArrayLike<unknown>> = {
    title: catalog.texts.title ?? new Array(catalog.length).fill(null),
    artist: (catalog.lists.artists ?? []).map((list) => list[0] ?? null),
  };
  if (catalog.lists.genres) columns.genre = catalog.lists.genres.map((list) => list[0] ?? null);
  for (const name of NUMERIC_COLUMNS) if (catalog.numbers[name]) columns[name] = catalog.numbers[name]!;
  // deno-lint-ignore no-explicit-any -- arquero's own type for columns is any
  return table(columns as any);
}

/** The features whose distributions are worth a look. */
export const SHOWN_FEATURES: readonly NumericColumn[] = [
  ...["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness"] as const,
  ...["liveness", "valence", "duration_ms"] as const,
];

/** The features whose correlations are worth a look. */
export const CORRELATED_FEATURES: readonly NumericColumn[] = [
  ...SHOWN_FEATURES.slice(0, -1),
  ...["tempo", "duration_ms", "popularity", "year"] as const,
];

/**
 * The share of values that pass a test, in per cent with one decimal, for a sentence.
 *
 * @param values The values; NaN counts as not passing.
 * @returns E.g. `"36.0"`.
 */
export function percent(values: Iterable<number>, test: (value: number) => boolean): string {
  const all = [...values];
  return (100 * all.filter(test).length / all.length).toFixed(1);
}

/** A key with its number of tracks. */
export interface KeyCount {
  /** Key, C = 0. */
  key: number;
  /** Its name, such as `"F#"`. */
  name: string;
  /** 1 major, 0 minor. */
  mode: number;
  /** Tracks in it. */
  count: number;
  /** Their share of the tracks whose key is known. */
  share: number;
}

const KEY_NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/**
 * Counts the tracks in each of the 24 keys.
 *
 * @throws {InputError} When the catalogue has no keys.
 */
export function countKeys(catalog: Catalog): KeyCount[] {
  const [keys, modes] = [numbersOf(catalog, "key"), numbersOf(catalog, "mode")];
  const known = keys.map((key, i) => 2 * key + modes[i]).filter((code) => !Number.isNaN(code));
  const counts = countBy(known);
  return range(24).map((code) => {
    const count = counts.get(code) ?? 0;
    return { key: code >> 1, name: KEY_NAMES[code >> 1], mode: code & 1, count, share: count / known.length };
  }).sort((a, b) => b.count - a.count);
}

/** A bar of a histogram. */
export interface HistogramBar {
  /** The feature that is counted. */
  feature: string;
  /** Group of the tracks. */
  group: string;
  /** Middle of the bar, in the feature's unit; the geometric middle on a logarithmic scale. */
  x: number;
  /** Its lower end, included. */
  from: number;
  /** Its upper end. */
  to: number;
  /** Whether the bars are equally wide on a logarithmic scale. */
  logarithmic: boolean;
  /** Share of the group's tracks that lie in the bar. */
  share: number;
}

/**
 * Features whose tail is so long that a histogram needs a logarithmic scale, with the value that stands for all smaller
 * ones: 0 has no logarithm.
 */
const LOGARITHMIC_FEATURES: Readonly<Partial<Record<NumericColumn, number>>> = {
  speechiness: 0.01,
  acousticness: 1e-4,
  instrumentalness: 1e-6,
  liveness: 0.01,
};

/**
 * Histograms of several features by group, each from the 0.5 % to the 99.5 % quantile; what lies beyond falls into the
 * outer bars. Skewed shares such as speechiness have bars of equal width on a logarithmic scale. Cost O(n · features).
 *
 * @param features Numeric columns; those that the catalogue lacks are left out.
 * @param groupOf Group of each track, null to leave it out.
 * @returns The bars, feature by feature, group by group.
 */
export function histograms(
  catalog: Catalog,
  features: readonly NumericColumn[],
  groupOf: readonly (string | null)[],
  bars: number = 30,
): HistogramBar[] {
  const groups = [...new Set(groupOf.filter((group) => group !== null))].sort();
  return features.flatMap((feature) => {
    const floor = LOGARITHMIC_FEATURES[feature];
    const forward = (x: number) => floor === undefined ? x : Math.log10(Math.max(x, floor));
    const back = (x: number) => floor === undefined ? x : 10 ** x;
    const values = catalog.numbers[feature]?.map(forward);
    if (!values) return [];
    const sorted = values.filter((value) => !Number.isNaN(value)).sort();
    if (sorted.length === 0) return [];
    const low = sorted[Math.floor(0.005 * (sorted.length - 1))];
    const high = sorted[Math.ceil(0.995 * (sorted.length - 1))];
    const width = (high - low) / bars || 1;
    const barOf = (i: number) => Math.max(0, Math.min(bars - 1, Math.floor((values[i] - low) / width)));
    return groups.flatMap((group) => {
      const rows = range(values.length).filter((i) => groupOf[i] === group && !Number.isNaN(values[i]));
      const counts = countBy(rows.map(barOf));
      return range(bars).map((b) => ({
        feature,
        group,
        x: back(low + (b + 0.5) * width),
        from: back(low + b * width),
        to: back(low + (b + 1) * width),
        logarithmic: floor !== undefined,
        share: (counts.get(b) ?? 0) / rows.length,
      }));
    });
  });
}

/**
 * Spearman's rank correlations. Of more than 50,000 tracks only every second, third, … is taken: the error stays below
 * 0.005.
 *
 * @param features Numeric columns; those that the catalogue lacks are left out.
 * @returns The names of the features that were found, and their correlations, row after row. Tracks that lack one of
 *   two features are left out of that pair.
 */
export function rankCorrelations(
  catalog: Catalog,
  features: readonly NumericColumn[],
): { features: NumericColumn[]; correlations: number[][] } {
  const found = features.filter((feature) => catalog.numbers[feature]);
  const step = Math.max(1, Math.ceil(catalog.length / 50_000));
  const columns = found.map((feature) => ranks(catalog.numbers[feature]!.filter((_, i) => i % step === 0)));
  const correlations = columns.map((a) => columns.map((b) => correlation(a, b)));
  return { features: found, correlations };
}

/**
 * Exponent of a discrete power law p(x) ∝ x^−α for x ≥ minimum, by maximum likelihood:
 * α ≈ 1 + n / Σ ln(x / (minimum − ½)). Clauset, Shalizi & Newman 2009 (https://arxiv.org/abs/0706.1062), equation 3.7.
 *
 * @param minimum Smallest count that follows the law.
 * @returns The exponent; NaN when no count is that large.
 */
export function powerLawExponent(counts: Iterable<number>, minimum: number): number {
  const tail = Array.from(counts).filter((count) => count >= minimum);
  return 1 + tail.length / sum(tail, (count) => Math.log(count / (minimum - 0.5)));
}

/**
 * Share of the variance of a feature that lies between groups: the intraclass correlation of the one-way analysis of
 * variance, on normal scores, over groups of two or more.
 *
 * @param values The feature, NaN where missing.
 * @returns The share, at most 1; NaN when no group has two values.
 */
export function varianceBetween(values: ArrayLike<number>, groupOf: readonly (string | null)[]): number {
  const scores = ranks(Float64Array.from(values)).map((u) => normalQuantile(u, 0, 1));
  const rows = range(scores.length).filter((i) => groupOf[i] !== null && !Number.isNaN(scores[i]));
  const groups = [...group(rows, (i) => groupOf[i]).values()].filter(({ length }) => length > 1)
    .map((rows) => rows.map((i) => scores[i]));
  const total = sum(groups, ({ length }) => length);
  const center = mean(groups.flat());
  const between = sum(groups, (own) => own.length * (mean(own)! - center!) ** 2);
  const meanWithin = sum(groups, (own) => (own.length - 1) * variance(own)!) / (total - groups.length);
  const typical = (total - sum(groups, ({ length }) => length ** 2) / total) / (groups.length - 1);
  const component = Math.max(0, (between / (groups.length - 1) - meanWithin) / typical);
  return component / (component + meanWithin);
}

/**
 * The statistics by which catalogues are set side by side, by name. What a catalogue lacks the columns for is left out.
 *
 * @returns Shares in [0, 1], correlations and exponents, under the names of {@linkcode REFERENCE_STATISTICS}.
 */
export function catalogStatistics(catalog: Catalog): Record<string, number> {
  const { numbers, texts, lists, length } = catalog;
  const found: Record<string, number> = {};
  const artist = (lists.artists ?? []).map((list) => list[0] ?? null);
  const genre = lists.genres?.map((list) => list[0] ?? null);
  const share = (test: (i: number) => boolean, among: (i: number) => boolean = () => true) => {
    const rows = range(length).filter(among);
    return rows.filter(test).length / rows.length;
  };
  const sizes = [...countBy(artist.filter((name) => name !== null)).values()];
  const artistShare = (low: number, high: number) => sizes.filter((n) => n >= low && n <= high).length / sizes.length;
  found["artists with one track"] = artistShare(1, 1);
  found["artists with two tracks"] = artistShare(2, 2);
  found["artists with three to five tracks"] = artistShare(3, 5);
  found["artists with more than ten tracks"] = artistShare(11, Infinity);
  found["exponent of tracks an artist"] = powerLawExponent(sizes, 2);
  if (texts.album_id) found["tracks an album"] = length / new Set(texts.album_id.filter((id) => id !== null)).size;
  if (texts.work_id) {
    const works = countBy(texts.work_id);
    found["tracks with another take"] = share((i) => works.get(texts.work_id![i])! > 1);
  }
  if (genre) found["tracks in several genres"] = share((i) => lists.genres![i].length > 1, (i) => genre[i] !== null);
  for (const [name, column, value] of COUNTED_VALUES) {
    if (numbers[column]) found[name] = share((i) => numbers[column]![i] === value);
  }
  const tempo = numbers.tempo;
  if (tempo && genre?.includes("edm")) {
    const edm = (i: number) => genre[i] === "edm";
    found["EDM from 120 to 130 BPM"] = share((i) => tempo[i] >= 120 && tempo[i] < 130, edm);
    found["EDM within 0.05 of a whole BPM"] = share((i) => Math.abs(tempo[i] - Math.round(tempo[i])) < 0.05, edm);
  }
  const dates = texts.release_date;
  if (dates) {
    found["release dates that are only a year"] = share((i) => dates[i]?.length === 4);
    const isRecent = (i: number) => dates[i]?.length === 10 && dates[i]! >= "2015";
    found["Fridays among release dates since 2015"] = share((i) => new Date(dates[i]!).getUTCDay() === 5, isRecent);
  }
  for (const feature of ["danceability", "energy", "loudness", "liveness", "tempo"] as const) {
    if (numbers[feature]) found[`variance of ${feature} between artists`] = varianceBetween(numbers[feature]!, artist);
  }
  for (const [a, b] of [["energy", "loudness"], ["energy", "acousticness"], ["danceability", "valence"]] as const) {
    if (!genre || !numbers[a] || !numbers[b]) continue;
    const [x, y] = [a, b].map((feature) => ranksWithin(numbers[feature]!, genre));
    found[`${a} × ${b} within genres (ρ)`] = correlation(x, y);
  }
  return found;
}

/** Shares of tracks with one value of a column. */
const COUNTED_VALUES = [
  ["tracks in a major key", "mode", 1],
  ["instrumentalness 0", "instrumentalness", 0],
  ["popularity 0", "popularity", 0],
  ["explicit tracks", "explicit", 1],
  ["time signature 4", "time_signature", 4],
] as const;

/** How often each value occurs. */
function countBy<T>(values: Iterable<T>): Map<T, number> {
  return rollup(values, ({ length }) => length, (value) => value);
}

/** Mean ranks as shares in (0, 1), NaN where the value is. */
function ranks(values: Float64Array): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const rank = (value: number) => (bisectLeft(sorted, value) + bisectRight(sorted, value)) / 2 / sorted.length;
  return values.map((value) => Number.isNaN(value) ? NaN : rank(value));
}

function ranksWithin(values: Float64Array, groupOf: readonly (string | null)[]): Float64Array {
  const result = new Float64Array(values.length).fill(NaN);
  const rows = range(values.length).filter((i) => groupOf[i] !== null);
  for (const own of group(rows, (i) => groupOf[i]).values()) {
    ranks(Float64Array.from(own, (i) => values[i])).forEach((rank, at) => result[own[at]] = rank);
  }
  return result;
}

/** Pearson's correlation over the pairs without NaN. */
function correlation(a: Float64Array, b: Float64Array): number {
  return table({ a, b }).rollup({ r: op.corr("a", "b") }).get("r") ?? NaN;
}
