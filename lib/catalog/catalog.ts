/**
 * The canonical catalogue: one row a track, columns as typed arrays and text arrays. Row i of the catalogue is row i
 * of every matrix and node i of the graph.
 */
import { InputError } from "../data/errors.ts";
import { readParquet } from "../data/read_parquet.ts";

/** Numeric columns of `tracks.parquet`. */
export const NUMERIC_COLUMNS = [
  "year",
  "popularity",
  "duration_ms",
  "explicit",
  "disc_number",
  "track_number",
  "danceability",
  "energy",
  "loudness",
  "speechiness",
  "acousticness",
  "instrumentalness",
  "liveness",
  "valence",
  "tempo",
  "key",
  "mode",
  "time_signature",
] as const;

/** Text columns of `tracks.parquet`. */
export const TEXT_COLUMNS = ["track_id", "title", "album", "album_id", "release_date", "work_id"] as const;

/** Columns of `tracks.parquet` that hold a list of texts. */
export const LIST_COLUMNS = ["artists", "artist_ids", "genres", "subgenres", "playlists"] as const;

/** Name of a numeric column. */
export type NumericColumn = typeof NUMERIC_COLUMNS[number];
/** Name of a text column. */
export type TextColumn = typeof TEXT_COLUMNS[number];
/** Name of a list column. */
export type ListColumn = typeof LIST_COLUMNS[number];
/** Name of any canonical column. */
export type CatalogColumn = NumericColumn | TextColumn | ListColumn;

/** A catalogue in memory. A column that the source lacks is absent; a value that a row lacks is NaN, null or []. */
export interface Catalog {
  /** Number of tracks. */
  readonly length: number;
  /**
   * Numbers by column, NaN where missing. Units: duration_ms in ms, loudness in dB, tempo in BPM, key 0–11 (C = 0),
   * mode 1 major and 0 minor, explicit 0 or 1, disc_number and track_number places on the album, popularity in [0, 100], the other features in [0, 1].
   */
  readonly numbers: Partial<Record<NumericColumn, Float64Array>>;
  /** Texts by column, null where missing. `track_id` and `title` are never null. */
  readonly texts: Partial<Record<TextColumn, (string | null)[]>>;
  /** Lists of texts by column, empty where missing. `artists` is never empty. */
  readonly lists: Partial<Record<ListColumn, string[][]>>;
}

/**
 * Reads `tracks.parquet`.
 *
 * @param columns Canonical columns wanted; all that are there when left out.
 * @param read What reads the columns.
 * @throws {InputError} When the file is missing, is not Parquet, or lacks `track_id`, `title` or `artists`.
 */
export async function readCatalog(
  path: string,
  columns?: readonly CatalogColumn[],
  read: (path: string, names: readonly string[]) => ReturnType<typeof readParquet> = readParquet,
): Promise<Catalog> {
  const wanted = columns ?? [...NUMERIC_COLUMNS, ...TEXT_COLUMNS, ...LIST_COLUMNS];
  const found = await read(path, wanted);
  for (const needed of ["track_id", "title", "artists"] as const) {
    if (wanted.includes(needed) && !(needed in found)) {
      throw new InputError(`${path}: has no column ${needed}; make the file with segue ingest`);
    }
  }
  const numbers: Partial<Record<NumericColumn, Float64Array>> = {};
  const texts: Partial<Record<TextColumn, (string | null)[]>> = {};
  const lists: Partial<Record<ListColumn, string[][]>> = {};
  for (const name of NUMERIC_COLUMNS) if (name in found) numbers[name] = found[name] as Float64Array;
  for (const name of TEXT_COLUMNS) if (name in found) texts[name] = found[name] as (string | null)[];
  for (const name of LIST_COLUMNS) {
    if (name in found) lists[name] = (found[name] as (string[] | null)[]).map((list) => list ?? []);
  }
  return { length: Object.values(found)[0]?.length ?? 0, numbers, texts, lists };
}

/**
 * A numeric column that must be there, NaN where a value is missing.
 *
 * @throws {InputError} When the catalogue lacks it.
 */
export function numbersOf(catalog: Catalog, name: NumericColumn): Float64Array {
  return catalog.numbers[name] ?? missing(name);
}

/**
 * A text column that must be there, null where a value is missing.
 *
 * @throws {InputError} When the catalogue lacks it.
 */
export function textsOf(catalog: Catalog, name: TextColumn): (string | null)[] {
  return catalog.texts[name] ?? missing(name);
}

/**
 * A list column that must be there, [] where a value is missing.
 *
 * @throws {InputError} When the catalogue lacks it.
 */
export function listsOf(catalog: Catalog, name: ListColumn): string[][] {
  return catalog.lists[name] ?? missing(name);
}

/** Lists of texts as integer codes, in compressed rows: those of row i are `codes[offsets[i]] … codes[offsets[i+1]-1]`. */
export interface CodedLists {
  /** Start of each row, length n + 1. */
  offsets: Int32Array;
  /** Index into `names`, row after row. */
  codes: Int32Array;
  /** The distinct texts in order of first appearance. */
  names: string[];
}

/**
 * Codes lists of texts as integers, so that "do these tracks share an artist" needs no text comparison. Cost O(total).
 *
 * @param lists One list a row.
 */
export function codeLists(lists: readonly (readonly string[])[]): CodedLists {
  const offsets = new Int32Array(lists.length + 1);
  for (let i = 0; i < lists.length; i++) offsets[i + 1] = offsets[i] + lists[i].length;
  const codes = new Int32Array(offsets[lists.length]);
  const known = new Map<string, number>();
  let at = 0;
  for (const list of lists) {
    for (const name of list) {
      let code = known.get(name);
      if (code === undefined) known.set(name, code = known.size);
      codes[at++] = code;
    }
  }
  return { offsets, codes, names: [...known.keys()] };
}

function missing(name: string): never {
  throw new InputError(`The catalogue has no column ${name}, which this step needs`);
}

/** Codes of texts, from 0 in order of first appearance; −1 where there is none. */
export function codesOf(texts: readonly (string | null | undefined)[]): Int32Array {
  const codes = new Map<string, number>();
  return Int32Array.from(texts, (text) => {
    if (!text) return -1;
    if (!codes.has(text)) codes.set(text, codes.size);
    return codes.get(text)!;
  });
}
