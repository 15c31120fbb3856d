/**
 * Type-checks and lints the code cells of notebooks. Deno does neither inside an .ipynb file, so the cells are put into
 * a module beside the notebook, checked there, and the findings are told by notebook and cell.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";

interface Notebook {
  cells: { cell_type: string; source: string | string[]; outputs?: unknown[] }[];
}

/** The code of a notebook as one module, and where each cell begins in it. */
export interface ExtractedCells {
  /** The module's text. */
  code: string;
  /** For each code cell its number in the notebook (from 1) and its first line in the module (from 1). */
  starts: { cell: number; line: number }[];
}

/**
 * Checks the code cells of a notebook: types, lint, and that no output is stored.
 *
 * @param path The notebook.
 * @returns One line a finding, `01_data.ipynb, cell 5, line 3: …`; empty when all is well.
 */
export function checkCells(path: string): string[] {
  const notebook: Notebook = JSON.parse(readFileSync(path, "utf8"));
  const findings: string[] = [];
  notebook.cells.forEach((cell, c) => {
    if (cell.outputs?.length) findings.push(`${basename(path)}, cell ${c + 1}: has stored outputs; clear them`);
  });
  const { code, starts } = extractCells(notebook);
  const module = join(dirname(path), `.${basename(path, ".ipynb")}.${process.pid}.cells.ts`);
  writeFileSync(module, code);
  try {
    for (const args of [["check"], ["lint", "--rules-exclude=no-import-prefix,no-process-global"]]) {
      const result = spawnSync(process.execPath, [...args, module], { encoding: "utf8", env: plainEnvironment() });
      if (result.status !== 0) findings.push(...tell(result.stderr, module, basename(path), starts));
    }
  } finally {
    rmSync(module, { force: true });
  }
  return findings;
}

/**
 * Puts the code cells of a notebook into one module.
 *
 * @param notebook The parsed notebook.
 * @returns The module and where each cell begins in it.
 */
export function extractCells(notebook: Notebook): ExtractedCells {
  const lines: string[] = [];
  const starts: ExtractedCells["starts"] = [];
  notebook.cells.forEach((cell, c) => {
    if (cell.cell_type !== "code") return;
    starts.push({ cell: c + 1, line: lines.length + 1 });
    lines.push(...(Array.isArray(cell.source) ? cell.source.join("") : cell.source).split("\n"));
  });
  return { code: lines.join("\n") + "\nexport {};\n", starts };
}

/** Rewrites what the checker says of the module as findings about the notebook. */
function tell(output: string, module: string, notebook: string, starts: ExtractedCells["starts"]): string[] {
  const findings: string[] = [];
  let message = "";
  for (const line of output.split("\n")) {
    const place = line.includes(basename(module)) ? /\.cells\.ts:(\d+):\d+/.exec(line) : null;
    if (place) {
      const start = starts.findLast((s) => s.line <= Number(place[1])) ?? starts[0];
      findings.push(`${notebook}, cell ${start.cell}, line ${Number(place[1]) - start.line + 1}: ${message}`);
    } else if (/ERROR|^error/.test(line)) message = line.trim();
  }
  return findings.length ? findings : [`${notebook}: ${output.trim().split("\n").at(-1)}`];
}

function plainEnvironment(): Record<string, string | undefined> {
  return { ...process.env, NO_COLOR: "1" };
}
