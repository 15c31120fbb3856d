import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { InputError } from "../../lib/data/errors.ts";
import { withTextTable } from "../../lib/data/text_table.ts";

const FORM = { separator: ";", header: true };
// The first letter beyond ASCII stands behind the first 64 KiB.
const TABLE = "artist;title\n" + "A;B\n".repeat(20_000) + "Ünder;Águas de Março\n";

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-table-"));
  try {
    await use(join(folder, "table.csv"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a table is the same in every encoding, gzipped or not", () =>
  inFolder(async (path) => {
    const plain: [string, Uint8Array][] = [
      ["UTF-8", Buffer.from(TABLE)],
      ["UTF-8 with a mark", Buffer.from("\ufeff" + TABLE)],
      ["Windows-1252", Buffer.from(TABLE, "latin1")],
      ["UTF-16", Buffer.from("\ufeff" + TABLE, "utf16le")],
    ];
    for (
      const [name, bytes] of plain.flatMap(([name, bytes]): [string, Uint8Array][] => [
        [name, bytes],
        [`${name}, gzipped`, gzipSync(bytes)],
      ])
    ) {
      writeFileSync(path, bytes);
      const rows = await withTextTable(path, () => FORM, async ({ connection, source }) => {
        const sql = `SELECT count(*)::INTEGER, max(c0), max(c1) FROM ${source}`;
        return (await connection.runAndReadAll(sql)).getRows();
      });
      assert.deepEqual(rows, [[20_001, "Ünder", "Águas de Março"]], name);
    }
  }));

Deno.test("a message about a table names the file that was given", () =>
  inFolder(async (path) => {
    writeFileSync(path, gzipSync(Buffer.from("\ufeffa;b\n", "utf16le")));
    const use = () => withTextTable(path, () => FORM, () => Promise.reject(new InputError(`${path}: no rows`)));
    await assert.rejects(use, { name: "InputError", message: `${path}: no rows` });
    writeFileSync(path, gzipSync(Uint8Array.of(1, 0, 0, 0, 0, 0)));
    const refused = {
      name: "InputError",
      message: /table\.csv: expected text in UTF-8, .* but found bytes that are no/,
    };
    await assert.rejects(withTextTable(path, () => FORM, () => Promise.resolve()), refused);
  }));
