/** Hubness correction: choosing neighbours by how near they are for both sides, so that hubs stand in fewer lists. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { mean, range, sort } from "d3-array";
import { expectInteger } from "../data/errors.ts";
import type { NeighborGraph } from "./graph.ts";
import { filterEdges } from "./statistics.ts";

/**
 * Keeps of each neighbour list those that are nearest by a secondary distance. A hub is near to everybody, but few are
 * near to it; both distances count that.
 *
 * - Local scaling, in its non-iterative contextual form: d(i, j) / √(μᵢ μⱼ), with d = 1 − cos and μᵢ the mean distance
 *   of i to its
 *   neighbours (Jegou et al., CVPR 2007; Schnitzer et al., JMLR 13, 2012).
 * - Mutual proximity: 1 − P(Xᵢ > d) P(Xⱼ > d), where Xᵢ is normal with mean and deviation of the distances of i to its
 *   neighbours (Schnitzer et al., JMLR 13, 2012; estimated here on the neighbours, not on all tracks).
 *
 * Only tracks of the given lists are chosen: hubs are held back, but a track that stands in no list is in none
 * afterwards either. That is in the nature of a correction that reads a graph; to let it choose among more, build the
 * graph with more neighbours than are to be kept. The lists stay sorted by cosine, and the similarities stay cosines.
 * O(edges log k).
 *
 * @param graph A graph with more neighbours than are wanted.
 * @returns A graph with `keep` neighbours a row.
 * @throws {InputError} When `keep` is not in [1, k].
 */
export function correctHubness(
  graph: NeighborGraph,
  { method, keep }: { method: "local-scaling" | "mutual-proximity"; keep: number },
): NeighborGraph {
  const { nodeCount: n, offsets, indices, similarities } = graph;
  const degree = n > 0 ? offsets[1] : 0;
  expectInteger("keep", keep, 1, degree);
  const { means, deviations } = distanceMoments(graph);
  const secondary = method === "local-scaling"
    ? (i: number, j: number, distance: number) => distance / Math.sqrt(means[i] * means[j])
    : (i: number, j: number, distance: number) =>
      -(1 - normalCdf(distance, means[i], deviations[i])) * (1 - normalCdf(distance, means[j], deviations[j]));
  const kept = new Uint8Array(indices.length);
  for (let i = 0; i < n; i++) {
    const distances = Array.from({ length: degree }, (_, r) => {
      const e = offsets[i] + r;
      return secondary(i, indices[e], 1 - similarities[e]);
    });
    for (const r of sort(range(degree), (r) => distances[r]).slice(0, keep)) kept[offsets[i] + r] = 1;
  }
  return filterEdges(graph, (_, e) => kept[e] === 1);
}

/** Mean and standard deviation of the distances 1 − cos of each track to its neighbours; never 0. */
function distanceMoments({ nodeCount: n, offsets, similarities }: NeighborGraph) {
  const [means, deviations] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const distances = Float64Array.from(similarities.subarray(offsets[i], offsets[i + 1]), (cosine) => 1 - cosine);
    means[i] = Math.max(1e-9, mean(distances)!);
    deviations[i] = Math.max(1e-9, Math.sqrt(mean(distances, (distance) => (distance - means[i]) ** 2)!));
  }
  return { means, deviations };
}
