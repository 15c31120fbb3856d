/**
 * `deno task lab`: opens JupyterLab on the notebooks, with the project's Deno kernel.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const programs = join(ROOT, process.platform === "win32" ? ".venv/Scripts" : ".venv/bin");

const lab = spawn(join(programs, "jupyter"), [
  "lab",
  "--notebook-dir",
  join(ROOT, "notebooks"),
  // No question about news, no call home.
  ...["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
  ...process.argv.slice(2),
], {
  stdio: "inherit",
  env: { ...process.env, JUPYTER_PATH: join(ROOT, ".venv/share/jupyter"), PATH: `${programs}:${process.env.PATH}` },
});
lab.on("error", (error) => {
  console.error(`lab: JupyterLab does not start: ${error.message}; run deno task setup`);
  process.exitCode = 1;
});
lab.on("exit", (code) => process.exitCode = code ?? 1);
