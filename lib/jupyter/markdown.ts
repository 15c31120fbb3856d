/** The tables of a report, which are stored as Markdown beside their CSV. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";

/**
 * Reads a table of a report by its name; InputError when there is none. The rule has for each column `---`, or `---:` when
 * it is aligned to the right. A bar in a cell is written `\\|`.
 */
export function readMarkdownTable(
  reports: string,
  name: string,
): { caption: string; head: string[]; rule: string[]; body: string[][] } {
  const file = join(reports, "tables", `${name}.md`);
  if (!existsSync(file)) throw new InputError(`README: reports/tables has no ${name}.md`);
  const [caption, ...rest] = readFileSync(file, "utf8").trim().split("\n\n");
  const lines = rest.join("\n").split("\n").filter((line) => line.startsWith("|"));
  const [head = [], rule = [], ...body] = lines.map((line) =>
    line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim())
  );
  return { caption, head, rule, body };
}

/** A table in Markdown. A column whose name in the head ends in a colon is aligned to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const names = head.map((name) => name.replace(/:$/, ""));
  const rule = head.map((name) => name.endsWith(":") ? "---:" : "---");
  return [names, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
