/**
 * The front page of the report: what ran, with which data, every figure with its caption, every table, the notebooks.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { writeAtomic } from "../storage/atomic.ts";
import { PIPELINE_VERSION } from "../storage/stages.ts";

/**
 * Writes `index.html` from what lies in the folder of the report.
 *
 * @param reports The folder, with `figures/`, `tables/` and `notebooks/`.
 * @param parameters What the notebooks were given beyond their own settings.
 */
export function writeIndex(reports: string, parameters: Record<string, string | number>): void {
  const notebooks = list(reports, "notebooks", ".ipynb");
  const figures = captions(reports, "figures", ".txt", (text) => text.trim());
  const tables = captions(reports, "tables", ".md", (text) => text.split("\n\n")[0]);
  const sections = notebooks.map((file) => {
    const notebook: Notebook = JSON.parse(readFileSync(join(reports, "notebooks", file), "utf8"));
    const shown = outputsOf(notebook).map(({ data }) => {
      const name = figures.get(textOf(data?.["text/plain"]));
      if (data?.["application/vnd.vegalite.v5+json"] && name) return figure(reports, name);
      const last = /\n\*(.+)\*$/.exec(textOf(data?.["text/markdown"]))?.[1];
      const stem = last === undefined ? undefined : tables.get(last);
      return stem ? table(reports, stem) : "";
    });
    return `<section id="n${file.slice(0, 2)}"><h2>${escape(titleOf(notebook) ?? file)}</h2>
<p><a href="notebooks/${file}">Executed notebook</a></p>
${shown.filter((html) => html).join("\n")}</section>`;
  });
  const data = parameters.catalog
    ? `catalogue ${String(parameters.catalog).split(/[\\/]/).at(-1)}`
    : "the synthetic world";
  const rest = Object.entries(parameters).filter(([name, value]) => name !== "catalog" && value !== 0);
  const how = [`Data: ${data}`, ...rest.map(([name, value]) => `${name} ${value}`), `Segue ${PIPELINE_VERSION}`];
  if (process.versions.deno) how.push(`Deno ${process.versions.deno}`);
  writeAtomic(
    join(reports, "index.html"),
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Segue: report</title><style>${STYLE}</style></head><body>
<header><h1>Segue: report</h1><p>${escape(how.join(" · "))}</p>
<nav>${
      notebooks.map((name) => `<a href="#n${name.slice(0, 2)}">${escape(name.slice(0, 2))}</a>`).join(" ")
    }</nav></header>
<main>${sections.join("\n")}</main></body></html>
`,
  );
}

const STYLE = `
:root { color-scheme: light; }
body { font: 16px/1.5 Inter, system-ui, sans-serif; color: #202124; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } header p { color: #5f6368; } nav a { margin-right: .6rem; }
h2 { margin-top: 3rem; border-top: 1px solid #dadce0; padding-top: 1rem; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; } figcaption { color: #3c4043; max-width: 44rem; }
table { border-collapse: collapse; font-size: .85rem; } th, td { padding: .2rem .7rem; border-bottom: 1px solid #e8eaed; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; margin: 1.5rem 0; }
caption { text-align: left; padding-bottom: .4rem; color: #3c4043; } a { color: #0b57d0; }
`;

interface Notebook {
  cells: { source: string | string[]; outputs?: { data?: Record<string, unknown> }[] }[];
}

function list(reports: string, folder: string, ending: string): string[] {
  const path = join(reports, folder);
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(ending)).sort() : [];
}

/** Names of figures or tables by their captions: the outputs of a notebook carry the caption, not the name. */
function captions(
  reports: string,
  folder: string,
  ending: string,
  read: (text: string) => string,
): Map<string, string> {
  return new Map(
    list(reports, folder, ending).map((file) => [
      read(readFileSync(join(reports, folder, file), "utf8")),
      file.slice(0, -ending.length),
    ]),
  );
}

function outputsOf(notebook: Notebook): { data?: Record<string, unknown> }[] {
  return notebook.cells.flatMap((cell) => cell.outputs ?? []);
}

/** A text of a notebook file, which may be a list of lines. */
function textOf(value: unknown): string {
  return [value ?? ""].flat().join("");
}

function titleOf(notebook: Notebook): string | undefined {
  return /^#\s*(.+)$/m.exec(textOf(notebook.cells[0]?.source))?.[1];
}

function figure(reports: string, stem: string): string {
  const captionFile = join(reports, "figures", `${stem}.txt`);
  const caption = existsSync(captionFile) ? escape(readFileSync(captionFile, "utf8").trim()) : "";
  return `<figure><img src="figures/${stem}.svg" alt="${caption}" loading="lazy"><figcaption>${caption}
(<a href="figures/${stem}.svg">SVG</a>, <a href="figures/${stem}.png">PNG</a>)</figcaption></figure>`;
}

/** A table of the report as HTML, from the Markdown that stands beside its CSV. */
function table(reports: string, stem: string): string {
  const text = readFileSync(join(reports, "tables", `${stem}.md`), "utf8");
  const [caption, ...rest] = text.split("\n\n");
  const lines = rest.join("\n").split("\n").filter((line) => line.startsWith("|"));
  const cells = lines.map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((c) => c.trim().replaceAll("\\|", "|")));
  const [head, rule, ...body] = cells;
  if (!head) return "";
  const row = (tag: string, values: string[]) =>
    `<tr>${
      values.map((v, c) => `<${tag}${rule[c].endsWith(":") ? ' class="n"' : ""}>${escape(v)}</${tag}>`).join("")
    }</tr>`;
  return `<div class="scroll"><table><caption>${escape(caption)} (<a href="tables/${stem}.csv">CSV</a>)</caption>
<thead>${row("th", head)}</thead><tbody>${body.map((values) => row("td", values)).join("\n")}</tbody></table></div>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
