import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the given cells as a notebook in a real Jupyter. */
function execute(cells: string[], parameters: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "segue-notebook-"));
  try {
    const notebook = {
      cells: cells.map((source, c) => ({
        id: `c${c}`,
        cell_type: "code",
        source,
        metadata: source.startsWith("const settings") ? { tags: ["parameters"] } : {},
        outputs: [],
        execution_count: null,
      })),
      metadata: { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    const path = join(folder, "99_trial.ipynb");
    writeFileSync(path, JSON.stringify(notebook));
    const result = spawnSync(join(ROOT, ".venv/bin/python"), [
      join(ROOT, "lib/jupyter/execute.py"),
      ...["--output", join(folder, "out"), "--parameters", JSON.stringify(parameters), path],
    ], { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    const executed = JSON.parse(readFileSync(join(folder, "out/99_trial.ipynb"), "utf8"));
    return { status: result.status, stderr: result.stderr, cells: executed.cells };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("execute.py keeps every output and every line in its own cell, also of many cells that show late", () => {
  const lines = (c: number) => Array.from({ length: 20 }, (_, i) => `${c}:${i}`);
  const cells = Array.from(
    { length: 12 },
    (_, c) =>
      `for (let i = 0; i < 20; i++) {
        console.log("${c}:" + i);
        if (i % 2) await Deno.jupyter.display({ "text/plain": "${c}:" + i }, { raw: true });
        else Deno.jupyter.display({ "text/plain": "${c}:" + i }, { raw: true });
      }`,
  );
  const { status, stderr, cells: executed } = execute(cells);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /\[1\/1\] 99_trial +12 cells/);
  for (let c = 0; c < cells.length; c++) {
    const { outputs } = executed[c] as { outputs: { text?: string; data?: { "text/plain": string } }[] };
    assert.deepEqual(outputs.flatMap(({ data }) => data?.["text/plain"] ?? []).sort(), lines(c).sort());
    assert.deepEqual(outputs.flatMap(({ text }) => text ?? []).join("").trim().split("\n"), lines(c));
  }
});

Deno.test("execute.py passes parameters in after the cell tagged parameters", () => {
  const { status, cells } = execute(
    ["const settings = { tracks: 20000, catalog: '' };", "console.log(JSON.stringify(settings));"],
    { tracks: 5000, catalog: "it's.csv" },
  );
  assert.equal(status, 0);
  assert.equal([cells[2].outputs[0].text].flat().join("").trim(), `{"tracks":5000,"catalog":"it's.csv"}`);
});

for (
  const [name, cell, message] of [
    ["a cell that throws", 'throw new Error("no such track");', /cell 2: Error: no such track/],
    ["a cell that the kernel fails without a word", "const a = ;", /cell 2: .*(Expression expected|syntax error)/i],
    ["an import that does not resolve", 'import x from "npm:@segue/not-there@1.0.0";', /cell 2: .*not-there/],
    [
      "a promise that is rejected and never awaited",
      'Promise.reject(new Error("lost"));',
      /cell 2: .*never awaited: Error: lost/,
    ],
  ] as const
) {
  Deno.test(`execute.py fails on ${name}, naming notebook, cell and message`, () => {
    const { status, stderr } = execute(["1 + 1", cell, 'console.log("after")']);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /report: 99_trial\.ipynb, /);
    assert.match(stderr, message);
  });
}
