/**
 * Compiles `kernel.as` into `kernel.wasm.ts`: `deno run -A lib/sequence/build_kernel.ts` after every change of it.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../storage/atomic.ts";

/**
 * Compiles the kernel.
 *
 * @returns The text of `kernel.wasm.ts`.
 * @throws {Error} When the source does not compile.
 */
export async function buildSequenceKernel(): Promise<string> {
  const source = readFileSync(new URL("kernel.as", import.meta.url), "utf8");
  let binary: Uint8Array | undefined;
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--enable", "relaxed-simd"];
  const { error, stderr } = await asc.main(["kernel.ts", "--outFile", "kernel.wasm", ...options], {
    readFile: (name) => name === "kernel.ts" ? source : null,
    writeFile: (name, contents) => {
      if (name === "kernel.wasm") binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`kernel.as does not compile: ${stderr.toString()}`);
  return [
    "// Made from kernel.as by build_kernel.ts; do not edit.",
    "/** The compiled kernel, base64. */",
    "export const KERNEL_WASM =",
    `  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  writeAtomic(fileURLToPath(new URL("kernel.wasm.ts", import.meta.url)), await buildSequenceKernel());
}
