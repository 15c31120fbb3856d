/**
 * `deno task report`: runs the notebooks in Jupyter and writes `reports/`: executed notebooks, figures, tables, index.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";
import { writeIndex } from "./index_page.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Options {
  catalog?: string;
  only?: string;
  tracks?: string;
  seed?: string;
  reports?: string;
  data?: string;
  timeout: string;
}

function main(): number {
  const command = new Command("report")
    .description("Run the notebooks and write reports/.")
    .option("--catalog <file>", "a catalogue of your own (CSV, CSV.gz or Parquet) instead of the synthetic world")
    .option("--only <numbers>", "notebooks to run, e.g. 01,03")
    .option("--tracks <n>", "tracks of the synthetic world, or a sample of the catalogue")
    .option("--seed <n>", "seed of everything random")
    .option("--reports <dir>", "where to write, instead of reports/")
    .option("--data <dir>", "where the data folders of the stages lie, instead of data/work/")
    .option("--timeout <seconds>", "what a cell may take", "3600")
    .addHelpText("after", "\nExample:\n  $ deno task report --catalog spotify_songs.csv --only 01,03 --tracks 5000")
    .exitOverride();
  try {
    command.parse(process.argv);
    return report(command.opts<Options>());
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof InputError)) throw error;
    console.error(`report: ${error.message}`);
    return 2;
  }
}

function report(options: Options): number {
  const from = process.env.SEGUE_CWD ?? process.cwd();
  const reports = options.reports ? resolve(from, options.reports) : join(ROOT, "reports");
  const parameters = notebookParameters(options, from);
  const notebooks = selectNotebooks(options.only);
  const environment = { ...process.env, SEGUE_REPORTS: reports };
  if (options.data) Object.assign(environment, { SEGUE_DATA: resolve(from, options.data) });
  const python = join(ROOT, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
  const ran = spawnSync(python, [
    join(ROOT, "lib/jupyter/execute.py"),
    ...["--output", join(reports, "notebooks"), "--timeout", String(positive("--timeout", options.timeout))],
    ...["--parameters", JSON.stringify(parameters), ...notebooks],
  ], { stdio: "inherit", env: environment });
  writeIndex(reports, parameters);
  if (ran.status === 0) {
    console.error(`report: wrote ${reports === join(ROOT, "reports") ? "reports" : reports}/index.html`);
  }
  return ran.status ?? 1;
}

/** Parameters that differ from what the notebooks say themselves. */
function notebookParameters(options: Options, from: string): Record<string, string | number> {
  const parameters: Record<string, string | number> = {};
  if (options.catalog !== undefined) {
    const path = resolve(from, options.catalog);
    if (!existsSync(path)) {
      throw new InputError(`${options.catalog}: no such file; give --catalog the path of a catalogue`);
    }
    Object.assign(parameters, { catalog: path, tracks: 0 });
  }
  if (options.tracks !== undefined) parameters.tracks = positive("--tracks", options.tracks);
  if (options.seed !== undefined) parameters.seed = positive("--seed", options.seed);
  return parameters;
}

function selectNotebooks(only: string | undefined): string[] {
  const folder = join(ROOT, "notebooks");
  const all = readdirSync(folder).filter((name) => /^\d\d_.*\.ipynb$/.test(name)).sort();
  const wanted = only?.split(",").map((number) => number.trim().padStart(2, "0"));
  for (const number of wanted ?? []) {
    if (!all.some((name) => name.startsWith(`${number}_`))) {
      throw new InputError(
        `Expected --only to name notebooks among ${all.map((n) => n.slice(0, 2)).join(", ")} but found ${number}`,
      );
    }
  }
  return all.filter((name) => !wanted || wanted.includes(name.slice(0, 2))).map((name) => join(folder, name));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InputError(`Expected ${name} to be a positive integer but found '${text}'`);
  }
  return value;
}

process.exitCode = main();
