/** What a neighbour graph looks like: who is pointed at, what is mutual, what hangs together, how genres mix. */
import { rollups, sum } from "d3-array";
import { InputError } from "../data/errors.ts";
import { giniOfExposure } from "../math/shares.ts";
import { type NeighborGraph, neighborsOf } from "./graph.ts";

/**
 * In-degree of every track: in how many neighbour lists it stands. Its mean is k. O(edges).
 *
 * @returns Counts, length nodeCount.
 */
export function inDegrees(graph: NeighborGraph): Int32Array {
  const degrees = new Int32Array(graph.nodeCount);
  for (let e = 0; e < graph.indices.length; e++) degrees[graph.indices[e]]++;
  return degrees;
}

/** How unequally the neighbour lists use the tracks. */
export interface Hubness {
  /** Mean in-degree: k, when every row has k neighbours. */
  mean: number;
  /** Largest in-degree. */
  max: number;
  /** The track that has it. */
  hub: number;
  /** Skewness of the in-degrees, the usual measure of hubness: 0 symmetric, above 1.4 strong (Radovanović 2010). */
  skewness: number;
  /** Share of tracks in no list at all (anti-hubs), in [0, 1]. */
  orphans: number;
  /** Share of all list places that the 1 % most listed tracks take, in [0, 1]. */
  topShare: number;
  /** Gini coefficient of the in-degrees in [0, 1]: 0 when all are equal. */
  gini: number;
}

/**
 * Measures hubness: in high dimensions a few tracks stand in very many neighbour lists, and a walk meets them again and
 * again. Skewness E[(N − μ)³] / σ³ of the in-degrees N (Radovanović, Nanopoulos, Ivanović, JMLR 11, 2010). O(edges).
 *
 * @throws {InputError} When the graph has no node.
 */
export function hubness(graph: NeighborGraph): Hubness {
  const degrees = inDegrees(graph);
  const n = degrees.length;
  if (n === 0) throw new InputError("Expected a graph with at least 1 node but found 0");
  const edges = graph.indices.length;
  const mean = edges / n;
  let [variance, third, hub, orphans] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const deviation = degrees[i] - mean;
    variance += deviation ** 2 / n;
    third += deviation ** 3 / n;
    if (degrees[i] > degrees[hub]) hub = i;
    if (degrees[i] === 0) orphans++;
  }
  const ascending = degrees.slice().sort();
  const top = Math.max(1, Math.round(n / 100));
  return {
    mean,
    max: degrees[hub],
    hub,
    skewness: variance > 0 ? third / variance ** 1.5 : 0,
    orphans: orphans / n,
    topShare: sum(ascending.subarray(n - top)) / Math.max(1, edges),
    gini: edges > 0 ? giniOfExposure(degrees) : 0,
  };
}

/**
 * The edges whose reverse is an edge too, as a graph; rows may be empty. O(edges · k).
 *
 * @returns The mutual part; it is symmetric.
 */
export function mutualGraph(graph: NeighborGraph): NeighborGraph {
  return filterEdges(graph, (i, e) => hasEdge(graph, graph.indices[e], i));
}

/**
 * The graph with some of its edges, in their order; rows may become empty. O(edges).
 *
 * @param keep Whether edge e of row i stays.
 */
export function filterEdges(graph: NeighborGraph, keep: (i: number, e: number) => boolean): NeighborGraph {
  const { nodeCount, offsets, indices, similarities } = graph;
  const starts = new Int32Array(nodeCount + 1);
  const kept = new Int32Array(indices.length);
  let count = 0;
  for (let i = 0; i < nodeCount; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) if (keep(i, e)) kept[count++] = e;
    starts[i + 1] = count;
  }
  const edges = kept.subarray(0, count);
  return {
    nodeCount,
    offsets: starts,
    indices: Int32Array.from(edges, (e) => indices[e]),
    similarities: Float32Array.from(edges, (e) => similarities[e]),
  };
}

/** Whether a track stands in the neighbour list of another. O(k). */
export function hasEdge(graph: NeighborGraph, from: number, to: number): boolean {
  return neighborsOf(graph, from).includes(to);
}

/**
 * Connected components, edges taken in both directions (union–find with path halving). O(edges).
 *
 * @returns How many components there are; the component of each node, 0 the largest; and their sizes, descending.
 */
export function components(graph: NeighborGraph): { count: number; labels: Int32Array; sizes: Int32Array } {
  const { nodeCount: n, offsets, indices } = graph;
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const root = (i: number) => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (let i = 0; i < n; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const [a, b] = [root(i), root(indices[e])];
      if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const order = rollups(parent.keys(), (nodes) => nodes.length, root).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const labelOf = new Map(order.map(([node], label) => [node, label]));
  return {
    count: order.length,
    labels: Int32Array.from(parent, (_, i) => labelOf.get(root(i))!),
    sizes: Int32Array.from(order, ([, size]) => size),
  };
}

/** How the groups of tracks point at each other. */
export interface Mixing {
  /** Share of the edges that start in group g and end in group h: row-major [groups, groups], rows sum to 1. */
  shares: Float64Array;
  /** Those shares over the share of h among all edge ends: 1 as by chance. */
  lifts: Float64Array;
  /** Tracks of each group. */
  sizes: Int32Array;
  /** Share of all edges that stay within their group, in [0, 1]. */
  within: number;
  /**
   * Assortativity (Newman, Phys. Rev. E 67, 2003): (Σ e_gg − Σ a_g b_g) / (1 − Σ a_g b_g); 1 when all edges stay within
   * their group, 0 as by chance.
   */
  assortativity: number;
}

/**
 * How groups (genres, clusters) mix along the edges. Tracks without a group are left out. O(edges).
 *
 * @param groupOf Group of each track in [0, groups), or −1.
 * @throws {InputError} When there is not one group a track.
 */
export function groupMixing(graph: NeighborGraph, groupOf: ArrayLike<number>, groups: number): Mixing {
  if (groupOf.length !== graph.nodeCount) {
    throw new InputError(`Expected ${graph.nodeCount} groups, one a track, but found ${groupOf.length}`);
  }
  const counts = new Float64Array(groups * groups);
  const sizes = new Int32Array(groups);
  let total = 0;
  for (let i = 0; i < graph.nodeCount; i++) {
    const from = groupOf[i];
    if (from < 0) continue;
    sizes[from]++;
    for (let e = graph.offsets[i]; e < graph.offsets[i + 1]; e++) {
      const to = groupOf[graph.indices[e]];
      if (to < 0) continue;
      counts[from * groups + to]++;
      total++;
    }
  }
  const starts = new Float64Array(groups);
  const ends = new Float64Array(groups);
  counts.forEach((count, c) => {
    starts[Math.floor(c / groups)] += count;
    ends[c % groups] += count;
  });
  let [within, chance] = [0, 0];
  for (let g = 0; g < groups; g++) {
    within += counts[g * groups + g] / Math.max(1, total);
    chance += starts[g] * ends[g] / Math.max(1, total) ** 2;
  }
  const shares = counts.map((count, c) => starts[Math.floor(c / groups)] ? count / starts[Math.floor(c / groups)] : 0);
  return {
    shares,
    lifts: shares.map((share, c) => ends[c % groups] ? share * total / ends[c % groups] : 0),
    sizes,
    within,
    assortativity: chance < 1 ? (within - chance) / (1 - chance) : 1,
  };
}

/**
 * Mean and spread of the similarity to the neighbour of each rank. O(edges log n).
 *
 * @param graph A graph with k neighbours in every row.
 * @returns For each rank from 1 on: mean, and 10 % and 90 % quantiles of the cosines.
 */
export function similarityByRank(graph: NeighborGraph): { rank: number; mean: number; low: number; high: number }[] {
  const { nodeCount: n, offsets, similarities } = graph;
  const k = n > 0 ? offsets[1] : 0;
  return Array.from({ length: k }, (_, r) => {
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) values[i] = similarities[offsets[i] + r];
    values.sort();
    return {
      rank: r + 1,
      mean: values.reduce((a, b) => a + b, 0) / n,
      low: values[Math.floor((n - 1) * 0.1)],
      high: values[Math.floor((n - 1) * 0.9)],
    };
  });
}

/**
 * The graph with the first neighbours of each row only. O(n k).
 *
 * @param k Neighbours to keep, at least 1; rows that have fewer keep them all.
 */
export function topNeighbors(graph: NeighborGraph, k: number): NeighborGraph {
  return filterEdges(graph, (i, e) => e < graph.offsets[i] + k);
}

/**
 * The first label of each track as a group number, the largest groups only.
 *
 * @param lists Labels of each track, e.g. its genres.
 * @param most Number of groups at most; tracks of smaller ones get −1.
 * @returns Group of each track, and the names of the groups, largest first.
 */
export function largestGroups(
  lists: readonly (readonly string[])[],
  most: number,
): { groupOf: Int32Array; names: string[] } {
  const sizes = rollups(lists.flatMap(([first]) => first ?? []), (tracks) => tracks.length, (first) => first);
  const names = sizes.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most).map(([name]) => name);
  const groups = new Map(names.map((name, g) => [name, g]));
  return { groupOf: Int32Array.from(lists, ([first]) => groups.get(first) ?? -1), names };
}
