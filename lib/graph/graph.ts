/**
 * The neighbour graph in compressed sparse rows, and its file: what `scipy.sparse.save_npz` writes and `load_npz`
 * reads.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { readNpz, writeNpz } from "../storage/npz.ts";

/**
 * A neighbour graph. Node i is row i of the catalogue; its neighbours are
 * `indices[offsets[i]] … indices[offsets[i+1]-1]`, most similar first, never i itself.
 */
export interface NeighborGraph {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Start of each row, length nodeCount + 1. */
  readonly offsets: Int32Array;
  /** Neighbours, row after row. */
  readonly indices: Int32Array;
  /** Cosine similarity of each edge, in [-1, 1], descending within a row. */
  readonly similarities: Float32Array;
}

/**
 * The neighbours of a node as a view of the graph, most similar first; nothing is copied.
 *
 * @param graph The graph.
 * @param i Node in [0, nodeCount).
 * @returns Nodes.
 */
export function neighborsOf(graph: NeighborGraph, i: number): Int32Array {
  return graph.indices.subarray(graph.offsets[i], graph.offsets[i + 1]);
}

/** Most edges of one graph: its offsets are 32-bit integers, as SciPy's are. */
const MOST_EDGES = 2 ** 31 - 1;

/**
 * Checks that the edges of a graph can be counted, before hours are spent on it.
 *
 * @param nodes Number of nodes.
 * @param k Neighbours of each.
 * @throws {InputError} When there are more than 2³¹ − 1 edges: which k is possible, and what is to be done.
 */
export function expectEdgeCount(nodes: number, k: number): void {
  if (nodes * k <= MOST_EDGES) return;
  const possible = Math.floor(MOST_EDGES / nodes);
  throw new InputError(
    `Expected a graph of at most ${MOST_EDGES} edges but found ${nodes} rows x ${k} neighbours; ` +
      (possible > 0 ? `take a k of at most ${possible}, or ` : "") + "cut the matrix into parts",
  );
}

/**
 * Writes a graph as a SciPy CSR file, atomically.
 *
 * @param path The file to write, `graph.npz` by custom.
 * @param graph The graph.
 * @param extra Further byte-string entries, e.g. provenance as JSON; SciPy ignores them.
 */
export function writeGraph(path: string, graph: NeighborGraph, extra: Record<string, string> = {}): void {
  const n = graph.nodeCount;
  writeNpz(path, {
    indices: { data: graph.indices, shape: [graph.indices.length] },
    indptr: { data: graph.offsets, shape: [graph.offsets.length] },
    format: "csr",
    shape: { data: BigInt64Array.of(BigInt(n), BigInt(n)), shape: [2] },
    data: { data: graph.similarities, shape: [graph.similarities.length] },
    ...extra,
  });
}

/**
 * Reads a graph that {@linkcode writeGraph} or `scipy.sparse.save_npz` wrote.
 *
 * @param path The file.
 * @returns The graph: 64-bit indices and similarities come as 32-bit ones.
 * @throws {InputError} When the file is missing, or is not a square CSR matrix.
 */
export function readGraph(path: string): NeighborGraph {
  const entries = readNpz(path);
  const array = (name: string) => {
    const entry = entries[name];
    if (entry === undefined || typeof entry === "string") {
      throw new InputError(`${path}: expected a SciPy CSR matrix but found no array '${name}'`);
    }
    return entry.data;
  };
  if (entries.format !== "csr") throw new InputError(`${path}: expected format csr but found ${entries.format}`);
  const [rows, columns] = Array.from(array("shape") as ArrayLike<number | bigint>, Number);
  const offsets = array("indptr");
  const indices = array("indices");
  const data = array("data");
  if (rows !== columns || offsets.length !== rows + 1) {
    throw new InputError(`${path}: expected a square matrix but found ${rows} x ${columns}`);
  }
  return {
    nodeCount: rows,
    offsets: offsets instanceof Int32Array ? offsets : Int32Array.from(offsets as ArrayLike<number | bigint>, Number),
    indices: indices instanceof Int32Array ? indices : Int32Array.from(indices as ArrayLike<number | bigint>, Number),
    similarities: data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number | bigint>, Number),
  };
}
