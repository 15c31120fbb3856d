/**
 * `deno task report`: runs the notebooks in Jupyter and writes `reports/`: executed notebooks, figures, tables, the
 * index page, the API reference, and for the default world the tables of the README.
 */
import { Command, CommanderError } from "commander";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { expectInteger, InputError } from "../data/errors.ts";
import { openWorkspace } from "../prepare.ts";
import { writeApi } from "./api.ts";
import { drawIdea } from "./idea.ts";
import { writeIndex } from "./index_page.ts";
import { updatePages } from "./pages.ts";
import { notebookNames, ROOT, venvProgram } from "./project.ts";
import { digestSources, isDefault, type NotebookRun, readProvenance, recordRun, type Timings } from "./provenance.ts";
import { makeSlides } from "./slides.ts";

interface Options {
  catalog?: string;
  only?: string;
  tracks?: number;
  engine?: string;
  seed?: number;
  reports?: string;
  data?: string;
  set?: NotebookRun["settings"];
  pages?: boolean;
}

async function main(): Promise<number> {
  const command = new Command("report")
    .description("Run the notebooks and write reports/.")
    .option("--catalog <file>", "a catalogue of your own (CSV, CSV.gz or Parquet) instead of the synthetic world")
    .option("--only <numbers>", "notebooks to run, e.g. 01,03")
    .option("--engine <name>", "spark or spark://HOST:PORT: what features, PCA and graph run on")
    .option("--tracks <n>", "tracks of the synthetic world, or a sample of the catalogue", positive("--tracks"))
    .option("--seed <n>", "seed of everything random", positive("--seed"))
    .option("--set <name=value>", "another setting, e.g. listeners=100; repeat for several", addSetting)
    .option("--reports <dir>", "where to write, instead of reports/")
    .option("--data <dir>", "where the data folders of the stages lie, instead of data/work/")
    .option("--pages", "run no notebook: write index page, API reference and README from what the report holds")
    .addHelpText("after", "\nExample:\n  $ deno task report --catalog spotify_songs.csv --only 01,03 --tracks 5000")
    .exitOverride();
  try {
    command.parse(process.argv);
    return await report(command.opts<Options>());
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof InputError)) throw error;
    console.error(`report: ${error.message}`);
    return 2;
  }
}

async function report(options: Options): Promise<number> {
  const from = process.env.SEGUE_CWD ?? process.cwd();
  const asked = options.reports ?? process.env.SEGUE_REPORTS;
  const reports = asked ? resolve(from, asked) : join(ROOT, "reports");
  const settings = notebookSettings(options, from);
  const notebooks = selectNotebooks(options.only);
  process.env.SEGUE_REPORTS = reports;
  if (options.data) process.env.SEGUE_DATA = resolve(from, options.data);
  // The notebooks leave a processor idle for much of the time, so the API reference is made at the same time.
  const [api, ran] = await Promise.allSettled([
    writeApi(join(reports, "api")),
    options.pages ? 0 : runNotebooks(reports, notebooks, settings),
  ]);
  if (ran.status === "rejected") throw ran.reason;
  if (ran.value !== 0) {
    writeIndex(reports);
    console.error(`report: what ran before the failure is in ${shown(join(reports, "index.html"), from)}`);
    return ran.value;
  }
  if (api.status === "rejected") throw api.reason;
  const idea = options.pages ? undefined : drawIdea(openWorkspace(settings));
  const [made] = await Promise.all([makeSlides(reports), idea]);
  for (const line of made) console.error(`report: ${line}`);
  writeIndex(reports);
  const provenance = readProvenance(reports);
  if (reports === join(ROOT, "reports") && provenance && isDefault(provenance)) {
    for (const page of updatePages()) console.error(`report: brought ${page} up to date`);
  }
  console.error(`report: wrote ${shown(join(reports, "index.html"), from)}`);
  return 0;
}

/** Runs notebooks, removes the files of their older versions, and enters the run in the provenance. */
async function runNotebooks(
  reports: string,
  notebooks: readonly string[],
  settings: NotebookRun["settings"],
): Promise<number> {
  const sources = digestSources();
  const started = Date.now();
  const python = venvProgram("python");
  const running = spawn(python, [
    join(ROOT, "lib/jupyter/execute.py"),
    ...["--output", join(reports, "notebooks"), "--parameters", JSON.stringify(settings), ...notebooks],
  ], { stdio: ["inherit", "pipe", "inherit"] });
  const [told, [status]] = await Promise.all([text(running.stdout), once(running, "close")]).catch((error) => {
    throw new InputError(`${relative(ROOT, python)} does not start (${error.message}); run deno task setup`);
  });
  const timings: Timings = JSON.parse(told || "{}");
  const { name, settings: { tracks, seed } } = openWorkspace(settings);
  recordRun(reports, { notebooks, timings, settings, world: { name, tracks, seed }, sources });
  if (status === 0) removeOld(reports, notebooks, started);
  return status ?? 1;
}

/** Removes figures and tables that a notebook wrote before but not now, and the files of notebooks that are gone. */
function removeOld(reports: string, notebooks: readonly string[], started: number): void {
  const ran = notebooks.map((path) => basename(path).slice(0, 2));
  const known = ["00", ...notebookNames().map((name) => name.slice(0, 2))];
  for (const part of ["figures", "tables", "notebooks"].map((name) => join(reports, name)).filter(existsSync)) {
    for (const name of readdirSync(part)) {
      const number = /^\d\d(?=_)/.exec(name)?.[0];
      if (number === undefined) continue;
      const old = ran.includes(number) && statSync(join(part, name)).mtimeMs < started - 1000;
      if (old || !known.includes(number)) rmSync(join(part, name));
    }
  }
}

/** A path as the user would write it. */
function shown(path: string, from: string): string {
  const short = relative(from, path);
  return short.startsWith("..") ? path : short;
}

/** The settings that differ from those in the notebooks. */
function notebookSettings(options: Options, from: string): NotebookRun["settings"] {
  const { catalog, tracks, seed, engine, set } = options;
  const path = catalog && resolve(from, catalog);
  if (path && !existsSync(path)) {
    throw new InputError(`${catalog}: no such file; give --catalog the path of a catalogue`);
  }
  return {
    ...path && { catalog: path, tracks: 0 },
    ...tracks && { tracks },
    ...seed && { seed },
    ...engine && { engine },
    ...set,
  };
}

function addSetting(text: string, settings: NotebookRun["settings"] = {}): NotebookRun["settings"] {
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new InputError(`--set ${text}: expected name=value, as in --set listeners=100`);
  return { ...settings, [name]: value !== "" && Number.isFinite(Number(value)) ? Number(value) : value };
}

function selectNotebooks(only: string | undefined): string[] {
  const all = notebookNames();
  const wanted = only?.split(",").map((number) => number.trim().padStart(2, "0"));
  for (const number of wanted ?? []) {
    if (!all.some((name) => name.startsWith(`${number}_`))) {
      throw new InputError(
        `Expected --only to name notebooks among ${all.map((n) => n.slice(0, 2)).join(", ")} but found ${number}`,
      );
    }
  }
  return all.filter((name) => !wanted || wanted.includes(name.slice(0, 2)))
    .map((name) => join(ROOT, "notebooks", `${name}.ipynb`));
}

function positive(name: string): (text: string) => number {
  return (text) => expectInteger(name, Number(text), 1);
}

process.exitCode = await main();
