/** From any matrix to what the neighbour join works on: distinct, unit, centred rows. */
import type { Matrix } from "../math/matrix.ts";

/** Distinct directions of a matrix. */
export interface Directions {
  count: number;
  /** Dimensions, rounded up to a multiple of 4; the added ones are 0. */
  dimensions: number;
  /** Direction of each row of the matrix, −1 for a zero row. */
  directionOf: Int32Array;
}

/**
 * Scales rows to unit length, subtracts their mean, and finds equal ones. Distances between unit vectors order as
 * cosines do and do not change when a mean is subtracted, but in 32-bit floats they keep their digits when all rows lie
 * in one narrow cone. O(n d).
 *
 * @param data Zeros, n times d rounded up to a multiple of 4; gets the unit rows less their mean, one a direction.
 */
export function prepareDirections(x: Matrix, data: Float32Array): Directions {
  const { rows: n, columns: d } = x;
  const dimensions = Math.ceil(d / 4) * 4;
  const { scale, mean } = scalesAndMean(x);
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const directionOf = new Int32Array(n);
  let capacity = 16;
  while (capacity < 2 * n) capacity *= 2;
  const table = new Int32Array(capacity).fill(-1);
  let count = 0;
  for (let i = 0; i < n; i++) {
    if (scale[i] === 0) {
      directionOf[i] = -1;
      continue;
    }
    const at = count * dimensions;
    let hash = 0;
    for (let j = 0; j < d; j++) {
      data[at + j] = x.data[i * d + j] * scale[i] - mean[j] + 0;
      hash = Math.imul(hash ^ bits[at + j], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    let slot = hash & (capacity - 1);
    while (table[slot] >= 0 && !sameRow(bits, table[slot] * dimensions, at, d)) slot = (slot + 1) & (capacity - 1);
    if (table[slot] < 0) {
      table[slot] = count++;
    } else {
      data.fill(0, at, at + d);
    }
    directionOf[i] = table[slot];
  }
  return { count, dimensions, directionOf };
}

/**
 * Rows by group, in their order (counting sort). O(n + groups).
 *
 * @param groupOf Group of each row, in [0, groups).
 * @returns The rows, group after group, and where each group starts, one more than there are groups.
 */
export function rowsByGroup(groupOf: Int32Array, groups: number): { starts: Int32Array; members: Int32Array } {
  const starts = new Int32Array(groups + 1);
  for (let i = 0; i < groupOf.length; i++) starts[groupOf[i] + 1]++;
  for (let g = 0; g < groups; g++) starts[g + 1] += starts[g];
  const members = new Int32Array(groupOf.length);
  const next = starts.slice();
  for (let i = 0; i < groupOf.length; i++) members[next[groupOf[i]]++] = i;
  return { starts, members };
}

function scalesAndMean(x: Matrix): { scale: Float64Array; mean: Float64Array } {
  const { rows: n, columns: d } = x;
  const scale = new Float64Array(n);
  const mean = new Float64Array(d);
  let used = 0;
  for (let i = 0; i < n; i++) {
    let norm = 0;
    for (let j = 0; j < d; j++) norm += x.data[i * d + j] * x.data[i * d + j];
    if (norm === 0) continue;
    scale[i] = 1 / Math.sqrt(norm);
    used++;
    for (let j = 0; j < d; j++) mean[j] += x.data[i * d + j] * scale[i];
  }
  for (let j = 0; j < d; j++) mean[j] /= Math.max(1, used);
  return { scale, mean };
}

function sameRow(bits: Int32Array, a: number, b: number, d: number): boolean {
  for (let j = 0; j < d; j++) if (bits[a + j] !== bits[b + j]) return false;
  return true;
}
