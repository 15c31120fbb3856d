/** The memory that the threads of a join share: what lies where, and the blocks of 8 rows that the kernel reads. */
import type { Layout } from "./kernel.ts";

/** Rows that the kernel joins at once, at most. */
export const GROUP = 128;
/** Rows of the sample on which the reach is tuned. */
export const TUNE_SAMPLE = 512;
/** Rows of the sample on which the recall is measured. */
export const CHECK_SAMPLE = 1024;
/** Rows of a cell where all pairs are compared. */
export const EXACT_CELL = 512;
/** Rows of the k-means sample for each cell. */
export const TRAIN_PER_CELL = 40;

/** Byte offsets of a join: those that the kernel needs, and others. */
export interface JoinPlan {
  layout: Layout;
  /** Rows of the k-means sample. */
  training: number;
  /** Their number, when no rows are equal. */
  trainingRows: number;
  /** Centroids of the regions, which are coarse cells. */
  regions: number;
  /** These centroids as blocks. */
  regionBlocks: number;
  /** Cell of each row, i32. */
  cellOf: number;
  /** Members of the two samples, i32. */
  sample: number;
  /** Bytes of all together. */
  bytes: number;
}

/**
 * Number of k-means cells.
 *
 * @returns 4 √n, at least 16.
 */
export function cellCountFor(n: number): number {
  return Math.max(16, Math.round(4 * Math.sqrt(n)));
}

/**
 * Lays out the memory for n directions; there may turn out to be fewer.
 *
 * @param dimensions Dimensions, a multiple of 4.
 */
export function planMemory(n: number, dimensions: number, k: number): JoinPlan {
  let bytes = 0;
  const take = (size: number) => {
    const offset = bytes;
    bytes = Math.ceil((bytes + size) / 64) * 64;
    return offset;
  };
  const takeRows = (count: number) => take(count * dimensions * 4);
  // A block holds the bias of each row as well.
  const takeBlocks = (count: number) => take(count * (dimensions + 1) * 4);
  const cellCount = Math.max(cellCountFor(n), Math.ceil(n / EXACT_CELL));
  const points = Math.ceil(n / 8) * 8 + 8 * cellCount;
  const trainingRows = Math.min(n, cellCountFor(n) * TRAIN_PER_CELL);
  const regions = 2 * Math.ceil(Math.sqrt(cellCount)) + 16;
  const layout: Layout = {
    dimensions,
    k,
    cellCount,
    groupSize: GROUP,
    capacity: 3 * k + 32,
    rows: takeRows(n + 4),
    cellBlocks: take((cellCount + 1) * 4),
    blocks: takeBlocks(points),
    ids: take(points * 4),
    centroids: takeRows(cellCount + 8),
    centroidBlocks: takeBlocks(cellCount + 8),
  };
  const plan = {
    layout,
    trainingRows,
    training: takeRows(trainingRows + 4),
    regions: takeRows(regions),
    regionBlocks: takeBlocks(regions),
    cellOf: take((Math.max(n, trainingRows) + 4) * 4),
    sample: take((TUNE_SAMPLE + CHECK_SAMPLE) * 4),
  };
  return { ...plan, bytes };
}

/** Views of the shared memory, by byte offsets, and what fills it. Rows have so many dimensions, a multiple of 4. */
export class JoinMemory {
  constructor(private readonly buffer: ArrayBufferLike, private readonly dimensions: number) {}

  /** A view of some rows, row-major. */
  rows(offset: number, count: number): Float32Array {
    return this.floats(offset, count * this.dimensions);
  }

  /** A view of some integers. */
  ints(offset: number, length: number): Int32Array {
    return new Int32Array(this.buffer, offset, length);
  }

  private floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.buffer, offset, length);
  }

  /** Puts the centroids of a layout into blocks. */
  fillCentroidBlocks({ cellCount, centroids, centroidBlocks }: Layout): void {
    const padded = Math.ceil(cellCount / 8) * 8;
    const order = Int32Array.from({ length: padded }, (_, c) => c < cellCount ? c : -1);
    this.fillBlocks(this.rows(centroids, cellCount), order, centroidBlocks);
  }

  /** Puts rows, of which each lies in a cell, into blocks: cell after cell, each cell on blocks of its own. */
  fillCells({ cellCount, cellBlocks, ids, blocks, rows }: Layout, cellOf: Int32Array): void {
    const firstBlock = this.ints(cellBlocks, cellCount + 1).fill(0);
    const sizes = new Int32Array(cellCount);
    for (let i = 0; i < cellOf.length; i++) sizes[cellOf[i]]++;
    for (let c = 0; c < cellCount; c++) firstBlock[c + 1] = firstBlock[c] + Math.ceil(sizes[c] / 8);
    const order = this.ints(ids, firstBlock[cellCount] * 8).fill(-1);
    const next = Int32Array.from(firstBlock, (block) => block * 8);
    for (let i = 0; i < cellOf.length; i++) order[next[cellOf[i]]++] = i;
    this.fillBlocks(this.rows(rows, cellOf.length), order, blocks);
  }

  /** Rows as the kernel's blocks of 8; −1 in `order` is padding. */
  private fillBlocks(rows: Float32Array, order: Int32Array, to: number): void {
    const d = this.dimensions;
    const out = this.floats(to, order.length * (d + 1));
    for (let p = 0; p < order.length; p++) {
      let at = (p >> 3) * 8 * (d + 1) + (p & 7);
      const bias = at;
      if (order[p] < 0) {
        for (let j = 0; j <= d; j++, at += 8) out[at] = 0;
        out[bias] = -3e38;
        continue;
      }
      const row = order[p] * d;
      let norm = 0;
      for (let j = 0; j < d; j++) {
        const value = rows[row + j];
        norm += value * value;
        out[at += 8] = value;
      }
      out[bias] = -norm / 2;
    }
  }
}
