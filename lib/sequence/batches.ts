/**
 * Training windows: every pair (tracks so far, next track) of the training part, once an epoch.
 *
 * @module
 */
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
 * Cuts training sequences into windows so that every pair is a target once: the last `window` targets of a playlist,
 * the `window` before them, and so on. Training on the last window alone would lose the pairs of all long playlists.
 *
 * @param train The training part.
 * @param window Most tracks of a window.
 * @returns For each window the index of its first input and the number of its inputs, flat.
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

/** Batches whose windows are put together by length, so that little is padded; the order stays random beyond that. */
const POOL = 16;

/**
 * The batches of an epoch: windows in random order; within every 16 batches those of like length stand together.
 *
 * @param train The training part.
 * @param windows What {@linkcode trainingWindows} gave.
 * @param batchSize Windows of a batch; the last batch may be smaller.
 * @param random Source of the order.
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

/**
 * Puts windows into a batch.
 *
 * @param train The training part.
 * @param windows What {@linkcode trainingWindows} gave.
 * @param chosen The windows.
 * @returns The batch.
 */
export function makeBatch(train: Playlists, windows: Int32Array, chosen: Int32Array): Batch {
  let count = 0;
  let length = 1;
  for (const w of chosen) {
    count += windows[2 * w + 1];
    length = Math.max(length, windows[2 * w + 1]);
  }
  const batch: Batch = {
    size: chosen.length,
    length,
    inputs: new Int32Array(chosen.length * length),
    padding: new Int32Array(chosen.length),
    positions: new Int32Array(count),
    targets: new Int32Array(count),
  };
  let at = 0;
  chosen.forEach((w, b) => {
    const start = windows[2 * w];
    const padding = length - windows[2 * w + 1];
    batch.padding[b] = padding;
    for (let i = 0; i < windows[2 * w + 1]; i++) {
      const position = b * length + padding + i;
      batch.inputs[position] = train.tracks[start + i];
      batch.positions[at] = position;
      batch.targets[at++] = train.tracks[start + i + 1];
    }
  });
  return batch;
}
