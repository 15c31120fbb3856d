import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Column, writeParquet } from "../../lib/data/parquet.ts";
import { readParquet } from "../../lib/data/read_parquet.ts";
import { runPython } from "../python.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-parquet-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const COLUMNS: Column[] = [
  { name: "id", type: "text", values: ["a", "b'\"", null] },
  { name: "artists", type: "texts", values: [["X", "Y"], [], null] },
  { name: "energy", type: "float64", values: [0.25, NaN, 1] },
  { name: "key", type: "int32", values: [11, 0, NaN] },
  { name: "explicit", type: "boolean", values: [true, null, false] },
];

Deno.test("pandas.read_parquet reads what writeParquet() writes", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "t.parquet");
    await writeParquet(path, COLUMNS);
    const code = `import sys, pandas as pd
t = pd.read_parquet(sys.argv[1])
print(t["id"].tolist(), [None if v is None else list(v) for v in t["artists"]], t["energy"].isna().tolist(), t["key"].tolist()[:2], t["explicit"].tolist())`;
    assert.equal(
      runPython(code, [path]).trim(),
      `['a', 'b\\'"', None] [['X', 'Y'], [], None] [False, True, False] [11.0, 0.0] [True, None, False]`,
    );
  });
});

Deno.test("readParquet() gives back what writeParquet() wrote, over several row groups and in order", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "t.parquet");
    // A row group holds 122,880 rows; the last one, the smallest, is the first that is ready.
    const n = 125_000;
    const x = Float64Array.from({ length: n }, (_, i) => i % 7 === 0 ? NaN : i / 3);
    const names = Array.from({ length: n }, (_, i) => `track ${i}`);
    await writeParquet(path, [{ name: "x", type: "float64", values: x }, { name: "t", type: "text", values: names }]);
    const table = await readParquet(path, ["t", "x", "absent"]);
    assert.deepEqual(Object.keys(table), ["t", "x"]);
    assert.deepEqual(table.x, x);
    assert.deepEqual(table.t, names);
  });
});

Deno.test("readParquet() refuses what is not there or not Parquet; writeParquet() leaves nothing behind", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "t.parquet");
    await assert.rejects(readParquet(path), { name: "InputError", message: `${path}: no such file` });
    writeFileSync(path, "not parquet");
    await assert.rejects(readParquet(path), /expected a Parquet file/);
    const uneven: Column[] = [{ name: "a", type: "int32", values: [1] }, { name: "b", type: "int32", values: [1, 2] }];
    await assert.rejects(writeParquet(join(folder, "u.parquet"), uneven), /column b to have 1 values but found 2/);
    assert.ok(!existsSync(join(folder, "u.parquet")));
    assert.deepEqual(readdirSync(folder), ["t.parquet"]);
  });
});
