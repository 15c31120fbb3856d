/** The compiled inner loops of the conditional logit (WebAssembly with SIMD) and the layout of their memory. */
import { Buffer } from "node:buffer";
import { LOGIT_WASM } from "./logit.wasm.ts";

/** Sums blocks of choice sets of one width. */
export interface LogitKernel {
  /** Most rows of a block, and so most sets. */
  blockRows: number;
  /** Features of the block, row-major [blockRows, width]. */
  values: Float64Array;
  /** Known utilities of the block's rows. */
  offset: Float64Array;
  /** First row of each set within the block, then one past the last. */
  starts: Int32Array;
  /** Chosen row of each set within the block. */
  chosen: Int32Array;
  weights: Float64Array;
  /** Sum of exp(utility − largest utility) of each set of the block, written by `run`. */
  totals: Float64Array;
  /** Sum of the largest utilities, hits, gradient [width], upper triangle of the information [width, width]: added to by `run`. */
  out: Float64Array;
  /** Adds the sums of the block to `out`. */
  run(sets: number, hasOffset: boolean): void;
}

/** Features of a block: few enough that they stay in the second-level cache. */
const BLOCK_VALUES = 16384;

let compiled: WebAssembly.Module | undefined;
let latest: { width: number; kernel: LogitKernel } | undefined;

/** The kernel for sets of a width, with room for a set of a size. The same one is given again while it fits. */
export function logitKernel(width: number, largestSet: number): LogitKernel {
  if (latest && latest.width === width && latest.kernel.blockRows >= largestSet) return latest.kernel;
  const blockRows = Math.max(64, largestSet, Math.floor(BLOCK_VALUES / Math.max(1, width)));
  // Any set fits into a block, so the scratch of one set needs no more rows than that.
  const stride = blockRows + (blockRows & 1);
  let size = 1024;
  const take = (bytes: number): number => {
    const pointer = size;
    size = Math.ceil((size + bytes + 16) / 16) * 16;
    return pointer;
  };
  const x = take(8 * blockRows * width);
  const offset = take(8 * blockRows);
  const starts = take(4 * (blockRows + 1));
  const chosen = take(4 * blockRows);
  const weights = take(8 * width);
  const totals = take(8 * blockRows);
  const out = take(8 * (2 + width + width * width));
  const scratch = take(8 * ((width + 2) * stride + width));
  compiled ??= new WebAssembly.Module(Buffer.from(LOGIT_WASM, "base64"));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  const { sums } = instance.exports as unknown as { sums: (...pointersAndSizes: number[]) => void };
  const kernel: LogitKernel = {
    blockRows,
    values: new Float64Array(memory.buffer, x, blockRows * width),
    offset: new Float64Array(memory.buffer, offset, blockRows),
    starts: new Int32Array(memory.buffer, starts, blockRows + 1),
    chosen: new Int32Array(memory.buffer, chosen, blockRows),
    weights: new Float64Array(memory.buffer, weights, width),
    totals: new Float64Array(memory.buffer, totals, blockRows),
    out: new Float64Array(memory.buffer, out, 2 + width + width * width),
    run(sets, hasOffset) {
      sums(x, starts, chosen, hasOffset ? offset : 0, sets, width, weights, scratch, stride, totals, out);
    },
  };
  latest = { width, kernel };
  return kernel;
}
