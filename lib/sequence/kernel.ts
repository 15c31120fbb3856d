/**
 * The compiled forward pass (WebAssembly with SIMD) and the layout of its memory.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { KERNEL_WASM } from "./kernel.wasm.ts";

/** What the compiled module does; pointers are byte offsets into its memory. See `kernel.as`. */
export interface SequenceKernel {
  /** Normalises rows. */
  layerNorm(x: number, gain: number, bias: number, out: number, rows: number, d: number): void;
  /** Multiplies rows with a matrix; mode 1: ReLU, mode 2: adds to `out`. */
  dense(
    a: number,
    w: number,
    bias: number,
    out: number,
    rows: number,
    k: number,
    n: number,
    mode: number,
  ): void;
  /** Causal attention of the queries `first` … `n − 1`. */
  attend(
    q: number,
    qStride: number,
    k: number,
    v: number,
    kvStride: number,
    heads: number,
    width: number,
    first: number,
    n: number,
    out: number,
    chances: number,
  ): void;
  /** Inner products with many rows. */
  scores(h: number, e: number, rows: number, d: number, out: number): void;
  /** Inner products with the rows that `at` names. */
  scoresAt(h: number, e: number, at: number, count: number, d: number, out: number): void;
  /** Scores from 8-bit rows, and of every 64 rows the largest lower and upper bounds. */
  prefilter(
    h: number,
    q: number,
    scales: number,
    spreads: number,
    rows: number,
    width: number,
    unit: number,
    norm: number,
    out: number,
    lows: number,
    highs: number,
  ): void;
  /** Sum of exp(x − largest) over the first `count` of `rows` elements. */
  sumExp(x: number, count: number, rows: number, largest: number): number;
}

/** A plan of the memory: parts are reserved first, then the memory is made. */
export interface Arena {
  /** Reserves `count` floats and returns their byte offset, a multiple of 64. */
  take(count: number): number;
  /** Makes the memory and the module that uses it. */
  instantiate(): { buffer: ArrayBuffer; kernel: SequenceKernel };
}

let compiled: WebAssembly.Module | undefined;

/** Starts a plan with nothing reserved. */
export function arena(): Arena {
  let size = 1024;
  return {
    take(count) {
      const offset = size;
      size = Math.ceil((size + 4 * count) / 64) * 64;
      return offset;
    },
    instantiate() {
      compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, "base64"));
      const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) });
      const instance = new WebAssembly.Instance(compiled, { env: { memory } });
      return { buffer: memory.buffer, kernel: instance.exports as unknown as SequenceKernel };
    },
  };
}
