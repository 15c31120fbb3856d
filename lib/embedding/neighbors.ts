/**
 * Exact nearest neighbours of some rows among all, for measuring embeddings. The graph of all rows is built elsewhere.
 *
 * @module
 */
import { expectInteger, InputError } from "../errors.ts";
import { type Matrix, matrix } from "../matrix.ts";
import { scoresKernel } from "./kernels.ts";

/** Nearest neighbours of queries, most similar first. */
export interface ExactNeighbors {
  /** Neighbours of each query: row indices, [queries, k] row-major. */
  indices: Int32Array;
  /** Their cosine similarities, [queries, k]. */
  similarities: Float32Array;
  /** Neighbours a query. */
  k: number;
}

/** Queries that are answered in one pass over the rows. */
const QUERIES = 512;

/**
 * Scales rows to length 1; zero rows stay zero. Cost O(n d).
 *
 * @param x The matrix [n, d].
 * @returns A new matrix.
 */
export function unitRows(x: Matrix): Matrix {
  const unit = matrix(x.rows, x.columns);
  for (let i = 0; i < x.rows; i++) {
    let sum = 0;
    for (let j = i * x.columns; j < (i + 1) * x.columns; j++) sum += x.data[j] * x.data[j];
    const factor = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let j = i * x.columns; j < (i + 1) * x.columns; j++) unit.data[j] = x.data[j] * factor;
  }
  return unit;
}

/**
 * The k rows most cosine-similar to each query; the smaller row index first among equals. Cost O(queries · n · d).
 *
 * @param x Rows of length 1 (see {@linkcode unitRows}), [n, d].
 * @param queries Queries of length 1, [q, d].
 * @param k Number of neighbours, in [1, n], or [1, n − 1] with `own`.
 * @param own For each query the row that it is itself, which is left out; nothing is left out without it.
 * @returns The neighbours.
 * @throws {InputError} When k is out of range or the columns differ.
 */
export function exactNeighbors(x: Matrix, queries: Matrix, k: number, own?: Int32Array): ExactNeighbors {
  expectInteger("k", k, 1, own ? x.rows - 1 : x.rows);
  const d = x.columns;
  if (queries.columns !== d) throw new InputError(`Expected queries of ${d} columns but found ${queries.columns}`);
  const indices = new Int32Array(queries.rows * k);
  const similarities = new Float32Array(queries.rows * k).fill(-Infinity);
  for (let from = 0; from < queries.rows; from += QUERIES) {
    const part = Math.min(QUERIES, queries.rows - from);
    const vectors = Float64Array.from(queries.data.subarray(from * d, (from + part) * d));
    const kernel = scoresKernel(vectors, new Float64Array(d), part, 0);
    const { own: lane } = kernel;
    const worst = new Float32Array(part).fill(-Infinity);
    for (let start = 0; start < x.rows; start += kernel.blockRows) {
      const count = Math.min(kernel.blockRows, x.rows - start);
      lane.begin(x.data.subarray(start * d, (start + count) * d));
      for (let r = 0; r < count; r++) {
        for (let q = 0, at = r * part; q < part; q++, at++) {
          const similarity = lane.scores[at];
          if (similarity <= worst[q] || own?.[from + q] === start + r) continue;
          worst[q] = insert(indices, similarities, (from + q) * k, k, start + r, similarity);
        }
      }
    }
  }
  return { indices, similarities, k };
}

/** Inserts into a list kept in falling order and returns its new last value. */
function insert(
  indices: Int32Array,
  similarities: Float32Array,
  begin: number,
  k: number,
  index: number,
  similarity: number,
): number {
  let at = begin + k - 1;
  for (; at > begin && similarities[at - 1] < similarity; at--) {
    similarities[at] = similarities[at - 1];
    indices[at] = indices[at - 1];
  }
  similarities[at] = similarity;
  indices[at] = index;
  return similarities[begin + k - 1];
}
