import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readTable, save, show, showTable } from "../../lib/plots/show.ts";
import { CATEGORY_COLORS, VEGA_LITE_SCHEMA } from "../../lib/plots/theme.ts";

const SPEC = {
  data: { values: [{ x: 1, y: 2 }, { x: 2, y: 3 }] },
  mark: "bar",
  encoding: { x: { field: "x", title: "Tempo (BPM)" }, y: { field: "y", type: "quantitative" } },
};

async function withReports(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-show-"));
  const before = process.env.SEGUE_REPORTS;
  process.env.SEGUE_REPORTS = folder;
  try {
    await use(folder);
  } finally {
    if (before === undefined) delete process.env.SEGUE_REPORTS;
    else process.env.SEGUE_REPORTS = before;
    rmSync(folder, { recursive: true });
  }
}

Deno.test("save() writes SVG and PNG with text in the project's font, under the v5 schema", async () => {
  await withReports(async (folder) => {
    const { figure, png } = await save(SPEC, { name: "01_trial", caption: "Two bars." });
    assert.equal(figure.$schema, VEGA_LITE_SCHEMA);
    assert.equal(figure.description, "Two bars.");
    assert.deepEqual([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
    const svg = readFileSync(join(folder, "figures/01_trial.svg"), "utf8");
    assert.match(svg, /Tempo \(BPM\)/);
    assert.deepEqual(new Uint8Array(readFileSync(join(folder, "figures/01_trial.png"))), new Uint8Array(png));
    const { png: unlabelled } = await save(
      { ...SPEC, encoding: { ...SPEC.encoding, x: { field: "x", title: null } } },
      {
        name: "01_unlabelled",
        caption: "The same without a title.",
      },
    );
    assert.notDeepEqual(png, unlabelled, "the title of the axis must be drawn");
  });
});

Deno.test("save() fails on a specification that does not compile, and writes nothing", async () => {
  await withReports(async () => {
    await assert.rejects(save({ mark: "no such mark", data: { values: [] } }, { name: "x", caption: "x" }));
  });
});

Deno.test("showTable() writes CSV and Markdown, quoting what needs it", async () => {
  await withReports(async (folder) => {
    const rows = [{ title: 'A, "B"', share: 0.12345 }, { title: "C|D", share: 20000 }];
    await showTable(rows, { name: "01_table", caption: "Shares." });
    assert.equal(
      readFileSync(join(folder, "tables/01_table.csv"), "utf8"),
      'title,share\n"A, ""B""",0.12345\nC|D,20000\n',
    );
    const markdown = readFileSync(join(folder, "tables/01_table.md"), "utf8");
    assert.match(markdown, /^Shares\.\n\n\| title \| share \|\n\| --- \| ---: \|/);
    assert.match(markdown, /\| C\\\|D \| 20,000 \|/);
  });
});

Deno.test("show() does its saving outside a notebook too; categories have eight distinct colours", async () => {
  await withReports(async (folder) => {
    await show(SPEC, { name: "02_trial", caption: "Shown." });
    assert.equal(readFileSync(join(folder, "figures/02_trial.txt"), "utf8"), "Shown.\n");
  });
  assert.equal(new Set(CATEGORY_COLORS).size, 8);
});

Deno.test("readTable() reads the report that is being written, and says when there is no such table", async () => {
  await withReports((folder) => {
    mkdirSync(join(folder, "tables"));
    writeFileSync(join(folder, "tables/none_such.csv"), 'what,n\n"a, b",2\n');
    assert.deepEqual(readTable("none_such")?.map((row) => ({ ...row })), [{ what: "a, b", n: "2" }]);
    assert.equal(readTable("not_there"), undefined);
    return Promise.resolve();
  });
});
