/**
 * The compiled inner loops of PCA (WebAssembly with SIMD) and the layout of their memory.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { KERNELS_WASM } from "./kernels.wasm.ts";

interface Exports {
  moments(
    x: number,
    count: number,
    d: number,
    stride: number,
    t: number,
    shift: number,
    mean: number,
    scatter: number,
  ): void;
  scores(x: number, count: number, d: number, mean: number, w: number, k: number, z: number): void;
}

/** Sums one block of rows. */
export interface MomentsKernel {
  /** Most rows of a block. */
  blockRows: number;
  /** Mean of the last block, length d. */
  mean: Float64Array;
  /** Scatter of the last block about its mean, [d, d]; only the upper triangle is set. */
  scatter: Float64Array;
  /**
   * Computes mean and scatter of rows.
   *
   * @param rows The elements, row-major [count, d].
   * @param count Number of rows, at most `blockRows`.
   * @param near Numbers near the mean of each column, length d: the sums are taken about them.
   */
  run(rows: Float32Array, count: number, near: Float64Array): void;
}

/** Projects one block of rows. */
export interface ScoresKernel {
  /** Most rows of a block. */
  blockRows: number;
  /** Scores of the last block, row-major [blockRows, k]. */
  scores: Float32Array;
  /**
   * Computes (x − mean) Wᵀ of rows.
   *
   * @param rows The elements, row-major [count, d].
   * @param count Number of rows, at most `blockRows`.
   */
  run(rows: Float32Array, count: number): void;
}

/**
 * Makes the kernel that sums blocks of rows. Float32 within a block of at most 2048 rows, about
 * a point near their mean; float64 from there on.
 *
 * @param d Number of columns.
 * @returns The kernel.
 */
export function momentsKernel(d: number): MomentsKernel {
  const blockRows = blockSize(d);
  // Not a power of two: columns 4096 bytes apart would fight for the same cache lines.
  const stride = blockRows + 16;
  const { take, instantiate } = arena();
  const x = take(4 * (blockRows * d + 4));
  const t = take(4 * (d + 4) * stride);
  const shift = take(4 * (d + 4));
  const mean = take(8 * d);
  const scatter = take(8 * d * d);
  const { buffer, exports } = instantiate();
  const input = new Float32Array(buffer, x, blockRows * d);
  const point = new Float32Array(buffer, shift, d);
  return {
    blockRows,
    mean: new Float64Array(buffer, mean, d),
    scatter: new Float64Array(buffer, scatter, d * d),
    run(rows, count, near) {
      input.set(rows);
      point.set(near);
      exports.moments(x, count, d, stride, t, shift, mean, scatter);
    },
  };
}

/**
 * Makes the kernel that projects blocks of rows.
 *
 * @param components Components [k, d], row-major.
 * @param center Mean of each column, length d.
 * @param k How many components to use.
 * @returns The kernel.
 */
export function scoresKernel(components: Float64Array, center: Float64Array, k: number): ScoresKernel {
  const d = center.length;
  const blockRows = blockSize(d);
  const stride = Math.ceil(k / 4) * 4;
  const { take, instantiate } = arena();
  const x = take(4 * (blockRows * d + 4));
  const mean = take(4 * (d + 4));
  const w = take(4 * d * stride);
  const z = take(4 * (blockRows * k + 4));
  const { buffer, exports } = instantiate();
  new Float32Array(buffer, mean, d).set(center);
  const weights = new Float32Array(buffer, w, d * stride);
  for (let c = 0; c < k; c++) for (let j = 0; j < d; j++) weights[j * stride + c] = components[c * d + j];
  const input = new Float32Array(buffer, x, blockRows * d);
  return {
    blockRows,
    scores: new Float32Array(buffer, z, blockRows * k),
    run(rows, count) {
      input.set(rows);
      exports.scores(x, Math.ceil(count / 4) * 4, d, mean, w, k, z);
    },
  };
}

/** Rows of a block: few enough that it stays in the second-level cache, a multiple of 8. */
function blockSize(d: number): number {
  return Math.max(64, Math.min(2048, Math.floor(81920 / d / 8) * 8));
}

let compiled: WebAssembly.Module | undefined;

function arena() {
  let size = 1024;
  return {
    /** Reserves bytes and returns their offset. */
    take(bytes: number): number {
      const offset = size;
      size = Math.ceil((size + bytes) / 16) * 16;
      return offset;
    },
    instantiate(): { buffer: ArrayBuffer; exports: Exports } {
      compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM, "base64"));
      const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) });
      const instance = new WebAssembly.Instance(compiled, { env: { memory } });
      return { buffer: memory.buffer, exports: instance.exports as unknown as Exports };
    },
  };
}
