/**
 * Compiles `logit.as` into `logit.wasm.ts`: `deno run -A lib/choice/build_kernels.ts` after every change of it.
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
 * @returns The text of `logit.wasm.ts`.
 * @throws {Error} When the source does not compile.
 */
export async function buildKernels(): Promise<string> {
  const source = readFileSync(new URL("logit.as", import.meta.url), "utf8");
  let binary: Uint8Array | undefined;
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--enable", "simd"];
  const { error, stderr } = await asc.main(["logit.ts", "--outFile", "logit.wasm", ...options], {
    readFile: (name) => name === "logit.ts" ? source : null,
    writeFile: (name, contents) => {
      if (name === "logit.wasm") binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`logit.as does not compile: ${stderr.toString()}`);
  return [
    "// Made from logit.as by build_kernels.ts; do not edit.",
    "/** The compiled kernel, base64. */",
    "export const LOGIT_WASM =",
    `  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  writeAtomic(fileURLToPath(new URL("logit.wasm.ts", import.meta.url)), await buildKernels());
}
