import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** A folder may import from itself and from those to its left; files at the top of lib may be imported by all. */
export const ORDER = [
  "storage",
  "catalog",
  "features",
  "embedding",
  "graph",
  "shuffle",
  "choice",
  "sequence",
  "evaluation",
  "plots",
  "distributed",
  "service",
  "cli",
];

/** Composition over all folders: they stand above the order. */
const ABOVE = ["mod.ts", "pipeline.ts", "jupyter"];

/**
 * Finds imports that go against the order of the folders.
 *
 * @param lib The library's folder.
 * @returns One line a violation.
 */
export function importOrderViolations(lib: string): string[] {
  const findings: string[] = [];
  for (const file of readdirSync(lib, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    const from = file.split(/[\\/]/)[0];
    if (ABOVE.includes(from)) continue;
    const text = readFileSync(join(lib, file), "utf8");
    for (const [, target] of text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)"(\.{1,2}\/[^"]+)"/g)) {
      const to = relative(lib, resolve(lib, file, "..", target)).split(/[\\/]/)[0];
      if (ABOVE.includes(to) && from !== "cli" && from !== "service") findings.push(`lib/${file} imports ${target}`);
      else if (ORDER.includes(to) && rank(from) < rank(to)) {
        findings.push(`lib/${file} imports from ${to}/, to its right`);
      }
    }
  }
  return findings;
}

/** Files at the top of lib stand left of all folders but storage. */
function rank(folder: string): number {
  return ORDER.includes(folder) ? ORDER.indexOf(folder) : 0;
}
