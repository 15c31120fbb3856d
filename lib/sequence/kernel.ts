/** The compiled forward pass (WebAssembly with SIMD) and the layout of its memory. */
import { Buffer } from "node:buffer";
import { KERNEL_WASM } from "./kernel.wasm.ts";

/** The functions of the compiled module. `kernel.as` says what they do with which byte offsets and sizes. */
export type SequenceKernel = Record<
  "layerNorm" | "dense" | "attend" | "scores" | "scoresAt" | "prefilter" | "sumExp",
  (...places: number[]) => number
>;

/** A plan of the memory: parts are reserved first, then the memory is made. */
export type Arena = ReturnType<typeof arena>;

let compiled: WebAssembly.Module | undefined;

/** Starts a plan with nothing reserved. */
export function arena() {
  let size = 1024;
  return {
    /** Reserves `count` floats and returns their byte offset, a multiple of 64. */
    take(count: number): number {
      const offset = size;
      size = Math.ceil((size + 4 * count) / 64) * 64;
      return offset;
    },
    /** Makes the memory and the module that uses it. */
    instantiate() {
      compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, "base64"));
      const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) });
      const instance = new WebAssembly.Instance(compiled, { env: { memory } });
      return { buffer: memory.buffer as ArrayBuffer, kernel: instance.exports as unknown as SequenceKernel };
    },
  };
}
