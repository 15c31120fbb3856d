import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type NotebookFile, readNotebook } from "../../lib/jupyter/notebook.ts";
import { renderPage } from "../../lib/jupyter/pages.ts";
import { courseLacks, exercisesOf, localLinks, solved } from "./course.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "notebooks");
const NAMES = readdirSync(FOLDER).filter((name) => /^\d\d_.*\.ipynb$/.test(name)).sort();
const read = (name: string) => readNotebook(join(FOLDER, name));

Deno.test("every notebook says what a course needs, and links to its neighbours at both ends", () => {
  assert.equal(NAMES.length, 10);
  NAMES.forEach((name, i) => assert.deepEqual(courseLacks(read(name), NAMES[i - 1], NAMES[i + 1]), [], name));
});

Deno.test("every link from a notebook to a file leads somewhere, in the sources as in the executed copies", () => {
  for (const name of NAMES) {
    for (const link of localLinks(read(name))) {
      assert.ok(existsSync(join(FOLDER, link)), `${name}: ${link}`);
      assert.ok(NAMES.includes(link), `${name}: ${link} does not stand beside the executed copies`);
    }
  }
});

Deno.test("what a notebook lacks is told, and a solution goes where its answer was unset", () => {
  const notebook: NotebookFile = {
    cells: [
      { cell_type: "markdown", source: "# 01 · A\n\n**Question.** Why?" },
      {
        cell_type: "code",
        source:
          'const answer1: number | undefined = undefined;\nconst b = 2;\nawait checkAnswer("answer1", answer1, b);',
      },
      {
        cell_type: "markdown",
        source: ["<details><summary>Solution</summary>\n\n```ts\nconst answer1 = b;\n```\n\n", "</details>"],
      },
    ],
  };
  const lacks = courseLacks(notebook, undefined, "02_b.ipynb");
  assert.ok(lacks.includes("a link → 02_b.ipynb in the first cell") && lacks.includes("references in the last cell"));
  assert.ok(lacks.includes("two exercises with a check (found 1)"));
  assert.deepEqual(exercisesOf(notebook).map(({ name, solution }) => [name, solution]), [[
    "answer1",
    "const answer1 = b;\n",
  ]]);
  assert.equal(
    solved(notebook).cells[1].source,
    'const b = 2;\nconst answer1 = b;\nawait checkAnswer("answer1", answer1, b);',
  );
  assert.equal(exercisesOf(solved(notebook)).length, 0);
});

Deno.test("the instructor's page lists every notebook with its time in class, and the times of a run where there was one", () => {
  const page = readFileSync(join(FOLDER, "README.md"), "utf8");
  const run = {
    cells: 1,
    seconds: 12.4,
    settings: {},
    world: { name: "", tracks: 1, seed: 1 },
    notebook: "",
    sources: "",
  };
  const provenance = {
    ...{ made: "", versions: {}, machine: { system: "", processors: 1, memory_gib: 1 }, sources: {} },
    notebooks: { [NAMES[3].slice(0, -6)]: run },
  };
  const reports = mkdtempSync(join(tmpdir(), "segue-times-"));
  writeFileSync(join(reports, "provenance.json"), JSON.stringify(provenance));
  const rows = renderPage(page, reports).split("\n").filter((line) => /^\| \d\d \| \[/.test(line));
  rmSync(reports, { recursive: true });
  NAMES.forEach((name, i) => assert.match(rows[i], new RegExp(`${name}.*\\d+ min`)));
  assert.deepEqual(rows.map((line) => /12 s/.test(line)), NAMES.map((_, i) => i === 3));
  for (const link of [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)) {
    assert.ok(existsSync(join(FOLDER, link)), link);
  }
});

Deno.test("the folded solutions of the quickest notebooks are right when they are filled in", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-solved-"));
  // The cells import ../lib/mod.ts: the copies must stand one folder below the project's.
  const beside = mkdtempSync(join(ROOT, ".solved-"));
  try {
    const chosen = NAMES.filter((name) => /^(03|04)_/.test(name));
    for (const name of chosen) writeFileSync(join(beside, name), JSON.stringify(solved(read(name))));
    mkdirSync(join(folder, "out"));
    const python = join(ROOT, ".venv/bin/python");
    const ran = spawnSync(python, [
      join(ROOT, "lib/jupyter/execute.py"),
      ...[
        "--output",
        join(folder, "out"),
        "--parameters",
        '{"tracks":1500}',
        ...chosen.map((name) => join(beside, name)),
      ],
    ], {
      encoding: "utf8",
      env: { ...process.env, SEGUE_DATA: join(folder, "data"), SEGUE_REPORTS: join(folder, "reports") },
    });
    assert.equal(ran.status, 0, ran.stderr);
    for (const name of chosen) {
      const said = readFileSync(join(folder, "out", name), "utf8");
      assert.equal(said.match(/"Right\."/g)?.length ?? 0, 2 * exercisesOf(read(name)).length, name);
      assert.ok(!/Not yet:/.test(said), name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(beside, { recursive: true, force: true });
  }
});
