import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readParquet, writeParquet } from "../../lib/storage/parquet.ts";
import { type FrameColumn, MAGIC, pageHeader, parquetFooter, readOwnNumbers } from "../../lib/storage/parquet_file.ts";

function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "segue-frame-"));
  return use(folder).finally(() => rmSync(folder, { recursive: true }));
}

/** A file of int32 columns without nulls, one row group for each list of rows. */
function plainFile(names: string[], groups: number[][]): Uint8Array {
  const columns = names.map((name): FrameColumn => ({ name, type: "int32" }));
  const parts: Uint8Array[] = [MAGIC];
  const frames = groups.map((rows) => ({
    rows: rows.length,
    chunks: names.map((_, c) => {
      // Levels: 2 bytes long, one run of the value 1.
      const levels = [2, 0, 0, 0, rows.length << 1, 1];
      const values = new Uint8Array(Int32Array.from(rows, (value) => value + c).buffer);
      const header = pageHeader("plain", rows.length, levels.length + values.length);
      parts.push(header, Uint8Array.from(levels), values);
      return { values: rows.length, data: header.length + levels.length + values.length };
    }),
  }));
  parts.push(parquetFooter(columns, frames));
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("the header of a page of three numbers, byte by byte", () => {
  // Field 1 type 0, fields 2 and 3 the sizes 20, field 5 a struct of 3 values, PLAIN, RLE, RLE.
  assert.deepEqual([...pageHeader("plain", 3, 20)], [
    ...[0x15, 0, 0x15, 40, 0x15, 40, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0],
  ]);
});

Deno.test("DuckDB and our own reader read what the frame holds, in any number of row groups", async () => {
  const groups = fc.array(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 50 }), {
    minLength: 1,
    maxLength: 20,
  });
  await withFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(groups, async (groups) => {
        const path = join(folder, "a.parquet");
        writeFileSync(path, plainFile(["one", "two"], groups));
        const expected = { one: Float64Array.from(groups.flat()), two: Float64Array.from(groups.flat(), (x) => x + 1) };
        assert.deepEqual(await readParquet(path), expected);
        assert.deepEqual(readOwnNumbers(path, ["one", "two", "three"]), expected);
      }),
      { numRuns: 15 },
    );
  });
});

Deno.test("a file of another make, and one that is no Parquet file, is left to DuckDB", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "b.parquet");
    await writeParquet(path, [{ name: "one", type: "int32", values: [1, 2] }]);
    assert.equal(readOwnNumbers(path, ["one"]), undefined);
    writeFileSync(path, "PAR1, or so it says");
    assert.equal(readOwnNumbers(path, ["one"]), undefined);
  });
});
