/** Building the k-nearest-neighbour graph of a matrix under cosine similarity. */
import { max } from "d3-array";
import { availableParallelism } from "node:os";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { checkFinite, type Matrix, takeRows } from "../math/matrix.ts";
import { exactNeighbors } from "../math/neighbors.ts";
import { expectEdgeCount, type NeighborGraph } from "./graph.ts";
import { exactReport, type JoinOptions, type JoinReport, type JoinResult, selfJoin } from "./join.ts";
import { kernelRuns } from "./kernel.ts";
import { type Directions, prepareDirections, rowsByGroup } from "./prepare.ts";

/**
 * Options of {@linkcode buildKnnGraph}. Left out, `k` is 50, `recall` 0.99, `seed` 42, `threads` as many as the machine
 * has cores, at most 16, and `exactCost` 2e10, below a second or two; with 0 cells are always tried first.
 */
export interface KnnOptions extends Partial<JoinOptions> {
  /** False: compare all pairs in plain TypeScript, as is done on machines that cannot run the kernel. */
  kernel?: boolean;
}

/** How a neighbour graph was made. */
export interface KnnReport extends JoinReport {
  /** Number of rows n. */
  rows: number;
  /** Number of columns d. */
  columns: number;
  /** Neighbours of each row. */
  k: number;
  /** Recall that was asked for, in (0, 1]. */
  recall_asked: number;
  /** Rows that have the direction of an earlier row. */
  duplicates: number;
  /** Rows of zeros; their similarity to every row is 0. */
  zero_rows: number;
  /** Seed of what is drawn. */
  seed: number;
}

/** Neighbours of a row when none are asked for. */
export const NEIGHBORS = 50;

/** The usual number of neighbours, or all that a small matrix of n rows has. */
export function usualNeighbors(n: number): number {
  return Math.min(NEIGHBORS, n - 1);
}

/** Rows × rows × columns up to which comparing all pairs is quick. */
const EXACT_COST = 2e10;

/**
 * Builds the graph in which each row points to its k most similar other rows by cosine similarity. Equal similarities
 * are ordered by row number. Small matrices are compared pair by pair; for large ones see `join.ts`: rows are compared
 * with the points of the nearest k-means cells, as many as a sample with known neighbours asks for, and the recall that
 * came of it is measured on a second sample. A recall that cells cannot give cheaply (noise in many dimensions) is met
 * by comparing all pairs.
 *
 * @param x The matrix [n, d], finite.
 * @throws {InputError} When k is not in [1, n − 1], or there would be more than 2³¹ − 1 edges.
 * @throws {RangeError} When an element is not finite.
 *
 * @example
 * ```ts
 * import { buildKnnGraph } from "./knn.ts";
 * import { matrix } from "../math/matrix.ts";
 * import assert from "node:assert/strict";
 *
 * const x = matrix(3, 2, Float32Array.of(1, 0, 1, 0.1, 0, 1));
 * const { graph } = await buildKnnGraph(x, { k: 1 });
 * assert.deepEqual([...graph.indices], [1, 0, 1]);
 * ```
 */
export async function buildKnnGraph(
  x: Matrix,
  options: KnnOptions = {},
): Promise<{ graph: NeighborGraph; report: KnnReport }> {
  const { k = usualNeighbors(x.rows), recall = 0.99, seed = 42, exactCost = EXACT_COST, kernel = true } = options;
  const threads = options.threads ?? Math.min(16, availableParallelism());
  if (x.rows < 2) throw new InputError(`Expected a matrix of at least 2 rows but found ${x.rows}`);
  if (x.columns < 1) throw new InputError("Expected a matrix of at least 1 column but found 0");
  expectInteger("k", k, 1, x.rows - 1);
  expectNumber("recall", recall, 0, 1);
  expectInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  expectInteger("threads", threads, 1, 64);
  const queries = expectInteger("queries", options.queries ?? x.rows, 1, x.rows);
  expectEdgeCount(queries, k);
  checkFinite(x);
  const reportOf = (found: JoinReport, directions: Directions): KnnReport => ({
    ...{ rows: x.rows, columns: x.columns, k, recall_asked: recall, seed },
    ...found,
    recall: round(found.recall),
    recall_error: round(found.recall_error),
    compared: Math.max(0, Math.round(found.compared)),
    ...repeats(directions, queries),
  });
  if (!kernel || !kernelRuns()) {
    const directions = prepareDirections(x, new Float32Array(x.rows * Math.ceil(x.columns / 4) * 4));
    const own = Int32Array.from({ length: queries }, (_, row) => row);
    const { indices, similarities } = exactNeighbors(x, takeRows(x, own), k, own);
    const graph = { nodeCount: queries, offsets: rowOffsets(queries, k), indices, similarities };
    return { graph, report: reportOf(exactReport(x.rows - 1), directions) };
  }
  const joined = await selfJoin(x, { k, recall, seed, threads, exactCost, queries });
  const { directions, ids: indices, similarities } = joined;
  // When every row has a direction of its own, the neighbours of the directions are the graph.
  const graph = directions.count === x.rows
    ? { nodeCount: queries, offsets: rowOffsets(queries, k), indices, similarities }
    : expandGraph(x.rows, k, joined, queries);
  return { graph, report: reportOf(joined.report, directions) };
}

function repeats({ directionOf }: Directions, rows: number): Pick<KnnReport, "duplicates" | "zero_rows"> {
  const own = directionOf.subarray(0, rows);
  const zeroRows = own.filter((direction) => direction < 0).length;
  return { duplicates: rows - zeroRows - (max(own)! + 1), zero_rows: zeroRows };
}

/**
 * From neighbours among distinct directions to neighbours among rows: a row's equals come first, then the rows of each
 * neighbouring direction; zero rows have similarity 0 to all. O(n k).
 */
function expandGraph(n: number, k: number, joined: JoinResult, queries: number): NeighborGraph {
  const { directions, k: width, asked, ids, similarities } = joined;
  const { count, directionOf } = directions;
  const graph = {
    nodeCount: queries,
    offsets: rowOffsets(queries, k),
    indices: new Int32Array(queries * k),
    similarities: new Float32Array(queries * k),
  };
  // The zero rows stand behind the last direction.
  const { starts: start, members } = rowsByGroup(directionOf.map((u) => u < 0 ? count : u), count + 1);

  const who = new Int32Array((width + 2) * (k + 1));
  const how = new Float32Array(who.length);
  for (let u = 0; u < asked; u++) {
    let found = 0;
    const take = (direction: number, similarity: number) => {
      const end = Math.min(start[direction + 1], start[direction] + k + 1);
      for (let m = start[direction]; m < end; m++) {
        // Insertion by similarity, then row; nearly always at the end.
        let at = found++;
        while (at > 0 && (how[at - 1] < similarity || (how[at - 1] === similarity && who[at - 1] > members[m]))) {
          how[at] = how[at - 1];
          who[at] = who[at - 1];
          at--;
        }
        how[at] = similarity;
        who[at] = members[m];
      }
    };
    take(u, 1);
    for (let i = u * width; i < u * width + width; i++) {
      if (found > k && similarities[i] < how[k]) break;
      take(ids[i], similarities[i]);
    }
    if (found <= k || how[k] <= 0) take(count, 0);
    for (let m = start[u]; m < start[u + 1] && members[m] < queries; m++) {
      const row = members[m];
      for (let i = 0, to = row * k; to < row * k + k; i++) {
        if (who[i] === row) continue;
        graph.indices[to] = who[i];
        graph.similarities[to++] = how[i];
      }
    }
  }
  for (let m = start[count]; m < n && members[m] < queries; m++) {
    const row = members[m];
    for (let i = 0; i < k; i++) graph.indices[row * k + i] = i < row ? i : i + 1;
  }
  return graph;
}

function rowOffsets(n: number, k: number): Int32Array {
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i <= n; i++) offsets[i] = i * k;
  return offsets;
}

function round(value: number): number {
  return Number(value.toFixed(6));
}
