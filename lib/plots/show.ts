/** Shows figures and tables in a notebook and saves them for the report, in one call. */
import { csvFormatRows, csvParse } from "d3-dsv";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../data/atomic.ts";
import { renderSvg, svgToPng } from "./render.ts";
import { type Spec, themed } from "./theme.ts";

const OWN_REPORTS = fileURLToPath(new URL("../../reports", import.meta.url));

/** Name and caption of a figure or a table. */
export interface Caption {
  /** File name without ending; it begins with the number of the notebook: `"03_in_degree"`. */
  name: string;
  /** One sentence that says what was found, with numbers from the run. */
  caption: string;
}

/** Shows a figure in the notebook and saves it as {@linkcode save} does. */
export async function show(spec: Spec, options: Caption): Promise<void> {
  const { figure, png } = await save(spec, options);
  await display({
    "application/vnd.vegalite.v5+json": figure,
    "image/png": Buffer.from(png).toString("base64"),
    "text/plain": options.caption,
  }, { "image/png": { width: shownWidth(png) } });
  await display({ "text/markdown": `*${options.caption}*`, "text/plain": options.caption });
}

/**
 * Saves a figure as `figures/NAME.svg`, `.png` and, for its caption, `.txt` in the report.
 *
 * @param spec A Vega-Lite v5 specification without the theme, which is added here.
 * @returns The complete specification and the PNG.
 */
export async function save(spec: Spec, options: Caption): Promise<{ figure: Spec; png: Uint8Array }> {
  const figure: Spec = { ...themed(spec), description: options.caption };
  const svg = await renderSvg(figure);
  const png = svgToPng(svg);
  const folder = join(reportsDirectory(), "figures");
  writeAtomic(join(folder, `${options.name}.svg`), svg);
  writeAtomic(join(folder, `${options.name}.png`), png);
  writeAtomic(join(folder, `${options.name}.txt`), options.caption + "\n");
  return { figure, png };
}

/**
 * Shows a table with the columns of its first row, and saves it as `tables/NAME.csv` and `.md` in the report.
 *
 * @param rows An array of objects, or an Arquero table.
 */
export async function showTable(
  rows: readonly Record<string, unknown>[] | { objects(): object[] },
  options: Caption,
): Promise<void> {
  const objects = ("objects" in rows ? rows.objects() : rows) as Record<string, unknown>[];
  const columns = Object.keys(objects[0] ?? {});
  const sides = columns.map((c) => typeof objects[0][c] === "number" ? "---:" : "---");
  const lines = [columns, sides, ...objects.map((r) => columns.map((c) => cell(r[c])))];
  const markdown = lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  const csv = csvFormatRows([columns, ...objects.map((r) => columns.map((c) => String(r[c] ?? "")))]) + "\n";
  const folder = join(reportsDirectory(), "tables");
  writeAtomic(join(folder, `${options.name}.csv`), csv);
  writeAtomic(join(folder, `${options.name}.md`), `${options.caption}\n\n${markdown}`);
  await display({ "text/markdown": `${markdown}\n*${options.caption}*`, "text/plain": csv });
}

/** Shows Markdown in the notebook: sentences whose numbers come from the run. */
export async function say(markdown: string): Promise<void> {
  await display({ "text/markdown": markdown, "text/plain": markdown });
}

/** Shows a web page in a frame. The frame is empty when its server no longer runs. */
export async function showFrame(url: string): Promise<void> {
  const html = `<iframe src="${url}" width="100%" height="720" title="Segue" style="border:0"></iframe>`;
  await display({ "text/html": html, "text/plain": `Open ${url} in a browser` });
}

/** Path of the folder of the report: `reports/` of the project, or what `SEGUE_REPORTS` names. */
export function reportsDirectory(): string {
  return process.env.SEGUE_REPORTS ?? OWN_REPORTS;
}

/**
 * Reads a table of the report, e.g. `"bench_shuffle"`. When the report that is being written does not have it, the
 * project's own `reports/` may: benchmarks run apart from the notebooks.
 *
 * @returns The rows as texts by column; `undefined` when there is no such table.
 */
export function readTable(name: string): Record<string, string>[] | undefined {
  const paths = [reportsDirectory(), OWN_REPORTS].map((folder) => join(folder, "tables", `${name}.csv`));
  const path = paths.find(existsSync);
  return path === undefined ? undefined : Array.from(csvParse(readFileSync(path, "utf8")));
}

/** The width at which to show a PNG that has twice the pixels, from its header. */
function shownWidth(png: Uint8Array): number {
  return Math.round(new DataView(png.buffer, png.byteOffset).getUint32(16) / 2);
}

/** Shows something in the notebook; outside a notebook it does nothing. */
async function display(data: Record<string, unknown>, metadata: Record<string, unknown> = {}): Promise<void> {
  const jupyter = kernel();
  if (!jupyter) return;
  await jupyter.broadcast("display_data", { data, metadata, transient: {} });
  // The kernel sends the output while we wait; a large figure takes longer. If the cell ended first, the output would
  // appear below the next cell.
  const milliseconds = 10 + JSON.stringify(data).length / 20_000;
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

interface Kernel {
  broadcast(type: "display_data", content: Record<string, Record<string, unknown>>): Promise<void>;
}

/** Outside a kernel Deno throws when `Deno.jupyter` is read. */
function kernel(): Kernel | undefined {
  try {
    return (globalThis as { Deno?: { jupyter?: Kernel } }).Deno?.jupyter;
  } catch {
    return undefined;
  }
}

function cell(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  return String(value ?? "").replaceAll("|", "\\|").replaceAll("\n", " ");
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en-US", { useGrouping: Math.abs(value) >= 10000 });
  const size = Math.abs(value);
  return size >= 1000 ? value.toFixed(0) : size >= 0.1 ? String(Number(value.toPrecision(4))) : value.toPrecision(3);
}
