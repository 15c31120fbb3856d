/** Where things lie in the project's folder. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** Path of a program of a Python environment, by default the project's own. */
export function venvProgram(name: string, venv: string = join(ROOT, ".venv")): string {
  return process.platform === "win32" ? join(venv, "Scripts", `${name}.exe`) : join(venv, "bin", name);
}

/** The numbered notebooks of the project: their file names without ending, in order. */
export function notebookNames(root: string = ROOT): string[] {
  return readdirSync(join(root, "notebooks")).filter((name) => /^\d\d_.*\.ipynb$/.test(name))
    .map((name) => name.slice(0, -".ipynb".length)).sort();
}
