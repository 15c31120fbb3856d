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
 * Checks the code cells of notebooks: types, lint, and that no output is stored. All notebooks are checked in one go,
 * so that the library is type-checked once.
 *
 * @param paths The notebooks, all in one folder.
 * @returns Findings by notebook, each a line `01_data.ipynb, cell 5, line 3: …`; none when all is well.
 */
export function checkCells(paths: readonly string[]): Map<string, string[]> {
  const findings = new Map(paths.map((path) => [path, [] as string[]]));
  const modules = paths.map((path): Module => {
    const notebook: Notebook = JSON.parse(readFileSync(path, "utf8"));
    notebook.cells.forEach((cell, c) => {
      if (cell.outputs?.length) {
        findings.get(path)!.push(`${basename(path)}, cell ${c + 1}: has stored outputs; clear them`);
      }
    });
    const file = join(dirname(path), `.${basename(path, ".ipynb")}.${process.pid}.cells.ts`);
    return { path, file, ...extractCells(notebook) };
  });
  try {
    for (const { file, code } of modules) writeFileSync(file, code);
    const files = modules.map(({ file }) => file);
    for (const args of [["check"], ["lint", "--rules-exclude=no-import-prefix,no-process-global"]]) {
      const result = spawnSync(process.execPath, [...args, ...files], { encoding: "utf8", env: plainEnvironment() });
      if (result.status === 0) continue;
      let told = 0;
      for (const module of modules) {
        const lines = tell(result.stderr, module);
        told += lines.length;
        findings.get(module.path)!.push(...lines);
      }
      if (told === 0) findings.get(paths[0])!.push(result.stderr.trim());
    }
  } finally {
    for (const { file } of modules) rmSync(file, { force: true });
  }
  return findings;
}

/** A notebook's code as a module beside it. */
interface Module extends ExtractedCells {
  path: string;
  file: string;
}

/**
 * Puts the code cells of a notebook into one module.
 *
 * @param notebook The parsed notebook.
 * @returns The module and where each cell begins in it.
 */
function extractCells(notebook: Notebook): ExtractedCells {
  const lines: string[] = [];
  const starts: ExtractedCells["starts"] = [];
  notebook.cells.forEach((cell, c) => {
    if (cell.cell_type !== "code") return;
    starts.push({ cell: c + 1, line: lines.length + 1 });
    lines.push(...(Array.isArray(cell.source) ? cell.source.join("") : cell.source).split("\n"));
  });
  return { code: lines.join("\n") + "\nexport {};\n", starts };
}

/** Rewrites what the checker says of a module as findings about its notebook. */
function tell(output: string, { path, file, starts }: Module): string[] {
  const findings: string[] = [];
  let message = "";
  for (const line of output.split("\n")) {
    const place = line.includes(basename(file)) ? /\.cells\.ts:(\d+):\d+/.exec(line) : null;
    if (place) {
      const start = starts.findLast((s) => s.line <= Number(place[1])) ?? starts[0];
      findings.push(`${basename(path)}, cell ${start.cell}, line ${Number(place[1]) - start.line + 1}: ${message}`);
    } else if (/ERROR|^error/.test(line)) message = line.trim();
  }
  return findings;
}

function plainEnvironment(): Record<string, string | undefined> {
  return { ...process.env, NO_COLOR: "1" };
}
