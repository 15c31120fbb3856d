import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../lib/data/errors.ts";
import { renderIndex, writeIndex } from "../../lib/jupyter/index_page.ts";
import { renderPage } from "../../lib/jupyter/pages.ts";
import { digestNotebook, digestSources, isDefault, readProvenance, recordRun } from "../../lib/jupyter/provenance.ts";
import { launchBrowser } from "../service/browser.ts";
import { staleness } from "./staleness.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REPORTS = join(ROOT, "reports");
const provenance = readProvenance(REPORTS);
/** Whoever ran the notebooks on a catalogue or a size of their own has a report that is not the one to be committed. */
const own = provenance !== undefined && !isDefault(provenance);
const skipped = own ? " (skipped: reports/ is of other settings; git restore reports, or deno task report)" : "";

Deno.test({
  name: `the committed report is what the notebooks and the library would make now${skipped}`,
  ignore: own,
  fn: () => assert.deepEqual(staleness(REPORTS), []),
});

Deno.test({
  name: `README and reports/ say the same; deno task report --pages mends it${skipped}`,
  ignore: own,
  fn: () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    assert.deepEqual(firstDifference(readme, renderPage(readme, REPORTS)), []);
  },
});

Deno.test({
  name: `reports/index.html shows what lies in reports/; deno task report --pages mends it${skipped}`,
  ignore: own,
  fn: () => {
    const page = readFileSync(join(REPORTS, "index.html"), "utf8");
    assert.deepEqual(firstDifference(page, renderIndex(REPORTS)), []);
  },
});

Deno.test("every local link of the README leads to a file", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link);
  assert.ok(links.length > 20, `only ${links.length} links`);
  assert.deepEqual(links.filter((link) => !existsSync(join(ROOT, link))), []);
});

/** The first line in which two texts differ, in both; nothing when they are equal. */
function firstDifference(a: string, b: string): string[] {
  const [linesA, linesB] = [a.split("\n"), b.split("\n")];
  const place = linesB.findIndex((line, i) => line !== linesA[i]);
  if (place < 0 && linesA.length === linesB.length) return [];
  return [linesA, linesB].map((lines) => `line ${place + 1}: ${(lines[place] ?? "missing").slice(0, 200)}`);
}

/** A project with one notebook and one source, in a folder of its own. */
function smallProject(): { root: string; reports: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), "segue-project-"));
  for (const folder of ["notebooks", "lib/plots", "lib/cli", "reports"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const cell = { cell_type: "code", source: "1 + 1", outputs: [], metadata: {} };
  writeFileSync(join(root, "notebooks/01_one.ipynb"), JSON.stringify({ cells: [cell] }));
  writeFileSync(join(root, "lib/plots/one.ts"), 'import { zip } from "arquero";\nexport const a = zip;\n');
  writeFileSync(join(root, "lib/cli/main.ts"), "");
  writeFileSync(join(root, "deno.json"), JSON.stringify({ imports: { arquero: "npm:arquero@1", hono: "npm:hono@1" } }));
  return { root, reports: join(root, "reports"), remove: () => rmSync(root, { recursive: true }) };
}

Deno.test("a report goes stale by a change of a notebook, a figure or a package it uses, and by nothing else", () => {
  const { root, reports, remove } = smallProject();
  try {
    const edit = (path: string, change: (text: string) => string) =>
      writeFileSync(join(root, path), change(readFileSync(join(root, path), "utf8")));
    const record = () =>
      recordRun(reports, {
        notebooks: [join(root, "notebooks/01_one.ipynb")],
        timings: { "01_one": { cells: 1, seconds: 0.5 } },
        settings: {},
        world: { name: "w", tracks: 1, seed: 1 },
        sources: digestSources(root),
      });
    assert.match(staleness(reports, root).join(), /no provenance\.json.*deno task report/);
    record();
    assert.deepEqual(staleness(reports, root), []);

    writeFileSync(join(root, "README.md"), "New words");
    writeFileSync(join(root, "lib/cli/main.ts"), "console.log();");
    edit("lib/plots/one.ts", (text) => text.replaceAll("\n", "\r\n"));
    edit("deno.json", (text) => text.replace("hono@1", "hono@2"));
    edit("notebooks/01_one.ipynb", (text) => text.replace('"metadata":{}', '"metadata":{"tags":["x"]}'));
    assert.deepEqual(staleness(reports, root), []);

    for (
      const [path, change, told] of [
        ["lib/plots/one.ts", (text: string) => text + "// more", /changed: lib\/plots\/one\.ts/],
        ["deno.json", (text: string) => text.replace("arquero@1", "arquero@2"), /changed: deno\.json/],
        ["notebooks/01_one.ipynb", (text: string) => text.replace("1 + 1", "1 + 2"), /01_one: ran before/],
      ] as const
    ) {
      edit(path, change);
      assert.match(staleness(reports, root).join("\n"), told);
      record();
      assert.deepEqual(staleness(reports, root), []);
    }
  } finally {
    remove();
  }
});

Deno.test("the digest of a notebook does not depend on outputs, and a source may be a text or its lines", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-digest-"));
  try {
    const digest = (cell: object) => {
      writeFileSync(join(folder, "n.ipynb"), JSON.stringify({ cells: [{ cell_type: "code", ...cell }] }));
      return digestNotebook(join(folder, "n.ipynb"));
    };
    assert.equal(digest({ source: ["a\n", "b"], outputs: [1] }), digest({ source: "a\nb", outputs: [] }));
    assert.notEqual(digest({ source: "a" }), digest({ source: "b" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("renderPage() copies rows and columns of a table with its caption, and refuses what is not there", () => {
  const reports = mkdtempSync(join(tmpdir(), "segue-tables-"));
  try {
    mkdirSync(join(reports, "tables"));
    const table = "Found in a run.\n\n| a | b | c |\n| --- | ---: | --- |\n| x | 1 | p \\| q |\n| y | 2 | r |\n";
    writeFileSync(join(reports, "tables/01_t.md"), table);
    const marked = (argument: string) => `<!-- table: ${argument} -->\nold\n<!-- /table -->\n`;
    const text = renderPage(marked("01_t | columns: a; c | rows: x"), reports);
    assert.match(text, /\| a\s+\| c\s+\|\n\|[ -]+\|[ -]+\|\n\| x\s+\| p \\\| q\s+\|/);
    assert.match(text, /_Found in a run\._/);
    assert.doesNotMatch(text, /old|\| y/);
    assert.equal(renderPage(text, reports), text);
    for (
      const [argument, message] of [["02_u", /no 02_u\.md/], ["01_t | rows: z", /no row 'z'; found x; y/]] as const
    ) {
      assert.throws(
        () => renderPage(marked(argument), reports),
        (error) => error instanceof InputError && message.test(error.message),
      );
    }
  } finally {
    rmSync(reports, { recursive: true });
  }
});

for (
  const [name, size] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 390, height: 844 }]] as const
) {
  Deno.test(`the index page opens from a file on a ${name}: every figure loads and nothing sticks out sideways`, async () => {
    const reports = mkdtempSync(join(tmpdir(), "segue-index-"));
    const browser = await launchBrowser();
    try {
      for (const part of ["figures", "tables", "notebooks"]) {
        mkdirSync(join(reports, part));
        for (const file of readdirSync(join(REPORTS, part)).filter((file) => /^(00|06|bench)_/.test(file))) {
          cpSync(join(REPORTS, part, file), join(reports, part, file));
        }
      }
      writeIndex(reports);
      const page = await browser.newPage({ viewport: size });
      const faults: string[] = [];
      page.on("requestfailed", (request) => faults.push(request.url()));
      page.on("pageerror", (error) => faults.push(error.message));
      await page.goto(`file://${reports}/index.html`);
      await page.evaluate("for (const image of document.images) image.loading = 'eager'");
      await page.waitForFunction("[...document.images].every((image) => image.complete && image.naturalWidth > 0)");
      assert.ok(await page.evaluate("document.images.length") as number > 5);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "sticks out sideways");
      assert.deepEqual(faults, []);
    } finally {
      await browser.close();
      rmSync(reports, { recursive: true });
    }
  });
}
