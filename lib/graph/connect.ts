/** Neighbours of what is not in the graph: a new track, or a listener's liked tracks among themselves. */
import { mean, range } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { firstNonFinite, type Matrix, takeRows, unitRows } from "../math/matrix.ts";
import { type ExactNeighbors, exactNeighbors } from "../math/neighbors.ts";
import type { NeighborGraph } from "./graph.ts";
import { buildKnnGraph } from "./knn.ts";

/** Rows × rows × columns up to which liked tracks are compared in float64, which sees equal cosines as equal. */
const PLAIN_COST = 2e7;

/**
 * The k tracks most similar to a vector that is no row of the matrix: a track that was not there when the graph was
 * built. Exact; equal similarities are ordered by row. O(n d).
 *
 * @param x The matrix [n, d] on which the graph was built.
 * @param vector The new track in the same d dimensions, finite.
 * @param k Neighbours wanted, in [1, n].
 * @throws {InputError} When the vector has another length or an element that is not finite, or k is out of range.
 */
export function connectTrack(x: Matrix, vector: ArrayLike<number>, k: number = 50): ExactNeighbors {
  if (vector.length !== x.columns) {
    throw new InputError(`Expected a vector of ${x.columns} elements but found ${vector.length}`);
  }
  expectInteger("k", k, 1, x.rows);
  const query = { data: Float32Array.from(vector), rows: 1, columns: x.columns };
  if (firstNonFinite(query)) throw new InputError("Expected a vector of finite elements but found NaN or infinity");
  return exactNeighbors(x, query, k);
}

/**
 * The neighbour graph of a listener's liked tracks among themselves: each has k liked neighbours, also where the graph
 * of the catalogue has none. Exact for as many likes as people have. O(m² d) for m likes.
 *
 * @param tracks Rows of the liked tracks; repeated ones count once.
 * @param k Neighbours of each; all others when there are fewer.
 * @returns The liked tracks, in the given order, and their graph: node i is `tracks[i]`.
 * @throws {InputError} When fewer than 2 different tracks are given, or one is not in [0, n).
 */
export async function likedGraph(
  x: Matrix,
  tracks: ArrayLike<number>,
  k: number = 50,
): Promise<{ tracks: Int32Array; graph: NeighborGraph }> {
  const liked = Int32Array.from(new Set(Array.from(tracks)));
  for (const track of liked) expectInteger("a liked track", track, 0, x.rows - 1);
  if (liked.length < 2) throw new InputError(`Expected at least 2 different liked tracks but found ${liked.length}`);
  const { graph } = await buildKnnGraph(takeRows(x, liked), {
    k: Math.min(k, liked.length - 1),
    kernel: liked.length ** 2 * x.columns > PLAIN_COST,
  });
  return { tracks: liked, graph };
}

/**
 * The vector that lies amid several tracks: the mean of their unit vectors. With {@linkcode connectTrack} it finds what
 * is near to all of them.
 *
 * @param tracks Rows, at least one.
 */
export function meanDirection(x: Matrix, tracks: ArrayLike<number>): Float32Array {
  const unit = unitRows(takeRows(x, tracks));
  const each = range(unit.rows);
  return Float32Array.from({ length: x.columns }, (_, j) => mean(each, (t) => unit.data[t * x.columns + j])!);
}
