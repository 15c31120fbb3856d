/**
 * What a report was made from: the notebooks, the library, the settings, the versions. It is stored in
 * `provenance.json`, so that a test can tell whether the code would still draw the same figures.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { writeAtomic } from "../data/atomic.ts";
import { PIPELINE_VERSION } from "../data/stages.ts";
import { readNotebook, textOf } from "./notebook.ts";
import { notebookNames, ROOT } from "./project.ts";

/** The last run of one notebook. */
export interface NotebookRun {
  /** Number of its code cells. */
  cells: number;
  seconds: number;
  /** Settings that were given to it, beyond its own. */
  settings: Record<string, string | number>;
  /** The data it ran on: name of the folder, number of tracks (0 for all of a catalogue), seed. */
  world: { name: string; tracks: number; seed: number };
  /** Digest of its cells. */
  notebook: string;
  /** Digest of all that it imports. */
  sources: string;
}

/** What a report was made from. */
export interface Provenance {
  /** Day of the last run, `YYYY-MM-DD`. */
  made: string;
  /** Versions of Segue, Deno and the Jupyter packages. */
  versions: Record<string, string>;
  /** The machine of the last run. */
  machine: { system: string; processors: number; memory_gib: number };
  /** The notebooks, by file name without ending. */
  notebooks: Record<string, NotebookRun>;
  /** Digest of every source that notebooks import, by path, at the last run. */
  sources: Record<string, string>;
}

/** Code cells and seconds of each notebook that ran. */
export type Timings = Record<string, { cells: number; seconds: number }>;

/** Files that no figure depends on: the command line, the web app, and most of what runs notebooks and writes reports. */
const NO_SOURCE = /^lib\/(cli|service\/web)\/|^lib\/jupyter\/(?!idea\.ts$|execute\.py$|requirements\.txt$)/;
const SOURCE_FILES = /\.(ts|tsx|py|txt)$/;

/**
 * Digests, by path, of all files that a figure may depend on: the library, and what runs the notebooks. Under `deno.json`
 * is the digest of the versions of all packages that these files import. Times and line endings do not count.
 */
export function digestSources(root: string = ROOT): Record<string, string> {
  const paths = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
    .map((name) => `lib/${name.replaceAll("\\", "/")}`)
    .filter((path) => SOURCE_FILES.test(path) && !NO_SOURCE.test(path) && !/\/[._]/.test(path))
    .sort();
  const texts = paths.map((path) => readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n"));
  const digests = Object.fromEntries(paths.map((path, p) => [path, digest(texts[p])]));
  const imported = new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/(?:from|import)\s*\(?"(@[^/"]+\/[^/"]+|[^./"][^/"]*)/g)].map((m) => m[1])
    ),
  );
  const { imports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as { imports: Record<string, string> };
  const pinned = Object.entries(imports).filter(([name]) => imported.has(name)).map(([name, at]) => `${name} ${at}`);
  return { ...digests, "deno.json": digest(pinned.sort().join("\n")) };
}

/** Digest of a notebook: of the text of its cells, not of their metadata and outputs. */
export function digestNotebook(path: string): string {
  const { cells } = readNotebook(path);
  return digest(JSON.stringify(cells.map(({ cell_type, source }) => [cell_type, textOf(source)])));
}

/**
 * Enters a run in the provenance of a report. Notebooks that did not run keep their entries; notebooks that no longer
 * exist lose theirs. The digests of the sources are to be taken before the run.
 */
export function recordRun(
  reports: string,
  run: {
    notebooks: readonly string[];
    timings: Timings;
    settings: NotebookRun["settings"];
    world: NotebookRun["world"];
    sources: Provenance["sources"];
  },
): void {
  const sources = digest(JSON.stringify(run.sources));
  const known = notebookNames();
  // The path of a catalogue is private: its file name stands in the report.
  const { catalog } = run.settings;
  const settings = { ...run.settings, ...catalog && { catalog: basename(String(catalog).replaceAll("\\", "/")) } };
  const notebooks = Object.fromEntries(
    Object.entries(readProvenance(reports)?.notebooks ?? {}).filter(([name]) => known.includes(name)),
  );
  for (const path of run.notebooks) {
    const name = basename(path, ".ipynb");
    const timing = run.timings[name];
    if (!timing) continue;
    notebooks[name] = {
      cells: timing.cells,
      seconds: Number(timing.seconds.toFixed(1)),
      settings,
      world: run.world,
      notebook: digestNotebook(path),
      sources,
    };
  }
  const provenance: Provenance = {
    made: new Date().toISOString().slice(0, 10),
    versions: versions(),
    machine: {
      system: `${platform()} ${arch()}`,
      processors: cpus().length,
      memory_gib: Math.round(totalmem() / 2 ** 30),
    },
    notebooks: Object.fromEntries(Object.entries(notebooks).sort(([a], [b]) => a < b ? -1 : 1)),
    sources: run.sources,
  };
  writeAtomic(join(reports, "provenance.json"), JSON.stringify(provenance, null, 2) + "\n");
}

/** The provenance of a report, or undefined when it has none. */
export function readProvenance(reports: string): Provenance | undefined {
  const path = join(reports, "provenance.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** Tells whether every notebook of a report ran with its own settings alone, which means on the default world. */
export function isDefault(provenance: Provenance): boolean {
  return Object.values(provenance.notebooks).every(({ settings }) => Object.keys(settings).length === 0);
}

function versions(): Record<string, string> {
  const pinned = readFileSync(join(ROOT, "lib/jupyter/requirements.txt"), "utf8").matchAll(/^([a-z]+)==(\S+)/gm);
  return {
    segue: PIPELINE_VERSION,
    ...Object.fromEntries([...pinned].map(([, name, version]) => [name, version])),
    ...(process.versions.deno && { deno: process.versions.deno }),
  };
}

/** Short digest of a text: the first 12 hexadecimal digits of its SHA-256. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
