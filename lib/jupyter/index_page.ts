/**
 * The front page of the report: what ran, with which data, every figure with its caption, every table, the notebooks.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeAtomic } from "../data/atomic.ts";
import { readMarkdownTable } from "./markdown.ts";
import { introductionOf, readNotebook, textOf } from "./notebook.ts";
import { type Provenance, readProvenance } from "./provenance.ts";

/** Writes `index.html` of a report from its `figures/`, `tables/`, `notebooks/` and `provenance.json`. */
export function writeIndex(reports: string): void {
  writeAtomic(join(reports, "index.html"), renderIndex(reports));
}

/** The HTML of the page. It depends on the files of the report alone. */
export function renderIndex(reports: string): string {
  const provenance = readProvenance(reports);
  const figures = byCaption(reports, "figures", ".txt");
  const tables = byCaption(reports, "tables", ".md");
  const chapters = list(reports, "notebooks", ".ipynb").map((file): Chapter => {
    const notebook = readNotebook(join(reports, "notebooks", file));
    const name = file.slice(0, -".ipynb".length);
    const { title, question } = introductionOf(notebook);
    const number = name.slice(0, 2);
    const shown = notebook.cells.flatMap(({ outputs = [] }) => outputs).map(({ data }) => {
      const stem = figures.get(textOf(data?.["text/plain"]));
      if (data?.["application/vnd.vegalite.v5+json"] && stem) return figure(reports, stem);
      const last = /\n\*(.+)\*$/.exec(textOf(data?.["text/markdown"]))?.[1];
      const table = last === undefined ? undefined : tables.get(last);
      return table ? tableHtml(reports, table) : "";
    });
    return { file, name, number, title: title || name, question, content: shown.filter(Boolean).join("\n") };
  });
  const benches = list(reports, "tables", ".md").filter((file) => file.startsWith("bench_"));
  const idea = existsSync(join(reports, "figures/00_idea.svg")) ? figure(reports, "00_idea") : "";
  const benchmarks = benches.length === 0 ? "" : `<section id="benchmarks"><h2>Benchmarks</h2>
<p>Each beside the best tools of the field, in the same run on the same machine; <code>deno task bench</code> makes them again.</p>
${benches.map((file) => tableHtml(reports, file.slice(0, -3))).join("\n")}</section>`;
  const links = chapters.map(({ number, title }) => `<a href="#n${number}" title="${escape(title)}">${number}</a>`)
    .join(" ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Segue: report</title><style>${STYLE}</style></head><body>
<header><h1>Segue: report</h1><p>${escape(dataOf(provenance))}</p>
<nav aria-label="Chapters">${links}${
    benchmarks && ' <a href="#benchmarks">Benchmarks</a>'
  } <a href="#made">How it was made</a></nav></header>
<main>
${idea}
${contents(chapters, provenance)}
${pages(reports)}
${chapters.map(chapterHtml).join("\n")}
${benchmarks}
${madeHtml(provenance)}
</main></body></html>
`;
}

interface Chapter {
  file: string;
  name: string;
  number: string;
  title: string;
  question: string;
  content: string;
}

const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.5 Inter, system-ui, sans-serif; color: #202124; max-width: 66rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { margin: 0; } header p, .question { color: #5f6368; } nav a { display: inline-block; padding: .3rem .5rem .3rem 0; }
h2 { margin-top: 3rem; border-top: 1px solid #dadce0; padding-top: 1rem; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; display: block; }
figcaption { color: #3c4043; max-width: 44rem; padding-top: .3rem; }
table { border-collapse: collapse; font-size: .85rem; } .scroll table { width: max-content; }
th, td { max-width: 30rem; }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e8eaed; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; margin: 1.5rem 0; }
caption { text-align: left; padding-bottom: .4rem; color: #3c4043; max-width: 44rem; } a { color: #0b57d0; }
code { background: #f1f3f4; padding: .1rem .3rem; border-radius: 3px; font-size: .9em; overflow-wrap: anywhere; }
@media (max-width: 40rem) { caption { max-width: calc(100vw - 2rem); } th, td { max-width: 12rem; } }
@media print { nav { display: none; } figure, tr { break-inside: avoid; } }
`;

/** One line: which catalogue, how many tracks, which seed. */
function dataOf(provenance: Provenance | undefined): string {
  const runs = Object.values(provenance?.notebooks ?? {}).map(({ world, settings }) => {
    const size = world.tracks > 0 ? `${world.tracks.toLocaleString("en-US")} tracks` : "all its tracks";
    return `${settings.catalog ? `Catalogue ${settings.catalog}` : "The synthetic world"}: ${size}, seed ${world.seed}`;
  });
  return [...new Set(runs)].join("; ") || "Nothing has run yet.";
}

function contents(chapters: readonly Chapter[], provenance: Provenance | undefined): string {
  if (chapters.length === 0) return "";
  const rows = chapters.map(({ name, number, title, question }) =>
    `<tr><td>${number}</td><td><a href="#n${number}">${escape(title)}</a></td>` +
    `<td>${prose(question)}</td><td class="n">${provenance?.notebooks[name]?.seconds.toFixed(1) ?? ""}</td></tr>`
  );
  return `<div class="scroll"><table><thead><tr><th></th><th>Notebook</th><th>Question</th><th class="n">Seconds</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

/** Links to the slides and to what else there is. */
function pages(reports: string): string {
  const links = list(reports, "slides", "").map((file) => {
    const isPdf = file.endsWith(".pdf");
    const html = isPdf ? "" : readFileSync(join(reports, "slides", file), "utf8");
    const title = /<title>([^<]+)/.exec(html)?.[1] ?? basename(file, ".pdf").replaceAll("_", " ");
    return `<a href="slides/${file}">${escape(title)}</a>${isPdf ? " (PDF)" : ""}`;
  });
  const others = [
    '<a href="../notebooks/README.md">For instructors</a>',
    '<a href="api/index.html">API reference</a> (made with the report, not stored in the repository)',
  ];
  return `<p>${[...links, ...others].join(" · ")}</p>`;
}

function chapterHtml({ file, number, title, question, content }: Chapter): string {
  return `<section id="n${number}"><h2>${number} · ${escape(title)}</h2>
<p class="question">${prose(question)}</p>
<p><a href="notebooks/${file}">Executed notebook</a> · <a href="../notebooks/${file}">source</a></p>
${content}</section>`;
}

function madeHtml(provenance: Provenance | undefined): string {
  if (!provenance) return "";
  const { made, versions, machine, notebooks } = provenance;
  const total = Object.values(notebooks).reduce((sum, { seconds }) => sum + seconds, 0);
  const facts: [string, string][] = [
    ["Day", made],
    ["Data", dataOf(provenance)],
    ["Machine", `${machine.system}, ${machine.processors} processors, ${machine.memory_gib} GiB`],
    ["Versions", Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")],
    ["Time", `${total.toFixed(0)} s in ${Object.keys(notebooks).length} notebooks`],
    ["Sources", `${Object.keys(provenance.sources).length} files, their digests in provenance.json`],
  ];
  return `<section id="made"><h2>How it was made</h2><table><tbody>${
    facts.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escape(value)}</td></tr>`).join("\n")
  }</tbody></table>
<p>The notebooks themselves are read in JupyterLab (<code>deno task lab</code>) or on GitHub.</p></section>`;
}

function list(reports: string, folder: string, ending: string): string[] {
  const path = join(reports, folder);
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(ending)).sort() : [];
}

/** Names of figures or tables by their captions, since the outputs of a notebook have the caption but not the name. */
function byCaption(reports: string, folder: string, ending: string): Map<string, string> {
  return new Map(
    list(reports, folder, ending).map((file) => {
      const [caption] = readFileSync(join(reports, folder, file), "utf8").split("\n\n");
      return [caption.trim(), file.slice(0, -ending.length)];
    }),
  );
}

function figure(reports: string, stem: string): string {
  const captionFile = join(reports, "figures", `${stem}.txt`);
  const caption = existsSync(captionFile) ? escape(readFileSync(captionFile, "utf8").trim()) : "";
  const size = /<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/
    .exec(readFileSync(join(reports, "figures", `${stem}.svg`), "utf8").slice(0, 2000));
  const room = size ? ` width="${Math.round(Number(size[1]))}" height="${Math.round(Number(size[2]))}"` : "";
  return `<figure><img src="figures/${stem}.svg"${room} alt="${caption}" loading="lazy"><figcaption>${caption}
(<a href="figures/${stem}.svg">SVG</a>, <a href="figures/${stem}.png">PNG</a>)</figcaption></figure>`;
}

/** A table of the report as HTML, made from its Markdown. */
function tableHtml(reports: string, stem: string): string {
  const { caption, head, rule, body } = readMarkdownTable(reports, stem);
  const cell = (tag: string, text: string, c: number) =>
    `<${tag}${rule[c].endsWith(":") ? ' class="n"' : ""}>${escape(text.replaceAll("\\|", "|"))}</${tag}>`;
  const row = (tag: string, values: string[]) => `<tr>${values.map((text, c) => cell(tag, text, c)).join("")}</tr>`;
  return `<div class="scroll"><table><caption>${escape(caption)} (<a href="tables/${stem}.csv">CSV</a>)</caption>
<thead>${row("th", head)}</thead><tbody>${body.map((values) => row("td", values)).join("\n")}</tbody></table></div>`;
}

/** A sentence of a notebook as HTML; it may have Markdown's emphasis. */
function prose(markdown: string): string {
  return escape(markdown).replace(/(?<![\w*_])[*_]([^*_]+)[*_](?![\w*_])/g, "<em>$1</em>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
