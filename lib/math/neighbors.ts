/**
 * Exact nearest neighbours by cosine: the one search that compares queries with all rows. The neighbour graph of all
 * rows among themselves is built elsewhere.
 */
import { checkInteger } from "./check.ts";
import type { Matrix } from "./matrix.ts";

/** Nearest neighbours of queries, most similar first. */
export interface ExactNeighbors {
  /** Neighbours of each query: row indices, [queries, k] row-major. */
  indices: Int32Array;
  /** Their cosine similarities, [queries, k]. */
  similarities: Float32Array;
  /** Neighbours a query. */
  k: number;
}

/** Numbers of a block of rows, so few that it stays in the first-level cache while all queries are compared with it. */
const BLOCK = 4096;

/**
 * The k rows most cosine-similar to each query, computed in float64 and rounded to float32; the smaller row index first
 * among equals. A zero row or query has the cosine 0 with all. Cost O(queries · n · d).
 *
 * @param x The rows [n, d], finite.
 * @param queries The queries [q, d], finite.
 * @param k Number of neighbours, in [1, n], or [1, n − 1] with `own`.
 * @param own For each query the row that it is itself, which is left out; nothing is left out without it.
 * @throws {RangeError} When k is out of range or the columns differ.
 *
 * @example
 * ```ts
 * import { matrix } from "./matrix.ts";
 * import { exactNeighbors } from "./neighbors.ts";
 * import assert from "node:assert/strict";
 *
 * const x = matrix(3, 2, Float32Array.of(1, 0, 1, 1, 0, 3));
 * assert.deepEqual([...exactNeighbors(x, x, 1, Int32Array.of(0, 1, 2)).indices], [1, 0, 1]);
 * ```
 */
export function exactNeighbors(x: Matrix, queries: Matrix, k: number, own?: Int32Array): ExactNeighbors {
  const { data, rows: n, columns: d } = x;
  checkInteger("k", k, 1, own ? n - 1 : n);
  if (queries.columns !== d) throw new RangeError(`Expected queries of ${d} columns but found ${queries.columns}`);
  const indices = new Int32Array(queries.rows * k);
  const similarities = new Float32Array(queries.rows * k).fill(-2);
  const [ofRows, ofQueries] = [inverseLengths(x), inverseLengths(queries)];
  const units = Float64Array.from(queries.data);
  for (let at = 0; at < units.length; at++) units[at] *= ofQueries[Math.floor(at / d)];
  const least = new Float64Array(queries.rows).fill(-2);
  const blockRows = Math.max(1, Math.floor(BLOCK / d));
  for (let start = 0; start < n; start += blockRows) {
    const end = Math.min(n, start + blockRows);
    for (let q = 0; q < queries.rows; q++) {
      const first = q * k;
      let worst = least[q];
      for (let row = start, at = start * d; row < end; row++) {
        let dot = 0;
        for (let j = q * d, stop = j + d; j < stop; j++, at++) dot += data[at] * units[j];
        dot *= ofRows[row];
        if (dot <= worst) continue;
        const similarity = Math.fround(Math.min(1, dot));
        if (similarity <= worst || own?.[q] === row) continue;
        let place = first + k - 1;
        for (; place > first && similarities[place - 1] < similarity; place--) {
          similarities[place] = similarities[place - 1];
          indices[place] = indices[place - 1];
        }
        similarities[place] = similarity;
        indices[place] = row;
        worst = similarities[first + k - 1];
      }
      least[q] = worst;
    }
  }
  return { indices, similarities, k };
}

/** One over the length of each row, 0 for a zero row. */
function inverseLengths({ data, rows, columns }: Matrix): Float64Array {
  const inverses = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += data[at] * data[at];
    if (sum > 0) inverses[i] = 1 / Math.sqrt(sum);
  }
  return inverses;
}
