/** Training windows: every pair (tracks so far, next track) of the training part, once an epoch. */
import { max, sum } from "d3-array";
import { type Random, shuffleInPlace } from "../math/random.ts";
import type { Playlists } from "./interactions.ts";

/** A batch, row-major [size, length], padded on the left. */
export interface Batch {
  /** Number of windows. */
  size: number;
  /** Length of the longest window. */
  length: number;
  /** Tracks so far; 0 where there is padding. */
  inputs: Int32Array;
  /** Padding before each window's first track. */
  padding: Int32Array;
  /** Positions that hold a track, as indices into [size · length]. */
  positions: Int32Array;
  /** The track that follows at each of those positions. */
  targets: Int32Array;
}

/**
 * Cuts training sequences into windows of at most `window` inputs, from the end of each playlist to its start, so that
 * every track but the first is a target once.
 *
 * @returns For each window the index of its first input and the number of its inputs, one after the other.
 */
export function trainingWindows(train: Playlists, window: number): Int32Array {
  const windows: number[] = [];
  for (let p = 0; p + 1 < train.offsets.length; p++) {
    // The last track is only a target.
    for (let end = train.offsets[p + 1] - 1; end > train.offsets[p]; end -= window) {
      const start = Math.max(train.offsets[p], end - window);
      windows.push(start, end - start);
    }
  }
  return Int32Array.from(windows);
}

/** So many batches at a time get their windows sorted by length, so that little is padded; else the order is random. */
const POOL = 16;

/**
 * The batches of an epoch: windows in random order; within every 16 batches, windows of like length stand together.
 *
 * @param batchSize Windows of a batch; some batches are smaller.
 * @param skip Batches to leave out at the start, when training goes on from a checkpoint.
 */
export function* epochBatches(
  train: Playlists,
  windows: Int32Array,
  batchSize: number,
  random: Random,
  skip: number = 0,
): Generator<Batch> {
  const order = shuffleInPlace(Int32Array.from({ length: windows.length / 2 }, (_, w) => w), random);
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length; start += POOL * batchSize) {
    const pool = order.subarray(start, start + POOL * batchSize).sort((a, b) =>
      windows[2 * a + 1] - windows[2 * b + 1] || a - b
    );
    for (let first = 0; first < pool.length; first += batchSize) batches.push(pool.subarray(first, first + batchSize));
  }
  shuffleInPlace(batches, random);
  for (const batch of batches.slice(skip)) yield makeBatch(train, windows, batch);
}

/** Puts the chosen ones of the windows, by their numbers, into a batch. */
export function makeBatch(train: Playlists, windows: Int32Array, chosen: Int32Array): Batch {
  const lengths = chosen.map((w) => windows[2 * w + 1]);
  const length = max(lengths)!;
  const count = sum(lengths);
  const batch: Batch = {
    size: chosen.length,
    length,
    inputs: new Int32Array(chosen.length * length),
    padding: lengths.map((own) => length - own),
    positions: new Int32Array(count),
    targets: new Int32Array(count),
  };
  let at = 0;
  chosen.forEach((w, b) => {
    const start = windows[2 * w];
    for (let i = 0; i < lengths[b]; i++) {
      const position = b * length + batch.padding[b] + i;
      batch.inputs[position] = train.tracks[start + i];
      batch.positions[at] = position;
      batch.targets[at++] = train.tracks[start + i + 1];
    }
  });
  return batch;
}
