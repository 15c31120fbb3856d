/** Tracks that nobody has played yet: how they come into the shuffle from their sound alone. */
import { InputError } from "../data/errors.ts";
import { connectTrack } from "../graph/connect.ts";
import type { NeighborGraph } from "../graph/graph.ts";
import { cosine, type Matrix, row } from "../math/matrix.ts";

/**
 * Connects a track that was not there when the graph was built, in both directions: the k tracks most similar to it,
 * and the tracks that would have it among their neighbours. The result is what a new build of the graph would give,
 * without the pushed-out last neighbours. Exact; O(n d).
 *
 * @param x The matrix [n, d] on which the graph was built.
 * @param vector The new track in the same d dimensions.
 * @param options `leaveOut`: a row that is not to be connected with, for a track that is held out.
 * @returns Its neighbours, most similar first, with their cosines: where the walk may go from it; the tracks whose lists
 * it enters, because it is more similar than the last of their neighbours: from where the walk may come; and the time
 * that this took.
 * @throws {InputError} When graph and matrix differ in size, or the vector in length.
 */
export function introduceTrack(
  x: Matrix,
  graph: NeighborGraph,
  vector: ArrayLike<number>,
  { leaveOut = -1 }: { leaveOut?: number } = {},
): { neighbors: Int32Array; similarities: Float32Array; listedBy: Int32Array; milliseconds: number } {
  if (graph.nodeCount !== x.rows) {
    throw new InputError(`Expected a graph of ${x.rows} tracks but found one of ${graph.nodeCount}`);
  }
  const begun = performance.now();
  const k = graph.offsets[1] - graph.offsets[0];
  const found = connectTrack(x, vector, Math.min(x.rows, k + (leaveOut < 0 ? 0 : 1)));
  const kept = [...found.indices.keys()].filter((e) => found.indices[e] !== leaveOut).slice(0, k);
  const listedBy: number[] = [];
  for (let i = 0; i < x.rows; i++) {
    if (i === leaveOut) continue;
    const similarity = Math.fround(cosine(row(x, i), vector));
    const last = graph.offsets[i + 1] - 1;
    if (last < graph.offsets[i] || similarity >= graph.similarities[last]) listedBy.push(i);
  }
  return {
    neighbors: Int32Array.from(kept, (e) => found.indices[e]),
    similarities: Float32Array.from(kept, (e) => found.similarities[e]),
    listedBy: Int32Array.from(listedBy),
    milliseconds: performance.now() - begun,
  };
}
