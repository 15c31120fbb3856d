/**
 * Reading tables that earlier runs left in the report.
 *
 * @module
 */
import { csvParse } from "d3-dsv";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportsDirectory } from "./show.ts";

/**
 * Reads a table of the report that is being written, else of the project's own `reports/`: benchmarks run apart from
 * the notebooks.
 *
 * @param name Its name without ending, e.g. `"bench_shuffle"`.
 * @returns The rows as texts by column; `undefined` when there is no such table.
 */
export function readTable(name: string): Record<string, string>[] | undefined {
  const own = fileURLToPath(new URL("../../reports", import.meta.url));
  for (const folder of [reportsDirectory(), own]) {
    const path = join(folder, "tables", `${name}.csv`);
    if (existsSync(path)) return Array.from(csvParse(readFileSync(path, "utf8")));
  }
  return undefined;
}
