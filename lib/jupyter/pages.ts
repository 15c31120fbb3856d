/**
 * The parts of README and instructor's page that come from the report. They stand between markers and are written from
 * the files in `reports/`, so that nobody types a number.
 *
 * A marker names a table and, when not all of it is wanted, its columns and rows:
 *
 *     <!-- table: 07_paired | columns: metric; verdict | rows: Coherence; Variety -->
 *     <!-- /table -->
 *
 * `caption: 00_idea` gives the caption of a figure, `notebooks` the table of contents, `benchmarks` the comparison with
 * the peers, `times` what notebooks and classes take, `catalogues` and `histories` the forms that are read.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FORMS } from "../catalog/forms.ts";
import { InputError } from "../data/errors.ts";
import { writeAtomic } from "../data/atomic.ts";
import { HISTORY_FORMS } from "../listening/history.ts";
import { benchmarksTable } from "./benchmarks.ts";
import { markdownTable, readMarkdownTable } from "./markdown.ts";
import { introductionOf, readNotebook, textOf, UNSET_ANSWER } from "./notebook.ts";
import { notebookNames, ROOT } from "./project.ts";
import { readProvenance } from "./provenance.ts";

/** What writes the text between two markers, by the kind of marker. */
const PARTS: Record<string, (reports: string, argument: string) => string> = {
  table: tablePart,
  caption: captionPart,
  notebooks: notebooksPart,
  benchmarks: benchmarksTable,
  times: timesPart,
  catalogues: cataloguesPart,
  histories: historiesPart,
};
const MARKED = new RegExp(`<!-- (${Object.keys(PARTS).join("|")})(?:: ([^>]*?))? -->[\\s\\S]*?<!-- /\\1 -->`, "g");

/** A page with its marked parts written anew, and formatted; InputError when a marker names what is not there. */
export function renderPage(page: string, reports: string): string {
  const text = page.replace(
    MARKED,
    (_, kind: string, argument: string = "") =>
      `<!-- ${kind}${argument && `: ${argument}`} -->\n\n${PARTS[kind](reports, argument)}\n\n<!-- /${kind} -->`,
  );
  const format = ["fmt", "--quiet", "--ext", "md", "-"];
  const formatted = spawnSync(process.execPath, format, { cwd: ROOT, input: text, encoding: "utf8" });
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
    return [number, `[${title}](notebooks/${name}.ipynb)`, question, executed, seconds];
  });
  return markdownTable(["", "notebook", "question", "executed", "seconds:"], rows);
}

/** What a run takes by the report, and a class by the notebooks themselves. */
function timesPart(reports: string): string {
  const rows = notebookRows(reports).map(({ name, number, title, seconds, first, exercises }) => {
    const minutes = /about\s+(\d+)\s+minutes/.exec(first)?.[1] ?? "";
    return [number, `[${title}](${name}.ipynb)`, seconds && `${seconds} s`, `${minutes} min`, exercises];
  });
  return markdownTable(["", "notebook", "run:", "class:", "checked exercises:"], rows);
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

/** The public forms of catalogue, and what tells each. */
function cataloguesPart(): string {
  const rows = FORMS.flatMap(({ name, source, signature }) => {
    if (!source) return [];
    const { title, url, tracks, file, licence } = source;
    const columns = signature.map((column) => `\`${column}\``).join(", ");
    return [[`\`${name}\``, `[${title}](${url})`, tracks, `\`${file}\``, columns, licence]];
  });
  return markdownTable(["form", "catalogue", "tracks", "file", "columns that tell it", "licence"], rows);
}

/** The forms of listening history. */
function historiesPart(): string {
  const rows = HISTORY_FORMS.map(({ title, told, times, source }) => [title, told, times, source]);
  return markdownTable(["history", "what tells it", "its times", "where it is had"], rows);
}

function found(names: readonly string[], name: string, message: string): number {
  const place = names.indexOf(name);
  if (place < 0) throw new InputError(`README: ${message} '${name}'; found ${names.join("; ")}`);
  return place;
}

/** Brings README and instructor's page up to date with `reports/`; gives the pages that changed. */
export function updatePages(): string[] {
  return ["README.md", "notebooks/README.md"].filter((page) => {
    const path = join(ROOT, page);
    const before = readFileSync(path, "utf8");
    const after = renderPage(before, join(ROOT, "reports"));
    if (after !== before) writeAtomic(path, after);
    return after !== before;
  });
}
