/**
 * Partition functions of the neighbour graph: coarse cells that are joined apart from each other. Every row is at home
 * in the cell of its nearest centroid and a guest in the cells whose rows may have it for a neighbour; a cell with its
 * guests knows all it needs, so cells may be joined anywhere and in any order.
 */
import { bisector } from "d3-array";
import { kMeans } from "../math/kmeans.ts";
import { type Matrix, squaredDistance, unitRows } from "../math/matrix.ts";
import { exactNeighbors } from "../math/neighbors.ts";
import { seededRandom } from "../math/random.ts";
import { buildKnnGraph } from "./knn.ts";
import { meanAndError } from "./recall.ts";

/** Coarse cells over unit vectors. */
export interface CoarseCells {
  /** Centroids [cells, d]. */
  centroids: Matrix;
  /** Root mean square distance of a cell's rows to its centroid: the length in which its surroundings are measured. */
  scales: Float32Array;
}

/** A row that is near a query. */
export interface NearRow {
  row: number;
  /** Its cosine. */
  similarity: number;
  /** How far outside the query's cell it lies, see {@linkcode guestNeed}. */
  need: number;
}

/** Rows whose nearest others are looked for: their vectors, their numbers and the cells they are at home in. */
export interface CellQueries {
  x: Matrix;
  rows: Int32Array;
  homes: Int32Array;
}

/** Hashes lie in [0, HASH_RANGE). */
const HASH_RANGE = 2 ** 32;

/**
 * Whether a row belongs to a sample: decided by a hash of its number, so that the sample does not depend on how the
 * rows are cut into partitions.
 *
 * @param share Share of all rows that the sample takes.
 */
export function inSample(row: number, share: number, seed: number): boolean {
  let hash = Math.imul(row ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return ((hash ^ (hash >>> 16)) >>> 0) < share * HASH_RANGE;
}

/**
 * Finds coarse cells: k-means on a sample.
 *
 * @param sample Unit rows of the sample.
 * @param count Number of cells; fewer come of it when there are fewer distinct rows.
 */
export async function makeCoarseCells(sample: Matrix, count: number, seed: number): Promise<CoarseCells> {
  const { labels, centroids } = await kMeans(sample, count, seededRandom(seed, "coarse cells"), {
    iterations: 20,
  });
  const squares = new Float64Array(centroids.rows);
  const sizes = new Int32Array(centroids.rows);
  for (let i = 0; i < sample.rows; i++) {
    squares[labels[i]] += squaredDistance(sample, i, centroids, labels[i]);
    sizes[labels[i]]++;
  }
  const scales = Float32Array.from(squares, (sum, c) => Math.max(1e-6, Math.sqrt(sum / Math.max(1, sizes[c]))));
  return { centroids, scales };
}

/**
 * Squared distances of a unit row to all centroids.
 *
 * @param out Where to put the distances, one a cell.
 */
export function distancesToCells(unit: Matrix, i: number, cells: CoarseCells, out: Float64Array): number {
  let home = 0;
  for (let c = 0; c < out.length; c++) {
    out[c] = squaredDistance(unit, i, cells.centroids, c);
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
 */
export function guestNeed(distances: Float64Array, home: number, cell: number, cells: CoarseCells): number {
  if (cell === home) return 0;
  const { centroids, scales } = cells;
  const gap = Math.max(1e-12, Math.sqrt(squaredDistance(centroids, home, centroids, cell)));
  return (distances[cell] - distances[home]) / (2 * gap * scales[cell]);
}

/**
 * Whether a row is a guest in a cell. Cells that are too far away are told by the triangle inequality, |g − h| ≤
 * |p − g| + |p − h|, without a look at the other centroid.
 *
 * @param distances Squared distances of the row to all centroids.
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
 * Compares queries with the rows of a part, all with all. O(queries × rows × d).
 *
 * @param x The rows of the part.
 * @param queries The queries; none is near itself.
 * @returns The nearest rows of each query, nearest first; fewer than k where the part has fewer.
 */
export function nearestRows(
  x: Matrix,
  rows: ArrayLike<number>,
  queries: CellQueries,
  k: number,
  cells: CoarseCells,
): NearRow[][] {
  const unit = unitRows(x);
  const places = new Map<number, { home: number; distances: Float64Array }>();
  const placeOf = (i: number) => {
    const distances = new Float64Array(cells.scales.length);
    const place = places.get(i) ?? { home: distancesToCells(unit, i, cells, distances), distances };
    places.set(i, place);
    return place;
  };
  const { indices, similarities, k: found } = exactNeighbors(x, queries.x, Math.min(k + 1, x.rows));
  return Array.from(queries.rows, (query, q) => {
    const near: NearRow[] = [];
    for (let e = q * found; e < (q + 1) * found && near.length < k; e++) {
      if (rows[indices[e]] === query) continue;
      const { home, distances } = placeOf(indices[e]);
      const need = guestNeed(distances, home, queries.homes[q], cells);
      near.push({ row: rows[indices[e]], similarity: similarities[e], need });
    }
    return near;
  });
}

/** Merges the nearest rows of two parts. */
export function mergeNearest(a: NearRow[][], b: NearRow[][], k: number): NearRow[][] {
  return a.map((near, q) => near.concat(b[q]).sort((p, r) => r.similarity - p.similarity || p.row - r.row).slice(0, k));
}

/**
 * The smallest need up to which rows must be guests so that the mean recall of a sample is reached by two standard
 * errors.
 *
 * @param nearest Exact neighbours of the sample, equally many of each query.
 * @param recall The recall, below 1.
 */
export function needForRecall(nearest: readonly NearRow[][], recall: number): number {
  const needs = Float64Array.from(nearest.flatMap((near) => near.map(({ need }) => need))).sort();
  const isEnough = (limit: number) => {
    const found = (near: NearRow[]) => near.filter(({ need }) => need <= limit).length / near.length;
    const { mean, error } = meanAndError(nearest.length, (query) => found(nearest[query]));
    return mean - 2 * error >= recall;
  };
  const first = bisector((limit: number) => Number(isEnough(limit))).left(needs, 1, 0, needs.length - 1);
  return needs[first] * 1.0001;
}

/**
 * Joins a cell: the nearest rows of those at home among all rows of the cell.
 *
 * @param x The rows of the cell, those at home first.
 * @param homes Number of rows at home.
 * @returns Their neighbours' row numbers, k a row, nearest first and equal
 * similarities by row number, with their cosines; how many rows each was compared with on average; and of the rows at
 * home how many have the direction of another before them, and how many are zeros.
 */
export async function joinCell(
  x: Matrix,
  homes: number,
  rows: Int32Array,
  options: { k: number; recall: number; seed: number },
): Promise<
  Record<"compared" | "duplicates" | "zeroRows", number> & { neighbors: Int32Array; similarities: Float32Array }
> {
  const { graph, report } = await buildKnnGraph(x, { ...options, queries: homes, threads: 1 });
  const { similarities } = graph;
  const neighbors = graph.indices.map((i) => rows[i]);
  // Guests come behind those at home: rows of equal similarity are put in the order of their numbers again.
  for (let e = 1; e < neighbors.length; e++) {
    const start = e - e % options.k;
    const row = neighbors[e];
    let at = e;
    while (at > start && similarities[at - 1] === similarities[e] && neighbors[at - 1] > row) {
      neighbors[at] = neighbors[at - 1];
      at--;
    }
    neighbors[at] = row;
  }
  const { compared, duplicates, zero_rows: zeroRows } = report;
  return { neighbors, similarities, compared, duplicates, zeroRows };
}

/**
 * Number of coarse cells.
 *
 * @param cellRows Rows at home in a cell, about.
 * @param fewest So many cells at least, where there are rows enough for them.
 */
export function coarseCellCount(rows: number, cellRows: number, fewest: number): number {
  return Math.max(1, Math.ceil(rows / cellRows), Math.min(fewest, Math.floor(rows / 256)));
}
