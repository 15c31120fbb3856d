/** One neighbourhood of the graph, laid out in the plane. */
import { range, sort } from "d3-array";
import { EigenvalueDecomposition, Matrix as Dense } from "ml-matrix";
import { expectInteger } from "../data/errors.ts";
import { cosine, type Matrix, row } from "../math/matrix.ts";
import { type NeighborGraph, neighborsOf } from "./graph.ts";
import { hasEdge } from "./statistics.ts";

/** A track and its nearest neighbours in the plane. */
export interface EgoNetwork {
  /** The tracks, the one in the middle first, then its neighbours, most similar first. */
  nodes: { track: number; x: number; y: number; similarity: number }[];
  /** Edges among them, as places in `nodes`, from < to; mutual when each lists the other. */
  edges: { from: number; to: number; mutual: boolean }[];
  /** Share of the squared angles that the plane keeps, in [0, 1]. */
  explained: number;
}

/**
 * Lays out a track and its nearest neighbours by classical multidimensional scaling of the angles between them
 * (Torgerson, Psychometrika 17, 1952): near in the plane is near in the embedding, as far as two dimensions can tell.
 *
 * @param size How many neighbours, in [2, k].
 * @returns Places, in radians, and edges; the track itself is at (0, 0).
 * @throws {InputError} When there is no such track, or it has fewer neighbours than asked for.
 */
export function egoNetwork(graph: NeighborGraph, x: Matrix, track: number, size: number = 15): EgoNetwork {
  expectInteger("track", track, 0, graph.nodeCount - 1);
  const all = neighborsOf(graph, track);
  expectInteger("size", size, 2, all.length);
  const tracks = [track, ...all.subarray(0, size)];
  const m = tracks.length;
  const squares = tracks.map((a) => tracks.map((b) => a === b ? 0 : Math.acos(cosine(row(x, a), row(x, b))) ** 2));
  const inner = new Dense(squares).center("row").center("column").mul(-0.5);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(inner, { assumeSymmetric: true });
  const sizes = realEigenvalues.map((value) => Math.max(0, value));
  const [first, second] = sort(range(m), (e) => -realEigenvalues[e]);
  const place = (i: number, e: number) => Math.sqrt(sizes[e]) * eigenvectorMatrix.get(i, e);
  const total = sizes.reduce((a, b) => a + b, 0);
  const edges: EgoNetwork["edges"] = [];
  for (let from = 0; from < m; from++) {
    for (let to = from + 1; to < m; to++) {
      const [there, back] = [hasEdge(graph, tracks[from], tracks[to]), hasEdge(graph, tracks[to], tracks[from])];
      if (there || back) edges.push({ from, to, mutual: there && back });
    }
  }
  return {
    nodes: tracks.map((t, i) => ({
      track: t,
      x: place(i, first) - place(0, first),
      y: place(i, second) - place(0, second),
      similarity: i === 0 ? 1 : graph.similarities[graph.offsets[track] + i - 1],
    })),
    edges,
    explained: total > 0 ? (sizes[first] + sizes[second]) / total : 1,
  };
}
