/**
 * UMAP (McInnes, Healy & Melville 2018): a picture of the embedding in two dimensions. A sample is laid out by umap-js
 * from neighbours that are given to it; the other tracks are placed among their neighbours in the sample.
 *
 * @module
 */
import { UMAP } from "umap-js";
import { expectInteger, InputError } from "../errors.ts";
import { type Matrix, matrix, takeRows } from "../matrix.ts";
import { startProgress } from "../progress.ts";
import { type Random, shuffleInPlace } from "../random.ts";
import { type ExactNeighbors, exactNeighbors, unitRows } from "./neighbors.ts";

/** How to lay out. */
export interface UmapOptions {
  /** Neighbours that shape the picture, at least 2 and at most the sample less 2. Default 15. */
  neighbors?: number;
  /** Smallest distance between points of the picture. Default 0.1. */
  minimumDistance?: number;
  /** Passes of the optimisation. Default 200. */
  epochs?: number;
}

/** Sampled tracks among which a track outside the sample is placed. */
const ANCHORS = 5;

/**
 * Draws a sample in which every stratum has its share of the rows, rounded up, so that a rare genre is not lost.
 *
 * @param strata Stratum of each row.
 * @param size Number of rows wanted, at least 1.
 * @param random Source of randomness.
 * @returns Row indices, ascending; all rows when `size` is not below their number.
 */
export function stratifiedSample(strata: ArrayLike<number | string>, size: number, random: Random): Int32Array {
  const n = strata.length;
  if (size >= n) return Int32Array.from({ length: n }, (_, i) => i);
  const rows = shuffleInPlace(Int32Array.from({ length: n }, (_, i) => i), random);
  const counts = new Map<number | string, number>();
  for (let i = 0; i < n; i++) counts.set(strata[i], (counts.get(strata[i]) ?? 0) + 1);
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
 * @param random Source of randomness.
 * @param options Shape of the picture.
 * @returns Positions [n, 2].
 * @throws {InputError} When there are fewer than 4 rows.
 */
export function umapLayout(neighbors: ExactNeighbors, random: Random, options: UmapOptions = {}): Matrix {
  const n = neighbors.indices.length / neighbors.k;
  if (n < 4) throw new InputError(`Expected at least 4 tracks for UMAP but found ${n}`);
  const epochs = expectInteger("epochs", options.epochs ?? 200, 1);
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (let i = 0; i < n; i++) {
    const from = i * neighbors.k;
    indices.push([i, ...neighbors.indices.subarray(from, from + neighbors.k)]);
    const own = Array.from(neighbors.similarities.subarray(from, from + neighbors.k), (s) => Math.max(0, 1 - s));
    distances.push([0, ...own]);
  }
  const umap = new UMAP({
    nNeighbors: neighbors.k + 1,
    minDist: options.minimumDistance ?? 0.1,
    nEpochs: epochs,
    random,
  });
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
 * Two dimensions for all rows: a sample is laid out, every other row is put at the mean of its five nearest sampled rows
 * with the weights exp(−(d_i − d_1) / d̄), d = 1 − cosine.
 *
 * @param x The embedding [n, d].
 * @param sample Row indices of the sample, ascending.
 * @param random Source of randomness.
 * @param options Shape of the picture.
 * @param known Neighbours of the sample within the sample, when they are at hand; computed exactly when left out.
 * @returns Positions [n, 2].
 * @throws {InputError} When the sample has fewer than 4 rows.
 */
export function umapOfSample(
  x: Matrix,
  sample: Int32Array,
  random: Random,
  options: UmapOptions = {},
  known?: ExactNeighbors,
): Matrix {
  if (sample.length < 4) throw new InputError(`Expected at least 4 tracks for UMAP but found ${sample.length}`);
  const anchors = unitRows(takeRows(x, sample));
  const k = expectInteger("neighbors", Math.min(options.neighbors ?? 15, sample.length - 2), 2);
  const own = Int32Array.from({ length: sample.length }, (_, i) => i);
  const layout = umapLayout(known ?? exactNeighbors(anchors, anchors, k, own), random, options);
  const positions = matrix(x.rows, 2);
  const sampled = new Uint8Array(x.rows);
  sample.forEach((r, i) => {
    sampled[r] = 1;
    positions.data.set(layout.data.subarray(2 * i, 2 * i + 2), 2 * r);
  });
  const others = Int32Array.from({ length: x.rows }, (_, r) => r).filter((r) => !sampled[r]);
  const nearest = exactNeighbors(anchors, unitRows(takeRows(x, others)), Math.min(ANCHORS, sample.length));
  others.forEach((r, i) => {
    const from = i * nearest.k;
    const distances = Array.from(nearest.similarities.subarray(from, from + nearest.k), (s) => 1 - s);
    const spread = distances.reduce((sum, distance) => sum + distance, 0) / nearest.k || 1;
    const weights = distances.map((distance) => Math.exp(-(distance - distances[0]) / spread));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, a) => {
      const anchor = nearest.indices[from + a];
      for (const axis of [0, 1]) positions.data[2 * r + axis] += weight / total * layout.data[2 * anchor + axis];
    });
  });
  return positions;
}
