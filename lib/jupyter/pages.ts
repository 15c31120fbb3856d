/**
 * What the README and the instructor's page show of the report: tables, captions, lists and times of the notebooks,
 * written between markers from the files in `reports/`, so that no number in them is typed.
 *
 * A marker names a table, and where not all of it is wanted its columns and rows:
 *
 *     <!-- table: 07_paired | columns: metric; verdict | rows: Coherence; Variety -->
 *     <!-- /table -->
 *
 * `caption: 00_idea` gives the caption of a figure, `notebooks` the table of contents, `benchmarks` the comparison with
 * the peers, `times` what notebooks and classes take, `catalogues` and `histories` the forms that are read.
 *
 * @module
 */
import { csvParse } from "d3-dsv";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FORMS } from "../catalog/forms.ts";
import { InputError } from "../data/errors.ts";
import { writeAtomic } from "../data/atomic.ts";
import { HISTORY_FORMS } from "../listening/history.ts";
import { readMarkdownTable } from "./markdown.ts";
import { introductionOf, readNotebook, textOf, UNSET_ANSWER } from "./notebook.ts";
import { notebookNames, ROOT } from "./project.ts";
import { readProvenance } from "./provenance.ts";

/** What stands between two markers, by their kind. */
const PARTS: Record<string, (reports: string, argument: string) => string> = {
  table: tablePart,
  caption: captionPart,
  notebooks: notebooksPart,
  benchmarks: benchmarksPart,
  times: timesPart,
  catalogues: cataloguesPart,
  histories: historiesPart,
};
const MARKED = new RegExp(`<!-- (${Object.keys(PARTS).join("|")})(?:: ([^>]*?))? -->[\\s\\S]*?<!-- /\\1 -->`, "g");

/** A row of a benchmark's table that stands for a tool: the first whose cells, joined by ` | `, match. */
interface Contender {
  table: string;
  what: string;
  ours: RegExp;
  peer: RegExp;
}

/** Which rows of the benchmarks face each other. Of several matching peers the fastest counts. */
const CONTENDERS: readonly Contender[] = [
  {
    table: "bench_graph",
    what: "Neighbour graph of a million tracks",
    ours: /\| Segue \|/,
    peer: /\| 0\.99\d* \||\| 1 \|/,
  },
  {
    table: "bench_catalog",
    what: "Catalogue to features, rejects told",
    ours: /^segue ingest \+ features/,
    peer: /^full pandas/,
  },
  {
    table: "bench_catalog",
    what: "The same, the peer without an account",
    ours: /^segue ingest \+ features/,
    peer: /^bare pandas/,
  },
  {
    table: "bench_pca",
    what: "PCA, fit and transform",
    ours: /^fit \+ transform(?!, the first call).*segue/,
    peer: /^fit \+ transform(?!, the first call).*scikit-learn/,
  },
  { table: "bench_choice", what: "Conditional logit", ours: /^segue, in memory/, peer: /^xlogit/ },
  { table: "bench_shuffle", what: "One recommendation", ours: /^segue, no rules/, peer: /^NumPy/ },
  {
    table: "bench_sequence",
    what: "SASRec, a training step",
    ours: /^training step.*ours/,
    peer: /^training step.*PyTorch/,
  },
];

/**
 * Writes the marked parts of a page anew.
 *
 * @param page Its text.
 * @param reports The folder of the report.
 * @returns The text with every marked part as the report has it, formatted as the project's files are.
 * @throws {InputError} When a marker names a table, a column or a row that is not there.
 */
export function renderPage(page: string, reports: string): string {
  const text = page.replace(
    MARKED,
    (_, kind: string, argument: string = "") =>
      `<!-- ${kind}${argument && `: ${argument}`} -->\n\n${PARTS[kind](reports, argument)}\n\n<!-- /${kind} -->`,
  );
  const formatted = spawnSync(process.execPath, ["fmt", "--quiet", "--ext", "md", "-"], {
    cwd: ROOT,
    input: text,
    encoding: "utf8",
  });
  if (formatted.status !== 0) throw new Error(`deno fmt failed: ${formatted.stderr}`);
  return formatted.stdout;
}

/** Part of a table, with its caption. */
function tablePart(reports: string, argument: string): string {
  const [name, ...options] = argument.split("|").map((part) => part.trim());
  const wanted = (key: string) =>
    options.find((option) => option.startsWith(`${key}:`))?.slice(key.length + 1).split(";").map((part) => part.trim());
  const { caption, head, rule, body } = readMarkdownTable(reports, name);
  const columns = wanted("columns")?.map((column) => found(head, column, `${name} has no column`)) ??
    head.map((_, c) => c);
  const rows = wanted("rows")?.map((row) => body[found(body.map(([first]) => first), row, `${name} has no row`)]) ??
    body;
  const lines = [head, rule, ...rows].map((cells) => `| ${columns.map((c) => cells[c]).join(" | ")} |`);
  return `${lines.join("\n")}\n\n_${caption}_ ([all of it](reports/tables/${name}.md))`;
}

function captionPart(reports: string, name: string): string {
  const file = join(reports, "figures", `${name}.txt`);
  if (!existsSync(file)) throw new InputError(`README: reports/figures has no ${name}.txt`);
  return `_${readFileSync(file, "utf8").trim()}_`;
}

/** The table of contents, with the seconds of the last run. */
function notebooksPart(reports: string): string {
  const rows = notebookRows(reports).map(({ name, number, title, question, seconds }) => {
    const executed = existsSync(join(reports, "notebooks", `${name}.ipynb`))
      ? `[with figures](reports/notebooks/${name}.ipynb)`
      : "";
    return `| ${number} | [${title}](notebooks/${name}.ipynb) | ${question} | ${executed} | ${seconds} |`;
  });
  return ["|  | notebook | question | executed | seconds |", "| --- | --- | --- | --- | ---: |", ...rows].join("\n");
}

/** What a run takes by the report, and a class by the notebooks themselves. */
function timesPart(reports: string): string {
  const rows = notebookRows(reports).map(({ name, number, title, seconds, first, exercises }) => {
    const minutes = /about\s+(\d+)\s+minutes/.exec(first)?.[1] ?? "";
    return `| ${number} | [${title}](${name}.ipynb) | ${seconds && `${seconds} s`} | ${minutes} min | ${exercises} |`;
  });
  const head = "| | notebook | run | class | checked exercises |\n| --- | --- | ---: | ---: | ---: |";
  return [head, ...rows].join("\n");
}

function notebookRows(reports: string) {
  const runs = readProvenance(reports)?.notebooks ?? {};
  return notebookNames().map((name) => {
    const notebook = readNotebook(join(ROOT, "notebooks", `${name}.ipynb`));
    const texts = notebook.cells.map(({ source }) => textOf(source));
    return {
      ...introductionOf(notebook),
      name,
      number: name.slice(0, 2),
      seconds: runs[name] ? runs[name].seconds.toFixed(0) : "",
      first: texts[0],
      exercises: texts.flatMap((text) => [...text.matchAll(UNSET_ANSWER)]).length,
    };
  });
}

/** Ours beside the fastest peer, topic by topic. */
function benchmarksPart(reports: string): string {
  const rows = CONTENDERS.flatMap(({ table, what, ours, peer }) => {
    const file = join(reports, "tables", `${table}.csv`);
    if (!existsSync(file)) return [];
    const rows: Record<string, string>[] = Array.from(csvParse(readFileSync(file, "utf8")));
    const text = (row: Record<string, string>) => Object.values(row).join(" | ");
    const mine = rows.find((row) => ours.test(text(row)));
    const peers = rows.filter((row) => row !== mine && peer.test(text(row)))
      .sort((a, b) => Number(a.seconds) - Number(b.seconds));
    if (!mine || peers.length === 0) {
      console.error(`readme: ${table} has no two rows for '${what}'; it is left out`);
      return [];
    }
    const [a, b] = [Number(mine.seconds), Number(peers[0].seconds)];
    const name = peers[0].method ?? peers[0].tool ?? peers[0].model ?? peers[0].what;
    return [
      `| [${what}](reports/tables/${table}.md) | ${duration(a)} | ${duration(b)} (${name}) | ${
        (b / a).toPrecision(2)
      } |`,
    ];
  });
  const quiet = readdirSync(join(reports, "tables")).some((name) => name.startsWith("bench_"));
  if (!quiet) throw new InputError("README: reports/tables has no benchmark; run deno task bench");
  return ["| what | ours | the fastest peer | times as fast |", "| --- | ---: | ---: | ---: |", ...rows].join("\n");
}

/** The public forms of catalogue, and what tells each. */
function cataloguesPart(): string {
  const rows = FORMS.flatMap(({ name, source, signature }) => {
    if (!source) return [];
    const { title, url, tracks, file, licence } = source;
    const columns = signature.map((column) => `\`${column}\``).join(", ");
    return [`| \`${name}\` | [${title}](${url}) | ${tracks} | \`${file}\` | ${columns} | ${licence} |`];
  });
  return [
    "| form | catalogue | tracks | file | columns that tell it | licence |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** The forms of listening history. */
function historiesPart(): string {
  const rows = HISTORY_FORMS.map(({ title, told, times, source }) => `| ${title} | ${told} | ${times} | ${source} |`);
  return ["| history | what tells it | its times | where it is had |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [1e3 * seconds, "ms"] : [1e6 * seconds, "µs"];
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}

function found(names: readonly string[], name: string, message: string): number {
  const place = names.indexOf(name);
  if (place < 0) throw new InputError(`README: ${message} '${name}'; found ${names.join("; ")}`);
  return place;
}

/**
 * Brings README and instructor's page up to date with `reports/`.
 *
 * @returns The pages that changed.
 * @throws {InputError} As {@linkcode renderPage}.
 */
export function updatePages(): string[] {
  return ["README.md", "notebooks/README.md"].filter((page) => {
    const path = join(ROOT, page);
    const before = readFileSync(path, "utf8");
    const after = renderPage(before, join(ROOT, "reports"));
    if (after !== before) writeAtomic(path, after);
    return after !== before;
  });
}
