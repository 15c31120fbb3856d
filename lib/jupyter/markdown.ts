/**
 * Tables of a report, in Markdown beside their CSV.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";

/**
 * Reads a table of a report.
 *
 * @param reports The folder of the report.
 * @param name Name of the table.
 * @returns What was found, the names of the columns, the line below, which tells how columns are aligned, and the rows,
 * where a bar in a cell is written `\\|`.
 * @throws {InputError} When there is none of that name.
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
