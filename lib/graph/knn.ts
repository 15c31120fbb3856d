/**
 * Building the k-nearest-neighbour graph of a matrix under cosine similarity.
 *
 * @module
 */
import { expectInteger, InputError } from "../errors.ts";
import { firstNonFinite, type Matrix } from "../matrix.ts";
import type { NeighborGraph } from "./graph.ts";

/** Options of {@linkcode buildKnnGraph}. */
export interface KnnOptions {
  /** Neighbours of each row, in [1, n − 1]; 50 when left out. */
  k?: number;
  /** Recall@k to reach, in (0, 1]; 0.99 when left out. 1 asks for the exact graph. */
  recall?: number;
  /** Seed of everything random; 42 when left out. */
  seed?: number;
}

/** A neighbour graph and how it was made. */
export interface KnnResult {
  /** The graph. */
  graph: NeighborGraph;
  /** How it was made; also written into the graph file. */
  report: KnnReport;
}

/** How a neighbour graph was made. */
export interface KnnReport {
  /** Number of rows. */
  rows: number;
  /** Number of columns. */
  columns: number;
  /** Neighbours of each row. */
  k: number;
  /** `"exact"`, or the approximate method. */
  method: string;
  /** Recall@k: 1 for the exact graph, else estimated on a sample against exact neighbours. */
  recall: number;
  /** Seed of everything random. */
  seed: number;
}

/**
 * Builds the graph in which each row points to its k most similar other rows.
 *
 * @param x The matrix [n, d], finite.
 * @param options Neighbours, recall, seed.
 * @returns The graph and how it was made.
 * @throws {InputError} When k is not in [1, n − 1], or an element is not finite.
 */
export function buildKnnGraph(x: Matrix, options: KnnOptions = {}): Promise<KnnResult> {
  const { k = 50, seed = 42 } = options;
  if (x.rows < 2) throw new InputError(`Expected a matrix of at least 2 rows but found ${x.rows}`);
  expectInteger("k", k, 1, x.rows - 1);
  const bad = firstNonFinite(x);
  if (bad) {
    throw new InputError(
      `Expected finite elements but found ${x.data[bad.row * x.columns + bad.column]} ` +
        `in row ${bad.row}, column ${bad.column}`,
    );
  }
  const { rows, columns } = x;
  return Promise.resolve({
    graph: exactGraph(x, k),
    report: { rows, columns, k, method: "exact", recall: 1, seed },
  });
}

/** All pairs. O(n² d). */
function exactGraph(x: Matrix, k: number): NeighborGraph {
  const { rows: n, columns: d } = x;
  const unit = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let norm = 0;
    for (let j = 0; j < d; j++) norm += x.data[i * d + j] ** 2;
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let j = 0; j < d; j++) unit[i * d + j] = x.data[i * d + j] * scale;
  }
  const offsets = Int32Array.from({ length: n + 1 }, (_, i) => i * k);
  const indices = new Int32Array(n * k);
  const similarities = new Float32Array(n * k);
  const best = new Float32Array(k);
  const who = new Int32Array(k);
  for (let i = 0; i < n; i++) {
    best.fill(-2);
    for (let j = 0; j < n; j++) {
      let dot = 0;
      for (let c = 0; c < d; c++) dot += unit[i * d + c] * unit[j * d + c];
      const similarity = Math.fround(Math.min(1, Math.max(-1, dot)));
      if (similarity <= best[k - 1] || j === i) continue;
      let at = k - 1;
      while (at > 0 && best[at - 1] < similarity) {
        best[at] = best[at - 1];
        who[at] = who[at - 1];
        at--;
      }
      best[at] = similarity;
      who[at] = j;
    }
    indices.set(who, i * k);
    similarities.set(best, i * k);
  }
  return { nodeCount: n, offsets, indices, similarities };
}
