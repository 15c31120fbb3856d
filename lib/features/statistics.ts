/** What must be known of a catalogue before it can be encoded, counted in one pass and mergeable over partitions. */
import type { Catalog } from "../catalog/catalog.ts";
import { mergeSpreads, type Spread, spreadOf } from "../math/spread.ts";
import { applyTransform, TRANSFORMS, Z_FEATURES, type ZFeature } from "./transforms.ts";

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
  tracks: number;
  /** Spread of the transformed values by feature; features that the catalogue lacks are absent. */
  moments: Partial<Record<ZFeature, Spread>>;
  /** Tracks whose key is known. */
  keys: number;
  /** Counts by group; groups that the catalogue lacks are absent. */
  categories: Partial<Record<IndicatorGroup, CategoryCounts>>;
}

/** Whole numbers below this are counted in an array. */
const SMALL = 4096;

/**
 * Counts a catalogue. A pure function: the statistics of the whole are the merged statistics of its parts. Cost O(n).
 */
export function collectStatistics(catalog: Catalog): CatalogStatistics {
  const moments: CatalogStatistics["moments"] = {};
  for (const name of Z_FEATURES) {
    const values = catalog.numbers[name];
    if (values) moments[name] = spreadOf(applyTransform(TRANSFORMS[name], values));
  }
  const categories: CatalogStatistics["categories"] = {};
  for (const group of INDICATOR_GROUPS) {
    const count = countCategories(catalog, group);
    if (count) categories[group] = count;
  }
  let keys = 0;
  for (const key of catalog.numbers.key ?? []) if (key >= 0) keys++;
  return { tracks: catalog.length, moments, keys, categories };
}

/** Statistics of two parts of a catalogue taken together. */
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
 * The categories of a group of indicators that are numbers: the years by decades, the others as they stand.
 *
 * @param group The group, any but `"genre"`.
 * @returns One number a track, NaN where it is not known; nothing when the catalogue lacks the column.
 */
export function numericCategories(
  catalog: Catalog,
  group: Exclude<IndicatorGroup, "genre">,
): Float64Array | undefined {
  return group === "decade" ? catalog.numbers.year?.map((year) => Math.floor(year / 10) * 10) : catalog.numbers[group];
}

function countCategories(catalog: Catalog, group: IndicatorGroup): CategoryCounts | undefined {
  const counts = new Map<string | number, number>();
  const add = (category: string | number, count: number) => counts.set(category, (counts.get(category) ?? 0) + count);
  let known = 0;
  if (group === "genre") {
    if (!catalog.lists.genres) return undefined;
    for (const genres of catalog.lists.genres) {
      if (genres.length > 0) known++;
      for (const genre of genres) add(genre, 1);
    }
  } else {
    const values = numericCategories(catalog, group);
    if (!values) return undefined;
    // Decades and the like are whole and small: an array counts them ten times as fast as a map.
    const small = new Float64Array(SMALL);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value !== value) continue;
      known++;
      if (value >= 0 && value < SMALL && value === Math.floor(value)) small[value]++;
      else add(value, 1);
    }
    small.forEach((count, value) => count > 0 && add(value, count));
  }
  return { known, counts: Object.fromEntries(counts) };
}
