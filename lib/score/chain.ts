/**
 * The similarity walk as a Markov chain on the neighbour graph: what it does in the long run, without drawing anything.
 */
import { expectInteger } from "../data/errors.ts";
import type { NeighborGraph } from "../graph/graph.ts";
import { shannonEntropy } from "../math/shares.ts";
import { softmax } from "../math/softmax.ts";

/**
 * Transition probabilities of the similarity walk: for each node the softmax of its similarities,
 * P(j | i) = exp(s_ij / T) / Σ_k exp(s_ik / T). Cost O(n k).
 *
 * @param temperature T in [0, ∞].
 * @returns One probability an edge, in the order of `graph.indices`.
 * @throws {RangeError} When the temperature is negative or NaN.
 */
export function walkProbabilities(graph: NeighborGraph, temperature: number): Float64Array {
  const probabilities = new Float64Array(graph.indices.length);
  for (let i = 0; i < graph.nodeCount; i++) {
    const [start, end] = [graph.offsets[i], graph.offsets[i + 1]];
    if (end > start) {
      softmax(graph.similarities.subarray(start, end), temperature, probabilities.subarray(start, end));
    }
  }
  return probabilities;
}

/**
 * Effective number of candidates at each node: exp(H) with H = −Σ_j P(j) ln P(j) the entropy of the next step in nats.
 * It is k when all k neighbours are equally likely and 1 when one is certain.
 *
 * @returns One number a node, in [1, k]; 0 for a node without neighbours.
 */
export function effectiveCandidates(graph: NeighborGraph, probabilities: Float64Array): Float64Array {
  return Float64Array.from({ length: graph.nodeCount }, (_, i) => {
    const [start, end] = [graph.offsets[i], graph.offsets[i + 1]];
    if (end === start) return 0;
    return Math.exp(shannonEntropy(probabilities.subarray(start, end)));
  });
}

/**
 * Where the walk is after some steps from a start drawn uniformly: π_t = π_0 Pᵗ, by repeated multiplication. Exact, no
 * walk is drawn. Cost O(steps · n k). A node without neighbours is never left.
 *
 * @param steps Number of steps, at least 0.
 * @returns Probability of each node, summing to 1.
 * @throws {InputError} When `steps` is not such an integer.
 */
export function distributionAfter(graph: NeighborGraph, probabilities: Float64Array, steps: number): Float64Array {
  expectInteger("steps", steps, 0);
  const { nodeCount: n, offsets, indices } = graph;
  let now = new Float64Array(n).fill(1 / n);
  let next = new Float64Array(n);
  for (let s = 0; s < steps; s++) {
    next.fill(0);
    for (let i = 0; i < n; i++) {
      if (offsets[i] === offsets[i + 1]) next[i] += now[i];
      for (let e = offsets[i]; e < offsets[i + 1]; e++) next[indices[e]] += now[i] * probabilities[e];
    }
    [now, next] = [next, now];
  }
  return now;
}
