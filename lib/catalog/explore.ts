/**
 * Looking at a catalogue: as an Arquero table, and by the statistics that tell one catalogue from another.
 *
 * @module
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { type ColumnTable, table } from "arquero";
import { type Catalog, numbersOf, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";

/**
 * The catalogue as an Arquero table: a row a track; `title`, `artist` (the first), `genre` (the first) and every
 * numeric column that the catalogue has. Missing numbers are NaN, which Arquero's aggregates leave out.
 *
 * @param catalog The catalogue.
 * @returns The table, in catalogue order.
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
 * @param test The test.
 * @returns E.g. `"36.0"`.
 */
export function percent(values: Iterable<number>, test: (value: number) => boolean): string {
  let [hits, all] = [0, 0];
  for (const value of values) {
    all++;
    if (test(value)) hits++;
  }
  return (100 * hits / all).toFixed(1);
}

/** A key with its number of tracks. */
export interface KeyCount {
  /** Key, C = 0. */
  key: number;
  /** 1 major, 0 minor. */
  mode: number;
  /** Tracks. */
  count: number;
  /** Their share of the tracks whose key is known. */
  share: number;
}

/**
 * Counts the tracks in each of the 24 keys.
 *
 * @param catalog The catalogue.
 * @returns The keys, the commonest first.
 * @throws {InputError} When the catalogue has no keys.
 */
export function countKeys(catalog: Catalog): KeyCount[] {
  const [keys, modes] = [numbersOf(catalog, "key"), numbersOf(catalog, "mode")];
  const counts = new Float64Array(24);
  let known = 0;
  for (let i = 0; i < catalog.length; i++) {
    if (Number.isNaN(keys[i]) || Number.isNaN(modes[i])) continue;
    counts[2 * keys[i] + modes[i]]++;
    known++;
  }
  return Array.from(counts, (count, code) => ({ key: code >> 1, mode: code & 1, count, share: count / known }))
    .sort((a, b) => b.count - a.count);
}

/** A bar of a histogram. */
export interface HistogramBar {
  /** What is counted. */
  feature: string;
  /** Group of the tracks. */
  group: string;
  /** Middle of the bar, in the feature's unit; the geometric middle on a logarithmic scale. */
  x: number;
  /** Start of the bar. */
  from: number;
  /** End of the bar. */
  to: number;
  /** Whether the bars are equally wide on a logarithmic scale. */
  logarithmic: boolean;
  /** Share of the group's tracks that lie in the bar. */
  share: number;
}

/**
 * Features whose tail is so long that a histogram needs a logarithmic scale, with the value below which they count as
 * that value (they are shares, and 0 has no logarithm).
 */
export const LOGARITHMIC_FEATURES: Readonly<Partial<Record<NumericColumn, number>>> = {
  speechiness: 0.01,
  acousticness: 1e-4,
  instrumentalness: 1e-6,
  liveness: 0.01,
};

/**
 * Histograms of several features by group, each from the 0.5 % to the 99.5 % quantile; what lies beyond falls into the
 * outer bars. {@linkcode LOGARITHMIC_FEATURES} have bars of equal width on a logarithmic scale. Cost O(n · features).
 *
 * @param catalog The catalogue.
 * @param features Numeric columns; those that the catalogue lacks are left out.
 * @param groupOf Group of each track, null to leave it out.
 * @param bars Number of bars.
 * @returns The bars, feature by feature, group by group.
 */
export function histograms(
  catalog: Catalog,
  features: readonly NumericColumn[],
  groupOf: readonly (string | null)[],
  bars: number = 30,
): HistogramBar[] {
  const groups = [...new Set(groupOf.filter((group) => group !== null))].sort();
  const codes = Int32Array.from(groupOf, (group) => group === null ? -1 : groups.indexOf(group));
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
    const counts = groups.map(() => new Float64Array(bars));
    const totals = new Float64Array(groups.length);
    for (let i = 0; i < values.length; i++) {
      if (codes[i] < 0 || Number.isNaN(values[i])) continue;
      counts[codes[i]][Math.max(0, Math.min(bars - 1, Math.floor((values[i] - low) / width)))]++;
      totals[codes[i]]++;
    }
    return groups.flatMap((group, g) =>
      Array.from(counts[g], (count, b) => ({
        feature,
        group,
        x: back(low + (b + 0.5) * width),
        from: back(low + b * width),
        to: back(low + (b + 1) * width),
        logarithmic: floor !== undefined,
        share: count / totals[g],
      }))
    );
  });
}

/**
 * Spearman's rank correlations. Of more than 50,000 tracks every so-manieth is taken: the error is then below 0.005.
 *
 * @param catalog The catalogue.
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
 * @param counts Positive integers.
 * @param minimum Smallest count that follows the law.
 * @returns The exponent; NaN when no count is that large.
 */
export function powerLawExponent(counts: Iterable<number>, minimum: number): number {
  let [n, sum] = [0, 0];
  for (const count of counts) {
    if (count < minimum) continue;
    n++;
    sum += Math.log(count / (minimum - 0.5));
  }
  return n === 0 ? NaN : 1 + n / sum;
}

/**
 * Share of the variance of a feature that lies between groups: the intraclass correlation of the one-way analysis of
 * variance, on normal scores, over groups of two or more.
 *
 * @param values The feature, NaN where missing.
 * @param groupOf Group of each value.
 * @returns The share, at most 1; NaN when no group has two values.
 */
export function varianceBetween(values: ArrayLike<number>, groupOf: readonly (string | null)[]): number {
  const scores = Array.from(ranks(Float64Array.from(values)), (u) => normalQuantile(u, 0, 1));
  const groups = new Map<string, { n: number; sum: number; squares: number }>();
  for (let i = 0; i < scores.length; i++) {
    const name = groupOf[i];
    if (name === null || Number.isNaN(scores[i])) continue;
    let group = groups.get(name);
    if (!group) groups.set(name, group = { n: 0, sum: 0, squares: 0 });
    group.n++;
    group.sum += scores[i];
    group.squares += scores[i] ** 2;
  }
  const several = [...groups.values()].filter(({ n }) => n > 1);
  const total = several.reduce((sum, { n }) => sum + n, 0);
  const mean = several.reduce((sum, group) => sum + group.sum, 0) / total;
  const between = several.reduce((sum, group) => sum + group.n * (group.sum / group.n - mean) ** 2, 0);
  const within = several.reduce((sum, group) => sum + group.squares - group.sum ** 2 / group.n, 0);
  const typical = (total - several.reduce((sum, { n }) => sum + n * n, 0) / total) / (several.length - 1);
  const meanWithin = within / (total - several.length);
  const component = Math.max(0, (between / (several.length - 1) - meanWithin) / typical);
  return component / (component + meanWithin);
}

/**
 * The statistics by which catalogues are set side by side, by name. What a catalogue lacks the columns for is left out.
 *
 * @param catalog The catalogue.
 * @returns Shares in [0, 1], correlations and exponents, under the names of {@linkcode REFERENCE_STATISTICS}.
 */
export function catalogStatistics(catalog: Catalog): Record<string, number> {
  const { numbers, texts, lists, length } = catalog;
  const found: Record<string, number> = {};
  const artist = (lists.artists ?? []).map((list) => list[0] ?? null);
  const genre = lists.genres?.map((list) => list[0] ?? null);
  const share = (test: (i: number) => boolean, among: (i: number) => boolean = () => true) => {
    let [hits, all] = [0, 0];
    for (let i = 0; i < length; i++) {
      if (!among(i)) continue;
      all++;
      if (test(i)) hits++;
    }
    return hits / all;
  };
  const sizes = [...countBy(artist).values()];
  const artistShare = (low: number, high: number) => sizes.filter((n) => n >= low && n <= high).length / sizes.length;
  found["artists with one track"] = artistShare(1, 1);
  found["artists with two tracks"] = artistShare(2, 2);
  found["artists with three to five tracks"] = artistShare(3, 5);
  found["artists with more than ten tracks"] = artistShare(11, Infinity);
  found["exponent of tracks an artist"] = powerLawExponent(sizes, 2);
  if (texts.album_id) found["tracks an album"] = length / countBy(texts.album_id).size;
  if (texts.work_id) {
    const works = countBy(texts.work_id);
    found["tracks with another take"] = share((i) => works.get(texts.work_id![i] ?? "")! > 1);
  }
  if (genre) found["tracks in several genres"] = share((i) => lists.genres![i].length > 1, (i) => genre[i] !== null);
  if (numbers.mode) found["tracks in a major key"] = share((i) => numbers.mode![i] === 1);
  if (numbers.instrumentalness) found["instrumentalness 0"] = share((i) => numbers.instrumentalness![i] === 0);
  if (numbers.popularity) found["popularity 0"] = share((i) => numbers.popularity![i] === 0);
  if (numbers.explicit) found["explicit tracks"] = share((i) => numbers.explicit![i] === 1);
  if (numbers.time_signature) found["time signature 4"] = share((i) => numbers.time_signature![i] === 4);
  const tempo = numbers.tempo;
  if (tempo && genre?.includes("edm")) {
    const edm = (i: number) => genre[i] === "edm";
    found["EDM from 120 to 130 BPM"] = share((i) => tempo[i] >= 120 && tempo[i] < 130, edm);
    found["EDM within 0.05 of a whole BPM"] = share((i) => Math.abs(tempo[i] - Math.round(tempo[i])) < 0.05, edm);
  }
  if (texts.release_date) {
    const full = (i: number) => texts.release_date![i]?.length === 10 && texts.release_date![i]! >= "2015";
    found["release dates that are only a year"] = share((i) => texts.release_date![i]?.length === 4);
    found["Fridays among release dates since 2015"] = share(
      (i) => new Date(texts.release_date![i]!).getUTCDay() === 5,
      full,
    );
  }
  for (const feature of ["danceability", "energy", "loudness", "liveness", "tempo"] as const) {
    if (numbers[feature]) found[`variance of ${feature} between artists`] = varianceBetween(numbers[feature]!, artist);
  }
  for (const [a, b] of [["energy", "loudness"], ["energy", "acousticness"], ["danceability", "valence"]] as const) {
    if (!genre || !numbers[a] || !numbers[b]) continue;
    found[`${a} × ${b} within genres (ρ)`] = correlation(
      ranksWithin(numbers[a]!, genre),
      ranksWithin(numbers[b]!, genre),
    );
  }
  return found;
}

/** How often each text occurs; null is left out. */
function countBy(texts: readonly (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Mean ranks as shares in (0, 1), NaN where the value is. */
function ranks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]));
  order.sort((i, j) => values[i] - values[j]);
  const result = new Float64Array(values.length).fill(NaN);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let r = start; r < end; r++) result[order[r]] = (start + end) / 2 / order.length;
    start = end;
  }
  return result;
}

function ranksWithin(values: Float64Array, groupOf: readonly (string | null)[]): Float64Array {
  const members = new Map<string, number[]>();
  groupOf.forEach((group, i) => {
    if (group === null) return;
    const list = members.get(group);
    if (list) list.push(i);
    else members.set(group, [i]);
  });
  const result = new Float64Array(values.length).fill(NaN);
  for (const list of members.values()) {
    const own = ranks(Float64Array.from(list, (i) => values[i]));
    list.forEach((i, at) => result[i] = own[at]);
  }
  return result;
}

/** Pearson's correlation over the pairs without NaN. */
function correlation(a: Float64Array, b: Float64Array): number {
  let [n, meanA, meanB, squaresA, squaresB, products] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]) || Number.isNaN(b[i])) continue;
    n++;
    const [da, db] = [a[i] - meanA, b[i] - meanB];
    meanA += da / n;
    meanB += db / n;
    squaresA += da * (a[i] - meanA);
    squaresB += db * (b[i] - meanB);
    products += da * (b[i] - meanB);
  }
  return products / Math.sqrt(squaresA * squaresB);
}
