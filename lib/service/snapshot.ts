/**
 * The catalogue as the service needs it, in one file that is read straight into typed arrays: a million tracks are
 * there in a second, and no text becomes a string before somebody looks at it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Catalog,
  type CodedLists,
  codeLists,
  type NumericColumn,
  type TextColumn,
  textsOf,
} from "../catalog/catalog.ts";
import { embeddingFile } from "../embedding/files.ts";
import { InputError } from "../errors.ts";
import { readGraph } from "../graph/graph.ts";
import { loadShuffleWorld, type ShuffleWorld } from "../shuffle/world.ts";
import { readNpy, readNpyMatrix } from "../storage/npy.ts";
import { type NpzEntry, readNpz, writeNpz } from "../storage/npz.ts";
import { runStage, type StageReport } from "../storage/stages.ts";

/** The file of the snapshot in a data folder. */
export const SNAPSHOT_FILE = "service.npz";

/** Text columns that the service shows. */
const TEXTS = ["track_id", "title", "album"] as const satisfies readonly TextColumn[];
/** Stands for a missing text: a byte that no UTF-8 text has. */
const MISSING = 0xff;

/**
 * Writes the snapshot of a data folder, unless it is up to date.
 *
 * @param directory The data folder, with everything up to `graph.npz`.
 * @returns What came of it.
 * @throws {InputError} When a file is missing.
 */
export function snapshotStage(directory: string): Promise<StageReport> {
  return runStage(directory, {
    name: "service",
    inputs: ["tracks.parquet"],
    parameters: { layout: 1 },
    outputs: [SNAPSHOT_FILE],
    run: async () => {
      const world = await loadShuffleWorld(directory);
      writeNpz(join(directory, SNAPSHOT_FILE), snapshotOf(world));
      return { tracks: world.trackCount };
    },
  });
}

/**
 * Reads a world from the snapshot, the graph, the embedding and the clusters of a data folder. It is the world that
 * `loadShuffleWorld` reads, without the columns that the service does not need; its texts are decoded when they are
 * looked at.
 *
 * @param directory The data folder.
 * @returns The world.
 * @throws {InputError} When a file is missing or the files do not fit together.
 */
export function readSnapshot(directory: string): ShuffleWorld {
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
  const works = array<Int32Array>("works");
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
  const graph = readGraph(directory);
  const embedding = readNpyMatrix(join(directory, embeddingFile(directory)));
  const clusterFile = join(directory, "clusters.npy");
  const clusters = existsSync(clusterFile)
    ? Int32Array.from(readNpy(clusterFile).data as Int32Array)
    : new Int32Array(0);
  const n = catalog.length;
  for (const [name, size] of [["graph", graph.nodeCount], ["embedding", embedding.rows]] as const) {
    if (size !== n) throw new InputError(`${directory}: expected the ${name} to have ${n} tracks but found ${size}`);
  }
  if (clusters.length !== 0 && clusters.length !== n) {
    throw new InputError(`${clusterFile}: expected ${n} tracks but found ${clusters.length}`);
  }
  return {
    trackCount: n,
    catalog,
    graph,
    embedding,
    clusters,
    clusterCount: clusters.reduce((count, cluster) => Math.max(count, cluster + 1), 0),
    library: Int32Array.from({ length: n }, (_, i) => i),
    artists,
    genres: lists("genres"),
    albums: array("albums"),
    works,
    keys: Int8Array.from(array<Uint8Array>("keys"), (key) => key - 1),
    indexOf: idLookup(array("track_id.ends"), array("track_id.utf8"), array("track_id.table")),
  };
}

/** The arrays of the snapshot by name. */
function snapshotOf({ catalog, artists, genres, albums, works, keys }: ShuffleWorld): Record<string, NpzEntry> {
  const entries: Record<string, NpzEntry> = {};
  const put = (name: string, data: Int32Array | Uint8Array | Float64Array) => {
    entries[name] = { data, shape: [data.length] };
  };
  const putTexts = (name: string, texts: readonly (string | null)[]) => {
    const { ends, utf8 } = packTexts(texts);
    put(`${name}.ends`, ends);
    put(`${name}.utf8`, utf8);
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
  put("albums", albums);
  put("works", works);
  put("keys", Uint8Array.from(keys, (key) => key + 1));
  put("track_id.table", idTable(textsOf(catalog, "track_id") as string[]));
  return entries;
}

/** Texts one after another in UTF-8: text i ends before `ends[i]`. */
function packTexts(texts: readonly (string | null)[]): { ends: Int32Array; utf8: Uint8Array } {
  const encoder = new TextEncoder();
  const ends = new Int32Array(texts.length);
  let utf8 = new Uint8Array(1 << 16);
  let at = 0;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    const most = text === null ? 1 : 3 * text.length;
    if (at + most > utf8.length) {
      const larger = new Uint8Array(2 * (at + most));
      larger.set(utf8);
      utf8 = larger;
    }
    if (text === null) utf8[at++] = MISSING;
    else at += encoder.encodeInto(text, utf8.subarray(at)).written;
    ends[i] = at;
  }
  return { ends, utf8: utf8.slice(0, at) };
}

/** An array of texts that are decoded when they are looked at. */
function lazyTexts(ends: Int32Array, utf8: Uint8Array): (string | null)[] {
  const bytes = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  return lazyArray(ends.length, (i) => {
    const start = i === 0 ? 0 : ends[i - 1];
    return utf8[start] === MISSING && ends[i] > start ? null : bytes.toString("utf8", start, ends[i]);
  });
}

/** An array of lists of texts that are put together when they are looked at. */
function lazyLists({ offsets, codes, names }: CodedLists): string[][] {
  return lazyArray(offsets.length - 1, (i) => {
    const list: string[] = [];
    for (let at = offsets[i]; at < offsets[i + 1]; at++) list.push(names[codes[at]]);
    return list;
  });
}

/** An array whose elements are made when they are looked at. It can be read as any array can, not written. */
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

/** FNV-1a over UTF-8. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A hash table with linear probing: 1 + the row of an id, or 0. */
function idTable(ids: readonly string[]): Int32Array {
  const encoder = new TextEncoder();
  const table = new Int32Array(2 ** Math.ceil(Math.log2(2 * ids.length + 1)));
  for (let i = 0; i < ids.length; i++) {
    let slot = hashOf(encoder.encode(ids[i])) & (table.length - 1);
    while (table[slot] !== 0) slot = (slot + 1) & (table.length - 1);
    table[slot] = i + 1;
  }
  return table;
}

/** Finds the row of an id without a string for every id in memory. */
function idLookup(ends: Int32Array, utf8: Uint8Array, table: Int32Array): (id: string) => number | undefined {
  const encoder = new TextEncoder();
  return (id) => {
    const wanted = encoder.encode(id);
    for (let slot = hashOf(wanted) & (table.length - 1); table[slot] !== 0; slot = (slot + 1) & (table.length - 1)) {
      const row = table[slot] - 1;
      const start = row === 0 ? 0 : ends[row - 1];
      if (ends[row] - start === wanted.length && wanted.every((byte, b) => byte === utf8[start + b])) return row;
    }
    return undefined;
  };
}
