/**
 * Published data sets in long format, for tests.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the wide Heating file lies; it is not part of this repository. */
export const HEATING_FILE = fileURLToPath(new URL("../../../shared/data/heating_wide.csv", import.meta.url));

/** Whether the wide Heating file is there. */
export const HAS_HEATING = existsSync(HEATING_FILE);

/** The alternatives of Heating: central and room, gas and electric, and the heat pump. */
export const HEATING_ALTERNATIVES = ["ec", "er", "gc", "gr", "hp"];

/** Columns of the long form of Heating. */
export type HeatingRow = Record<
  "choice_id" | "alternative" | "chosen" | "ic" | "oc" | "income" | "choice" | "region",
  string
>;

/** Reshapes the wide Heating file: one row a household and system. */
export function heatingRows(): HeatingRow[] {
  const [header, ...lines] = readFileSync(HEATING_FILE, "utf8").trim().split(/\r?\n/).map((line) => line.split(","));
  return lines.flatMap((line) => {
    const of = (name: string) => line[header.indexOf(name)];
    return HEATING_ALTERNATIVES.map((alternative) => ({
      choice_id: of("idcase"),
      alternative,
      chosen: of("depvar") === alternative ? "1" : "0",
      ic: of(`ic.${alternative}`),
      oc: of(`oc.${alternative}`),
      income: of("income"),
      choice: of("depvar"),
      region: of("region"),
    }));
  });
}

/** Rows of any kind as CSV text. */
export function toCsv(rows: readonly Record<string, unknown>[]): string {
  const columns = Object.keys(rows[0]);
  return [columns.join(","), ...rows.map((row) => columns.map((name) => row[name]).join(","))].join("\n") + "\n";
}
