/**
 * Compiles `kernels.as` into `kernels.wasm.ts`: `deno run -A lib/embedding/build_kernels.ts` after every change of it.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../storage/atomic.ts";

/**
 * Compiles the kernels.
 *
 * @returns The text of `kernels.wasm.ts`.
 * @throws {Error} When the source does not compile.
 */
export async function buildKernels(): Promise<string> {
  const source = readFileSync(new URL("kernels.as", import.meta.url), "utf8");
  let binary: Uint8Array | undefined;
  const memory = ["--importMemory", "--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"];
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "relaxed-simd", ...memory];
  const { error, stderr } = await asc.main(["kernels.ts", "--outFile", "kernels.wasm", ...options], {
    readFile: (name) => name === "kernels.ts" ? source : null,
    writeFile: (name, contents) => {
      if (name === "kernels.wasm") binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`kernels.as does not compile: ${stderr.toString()}`);
  return [
    "// Made from kernels.as by build_kernels.ts; do not edit.",
    "/** The compiled kernels, base64. */",
    "export const KERNELS_WASM =",
    `  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  writeAtomic(fileURLToPath(new URL("kernels.wasm.ts", import.meta.url)), await buildKernels());
}
