/**
 * Partition functions of the neighbour graph: coarse cells that are joined apart from each other. Every row is at home
 * in the cell of its nearest centroid and a guest in the cells whose rows may have it for a neighbour; a cell with its
 * guests knows all it needs, so cells may be joined anywhere and in any order.
 *
 * @module
 */
import { kMeans } from "../embedding/kmeans.ts";
import { InputError } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { seededRandom } from "../random.ts";
import { buildKnnGraph } from "./knn.ts";
import { meanAndError } from "./tuner.ts";

/** Coarse cells over unit vectors. */
export interface CoarseCells {
  /** Centroids [cells, d], row-major. */
  centroids: Float32Array;
  /** Root mean square distance of a cell's rows to its centroid: the length in which its surroundings are measured. */
  scales: Float32Array;
}

/** The nearest rows of some queries among the rows of a part; those of two parts merge into those of both. */
export interface NearestRows {
  /** Neighbours of a query. */
  k: number;
  /** Rows, k a query, nearest first; −1 behind the last. */
  rows: Int32Array;
  /** Their cosines. */
  similarities: Float64Array;
  /** How far outside the query's cell they lie, see {@linkcode guestNeed}. */
  needs: Float64Array;
}

/** Hashes lie in [0, HASH_RANGE). */
const HASH_RANGE = 2 ** 32;

/**
 * Whether a row belongs to a sample: decided by a hash of its number, so that the sample does not depend on how the
 * rows are cut into partitions.
 *
 * @param row Number of the row.
 * @param share Share of all rows that the sample takes.
 * @param seed Seed of the sample.
 * @returns True for the rows of the sample.
 */
export function inSample(row: number, share: number, seed: number): boolean {
  let hash = Math.imul(row ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return ((hash ^ (hash >>> 16)) >>> 0) < share * HASH_RANGE;
}

/**
 * Scales rows to unit length; zero rows stay zero.
 *
 * @param x The rows [n, d].
 * @returns Unit rows [n, d].
 */
export function unitRows({ data, rows, columns: d }: Matrix): Float32Array {
  const unit = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    let norm = 0;
    for (let j = i * d; j < i * d + d; j++) norm += data[j] * data[j];
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let j = i * d; j < i * d + d; j++) unit[j] = data[j] * scale;
  }
  return unit;
}

/**
 * Finds coarse cells: k-means on a sample.
 *
 * @param sample Unit rows of the sample.
 * @param count Number of cells; fewer come of it when there are fewer distinct rows.
 * @param seed Seed of the start.
 * @returns The cells.
 */
export async function makeCoarseCells(sample: Matrix, count: number, seed: number): Promise<CoarseCells> {
  const { labels, centroids } = await kMeans(sample, count, seededRandom(seed, "coarse cells"), {
    starts: 1,
    iterations: 20,
  });
  const d = sample.columns;
  const squares = new Float64Array(centroids.rows);
  const sizes = new Int32Array(centroids.rows);
  for (let i = 0; i < sample.rows; i++) {
    squares[labels[i]] += squaredDistance(sample.data, i * d, centroids.data, labels[i] * d, d);
    sizes[labels[i]]++;
  }
  const scales = Float32Array.from(squares, (sum, c) => Math.max(1e-6, Math.sqrt(sum / Math.max(1, sizes[c]))));
  return { centroids: centroids.data, scales };
}

/**
 * Squared distances of a unit row to all centroids.
 *
 * @param unit Unit rows.
 * @param at Place of the row's first element.
 * @param cells The cells.
 * @param out Where to put the distances, one a cell.
 * @returns The nearest cell.
 */
export function distancesToCells(unit: Float32Array, at: number, cells: CoarseCells, out: Float64Array): number {
  const d = cells.centroids.length / out.length;
  let home = 0;
  for (let c = 0; c < out.length; c++) {
    out[c] = squaredDistance(unit, at, cells.centroids, c * d, d);
    if (out[c] < out[home]) home = c;
  }
  return home;
}

/**
 * How far outside a cell a row lies: its distance from the plane half-way between the centroids of its own cell g and
 * of cell h, in lengths of h: (|p − h|² − |p − g|²) / (2 |g − h| s_h). A row q of h has p for a neighbour only if it is
 * no nearer to p than that. 0 when the row is at home in h.
 *
 * @param distances Squared distances of the row to all centroids.
 * @param home The row's own cell.
 * @param cell The other cell.
 * @param cells The cells.
 * @returns The need.
 */
export function guestNeed(distances: Float64Array, home: number, cell: number, cells: CoarseCells): number {
  if (cell === home) return 0;
  const { centroids, scales } = cells;
  const d = centroids.length / scales.length;
  const gap = Math.max(1e-12, Math.sqrt(squaredDistance(centroids, home * d, centroids, cell * d, d)));
  return (distances[cell] - distances[home]) / (2 * gap * scales[cell]);
}

/**
 * Whether a row is a guest in a cell. Cells that are too far away are told by the triangle inequality, |g − h| ≤
 * |p − g| + |p − h|, without a look at the other centroid.
 *
 * @param distances Squared distances of the row to all centroids.
 * @param home The row's own cell.
 * @param cell The other cell.
 * @param cells The cells.
 * @param limit Largest need of a guest.
 * @returns True when {@linkcode guestNeed} is at most the limit.
 */
export function isGuest(
  distances: Float64Array,
  home: number,
  cell: number,
  cells: CoarseCells,
  limit: number,
): boolean {
  if (Math.sqrt(distances[cell]) - Math.sqrt(distances[home]) > 2.0001 * limit * cells.scales[cell]) return false;
  return guestNeed(distances, home, cell, cells) <= limit;
}

/**
 * No rows at all: what {@linkcode findNearest} starts from.
 *
 * @param queries Number of queries.
 * @param k Neighbours of each.
 * @returns Empty lists.
 */
export function noNearest(queries: number, k: number): NearestRows {
  return {
    k,
    rows: new Int32Array(queries * k).fill(-1),
    similarities: new Float64Array(queries * k).fill(-Infinity),
    needs: new Float64Array(queries * k),
  };
}

/**
 * Compares queries with the rows of a part, all with all, and keeps the nearest. O(queries × rows × d).
 *
 * @param found What was found so far; changed.
 * @param queries Unit rows of the queries.
 * @param queryRows Their row numbers: no row is its own neighbour.
 * @param unit Unit rows of the part.
 * @param rows Their row numbers.
 * @param needOf How far outside the cell of query q row i of the part lies; asked for rows that are kept only.
 */
export function findNearest(
  found: NearestRows,
  queries: Float32Array,
  queryRows: ArrayLike<number>,
  unit: Float32Array,
  rows: ArrayLike<number>,
  needOf: (query: number, i: number) => number,
): void {
  const { k } = found;
  const d = queries.length / queryRows.length;
  for (let q = 0; q < queryRows.length; q++) {
    const last = q * k + k - 1;
    let threshold = found.similarities[last];
    for (let i = 0; i < rows.length; i++) {
      let similarity = 0;
      for (let j = 0, a = q * d, b = i * d; j < d; j++) similarity += queries[a + j] * unit[b + j];
      if (similarity < threshold || rows[i] === queryRows[q]) continue;
      insert(found, q, rows[i], similarity, needOf(q, i));
      threshold = found.similarities[last];
    }
  }
}

/**
 * Merges the nearest rows of two parts.
 *
 * @param a Nearest rows of one part; changed.
 * @param b Nearest rows of another part for the same queries.
 * @returns `a`.
 */
export function mergeNearest(a: NearestRows, b: NearestRows): NearestRows {
  for (let e = 0; e < b.rows.length; e++) {
    if (b.rows[e] >= 0) insert(a, Math.floor(e / a.k), b.rows[e], b.similarities[e], b.needs[e]);
  }
  return a;
}

/**
 * The smallest need up to which rows must be guests so that the mean recall of a sample is reached by two standard
 * errors.
 *
 * @param nearest Exact neighbours of the sample.
 * @param recall The recall, below 1.
 * @returns The need.
 */
export function needForRecall({ needs, k }: NearestRows, recall: number): number {
  const sorted = needs.slice().sort();
  const reached = (limit: number) => {
    const { mean, error } = meanAndError(needs.length / k, (q) => {
      let inside = 0;
      for (let e = q * k; e < q * k + k; e++) if (needs[e] <= limit) inside++;
      return inside / k;
    });
    return mean - 2 * error >= recall;
  };
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return sorted[low] * 1.0001;
}

/** Neighbours of the rows that are at home in a cell. */
export interface CellNeighbors {
  /** Neighbours of each; fewer than asked for when the cell has fewer rows. */
  k: number;
  /** Row numbers of the neighbours, k a row, nearest first; equal similarities by row number. */
  neighbors: Int32Array;
  /** Their cosines. */
  similarities: Float32Array;
  /** Rows that each was compared with, on average. */
  compared: number;
  /** Rows at home that have the direction of another row before them. */
  duplicates: number;
  /** Rows of zeros at home. */
  zeroRows: number;
}

/**
 * Joins a cell: the nearest rows of those at home among all rows of the cell.
 *
 * @param x The rows of the cell, those at home first.
 * @param homes Number of rows at home.
 * @param rows Row numbers.
 * @param options Neighbours, recall within the cell, seed.
 * @returns The neighbours.
 */
export async function joinCell(
  x: Matrix,
  homes: number,
  rows: Int32Array,
  options: { k: number; recall: number; seed: number },
): Promise<CellNeighbors> {
  const k = Math.min(options.k, x.rows - 1);
  if (k < 1) {
    const empty = { neighbors: new Int32Array(0), similarities: new Float32Array(0) };
    return { k: 0, ...empty, compared: 0, duplicates: 0, zeroRows: 0 };
  }
  const { graph, report } = await buildKnnGraph(x, { ...options, k, queries: homes, threads: 1 });
  const { similarities } = graph;
  const neighbors = graph.indices.map((i) => rows[i]);
  // Guests come behind those at home: rows of equal similarity are put in the order of their numbers again.
  for (let e = 1; e < neighbors.length; e++) {
    const start = e - e % k;
    const row = neighbors[e];
    let at = e;
    while (at > start && similarities[at - 1] === similarities[e] && neighbors[at - 1] > row) {
      neighbors[at] = neighbors[at - 1];
      at--;
    }
    neighbors[at] = row;
  }
  const { compared, duplicates, zero_rows: zeroRows } = report;
  return { k, neighbors, similarities, compared, duplicates, zeroRows };
}

/**
 * Number of coarse cells.
 *
 * @param rows Number of rows.
 * @param cellRows Rows at home in a cell, about.
 * @param fewest So many cells at least, where there are rows enough for them.
 * @returns Number of cells.
 * @throws {InputError} When `cellRows` is not above 0.
 */
export function coarseCellCount(rows: number, cellRows: number, fewest: number): number {
  if (!(cellRows > 0)) throw new InputError(`Expected the rows of a cell to be above 0 but found ${cellRows}`);
  return Math.max(1, Math.ceil(rows / cellRows), Math.min(fewest, Math.floor(rows / 256)));
}

/** Insertion by similarity, then row. */
function insert(found: NearestRows, q: number, row: number, similarity: number, need: number): void {
  const { k, rows, similarities, needs } = found;
  const start = q * k;
  let at = start + k - 1;
  const before = (e: number) => similarities[e] > similarity || (similarities[e] === similarity && rows[e] < row);
  if (rows[at] >= 0 && before(at)) return;
  for (; at > start && (rows[at - 1] < 0 || !before(at - 1)); at--) {
    rows[at] = rows[at - 1];
    similarities[at] = similarities[at - 1];
    needs[at] = needs[at - 1];
  }
  rows[at] = row;
  similarities[at] = similarity;
  needs[at] = need;
}

function squaredDistance(a: Float32Array, at: number, b: Float32Array, bt: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = a[at + j] - b[bt + j];
    sum += difference * difference;
  }
  return sum;
}
