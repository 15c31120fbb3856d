/**
 * What a report was made from: the notebooks, the library, the settings, the versions. It stands beside the figures in
 * `provenance.json`, so that anyone can see whether they are still what the code would draw.
 *
 * @module
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

/** How one notebook of a report came about. */
export interface NotebookRun {
  /** Number of its code cells. */
  cells: number;
  /** Wall-clock seconds. */
  seconds: number;
  /** What it was given beyond its own settings. */
  settings: Record<string, string | number>;
  /** The world it ran on: name of the data folder, tracks (0 for all of a catalogue), seed. */
  world: { name: string; tracks: number; seed: number };
  /** Digest of its cells. */
  notebook: string;
  /** Digest of all that it imports. */
  sources: string;
}

/** How a report came about. */
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

/** What a run of the notebooks tells of itself: cells and seconds by notebook. */
export type Timings = Record<string, { cells: number; seconds: number }>;

/** What no figure depends on: the command line, the web page, and what runs the notebooks or writes about them. */
const NO_SOURCE = /^lib\/(cli|service\/web)\/|^lib\/jupyter\/(?!idea\.ts$|execute\.py$|requirements\.txt$)/;
const SOURCE_FILES = /\.(ts|tsx|py|txt)$/;

/**
 * Digests of all that a notebook may import: the library, what runs the notebooks, and the versions of the packages
 * that these name. Only contents count: no times, no line endings, nothing that is generated outside the library.
 *
 * @param root The project's folder.
 * @returns The first 12 hexadecimal digits of SHA-256 by path; the packages stand under `deno.json`.
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

/**
 * Digest of a notebook: the text of its cells in their order. Metadata and outputs do not count.
 *
 * @param path The notebook.
 * @returns 12 hexadecimal digits.
 */
export function digestNotebook(path: string): string {
  const { cells } = readNotebook(path);
  return digest(JSON.stringify(cells.map(({ cell_type, source }) => [cell_type, textOf(source)])));
}

/**
 * Enters a run in the provenance of a report; notebooks that did not run keep their entries, those that are gone lose
 * theirs.
 *
 * @param reports The folder of the report.
 * @param run The notebooks that ran, what they were given, and the digests of the sources from before they ran.
 */
export function recordRun(
  reports: string,
  run: {
    notebooks: readonly string[];
    timings: Timings;
    settings: Record<string, string | number>;
    world: NotebookRun["world"];
    sources: Record<string, string>;
  },
): void {
  const sources = digest(JSON.stringify(run.sources));
  const known = notebookNames();
  const notebooks = Object.fromEntries(
    Object.entries(readProvenance(reports)?.notebooks ?? {}).filter(([name]) => known.includes(name)),
  );
  for (const path of run.notebooks) {
    const timing = run.timings[basename(path, ".ipynb")];
    if (!timing) continue;
    notebooks[basename(path, ".ipynb")] = {
      cells: timing.cells,
      seconds: Number(timing.seconds.toFixed(1)),
      settings: publicSettings(run.settings),
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

/**
 * Reads the provenance of a report.
 *
 * @param reports The folder of the report.
 * @returns It, or `undefined` when the report has none.
 */
export function readProvenance(reports: string): Provenance | undefined {
  const path = join(reports, "provenance.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/**
 * Tells whether a report is one of the default world: every notebook ran on its own settings.
 *
 * @param provenance Its provenance.
 * @returns True when it is.
 */
export function isDefault(provenance: Provenance): boolean {
  return Object.values(provenance.notebooks).every(({ settings }) => Object.keys(settings).length === 0);
}

/** A catalogue by its name: where it lies is nobody's business. */
function publicSettings(settings: Record<string, string | number>): Record<string, string | number> {
  return {
    ...settings,
    ...(settings.catalog && { catalog: basename(String(settings.catalog).replaceAll("\\", "/")) }),
  };
}

function versions(): Record<string, string> {
  const pinned = readFileSync(join(ROOT, "lib/jupyter/requirements.txt"), "utf8").matchAll(/^([a-z]+)==(\S+)/gm);
  return {
    segue: PIPELINE_VERSION,
    ...Object.fromEntries([...pinned].map(([, name, version]) => [name, version])),
    ...(process.versions.deno && { deno: process.versions.deno }),
  };
}

/**
 * Short digest of a text.
 *
 * @param text The text.
 * @returns The first 12 hexadecimal digits of its SHA-256.
 */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
