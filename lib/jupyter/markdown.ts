/**
 * Markdown as `deno fmt` writes it, and the tables of a report.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { InputError } from "../errors.ts";
import { ROOT } from "./project.ts";

/**
 * Formats Markdown by the project's own settings, so that a page which is written by a program passes the gate.
 *
 * @param text The Markdown.
 * @returns The same, formatted.
 * @throws {Error} When `deno fmt` cannot read it.
 */
export function formatMarkdown(text: string): string {
  const formatted = spawnSync(process.execPath, ["fmt", "--quiet", "--ext", "md", "-"], {
    cwd: ROOT,
    input: text,
    encoding: "utf8",
  });
  if (formatted.status !== 0) throw new Error(`deno fmt failed: ${formatted.stderr}`);
  return formatted.stdout;
}

/** A table of a report as it stands beside its CSV. */
export interface MarkdownTable {
  /** What was found. */
  caption: string;
  /** Names of the columns. */
  head: string[];
  /** The line below, which tells how columns are aligned. */
  rule: string[];
  /** The rows; a bar in a cell is written `\\|`. */
  body: string[][];
}

/**
 * Reads a table of a report.
 *
 * @param reports The folder of the report.
 * @param name Name of the table.
 * @returns The table.
 * @throws {InputError} When there is none of that name.
 */
export function readMarkdownTable(reports: string, name: string): MarkdownTable {
  const file = join(reports, "tables", `${name}.md`);
  if (!existsSync(file)) throw new InputError(`README: reports/tables has no ${name}.md`);
  const [caption, ...rest] = readFileSync(file, "utf8").trim().split("\n\n");
  const lines = rest.join("\n").split("\n").filter((line) => line.startsWith("|"));
  const [head = [], rule = [], ...body] = lines.map((line) =>
    line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim())
  );
  return { caption, head, rule, body };
}
