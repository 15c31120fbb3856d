/**
 * The neighbour graph in compressed sparse rows, and its two forms on disk. `graph.npz` is what
 * `scipy.sparse.save_npz` writes and `load_npz` reads. `graph.json` lists `graph/part-00000.npz`, …: blocks of rows in
 * the same format, with the columns of the whole graph, so that many machines can write them and
 * `scipy.sparse.vstack` joins them.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../data/errors.ts";
import { writeAtomic } from "../data/atomic.ts";
import { readNpz, writeNpz } from "../data/npz.ts";
import { hashFile } from "../data/stages.ts";

/** Rows of a neighbour graph. */
export interface GraphRows {
  /** Start of each row, one more than there are rows. */
  readonly offsets: Int32Array;
  /** Neighbours, row after row. */
  readonly indices: Int32Array;
  /** Cosine similarity of each edge, in [-1, 1], descending within a row. */
  readonly similarities: Float32Array;
}

/**
 * A neighbour graph. Node i is row i of the catalogue; its neighbours are
 * `indices[offsets[i]] … indices[offsets[i+1]-1]`, most similar first, never i itself.
 */
export interface NeighborGraph extends GraphRows {
  /** Number of tracks n. */
  readonly nodeCount: number;
}

/**
 * The neighbours of a node as a view of the graph, most similar first; nothing is copied.
 *
 * @param i Node in [0, nodeCount).
 */
export function neighborsOf(graph: NeighborGraph, i: number): Int32Array {
  return graph.indices.subarray(graph.offsets[i], graph.offsets[i + 1]);
}

/** Most edges that one process holds: its offsets are 32-bit integers, as SciPy's are. */
const MOST_EDGES = 2 ** 31 - 1;

/**
 * Checks that the edges of a graph can be counted, before hours are spent on it.
 *
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

/** A block of rows of a graph in a file of its own. */
export interface GraphPart {
  /** The file, relative to the folder of `graph.json`. */
  file: string;
  /** First row of the block. */
  first_row: number;
  rows: number;
  edges: number;
  /** SHA-256 of the file, so that `graph.json` changes with what it lists. */
  sha256: string;
}

/** What `graph.json` says of a graph in parts. Its counts may exceed 2³¹. */
export interface GraphIndex {
  /** Number of nodes. */
  rows: number;
  /** Neighbours of each node. */
  k: number;
  /** Number of edges of all parts. */
  edges: number;
  /** The parts by first row; together they hold every row once. */
  parts: GraphPart[];
  report?: Record<string, unknown>;
}

const [WHOLE, INDEX, PARTS] = ["graph.npz", "graph.json", "graph"];

/**
 * Writes a graph as a SciPy CSR file, atomically.
 *
 * @param path The file to write, `graph.npz` by custom.
 * @param extra Further byte-string entries, e.g. provenance as JSON; SciPy ignores them.
 */
export function writeGraph(path: string, graph: NeighborGraph, extra: Record<string, string> = {}): void {
  writeRows(path, graph, graph.nodeCount, extra);
}

/**
 * Writes a block of rows as `graph/part-NNNNN.npz`, atomically. Blocks may be written at the same time and in any order;
 * {@linkcode writeGraphIndex} then makes them a graph.
 *
 * @param part Number of the part, from 0 on in the order of the rows.
 * @param rows The block; its neighbours are nodes of the whole graph.
 * @returns What `graph.json` says of it.
 */
export function writeGraphPart(
  directory: string,
  part: number,
  firstRow: number,
  rows: GraphRows,
  nodeCount: number,
): GraphPart {
  const file = `${PARTS}/part-${String(part).padStart(5, "0")}.npz`;
  const path = join(directory, file);
  writeRows(path, rows, nodeCount);
  const [count, edges] = [rows.offsets.length - 1, rows.indices.length];
  return { file, first_row: firstRow, rows: count, edges, sha256: hashFile(path) };
}

/**
 * Writes `graph.json` once all parts are there, and takes away what it replaces: parts of an older graph and
 * `graph.npz`.
 *
 * @param parts What {@linkcode writeGraphPart} gave, in any order.
 * @throws {InputError} When the parts do not hold every row once.
 */
export function writeGraphIndex(
  directory: string,
  index: Pick<GraphIndex, "rows" | "k" | "report">,
  parts: readonly GraphPart[],
): void {
  const { rows, k, report } = index;
  const path = join(directory, INDEX);
  const edges = parts.reduce((sum, { edges }) => sum + edges, 0);
  const whole: GraphIndex = { rows, k, edges, parts: parts.toSorted((a, b) => a.first_row - b.first_row), report };
  expectWhole(path, whole);
  writeAtomic(path, JSON.stringify(whole, null, 1) + "\n");
  removeOtherGraph(directory);
}

/**
 * The file that stands for the graph of a data folder: `graph.npz` or `graph.json`, the later one where there are both.
 *
 * @returns Its name; `graph.npz` when there is none yet.
 */
export function graphFileIn(directory: string): string {
  const changed = (file: string) => statSync(join(directory, file), { throwIfNoEntry: false })?.mtimeMs ?? -1;
  return changed(INDEX) > changed(WHOLE) ? INDEX : WHOLE;
}

/**
 * Removes what is left of an older graph once a graph is written: the other form, or parts that are no longer listed.
 */
export function removeOtherGraph(directory: string): void {
  const inParts = graphFileIn(directory) === INDEX;
  rmSync(join(directory, inParts ? WHOLE : INDEX), { force: true });
  const folder = join(directory, PARTS);
  if (!existsSync(folder)) return;
  const listed = inParts ? readIndex(join(directory, INDEX)).parts.map(({ file }) => basename(file)) : [];
  for (const name of readdirSync(folder)) {
    if (/^part-\d+\.npz$/.test(name) && !listed.includes(name)) rmSync(join(folder, name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * Reads a graph in either form.
 *
 * @param path A data folder, a `graph.json`, or a file that {@linkcode writeGraph} or `scipy.sparse.save_npz` wrote.
 * @returns The graph: 64-bit indices and similarities come as 32-bit ones.
 * @throws {InputError} When a file is missing or is not a square CSR matrix, the parts do not fit together, or there are
 * more than 2³¹ − 1 edges.
 */
export function readGraph(path: string): NeighborGraph {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, graphFileIn(path)) : path;
  if (file.endsWith(".json")) return readParts(file);
  const { rows, columns, ...graph } = readRows(file);
  if (rows !== columns) throw new InputError(`${file}: expected a square matrix but found ${rows} x ${columns}`);
  return { nodeCount: rows, ...graph };
}

function readParts(path: string): NeighborGraph {
  const { rows: nodeCount, edges, parts } = readIndex(path);
  expectHeld(path, edges);
  const graph = {
    nodeCount,
    offsets: new Int32Array(nodeCount + 1),
    indices: new Int32Array(edges),
    similarities: new Float32Array(edges),
  };
  let at = 0;
  for (const part of parts) {
    const file = join(dirname(path), part.file);
    const { rows, columns, offsets, indices, similarities } = readRows(file);
    if (rows !== part.rows || columns !== nodeCount || indices.length !== part.edges) {
      throw new InputError(
        `${file}: expected ${part.rows} x ${nodeCount} with ${part.edges} edges, as ${path} says, ` +
          `but found ${rows} x ${columns} with ${indices.length}`,
      );
    }
    for (let i = 1; i <= rows; i++) graph.offsets[part.first_row + i] = at + offsets[i];
    graph.indices.set(indices, at);
    graph.similarities.set(similarities, at);
    at += indices.length;
  }
  return graph;
}

function readIndex(path: string): GraphIndex {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  let index: GraphIndex;
  try {
    index = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: expected JSON but found something else, or the file is cut`);
  }
  expectWhole(path, index);
  return index;
}

/** Checks that the parts hold every row once, and as many edges as are told. */
function expectWhole(path: string, { rows, edges, parts }: GraphIndex): void {
  let [row, edge] = [0, 0];
  for (const part of parts ?? []) {
    if (part.first_row !== row) {
      throw new InputError(`${path}: expected a part from row ${row} on but found ${part.file}`);
    }
    row += part.rows;
    edge += part.edges;
  }
  if (row !== rows || edge !== edges || parts === undefined) {
    throw new InputError(`${path}: expected parts of ${rows} rows and ${edges} edges but found ${row} and ${edge}`);
  }
}

function expectHeld(path: string, edges: number): void {
  if (edges <= MOST_EDGES) return;
  throw new InputError(
    `${path}: expected a graph of at most ${MOST_EDGES} edges for one process but found ${edges}; ` +
      "build it with a smaller --k",
  );
}

function writeRows(path: string, rows: GraphRows, columns: number, extra: Record<string, string> = {}): void {
  const { offsets, indices, similarities } = rows;
  writeNpz(path, {
    indices: { data: indices, shape: [indices.length] },
    indptr: { data: offsets, shape: [offsets.length] },
    format: "csr",
    shape: { data: BigInt64Array.of(BigInt(offsets.length - 1), BigInt(columns)), shape: [2] },
    data: { data: similarities, shape: [similarities.length] },
    ...extra,
  });
}

/** A CSR matrix of any shape. */
function readRows(path: string) {
  const entries = readNpz(path);
  const array = (name: string) => {
    const entry = entries[name];
    if (entry === undefined || typeof entry === "string") {
      throw new InputError(`${path}: expected a SciPy CSR matrix but found no array '${name}'`);
    }
    return entry.data as ArrayLike<number | bigint>;
  };
  if (entries.format !== "csr") throw new InputError(`${path}: expected format csr but found ${entries.format}`);
  const [rows, columns] = Array.from(array("shape"), Number);
  const [offsets, indices, data] = [array("indptr"), array("indices"), array("data")];
  const edges = Number(offsets[offsets.length - 1]);
  expectHeld(path, edges);
  if (offsets.length !== rows + 1 || indices.length !== edges || data.length !== edges) {
    throw new InputError(
      `${path}: expected ${rows} rows and ${edges} edges but found ${
        offsets.length - 1
      } rows and ${indices.length} edges`,
    );
  }
  return {
    rows,
    columns,
    offsets: offsets instanceof Int32Array ? offsets : Int32Array.from(offsets, Number),
    indices: indices instanceof Int32Array ? indices : Int32Array.from(indices, Number),
    similarities: data instanceof Float32Array ? data : Float32Array.from(data, Number),
  };
}
