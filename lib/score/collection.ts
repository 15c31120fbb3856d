/**
 * What a shuffle walks on: the catalogue, its neighbour graph, embedding and clusters, with the codes that make the
 * terms of a candidate cheap.
 */
import { join } from "node:path";
import { existsSync } from "node:fs";
import {
  type Catalog,
  type CatalogColumn,
  type CodedLists,
  codeLists,
  codesOf,
  listsOf,
  readCatalog,
  textsOf,
} from "../catalog/catalog.ts";
import { embeddingFile } from "../data/folder.ts";
import { InputError } from "../data/errors.ts";
import { graphFileIn, type NeighborGraph, readGraph } from "../graph/graph.ts";
import { cosine, type Matrix, row } from "../math/matrix.ts";
import { readNpy, readNpyMatrix } from "../data/npy.ts";
import { keyPosition } from "../math/circle.ts";

/** Index of a track: its row in the catalogue, in every matrix and in the graph. */
export type TrackIndex = number;

/** What a collection is made of. */
export interface CollectionParts {
  /** The catalogue of n tracks. */
  catalog: Catalog;
  /** The neighbour graph over the same n tracks. */
  graph: NeighborGraph;
  /** The embedding [n, d] that the graph was built from. */
  embedding: Matrix;
  /** Taste cluster of each track, 0, 1, …; without it the term clusterDiversity is 0 for every candidate. */
  clusters?: Int32Array;
}

/** What {@linkcode createCollection} codes as integers, for those who have it coded already. */
export type CollectionCodes = Pick<Collection, "artists" | "genres" | "albumOf" | "workOf" | "keys" | "indexOf">;

/** A catalogue made ready for shuffling. Read-only: any number of listeners share one. */
export interface Collection {
  /** Number of tracks in the catalogue. */
  readonly trackCount: number;
  /** The catalogue. */
  readonly catalog: Catalog;
  /** The neighbour graph; restricted to the library when there is one. */
  readonly graph: NeighborGraph;
  /** The embedding [trackCount, d]. */
  readonly embedding: Matrix;
  /** Taste cluster of each track; empty when not known. */
  readonly clusters: Int32Array;
  /** Number of clusters; 0 when not known. */
  readonly clusterCount: number;
  /** The tracks that may be played, ascending. */
  readonly library: Int32Array;
  /** Artists of each track as integer codes. */
  readonly artists: CodedLists;
  /** Genres and subgenres of each track as integer codes. */
  readonly genres: CodedLists;
  /** Album of a track as an integer code, the same for all its tracks; −1 when not known. */
  albumOf(track: TrackIndex): number;
  /** Work of a track (all takes of a song) as an integer code, the same for all takes. */
  workOf(track: TrackIndex): number;
  /** Position of each track's key on the circle of fifths; −1 when not known. */
  readonly keys: Int8Array;
  /** Index of a track by its `track_id`; `undefined` when the catalogue has no such track. */
  indexOf(trackId: string): TrackIndex | undefined;
}

/**
 * Makes a catalogue ready for shuffling. Cost O(n) time and memory, once; {@linkcode recommendNext} then works on it
 * without allocating in proportion to n.
 *
 * @param parts Catalogue, graph, embedding and clusters, all of the same n tracks.
 * @param codes What is made of the catalogue; it is made here when left out.
 * @throws {InputError} When the parts differ in the number of tracks, or there is no track.
 */
export function createCollection(
  parts: CollectionParts,
  codes: CollectionCodes = collectionCodes(parts.catalog),
): Collection {
  const { catalog, graph, embedding } = parts;
  const n = catalog.length;
  if (n === 0) throw new InputError("Expected at least one track to shuffle but found an empty catalogue");
  const sizes = { graph: graph.nodeCount, embedding: embedding.rows, clusters: parts.clusters?.length ?? n };
  for (const [name, size] of Object.entries(sizes)) {
    if (size !== n) throw new InputError(`Expected the ${name} to have ${n} tracks as the catalogue but found ${size}`);
  }
  const clusters = parts.clusters ?? new Int32Array(0);
  let clusterCount = 0;
  for (const cluster of clusters) clusterCount = Math.max(clusterCount, cluster + 1);
  const library = Int32Array.from({ length: n }, (_, i) => i);
  return joined({ trackCount: n, catalog, graph, embedding, clusters, clusterCount, library }, codes);
}

/** The properties of both objects, those of the second before those of the first; what is made on first use stays so. */
function joined<A extends object, B extends object>(a: A, b: B): Omit<A, keyof B> & B {
  const properties = { ...Object.getOwnPropertyDescriptors(a), ...Object.getOwnPropertyDescriptors(b) };
  return Object.defineProperties({} as Omit<A, keyof B> & B, properties);
}

/** Only what every shuffle looks at is coded at once. */
function collectionCodes(catalog: Catalog): CollectionCodes {
  const n = catalog.length;
  const keys = new Int8Array(n);
  const { key, mode } = catalog.numbers;
  for (let i = 0; i < n; i++) keys[i] = keyPosition(key?.[i] ?? NaN, mode?.[i] ?? NaN);
  const ids = textsOf(catalog, "track_id");
  let index: Map<string, number> | undefined;
  let genres: CodedLists | undefined;
  return {
    artists: codeLists(listsOf(catalog, "artists")),
    get genres() {
      return genres ??= codeLists(Array.from({ length: n }, (_, i) => genresOf(catalog, i)));
    },
    albumOf: codesOnDemand(catalog.texts.album_id ?? catalog.texts.album, n),
    workOf: codesOnDemand(catalog.texts.work_id ?? ids, n),
    keys,
    indexOf: (trackId) => (index ??= new Map(ids.map((id, i) => [id!, i]))).get(trackId),
  };
}

/** The columns of a catalogue that rules, playlists and most terms look at. */
const SHUFFLE_COLUMNS: readonly CatalogColumn[] = [
  ...["track_id", "title", "album", "album_id", "work_id", "artists", "genres", "subgenres"] as const,
  ...["year", "popularity", "duration_ms", "explicit", "energy", "speechiness", "tempo", "key", "mode"] as const,
  ...["disc_number", "track_number"] as const,
];

/** The columns of a catalogue that a shuffle looks at: those, and what single terms read. */
export function shuffleColumns(terms: readonly { columns?: readonly CatalogColumn[] }[]): CatalogColumn[] {
  return [...new Set([...SHUFFLE_COLUMNS, ...terms.flatMap(({ columns = [] }) => columns)])];
}

/**
 * Reads a collection from a data folder: `tracks.parquet`, its graph, the embedding that `embedding.json` names
 * (`X_pca.npy` without it) and `clusters.npy` where there is one.
 *
 * @param columns Columns of the catalogue that are wanted; all that are there when left out.
 * @throws {InputError} When a file is missing or the files do not fit together.
 */
export async function loadCollection(directory: string, columns?: readonly CatalogColumn[]): Promise<Collection> {
  for (
    const [file, maker] of [["tracks.parquet", "segue ingest or segue world"], [graphFileIn(directory), "segue graph"]]
  ) {
    if (!existsSync(join(directory, file))) {
      throw new InputError(`${join(directory, file)}: no such file; ${maker} makes it`);
    }
  }
  return createCollection({
    catalog: await readCatalog(join(directory, "tracks.parquet"), columns),
    ...readCollectionParts(directory),
  });
}

/**
 * Reads what a data folder has of a collection beside its catalogue.
 *
 * @throws {InputError} When a file is missing.
 */
export function readCollectionParts(directory: string): Omit<CollectionParts, "catalog"> {
  const clusterFile = join(directory, "clusters.npy");
  return {
    graph: readGraph(directory),
    embedding: readNpyMatrix(join(directory, embeddingFile(directory))),
    clusters: existsSync(clusterFile) ? Int32Array.from(readNpy(clusterFile).data as Int32Array) : undefined,
  };
}

/**
 * Restricts a collection to a listener's library: only its tracks are candidates, and the graph is built anew among them
 * ({@linkcode likedGraph}), for the neighbours of a liked track in a whole catalogue are mostly not liked ones. Track
 * indices stay those of the catalogue. Cost O(m² d) for m tracks.
 *
 * @param library The tracks of the library, in any order, repeats allowed.
 * @param k Neighbours a track; fewer in a smaller library.
 * @returns A new collection that shares everything but library and graph.
 * @throws {InputError} When the library is empty or names a track that does not exist.
 */
export async function restrictCollection(
  collection: Collection,
  library: ArrayLike<number>,
  k: number = 50,
): Promise<Collection> {
  const tracks = checkLibrary(Int32Array.from(new Set(Array.from(library))), collection.trackCount);
  const offsets = new Int32Array(collection.trackCount + 1);
  if (tracks.length === 1) {
    const none = { indices: new Int32Array(0), similarities: new Float32Array(0) };
    return joined(collection, { library: tracks, graph: { nodeCount: collection.trackCount, offsets, ...none } });
  }
  // Named by an expression, so that who has no library of his own does not wait for what joins neighbours.
  const { likedGraph }: typeof import("../graph/connect.ts") = await import("../graph/connect.ts" as string);
  const { graph } = await likedGraph(collection.embedding, tracks, k);
  for (let t = 0; t < tracks.length; t++) offsets[tracks[t] + 1] = graph.offsets[t + 1] - graph.offsets[t];
  for (let i = 0; i < collection.trackCount; i++) offsets[i + 1] += offsets[i];
  const indices = graph.indices.map((place) => tracks[place]);
  const { similarities } = graph;
  return joined(collection, {
    library: tracks,
    graph: { nodeCount: collection.trackCount, offsets, indices, similarities },
  });
}

/** Cosine similarity of two tracks of a collection, in [−1, 1]; 0 when an embedding is zero. */
export function similarityOf(collection: Collection, a: TrackIndex, b: TrackIndex): number {
  return cosine(row(collection.embedding, a), row(collection.embedding, b));
}

/**
 * Checks that a number is the index of a track.
 *
 * @throws {InputError} `Expected current to be a track index in [0, 19999] but found 20000`.
 */
export function expectTrack(collection: Collection, track: TrackIndex, name: string = "track"): TrackIndex {
  if (!Number.isInteger(track) || track < 0 || track >= collection.trackCount) {
    throw new InputError(
      `Expected ${name} to be a track index in [0, ${collection.trackCount - 1}] but found ${track}`,
    );
  }
  return track;
}

function genresOf({ lists }: Catalog, i: number): string[] {
  return [...new Set([...lists.genres?.[i] ?? [], ...lists.subgenres?.[i] ?? []])];
}

function checkLibrary(library: Int32Array, n: number): Int32Array {
  if (library.length === 0) throw new InputError("Expected at least one track in the library but found none");
  const sorted = library.slice().sort();
  const wrong = sorted[0] < 0 ? sorted[0] : sorted[sorted.length - 1];
  if (wrong < 0 || wrong >= n) {
    throw new InputError(`Expected the library to hold track indices in [0, ${n - 1}] but found ${wrong}`);
  }
  return sorted;
}

/** Codes of texts, −1 where there is none. They are made when the first is asked for: not every shuffle needs them. */
function codesOnDemand(texts: (string | null)[] | undefined, n: number): (row: number) => number {
  let codes: Int32Array | undefined;
  return (row) => (codes ??= texts ? codesOf(texts) : new Int32Array(n).fill(-1))[row];
}
