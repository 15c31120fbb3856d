/**
 * The times on the instructor's page, `notebooks/README.md`: of a run from the report, of a class from the notebooks.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../storage/atomic.ts";
import { type CourseNotebook, exercisesOf } from "./exercises.ts";
import { introductionOf, textOf } from "./introduction.ts";
import { formatMarkdown } from "./markdown.ts";
import { notebookNames, type Provenance, readProvenance } from "./provenance.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MARKED = /<!-- times -->[\s\S]*?<!-- \/times -->/;

/**
 * Writes the table of times anew.
 *
 * @param page Text of the instructor's page.
 * @param provenance What the report was made from; without it runs have no times.
 * @returns The text with the table between its markers, formatted as the project's files are.
 */
export function renderTimes(page: string, provenance?: Provenance): string {
  const runs = provenance?.notebooks ?? {};
  const rows = notebookNames(ROOT).map((name) => {
    const notebook: CourseNotebook = JSON.parse(readFileSync(join(ROOT, "notebooks", `${name}.ipynb`), "utf8"));
    const minutes = /about\s+(\d+)\s+minutes/.exec(textOf(notebook.cells[0].source))?.[1] ?? "";
    const seconds = runs[name] ? `${runs[name].seconds.toFixed(0)} s` : "";
    const { title } = introductionOf(notebook);
    const checks = exercisesOf(notebook).length;
    return `| ${name.slice(0, 2)} | [${title}](${name}.ipynb) | ${seconds} | ${minutes} min | ${checks} |`;
  });
  const head = "| | notebook | run | class | checked exercises |\n| --- | --- | ---: | ---: | ---: |";
  const text = page.replace(MARKED, `<!-- times -->\n\n${[head, ...rows].join("\n")}\n\n<!-- /times -->`);
  return formatMarkdown(text);
}

/**
 * Brings the times on the instructor's page up to date with the project's own report.
 *
 * @returns Whether anything changed.
 */
export function updateInstructor(): boolean {
  const path = join(ROOT, "notebooks/README.md");
  const before = readFileSync(path, "utf8");
  const after = renderTimes(before, readProvenance(join(ROOT, "reports")));
  if (after !== before) writeAtomic(path, after);
  return after !== before;
}

if (import.meta.main) console.error(`instructor: ${updateInstructor() ? "brought up to date" : "is up to date"}`);
