/**
 * The catalogue as the service needs it, in one file that is read into typed arrays. A million tracks are ready after a
 * second, because a text becomes a string only when it is used.
 */
import { ascending, bisector, cumsum, range, sort } from "d3-array";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import {
  type Catalog,
  type CodedLists,
  codeLists,
  type NumericColumn,
  type TextColumn,
  textsOf,
} from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { type Collection, createCollection, loadCollection, readCollectionParts } from "../score/collection.ts";
import { type NpzEntry, readNpz, writeNpz } from "../data/npz.ts";
import { runStage, type StageReport } from "../data/stages.ts";

/** The file of the snapshot in a data folder. */
export const SNAPSHOT_FILE = "service.npz";

/** Text columns that the service shows. */
const TEXTS = ["track_id", "title", "album"] as const satisfies readonly TextColumn[];
/** This byte stands for a missing text; UTF-8 never uses it. */
const MISSING = 0xff;

/** Writes the snapshot of a data folder that has everything up to `graph.npz`, unless it is up to date. */
export function snapshotStage(directory: string): Promise<StageReport> {
  return runStage(directory, {
    name: "service",
    inputs: ["tracks.parquet"],
    parameters: { layout: 2 },
    outputs: [SNAPSHOT_FILE],
    run: async () => {
      const collection = await loadCollection(directory);
      writeNpz(join(directory, SNAPSHOT_FILE), snapshotOf(collection));
      return { tracks: collection.trackCount };
    },
  });
}

/**
 * Reads a collection from the snapshot, the graph, the embedding and the clusters of a data folder: the one that
 * `loadCollection` reads, but only with the columns that the service needs. InputError when a file is missing or the
 * files do not fit together.
 */
export function readSnapshot(directory: string): Collection {
  const file = join(directory, SNAPSHOT_FILE);
  const entries = readNpz(file);
  const array = <T>(name: string): T => {
    const entry = entries[name];
    if (entry === undefined || typeof entry === "string") {
      throw new InputError(`${file}: has no array ${name}; delete the file, and it is made anew`);
    }
    return entry.data as T;
  };
  const texts = (name: string) => lazyTexts(array<Int32Array>(`${name}.ends`), array<Uint8Array>(`${name}.utf8`));
  const lists = (name: string): CodedLists => ({
    offsets: array(`${name}.offsets`),
    codes: array(`${name}.codes`),
    names: texts(`${name}.names`) as string[],
  });
  const artists = lists("artists");
  const [albums, works] = [array<Int32Array>("albums"), array<Int32Array>("works")];
  const numbers: Catalog["numbers"] = {};
  for (const name of Object.keys(entries)) {
    if (name.startsWith("number.")) numbers[name.slice(7) as NumericColumn] = array(name);
  }
  const catalog: Catalog = {
    length: works.length,
    numbers,
    texts: Object.fromEntries(TEXTS.filter((name) => `${name}.ends` in entries).map((name) => [name, texts(name)])),
    lists: {
      artists: lazyLists(artists),
      ...("own_genres.codes" in entries ? { genres: lazyLists(lists("own_genres")) } : {}),
    },
  };
  const ids = texts("track_id");
  const order = array<Int32Array>("track_id.order");
  const rowAt = bisector((row: number) => ids[row]!).left;
  return createCollection({ catalog, ...readCollectionParts(directory) }, {
    artists,
    genres: lists("genres"),
    albumOf: (track) => albums[track],
    workOf: (track) => works[track],
    keys: Int8Array.from(array<Uint8Array>("keys"), (key) => key - 1),
    indexOf(id) {
      const row = order[rowAt(order, id)];
      return ids[row] === id ? row : undefined;
    },
  });
}

/** The arrays of the snapshot by name. */
function snapshotOf({ catalog, artists, genres, albumOf, workOf, keys }: Collection): Record<string, NpzEntry> {
  const entries: Record<string, NpzEntry> = {};
  const put = (name: string, data: Int32Array | Uint8Array | Float64Array) => {
    entries[name] = { data, shape: [data.length] };
  };
  const putTexts = (name: string, texts: readonly (string | null)[]) => {
    // All texts stand in one UTF-8 array; text i ends before `ends[i]`.
    const parts = texts.map((text) => text === null ? Buffer.of(MISSING) : Buffer.from(text));
    put(`${name}.ends`, Int32Array.from(cumsum(parts, ({ length }) => length)));
    put(`${name}.utf8`, Buffer.concat(parts));
  };
  const putLists = (name: string, { offsets, codes, names }: CodedLists) => {
    put(`${name}.offsets`, offsets);
    put(`${name}.codes`, codes);
    putTexts(`${name}.names`, names);
  };
  for (const [name, values] of Object.entries(catalog.numbers)) put(`number.${name}`, values);
  for (const name of TEXTS) if (catalog.texts[name]) putTexts(name, catalog.texts[name]);
  putLists("artists", artists);
  putLists("genres", genres);
  if (catalog.lists.genres) putLists("own_genres", codeLists(catalog.lists.genres));
  put("albums", Int32Array.from(keys, (_, track) => albumOf(track)));
  put("works", Int32Array.from(keys, (_, track) => workOf(track)));
  put("keys", Uint8Array.from(keys, (key) => key + 1));
  const ids = textsOf(catalog, "track_id") as string[];
  put("track_id.order", Int32Array.from(sort(range(ids.length), (a, b) => ascending(ids[a], ids[b]))));
  return entries;
}

/** An array of texts that are decoded when they are read. */
function lazyTexts(ends: Int32Array, utf8: Uint8Array): (string | null)[] {
  const bytes = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  return lazyArray(ends.length, (i) => {
    const start = i === 0 ? 0 : ends[i - 1];
    return utf8[start] === MISSING && ends[i] > start ? null : bytes.toString("utf8", start, ends[i]);
  });
}

/** An array of lists of texts that are made when they are read. */
function lazyLists({ offsets, codes, names }: CodedLists): string[][] {
  return lazyArray(
    offsets.length - 1,
    (i) => Array.from(codes.subarray(offsets[i], offsets[i + 1]), (code) => names[code]),
  );
}

/** An array whose elements are made when they are read. It can be used as any array, but not changed. */
function lazyArray<T>(length: number, element: (i: number) => T): T[] {
  const placeOf = (key: string | symbol) => {
    const place = typeof key === "string" ? Number(key) : NaN;
    return Number.isInteger(place) && place >= 0 && place < length ? place : -1;
  };
  return new Proxy<T[]>([], {
    get(target, key) {
      const place = placeOf(key);
      if (place >= 0) return element(place);
      return key === "length" ? length : Reflect.get(target, key);
    },
    has: (target, key) => placeOf(key) >= 0 || Reflect.has(target, key),
  });
}
