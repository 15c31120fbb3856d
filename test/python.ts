import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Ends Python without its teardown, in which Arrow's threads now and then abort a program that has done all it should. */
const END = "\nimport os, sys\nsys.stdout.flush()\nsys.stderr.flush()\nos._exit(0)\n";

/**
 * Runs Python code in the project's environment, where NumPy, SciPy, pandas and scikit-learn are.
 *
 * @param code The program.
 * @param args Its arguments, `sys.argv[1:]`.
 * @returns What it printed.
 */
export function runPython(code: string, args: string[] = []): string {
  const python = fileURLToPath(new URL("../.venv/bin/python", import.meta.url));
  if (!existsSync(python)) throw new Error(`${python} is missing; run deno task setup --test`);
  const result = spawnSync(python, ["-c", code + END, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`Python failed: ${result.stderr}`);
  return result.stdout;
}
