/**
 * What must be known of a catalogue before it can be encoded, counted in one pass and mergeable over partitions.
 *
 * @module
 */
import type { Catalog } from "../catalog/catalog.ts";
import { mergeSpreads, type Spread, spreadOf } from "./spread.ts";
import { applyTransformTo, TRANSFORMS, Z_FEATURES, type ZFeature } from "./transforms.ts";

/** Groups of indicator columns. */
export const INDICATOR_GROUPS = ["mode", "time_signature", "decade", "genre"] as const;

/** Name of a group of indicator columns. */
export type IndicatorGroup = typeof INDICATOR_GROUPS[number];

/** How often each category of a group occurs. */
export interface CategoryCounts {
  /** Tracks for which the group is known. */
  known: number;
  /** Tracks by category. */
  counts: Record<string, number>;
}

/** Statistics of a catalogue or of a part of one; plain data, fit for JSON. */
export interface CatalogStatistics {
  /** Number of tracks. */
  tracks: number;
  /** Spread of the transformed values by feature; features that the catalogue lacks are absent. */
  moments: Partial<Record<ZFeature, Spread>>;
  /** Tracks whose key is known. */
  keys: number;
  /** Counts by group; groups that the catalogue lacks are absent. */
  categories: Partial<Record<IndicatorGroup, CategoryCounts>>;
}

/** Rows whose spread is taken together, before spreads are merged in the order of the rows. */
const BLOCK = 4096;
/** Whole numbers below this are counted in an array. */
const SMALL = 4096;

/**
 * Counts a catalogue, or a range of its rows. A pure function: the statistics of the whole are the merged statistics of
 * its parts. Cost O(n).
 *
 * @param catalog The catalogue.
 * @param from First row.
 * @param to Row after the last.
 * @returns The statistics.
 */
export function collectStatistics(catalog: Catalog, from: number = 0, to: number = catalog.length): CatalogStatistics {
  const moments: CatalogStatistics["moments"] = {};
  for (const name of Z_FEATURES) {
    const values = catalog.numbers[name];
    if (values) moments[name] = transformedMoments(values, name, from, to);
  }
  const categories: CatalogStatistics["categories"] = {};
  for (const group of INDICATOR_GROUPS) {
    const count = countCategories(catalog, group, from, to);
    if (count) categories[group] = count;
  }
  let keys = 0;
  const key = catalog.numbers.key;
  if (key) { for (let i = from; i < to; i++) if (key[i] >= 0) keys++; }
  return { tracks: to - from, moments, keys, categories };
}

/**
 * Statistics of two parts of a catalogue taken together.
 *
 * @param a Statistics of one part.
 * @param b Statistics of another.
 * @returns Statistics of both.
 */
export function mergeStatistics(a: CatalogStatistics, b: CatalogStatistics): CatalogStatistics {
  const moments: CatalogStatistics["moments"] = {};
  for (const name of Z_FEATURES) {
    const [x, y] = [a.moments[name], b.moments[name]];
    if (x || y) moments[name] = x && y ? mergeSpreads(x, y) : x ?? y;
  }
  const categories: CatalogStatistics["categories"] = {};
  for (const group of INDICATOR_GROUPS) {
    const [x, y] = [a.categories[group], b.categories[group]];
    if (!x && !y) continue;
    const counts = { ...x?.counts };
    for (const [name, count] of Object.entries(y?.counts ?? {})) counts[name] = (counts[name] ?? 0) + count;
    categories[group] = { known: (x?.known ?? 0) + (y?.known ?? 0), counts };
  }
  return { tracks: a.tracks + b.tracks, moments, keys: a.keys + b.keys, categories };
}

/**
 * The decade of a year.
 *
 * @param year The year.
 * @returns Its decade, e.g. 1990; NaN for NaN.
 */
export function decadeOf(year: number): number {
  return Math.floor(year / 10) * 10;
}

function transformedMoments(values: Float64Array, name: ZFeature, from: number, to: number): Spread {
  const block = new Float64Array(BLOCK);
  const spreads: Spread[] = [];
  for (let start = from; start < to; start += BLOCK) {
    const length = Math.min(BLOCK, to - start);
    applyTransformTo(TRANSFORMS[name], values, start, start + length, block);
    spreads.push(spreadOf(block.subarray(0, length)));
  }
  return spreads.reduce(mergeSpreads, { count: 0, mean: 0, m2: 0 });
}

function countCategories(
  catalog: Catalog,
  group: IndicatorGroup,
  from: number,
  to: number,
): CategoryCounts | undefined {
  const counts = new Map<string | number, number>();
  let known = 0;
  if (group === "genre") {
    const genres = catalog.lists.genres;
    if (!genres) return undefined;
    for (let i = from; i < to; i++) {
      if (genres[i].length > 0) known++;
      for (const genre of genres[i]) counts.set(genre, (counts.get(genre) ?? 0) + 1);
    }
  } else {
    const values = catalog.numbers[group === "decade" ? "year" : group];
    if (!values) return undefined;
    const small = new Float64Array(SMALL);
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (value !== value) continue;
      known++;
      if (value >= 0 && value < SMALL && value === Math.floor(value)) small[value]++;
      else counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    small.forEach((count, value) => {
      if (count > 0) counts.set(value, count);
    });
    if (group === "decade") {
      const years = [...counts];
      counts.clear();
      for (const [year, count] of years) {
        const decade = decadeOf(year as number);
        counts.set(decade, (counts.get(decade) ?? 0) + count);
      }
    }
  }
  return { known, counts: Object.fromEntries(counts) };
}
