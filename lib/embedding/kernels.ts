/**
 * The compiled inner loops of PCA and k-means (WebAssembly with SIMD), on one thread or two, and the layout of their
 * memory.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Matrix } from "../matrix.ts";
import {
  awaitHelper,
  callHelper,
  helperDone,
  type KernelExports,
  ownsHelper,
  startHelper,
  takeHelper,
} from "./kernel_helper.ts";
import { KERNELS_WASM } from "./kernels.wasm.ts";

/** One thread of a kernel that sums blocks of rows. */
export interface MomentsLane {
  /** Mean of the last block, length d. */
  mean: Float64Array;
  /** Scatter of the last block about its mean, [d, d]; only the upper triangle is set. */
  scatter: Float64Array;
  /**
   * Begins to sum a block of at most `blockRows` rows.
   *
   * @param rows The elements, row-major [count, d].
   * @param near Numbers near the mean of each column, length d: the sums are taken about them.
   */
  begin(rows: Float32Array, near: Float64Array): void;
}

/** One thread of a kernel that projects blocks of rows. */
export interface ScoresLane {
  /** Scores of the last block, row-major [blockRows, k]. */
  scores: Float32Array;
  /**
   * Changes the components.
   *
   * @param components As many as before, row-major [k, d].
   */
  weigh(components: Float64Array): void;
  /**
   * Begins to compute (x − mean) Wᵀ of a block of at most `blockRows` rows.
   *
   * @param rows The elements, row-major [count, d].
   */
  begin(rows: Float32Array): void;
}

/** A kernel on one thread or two. */
export interface Kernel<Lane> {
  /** Most rows of a block. */
  blockRows: number;
  /** The lane of this thread: what it begins is done when `begin` returns. */
  own: Lane;
  /**
   * The lane of the second thread.
   *
   * @returns Nothing while that thread does not run.
   */
  second(): Lane | undefined;
}

/**
 * Gives the blocks of some rows to the threads: the second one gets a block whenever it is idle, this one does the
 * others meanwhile, so that a busy machine costs no more than the one block it is late with.
 *
 * @param kernel The kernel.
 * @param from First row.
 * @param to One past the last row.
 * @param begin Begins a block of rows on a lane.
 * @param collect Takes a block's result from its lane; blocks may come out of order.
 */
export function forBlocks<Lane>(
  kernel: Kernel<Lane>,
  from: number,
  to: number,
  begin: (lane: Lane, from: number, to: number) => void,
  collect: (lane: Lane, from: number, to: number) => void,
): void {
  let start = from;
  const next = (): [number, number] => [start, start = Math.min(to, start + kernel.blockRows)];
  let pending: [number, number] | undefined;
  while (start < to || pending) {
    const second = kernel.second();
    if (pending && (start >= to || helperDone())) {
      awaitHelper();
      collect(second!, ...pending);
      pending = undefined;
    }
    if (second && !pending && start < to) begin(second, ...(pending = next()));
    if (start < to) {
      const block = next();
      begin(kernel.own, ...block);
      collect(kernel.own, ...block);
    }
  }
}

/** Work (multiplications) from which a second thread is worth starting. */
const PARALLEL_WORK = 2e8;

/**
 * Makes the kernel that sums blocks of rows. Float32 within a block of at most 2048 rows, about a point near their
 * mean; float64 from there on.
 *
 * @param d Number of columns.
 * @param rows Rows to come, which decide on the threads.
 * @returns The kernel.
 */
export function momentsKernel(d: number, rows: number): Kernel<MomentsLane> {
  const blockRows = blockSize(d);
  // Not a power of two: columns 4096 bytes apart would fight for the same cache lines.
  const stride = blockRows + 16;
  const { take, size } = arena();
  const x = take(4 * (blockRows * d + 4));
  const t = take(4 * (d + 4) * stride);
  const shift = take(4 * (d + 4));
  const mean = take(8 * d);
  const scatter = take(8 * d * d);
  const lane = (buffer: ArrayBufferLike, call: (args: number[]) => void): MomentsLane => {
    const input = new Float32Array(buffer, x, blockRows * d);
    const point = new Float32Array(buffer, shift, d);
    return {
      mean: new Float64Array(buffer, mean, d),
      scatter: new Float64Array(buffer, scatter, d * d),
      begin(elements, near) {
        input.set(elements);
        point.set(near);
        call([x, elements.length / d, d, stride, t, shift, mean, scatter]);
      },
    };
  };
  return threads(blockRows, size(), rows * d * d / 2, 0, lane);
}

/**
 * Makes the kernel that projects blocks of rows.
 *
 * @param components Components [k, d], row-major.
 * @param center Mean of each column, length d.
 * @param k How many components to use.
 * @param rows Rows to come, which decide on the threads.
 * @returns The kernel.
 */
export function scoresKernel(
  components: Float64Array,
  center: Float64Array,
  k: number,
  rows: number,
): Kernel<ScoresLane> {
  const d = center.length;
  const blockRows = blockSize(d);
  const stride = Math.ceil(k / 4) * 4;
  const { take, size } = arena();
  const x = take(4 * (blockRows * d + 4));
  const mean = take(4 * (d + 4));
  const w = take(4 * d * stride);
  const z = take(4 * (blockRows * k + 4));
  const lane = (buffer: ArrayBufferLike, call: (args: number[]) => void): ScoresLane => {
    const centre = new Float32Array(buffer, mean, d + 4).fill(0);
    centre.set(center);
    const weights = new Float32Array(buffer, w, d * stride).fill(0);
    const weigh = (next: Float64Array) => {
      for (let c = 0; c < k; c++) for (let j = 0; j < d; j++) weights[j * stride + c] = next[c * d + j];
    };
    weigh(components);
    const input = new Float32Array(buffer, x, blockRows * d);
    return {
      scores: new Float32Array(buffer, z, blockRows * k),
      weigh,
      begin(elements) {
        input.set(elements);
        call([x, Math.ceil(elements.length / d / 4) * 4, d, mean, w, k, z]);
      },
    };
  };
  return threads(blockRows, size(), rows * d * k, 1, lane);
}

/** Finds the nearest centroid of every row of a matrix, whose rows it keeps. */
export interface NearestKernel {
  /** Nearest centroid of each row as of the last call, length n; the first among equals. */
  labels: Int32Array;
  /**
   * Looks at other centroids.
   *
   * @param centroids At most as many as the kernel was made for, [c, d].
   * @returns How much nearer the rows are to their centroids than to the centre: Σ (‖x − m‖² − ‖x − c‖²).
   */
  find(centroids: Matrix): number;
}

/**
 * Makes the kernel that finds nearest centroids, in float32 about a centre.
 *
 * @param x The rows [n, d]; they are copied.
 * @param center The point m about which it computes, length d.
 * @param k Most centroids there will be.
 * @returns The kernel.
 */
export function nearestKernel(x: Matrix, center: Float64Array, k: number): NearestKernel {
  const d = x.columns;
  const blocks = Math.ceil(x.rows / 8);
  const most = Math.ceil(k / 4) * 4;
  const { take, size } = arena();
  const [at, labels, gains] = [take(32 * blocks * d), take(32 * blocks), take(32 * blocks)];
  const [w, half] = [take(4 * most * d), take(4 * most)];
  const { buffer, exports } = instantiate(size());
  const rows = new Float32Array(buffer, at, 8 * blocks * d);
  for (let i = 0, from = 0; i < x.rows; i++) {
    for (let j = 0, to = (i >> 3) * 8 * d + (i & 7); j < d; j++, to += 8) rows[to] = x.data[from++] - center[j];
  }
  const weights = new Float32Array(buffer, w, most * d);
  const halves = new Float32Array(buffer, half, most);
  const gain = new Float32Array(buffer, gains, x.rows);
  return {
    labels: new Int32Array(buffer, labels, x.rows),
    find(centroids) {
      halves.fill(3e38);
      weights.fill(0);
      for (let c = 0, to = 0; c < centroids.rows; c++) {
        let sum = 0;
        for (let j = 0; j < d; j++, to++) {
          const value = weights[to] = centroids.data[to] - center[j];
          sum += value * value;
        }
        halves[c] = sum / 2;
      }
      exports.nearest(at, blocks, d, w, Math.ceil(centroids.rows / 4) * 4, half, labels, gains);
      let sum = 0;
      for (let i = 0; i < gain.length; i++) sum += gain[i];
      return 2 * sum;
    },
  };
}

/** Rows of a block: few enough that it stays in the second-level cache, a multiple of 8. */
function blockSize(d: number): number {
  return Math.max(64, Math.min(2048, Math.floor(81920 / d / 8) * 8));
}

let compiled: WebAssembly.Module | undefined;

function instantiate(bytes: number): { buffer: ArrayBufferLike; exports: KernelExports } {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM, "base64"));
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  return { buffer: memory.buffer, exports: instance.exports as unknown as KernelExports };
}

/** A lane on this thread and, when the work is worth it, one on the second as soon as that runs. */
function threads<Lane>(
  blockRows: number,
  bytes: number,
  work: number,
  kernel: 0 | 1,
  makeLane: (buffer: ArrayBufferLike, call: (args: number[]) => void) => Lane,
): Kernel<Lane> {
  const { buffer, exports } = instantiate(bytes);
  const run = (kernel === 0 ? exports.moments : exports.scores) as (...args: number[]) => void;
  const own = makeLane(buffer, (args) => run(...args));
  const owner = {};
  let second: Lane | undefined;
  if (work >= PARALLEL_WORK) startHelper(compiled!);
  return {
    blockRows,
    own,
    second() {
      if (!second && work >= PARALLEL_WORK) {
        const buffer = takeHelper(owner, bytes);
        if (buffer) second = makeLane(buffer, (args) => callHelper(kernel, args));
      }
      return ownsHelper(owner) ? second : undefined;
    },
  };
}

/** Lays out memory: `take` reserves bytes and returns their offset. */
function arena(): { take(bytes: number): number; size(): number } {
  let size = 1024;
  return {
    take(bytes) {
      const offset = size;
      size = Math.ceil((size + bytes) / 16) * 16;
      return offset;
    },
    size: () => size,
  };
}
