/**
 * What the README shows of the report: tables, captions and the list of notebooks, written between markers from the
 * files in `reports/`, so that no number in it is typed. Alone: `deno run -A lib/jupyter/readme.ts`.
 *
 * A marker names a table, and where not all of it is wanted its columns and rows:
 *
 *     <!-- table: 07_paired | columns: metric; verdict | rows: Coherence; Variety -->
 *     <!-- /table -->
 *
 * `caption: 00_idea` gives the caption of a figure, `notebooks` the table of contents, `benchmarks` the comparison with
 * the peers.
 *
 * @module
 */
import { csvParse } from "d3-dsv";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";
import { writeAtomic } from "../storage/atomic.ts";
import { introductionOf, type NotebookFile } from "./introduction.ts";
import { formatMarkdown } from "./markdown.ts";
import { notebookNames, readProvenance } from "./provenance.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MARKED = /<!-- (table|caption|notebooks|benchmarks)(?:: ([^>]*?))? -->[\s\S]*?<!-- \/\1 -->/g;

/** A row of a benchmark's table that stands for a tool: the first whose cells, joined by ` | `, match. */
interface Contender {
  table: string;
  what: string;
  ours: RegExp;
  peer: RegExp;
  /** Column of the seconds. */
  column?: string;
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
 * Writes the marked parts of a README anew.
 *
 * @param readme Its text.
 * @param reports The folder of the report.
 * @returns The text with every marked part as the report has it, formatted as the project's files are.
 * @throws {InputError} When a marker names a table, a column or a row that is not there.
 */
export function renderReadme(readme: string, reports: string): string {
  const text = readme.replace(MARKED, (_, kind: string, argument: string = "") => {
    const content = kind === "table"
      ? tablePart(reports, argument)
      : kind === "caption"
      ? captionPart(reports, argument)
      : kind === "notebooks"
      ? notebooksPart(reports)
      : benchmarksPart(reports);
    return `<!-- ${kind}${argument && `: ${argument}`} -->\n\n${content}\n\n<!-- /${kind} -->`;
  });
  return formatMarkdown(text);
}

/** Part of a table, with its caption. */
function tablePart(reports: string, argument: string): string {
  const [name, ...options] = argument.split("|").map((part) => part.trim());
  const wanted = (key: string) =>
    options.find((option) => option.startsWith(`${key}:`))?.slice(key.length + 1).split(";").map((part) => part.trim());
  const file = join(reports, "tables", `${name}.md`);
  if (!existsSync(file)) throw new InputError(`README: reports/tables has no ${name}.md`);
  const [caption, ...rest] = readFileSync(file, "utf8").trim().split("\n\n");
  const [head, rule, ...body] = rest.join("\n").split("\n").map(cellsOf);
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
  const runs = readProvenance(reports)?.notebooks ?? {};
  const rows = notebookNames(ROOT).map((name) => {
    const notebook: NotebookFile = JSON.parse(readFileSync(join(ROOT, "notebooks", `${name}.ipynb`), "utf8"));
    const { title, question } = introductionOf(notebook);
    const executed = existsSync(join(reports, "notebooks", `${name}.ipynb`))
      ? `[with figures](reports/notebooks/${name}.ipynb)`
      : "";
    const seconds = runs[name] ? runs[name].seconds.toFixed(0) : "";
    return `| ${name.slice(0, 2)} | [${title}](notebooks/${name}.ipynb) | ${question} | ${executed} | ${seconds} |`;
  });
  return ["|  | notebook | question | executed | seconds |", "| --- | --- | --- | --- | ---: |", ...rows].join("\n");
}

/** Ours beside the fastest peer, topic by topic. */
function benchmarksPart(reports: string): string {
  const rows = CONTENDERS.flatMap(({ table, what, ours, peer, column = "seconds" }) => {
    const file = join(reports, "tables", `${table}.csv`);
    if (!existsSync(file)) return [];
    const rows: Record<string, string>[] = Array.from(csvParse(readFileSync(file, "utf8")));
    const text = (row: Record<string, string>) => Object.values(row).join(" | ");
    const mine = rows.find((row) => ours.test(text(row)));
    const peers = rows.filter((row) => row !== mine && peer.test(text(row)))
      .sort((a, b) => Number(a[column]) - Number(b[column]));
    if (!mine || peers.length === 0) {
      console.error(`readme: ${table} has no two rows for '${what}'; it is left out`);
      return [];
    }
    const [a, b] = [Number(mine[column]), Number(peers[0][column])];
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

function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [1e3 * seconds, "ms"] : [1e6 * seconds, "µs"];
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}

function cellsOf(line: string): string[] {
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function found(names: readonly string[], name: string, message: string): number {
  const place = names.indexOf(name);
  if (place < 0) throw new InputError(`README: ${message} '${name}'; found ${names.join("; ")}`);
  return place;
}

/**
 * Brings the README up to date with `reports/`.
 *
 * @returns True when it changed.
 */
export function updateReadme(): boolean {
  const path = join(ROOT, "README.md");
  const before = readFileSync(path, "utf8");
  const after = renderReadme(before, join(ROOT, "reports"));
  if (after !== before) writeAtomic(path, after);
  return after !== before;
}

if (import.meta.main) {
  try {
    console.error(`readme: ${updateReadme() ? "brought up to date" : "is up to date"}`);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`readme: ${error.message}`);
    process.exitCode = 2;
  }
}
