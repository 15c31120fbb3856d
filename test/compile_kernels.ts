/**
 * The WebAssembly kernels: small AssemblyScript files beside the modules that call them, compiled into modules that
 * carry the binary as text, so that nothing has to be compiled to run. After a change of a source:
 * `deno run -A test/compile_kernels.ts`; a test compiles them again and compares.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../lib/data/atomic.ts";

/** A kernel: where its source lies and how it is compiled. */
export interface KernelSource {
  /** The source, relative to `lib/`. The compiled module lies beside it, with `.wasm.ts` for `.as`. */
  source: string;
  /** Name of the constant that the module exports. */
  constant: string;
  /** Options of the compiler beyond those that all kernels share. */
  options: string[];
}

const SHARED_MEMORY = ["--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"];

/** All kernels. */
export const KERNELS: KernelSource[] = [
  {
    source: "graph/kernel.as",
    constant: "KERNEL_WASM",
    options: ["--enable", "simd", "--enable", "relaxed-simd", "--initialMemory", "16", ...SHARED_MEMORY],
  },
  { source: "choice/logit.as", constant: "LOGIT_WASM", options: ["--enable", "simd"] },
  { source: "sequence/kernel.as", constant: "KERNEL_WASM", options: ["--enable", "relaxed-simd"] },
];

/**
 * Compiles a kernel.
 *
 * @param kernel The kernel.
 * @returns The text of the module that carries it.
 * @throws {Error} When the source does not compile.
 */
export async function compileKernel({ source, constant, options }: KernelSource): Promise<string> {
  const text = readFileSync(new URL(`../lib/${source}`, import.meta.url), "utf8");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["kernel.ts", "--outFile", "kernel.wasm", "-O3", "--noAssert", "--runtime", "stub", "--importMemory", ...options],
    {
      readFile: (name) => name === "kernel.ts" ? text : null,
      writeFile: (name, contents) => {
        if (name === "kernel.wasm") binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${source} does not compile: ${stderr.toString()}`);
  return [
    `// Made from ${basename(source)} by test/compile_kernels.ts; do not edit.`,
    "/** The compiled kernel, base64. */",
    `export const ${constant} =`,
    `  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

/**
 * Path of the compiled module of a kernel.
 *
 * @param kernel The kernel.
 * @returns Absolute path.
 */
export function kernelModule({ source }: KernelSource): string {
  return fileURLToPath(new URL(`../lib/${source.replace(/\.as$/, ".wasm.ts")}`, import.meta.url));
}

if (import.meta.main) {
  for (const kernel of KERNELS) writeAtomic(kernelModule(kernel), await compileKernel(kernel));
}
