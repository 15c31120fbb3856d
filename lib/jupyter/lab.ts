/** `deno task lab`: opens JupyterLab on the notebooks, with the project's Deno kernel. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT, venvProgram } from "./project.ts";

const programs = dirname(venvProgram("jupyter"));

/** JupyterLab would ask at its first start whether it may fetch news from the net. */
const settings = join(ROOT, ".venv/share/jupyter/lab/settings");
mkdirSync(settings, { recursive: true });
writeFileSync(
  join(settings, "overrides.json"),
  JSON.stringify({ "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false } }),
);

const lab = spawn(venvProgram("jupyter"), [
  "lab",
  ...process.argv.slice(2),
], {
  cwd: join(ROOT, "notebooks"),
  stdio: "inherit",
  env: { ...process.env, JUPYTER_PATH: join(ROOT, ".venv/share/jupyter"), PATH: `${programs}:${process.env.PATH}` },
});
lab.on("error", (error) => {
  console.error(`lab: JupyterLab does not start: ${error.message}; run deno task setup`);
  process.exitCode = 1;
});
lab.on("exit", (code) => process.exitCode = code ?? 1);
