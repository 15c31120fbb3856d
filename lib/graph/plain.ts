/**
 * All pairs in plain TypeScript, for machines whose WebAssembly has no SIMD.
 *
 * @module
 */
import type { Matrix } from "../matrix.ts";
import type { NeighborGraph } from "./graph.ts";

/**
 * The exact neighbour graph without kernel, workers or shared memory. O(n² d), many times slower than the kernel.
 *
 * @param x The matrix [n, d], finite.
 * @param k Neighbours of each row, in [1, n − 1].
 * @returns The graph; equal similarities are ordered by row.
 */
export function plainGraph(x: Matrix, k: number): NeighborGraph {
  const { rows: n, columns: d } = x;
  const unit = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let norm = 0;
    for (let j = 0; j < d; j++) norm += x.data[i * d + j] ** 2;
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let j = 0; j < d; j++) unit[i * d + j] = x.data[i * d + j] * scale;
  }
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
  return { nodeCount: n, offsets: Int32Array.from({ length: n + 1 }, (_, i) => i * k), indices, similarities };
}
