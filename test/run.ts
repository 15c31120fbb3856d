/**
 * Runs every check and ends with a line `N passed, N failed`. `--gate` leaves the tests out: format, lint, types, docs,
 * notebook cells and the plan of the library only. `--list` names the checks and runs none.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkCells } from "./cells.ts";
import { measureHouse } from "./house.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

interface Check {
  name: string;
  /** Returns findings, or the outcome of a test runner. */
  run: () => string[] | Outcome;
}

/** What the formatter leaves alone here: what is made, what is the user's, and notebooks, which have a check of their own. */
const NOT_OURS = ["notebooks", "reports", "data", "node_modules", ".venv", ".venv-bench", ".venv-spark"];

const GATE: Check[] = [
  { name: "format", run: () => deno("fmt", "--check", "--quiet", `--ignore=${NOT_OURS.join()}`) },
  { name: "format of the notebooks", run: () => notebookFormat() },
  { name: "lint", run: () => deno("lint", "--quiet") },
  { name: "types", run: () => deno("check", "--quiet", "lib", "test") },
  { name: "documentation", run: () => deno("doc", "--lint", ...publicModules()) },
  { name: "plan of the library", run: () => measureHouse(join(ROOT, "lib")).findings },
  { name: "cells of the notebooks", run: () => checkNotebooks() },
];

/** `lib/mod.ts`, the conductor, and the `mod.ts` of every room. */
function publicModules(): string[] {
  const rooms = readdirSync(join(ROOT, "lib")).map((room) => `lib/${room}/mod.ts`);
  return ["lib/mod.ts", "lib/prepare.ts", ...rooms.filter((path) => existsSync(join(ROOT, path)))];
}

/** Tests that time something, or that start a browser or a cluster, or set what all tests of a process share. */
const ALONE = [
  "spark/spark_test.ts",
  ...["lab", "report", "slides"].map((name) => `jupyter/${name}_test.ts`),
  "plots/case_study_test.ts",
  "plots/show_test.ts",
  "service/web_test.ts",
  "score/state_test.ts",
].map((name) => `test/${name}`);

const TESTS: Check[] = [
  { name: "tests side by side", run: () => denoTest("--parallel", `--ignore=${ALONE.join()}`, "test") },
  { name: "tests that run alone", run: () => denoTest(...ALONE) },
  { name: "examples in the documentation", run: () => denoTest("--doc", "lib") },
];

function main(options: string[]): number {
  const total: Outcome = { passed: 0, failed: 0, skipped: 0 };
  const checks = options.includes("--gate") ? GATE : [...GATE, ...TESTS];
  if (options.includes("--list")) {
    for (const { name } of checks) console.log(name);
    return 0;
  }
  for (const check of checks) {
    const start = performance.now();
    const result = check.run();
    const outcome = Array.isArray(result)
      ? { passed: result.length ? 0 : 1, failed: result.length ? 1 : 0, skipped: 0 }
      : result;
    if (Array.isArray(result)) { for (const finding of result) console.log(finding); }
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${outcome.failed ? "FAILED" : "ok"}  ${check.name} (${seconds} s)`);
  }
  const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed || !total.passed ? 1 : 0;
}

/** Runs a Deno command; what it complains about is the finding. */
function deno(...args: string[]): string[] {
  const result = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", env: plainEnvironment() });
  if (result.status === 0) return [];
  const noise = /^Warning Failed resolving types|^ {4}at file:.*@types\/node|^Check file/;
  return [`${result.stdout}${result.stderr}`.split("\n").filter((line) => !noise.test(line)).join("\n")];
}

/** Runs tests, showing their output as it comes, and counts them from the JUnit report. */
function denoTest(...args: string[]): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "segue-test-"));
  const junit = join(folder, "junit.xml");
  try {
    const result = spawnSync(process.execPath, ["test", "-A", "--quiet", `--junit-path=${junit}`, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
      env: plainEnvironment(),
    });
    return outcomeOf(junit, result.status ?? 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf(junit: string, status: number): Outcome {
  let xml = "";
  try {
    xml = readFileSync(junit, "utf8");
  } catch {
    // No report: the run broke before a test could start, which the status tells.
  }
  const suites = /<testsuites[^>]*tests="(\d+)"[^>]*failures="(\d+)"[^>]*errors="(\d+)"/.exec(xml);
  const tests = Number(suites?.[1] ?? 0);
  const broken = Number(suites?.[2] ?? 0) + Number(suites?.[3] ?? 0);
  const skipped = (xml.match(/<skipped/g) ?? []).length;
  const failed = status !== 0 && broken === 0 ? 1 : broken;
  return { passed: Math.max(0, tests - broken - skipped), failed, skipped };
}

/**
 * Deno 2.9.6 calls every notebook unformatted that it has not formatted itself before, so copies are formatted and
 * compared.
 */
function notebookFormat(): string[] {
  const folder = mkdtempSync(join(tmpdir(), "segue-format-"));
  try {
    cpSync(join(ROOT, "notebooks"), folder, { recursive: true });
    deno("fmt", "--quiet", "--config", join(ROOT, "deno.json"), folder);
    return notebooks().filter((path) => !readFileSync(path).equals(readFileSync(join(folder, basename(path)))))
      .map((path) => `${basename(path)} is not formatted: run deno fmt`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One check a notebook, counted as such. */
function checkNotebooks(): Outcome {
  const paths = notebooks();
  const findings = [...checkCells(paths).values()];
  for (const finding of findings.flat()) console.log(finding);
  const failed = findings.filter((lines) => lines.length > 0).length;
  return { passed: paths.length - failed, failed, skipped: 0 };
}

function notebooks(): string[] {
  const folder = join(ROOT, "notebooks");
  return readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort().map((name) => join(folder, name));
}

function plainEnvironment(): Record<string, string | undefined> {
  const environment: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1" };
  delete environment.SEGUE_CWD;
  return environment;
}

process.exitCode = main(process.argv.slice(2));
