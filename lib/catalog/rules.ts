/** What the values of a catalogue may be, whichever way it is read. */
import { type CatalogColumn, LIST_COLUMNS, type ListColumn, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";
import { type Form, type ListStyle, UNIT_FEATURES } from "./forms.ts";

/** Range of a numeric column, and the value by which sources say that they do not know. */
interface Range {
  /** Smallest value. */
  low: number;
  /** Largest value. */
  high: number;
  /** Whole numbers only. */
  whole?: boolean;
  /** Value that means missing. */
  marker?: number;
}

/** What each number may be. Loudness a little above 0 dB is real (normalisation off), key −1 is "not detected". */
export const RANGES: Readonly<Record<NumericColumn, Range>> = {
  ...Object.fromEntries(UNIT_FEATURES.map((name) => [name, { low: 0, high: 1 }])) as Record<
    typeof UNIT_FEATURES[number],
    Range
  >,
  loudness: { low: -100, high: 10 },
  tempo: { low: 1, high: 350, marker: 0 },
  key: { low: 0, high: 11, whole: true, marker: -1 },
  mode: { low: 0, high: 1, whole: true },
  time_signature: { low: 1, high: 15, whole: true, marker: 0 },
  duration_ms: { low: 1000, high: 86400000 },
  popularity: { low: 0, high: 100 },
  year: { low: 1800, high: 2099, whole: true, marker: 0 },
  explicit: { low: 0, high: 1, whole: true },
  disc_number: { low: 0, high: 999, whole: true },
  track_number: { low: 0, high: 99999, whole: true },
};

/** Features whose 0 is no measurement where the tempo is 0: the analysis of such a track failed as a whole. */
export const SILENT_FEATURES = ["danceability", "speechiness", "valence"] as const;

/** SQL type of a column of the checked rows. */
export function sqlType(column: CatalogColumn): string {
  if (isList(column)) return "VARCHAR[]";
  if (column === "explicit") return "BOOLEAN";
  if (column === "duration_ms" || RANGES[column as NumericColumn]?.whole) return "INTEGER";
  return isNumeric(column) ? "DOUBLE" : "VARCHAR";
}

/** Which values a row had that stand for missing; `fix` is a sum of these. */
export const FIX = { tempo: 1, time_signature: 2, year: 4 } as const;

/** How a list column of a form is written. */
export function listStyle(name: ListColumn, form: Form): ListStyle {
  if (form.guessed?.includes(name)) return name === "artists" ? "credit" : "any";
  if (name === "artists") return form.artists;
  if (name === "artist_ids") return form.artists === "python" ? "python" : "any";
  return form.lists;
}

/** Tells the columns that hold lists of texts. */
export function isList(name: CatalogColumn): name is ListColumn {
  return (LIST_COLUMNS as readonly string[]).includes(name);
}

/** Tells the columns that hold numbers. */
export function isNumeric(name: CatalogColumn): name is NumericColumn {
  return (NUMERIC_COLUMNS as readonly string[]).includes(name);
}
