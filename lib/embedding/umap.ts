/**
 * UMAP (McInnes, Healy & Melville 2018): a picture of the embedding in two dimensions. A sample is laid out by umap-js
 * from neighbours that are given to it; the other tracks are transformed: placed among their neighbours in the sample.
 */
import { rollup } from "d3-array";
import { UMAP } from "umap-js";
import { findABParams } from "umap-js/dist/umap.js";
import { InputError } from "../data/errors.ts";
import { type Matrix, matrix, takeRows } from "../math/matrix.ts";
import { type ExactNeighbors, exactNeighbors } from "../math/neighbors.ts";
import { startProgress } from "../data/progress.ts";
import { type Random, randomInteger, shuffleInPlace } from "../math/random.ts";

/** Neighbours that shape the picture; two fewer than the sample has rows when it is that small. */
const NEIGHBORS = 15;
/** Smallest distance between points of the picture. */
const MINIMUM_DISTANCE = 0.1;
/** Passes of the optimisation; a third of them for tracks outside the sample. */
const EPOCHS = 200;
/** Sampled tracks that push a new one away for each that draws it. */
const REPULSIONS = 2;
/** Random sampled tracks, drawn once and used in turn. A power of two. */
const DRAWS = 65_536;
/** No coordinate of a gradient is larger than this, as in umap-js. */
const CLIP = 4;
/** Rows that are placed at once. */
const BLOCK = 16_384;

/**
 * Draws a sample in which every stratum has its share of the rows, rounded up, so that a rare genre is not lost.
 *
 * @param size Number of rows wanted, at least 1.
 * @returns Row indices, ascending; all rows when `size` is not below their number.
 */
export function stratifiedSample(strata: ArrayLike<number | string>, size: number, random: Random): Int32Array {
  const n = strata.length;
  if (size >= n) return Int32Array.from({ length: n }, (_, i) => i);
  const rows = shuffleInPlace(Int32Array.from({ length: n }, (_, i) => i), random);
  const counts = rollup(rows, (some) => some.length, (r) => strata[r]);
  // The first row of every stratum comes first; then the j-th of c rows has the place (j + ½) / c, so that whatever the
  // size, each stratum has its share.
  const seen = new Map<number | string, number>();
  const places = Float64Array.from(rows, (r) => {
    const j = seen.get(strata[r]) ?? 0;
    seen.set(strata[r], j + 1);
    return (j + (j === 0 ? 0 : 0.5)) / counts.get(strata[r])!;
  });
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  return order.subarray(0, size).map((i) => rows[i]).sort();
}

/**
 * Lays out rows in two dimensions.
 *
 * @param neighbors Neighbours of every row among the rows, themselves left out: [n, k].
 * @returns Positions [n, 2].
 */
export function umapLayout(neighbors: ExactNeighbors, random: Random, epochs: number = EPOCHS): Matrix {
  const n = neighbors.indices.length / neighbors.k;
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (let i = 0; i < n; i++) {
    const from = i * neighbors.k;
    indices.push([i, ...neighbors.indices.subarray(from, from + neighbors.k)]);
    const own = Array.from(neighbors.similarities.subarray(from, from + neighbors.k), (s) => Math.max(0, 1 - s));
    distances.push([0, ...own]);
  }
  const umap = new UMAP({ nNeighbors: neighbors.k + 1, minDist: MINIMUM_DISTANCE, nEpochs: epochs, random });
  umap.setPrecomputedKNN(indices, distances);
  const progress = startProgress("umap", epochs);
  umap.initializeFit(indices);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step();
    progress.update(epoch);
  }
  progress.stop();
  return matrix(n, 2, Float32Array.from(umap.getEmbedding().flat()));
}

/**
 * Places new points in a layout, which stays as it is, by the optimisation with which UMAP transforms new data. A point
 * starts at the mean of its k neighbours, weighted by their membership exp(−(d_j − d_1) / σ) with d = 1 − cosine and σ
 * such that the memberships add up to log₂ k; then in a third of the layout's epochs each neighbour draws it in
 * proportion to its membership, and for each pull two random points of the layout push it away. umap-js has a
 * `transform` of its own, but it looks the neighbours up again by a search that starts at random points, finds few of
 * them, and takes an endless loop when the epochs do not divide by three; `test/bench/embedding_bench.ts` measures
 * both. Cost O(points · k · epochs).
 *
 * @param layout Positions of the points that stay [n, 2].
 * @param neighbors Neighbours of the new points among them, the nearest first.
 * @returns Positions of the new points [points, 2].
 */
export function placeAmong(layout: Matrix, neighbors: ExactNeighbors, random: Random, epochs: number = EPOCHS): Matrix {
  const { k, indices, similarities } = neighbors;
  const passes = Math.ceil(epochs / 3);
  const { a, b } = findABParams(1, MINIMUM_DISTANCE);
  const fixed = Float64Array.from(layout.data);
  const draws = Int32Array.from({ length: DRAWS }, () => 2 * randomInteger(random, layout.rows));
  const result = matrix(indices.length / k, 2);
  const membership = new Float64Array(k);
  const next = new Float64Array(k);
  let draw = 0;
  for (let i = 0; i < result.rows; i++) {
    const from = i * k;
    fillMembership(similarities.subarray(from, from + k), membership);
    let total = 0;
    let [x, y] = [0, 0];
    for (let j = 0; j < k; j++) {
      total += membership[j];
      x += membership[j] * fixed[2 * indices[from + j]];
      y += membership[j] * fixed[2 * indices[from + j] + 1];
      next[j] = 1 / membership[j];
    }
    [x, y] = [x / total, y / total];
    for (let epoch = 0; epoch < passes; epoch++) {
      const rate = 1 - epoch / passes;
      for (let j = 0; j < k; j++) {
        if (next[j] > epoch) continue;
        next[j] += 1 / membership[j];
        for (let step = 0; step <= REPULSIONS; step++) {
          const at = step === 0 ? 2 * indices[from + j] : draws[draw++ & (DRAWS - 1)];
          const dx = x - fixed[at];
          const dy = y - fixed[at + 1];
          const squared = dx * dx + dy * dy;
          if (squared === 0) continue;
          const power = a * Math.exp(b * Math.log(squared));
          const slope = (step === 0 ? -2 * b * power / squared : 2 * b / (0.001 + squared)) / (power + 1);
          x += rate * Math.max(-CLIP, Math.min(CLIP, slope * dx));
          y += rate * Math.max(-CLIP, Math.min(CLIP, slope * dy));
        }
      }
    }
    result.data[2 * i] = x;
    result.data[2 * i + 1] = y;
  }
  return result;
}

/** Memberships exp(−(d_j − d_1) / σ), where σ makes their sum log₂ k, at least 1; found by bisection. */
function fillMembership(similarities: Float32Array, membership: Float64Array): void {
  const k = similarities.length;
  const wanted = Math.max(1, Math.log2(k));
  let [low, high, sigma] = [0, Infinity, 1];
  for (let turn = 0; turn < 64; turn++) {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += membership[j] = Math.exp((similarities[j] - similarities[0]) / sigma);
    if (Math.abs(sum - wanted) < 1e-5) return;
    if (sum > wanted) high = sigma;
    else low = sigma;
    sigma = high === Infinity ? 2 * sigma : (low + high) / 2;
  }
}

/**
 * Two dimensions for all rows: a sample is laid out, every other row is placed among its nearest sampled rows by
 * {@linkcode placeAmong}. The neighbours are exact, by cosine.
 *
 * @param sample Row indices of the sample, ascending.
 * @returns Positions [n, 2].
 * @throws {InputError} When the sample has fewer than 4 rows.
 */
export function umapOfSample(x: Matrix, sample: Int32Array, random: Random, epochs: number = EPOCHS): Matrix {
  if (sample.length < 4) throw new InputError(`Expected at least 4 tracks for UMAP but found ${sample.length}`);
  const anchors = takeRows(x, sample);
  const k = Math.min(NEIGHBORS, sample.length - 2);
  const own = Int32Array.from({ length: sample.length }, (_, i) => i);
  const layout = umapLayout(exactNeighbors(anchors, anchors, k, own), random, epochs);
  const positions = matrix(x.rows, 2);
  const sampled = new Set(sample);
  const put = (rows: Int32Array, places: Matrix) =>
    rows.forEach((r, i) => positions.data.set(places.data.subarray(2 * i, 2 * i + 2), 2 * r));
  put(sample, layout);
  const others = Int32Array.from({ length: x.rows }, (_, r) => r).filter((r) => !sampled.has(r));
  const progress = startProgress("umap, other tracks", others.length);
  for (let start = 0; start < others.length; start += BLOCK) {
    const rows = others.subarray(start, start + BLOCK);
    put(rows, placeAmong(layout, exactNeighbors(anchors, takeRows(x, rows), k), random, epochs));
    progress.update(start + rows.length);
  }
  progress.stop();
  return positions;
}
