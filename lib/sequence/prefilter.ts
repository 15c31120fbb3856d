/**
 * The best rows of a large table, found without reading all of it in 32 bits. A copy of the rows in 8 bits gives every
 * score within a bound, and only the rows that may be among the best are scored from their 32 bits. The result is that
 * of a scan of all rows, ties included, but only about a quarter of the memory is read.
 *
 * With E_j a row, Ê_j its rounding to 8 bits, h the query and ĥ its rounding to 16 bits,
 *
 * |h·E_j − ĥ·Ê_j| ≤ ‖h‖ ‖E_j − Ê_j‖ + ‖h − ĥ‖ ‖Ê_j‖ ≤ ‖h‖ σ_j
 *
 * (Cauchy–Schwarz), where σ_j also holds what rounding to 32 bits adds on either side: an inner product of d products
 * is off by at most about d 2⁻²⁴ ‖h‖ ‖E_j‖ (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
import type { Arena, SequenceKernel } from "./kernel.ts";
import { topTracks } from "./recommender.ts";

/** Rows whose bounds are kept together. */
export const BLOCK = 64;

/** Below this, 32 bits hold numbers with fewer digits. */
const TINY = 1e-36;

/** Rows quantised to 8 bits, as {@linkcode quantizeRows} leaves them. */
interface QuantizedRows {
  /** Integers in [−127, 127], `width` a row. */
  values: Int8Array;
  /** What a step of a row's integers stands for. */
  scales: Float32Array;
  /** σ_j: no score is further from the truth than the length of the query times this. */
  spreads: Float32Array;
}

/**
 * Quantises rows to 8 bits, each by its largest element.
 *
 * @param table The rows [rows, d], row-major.
 * @param width Integers of a row, at least d; those beyond d stay as they are.
 * @param into Where to write; at least as many rows.
 * @param levels Largest integer of the 16-bit query, for its share of the bound.
 */
export function quantizeRows(
  table: Float32Array,
  d: number,
  width: number,
  into: QuantizedRows,
  levels: number,
): void {
  const { values } = into;
  const queryError = Math.sqrt(d) / (2 * levels) + (d + 16) * 2 ** -24;
  const rows = table.length / d;
  for (let j = 0; j < rows; j++) {
    const start = j * d;
    let largest = 0;
    for (let c = start; c < start + d; c++) {
      const size = table[c] < 0 ? -table[c] : table[c];
      if (size > largest) largest = size;
    }
    const scale = Math.fround(largest / 127);
    // Such a scale has few digits, so integers could exceed ±127: the row is taken as zero, all of it is error.
    const steps = scale < TINY ? 0 : 1 / scale;
    let norm = 0;
    let roundedNorm = 0;
    let rest = 0;
    for (let c = 0; c < d; c++) {
      const value = table[start + c];
      // The nearest integer, in ±127. Its error is measured below, whatever its cause.
      const q = ((value * steps + 128.5) | 0) - 128;
      const rounded = q * scale;
      values[j * width + c] = q;
      norm += value * value;
      roundedNorm += rounded * rounded;
      rest += (value - rounded) * (value - rounded);
    }
    into.scales[j] = scale;
    const spread = Math.sqrt(rest) + queryError * Math.sqrt(Math.max(norm, roundedNorm));
    // A little more, because the kernel rounds it.
    into.spreads[j] = spread * (1 + 2 ** -20) + TINY;
  }
}

/** Largest integer of the query, at most 32,767, such that sums of d products with 8-bit integers stay in 32 bits. */
export function queryLevels(d: number): number {
  return Math.min(32767, Math.floor((2 ** 31 - 1) / (127 * d)));
}

/**
 * Reserves memory for a prefilter.
 *
 * @param d Width of a row, a multiple of 4.
 * @returns Makes the prefilter once the memory exists; `places` are byte offsets of the table [rows, d], of the query
 * [d], and of room for the scores, the number of rows rounded up to a multiple of {@linkcode BLOCK}.
 */
export function layOutPrefilter(memory: Arena, rows: number, d: number) {
  const width = Math.ceil(d / 8) * 8;
  const padded = Math.ceil(rows / BLOCK) * BLOCK;
  const blocks = padded / BLOCK;
  const levels = queryLevels(d);
  const at = {
    query: memory.take(width / 2),
    values: memory.take(padded * width / 4),
    scales: memory.take(padded),
    spreads: memory.take(padded),
    lows: memory.take(blocks),
    highs: memory.take(blocks),
    found: memory.take(padded),
    exact: memory.take(padded),
  };
  return (buffer: ArrayBuffer, kernel: SequenceKernel, places: { table: number; query: number; out: number }) => {
    const table = new Float32Array(buffer, places.table, rows * d);
    const query = new Float32Array(buffer, places.query, d);
    const scores = new Float32Array(buffer, places.out, padded);
    const rounded = new Int16Array(buffer, at.query, width);
    const spreads = new Float32Array(buffer, at.spreads, padded);
    const lows = new Float32Array(buffer, at.lows, blocks);
    const highs = new Float32Array(buffer, at.highs, blocks);
    const found = new Int32Array(buffer, at.found, padded);
    const exact = new Float32Array(buffer, at.exact, padded);
    const quantized: QuantizedRows = {
      values: new Int8Array(buffer, at.values, padded * width),
      scales: new Float32Array(buffer, at.scales, padded),
      spreads,
    };

    /** Writes ĥ; returns what one of its integers stands for. */
    function roundQuery(): number {
      let largest = 0;
      for (const value of query) largest = Math.max(largest, Math.abs(value));
      const unit = Math.fround(largest / levels);
      for (let c = 0; c < d; c++) {
        rounded[c] = unit === 0 ? 0 : Math.max(-levels, Math.min(levels, Math.round(query[c] / unit)));
      }
      return unit;
    }

    /** Takes out the given rows and the padding at the end, and computes the bounds of their blocks again. */
    function leaveOut(exclude: ArrayLike<number>, norm: number): void {
      const touched = new Set<number>();
      const drop = (row: number) => {
        scores[row] = -Infinity;
        touched.add(Math.floor(row / BLOCK));
      };
      for (let i = 0; i < exclude.length; i++) drop(exclude[i]);
      for (let row = rows; row < padded; row++) drop(row);
      for (const block of touched) {
        let low = -Infinity;
        let high = -Infinity;
        for (let row = block * BLOCK; row < (block + 1) * BLOCK; row++) {
          low = Math.max(low, scores[row] - norm * spreads[row]);
          high = Math.max(high, scores[row] + norm * spreads[row]);
        }
        lows[block] = low;
        highs[block] = high;
      }
    }

    return {
      /** Most rows that can be asked for; beyond that the bounds say too little. */
      most: Math.floor(blocks / 4),
      /** Reads the table again. */
      refresh: () => quantizeRows(table, d, width, quantized, levels),
      /**
       * The k rows with the largest inner products, best first, of equal ones the smaller first. Afterwards `out` holds the
       * score of every row: exact where the row may be among the best, from 8 bits elsewhere, −Infinity where it was left out.
       */
      top(k: number, exclude: ArrayLike<number>): Int32Array {
        const unit = roundQuery();
        const norm = Math.fround(Math.hypot(...query) * (1 + 2 ** -20));
        kernel.prefilter(
          at.query,
          at.values,
          at.scales,
          at.spreads,
          padded,
          width,
          unit,
          norm,
          places.out,
          at.lows,
          at.highs,
        );
        leaveOut(exclude, norm);
        // Each of the k best blocks has a row of at least this score, so a row that cannot reach it is not among the best k.
        const best = topTracks(lows, k);
        const threshold = lows[best[best.length - 1]];
        let count = 0;
        for (let block = 0; block < blocks; block++) {
          if (!(highs[block] >= threshold)) continue;
          for (let row = block * BLOCK; row < (block + 1) * BLOCK; row++) {
            if (scores[row] > -Infinity && scores[row] + norm * spreads[row] >= threshold) found[count++] = row;
          }
        }
        kernel.scoresAt(places.query, places.table, at.found, count, d, at.exact);
        for (let i = 0; i < count; i++) scores[found[i]] = exact[i];
        return topTracks(exact.subarray(0, count), k).map((i) => found[i]);
      },
    };
  };
}
