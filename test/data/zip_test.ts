import assert from "node:assert/strict";
import { strToU8, zipSync } from "fflate";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSources } from "../../lib/data/sources.ts";
import { unpackZip } from "../../lib/data/zip.ts";

const FILES = {
  "a/one.csv": strToU8("x\n1\n"),
  "b/one.csv": [strToU8("stored"), { level: 0 }],
  "empty.csv": new Uint8Array(0),
  "read me.txt": strToU8("é".repeat(100_000)),
  "__MACOSX/a/._one.csv": strToU8("mac"),
  "b/.DS_Store": strToU8("mac"),
} as const;

async function inFolder(use: (folder: string) => Promise<void> | void) {
  const folder = mkdtempSync(join(tmpdir(), "segue-zip-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("The files of an archive are unpacked one by one, without what macOS adds", () =>
  inFolder(async (folder) => {
    const path = join(folder, "archive.zip");
    writeFileSync(path, zipSync(FILES as unknown as Parameters<typeof zipSync>[0]));
    const unpacked = await unpackZip(path, join(folder, "out"), () => true);
    assert.deepEqual(unpacked.map(({ name }) => name), ["a/one.csv", "b/one.csv", "empty.csv", "read me.txt"]);
    assert.deepEqual(unpacked.map(({ path }) => readFileSync(path, "utf8")), [
      "x\n1\n",
      "stored",
      "",
      "é".repeat(100_000),
    ]);
    assert.equal((await unpackZip(path, join(folder, "some"), (name) => name.startsWith("b/"))).length, 1);
    const { files: sources, leftOut } = readSources([path], /csv$/, "a table");
    assert.deepEqual(sources.map(({ path, text }) => [path.slice(folder.length + 1), text]), [
      ["archive.zip/a/one.csv", "x\n1\n"],
      ["archive.zip/b/one.csv", "stored"],
      ["archive.zip/empty.csv", ""],
    ]);
    assert.deepEqual(leftOut, [{ path: `${path}/read me.txt`, reason: "is not a table" }]);
  }));

Deno.test("An archive that is cut, or none at all, is refused by name", () =>
  inFolder(async (folder) => {
    const whole = zipSync({ "a.csv": strToU8("abc".repeat(1000)) });
    const damaged = whole.slice().fill(0xff, 40, 44);
    const cases: [Uint8Array, RegExp][] = [
      [whole.subarray(0, 50), /bad\.zip: expected a zip archive but found another kind of file, or a cut one/],
      [strToU8("no archive"), /bad\.zip: expected a zip archive but found/],
      [damaged, /bad\.zip\/a\.csv: cannot be unpacked; fetch or save the archive anew/],
    ];
    for (const [bytes, message] of cases) {
      writeFileSync(join(folder, "bad.zip"), bytes);
      const refusal = { name: "InputError", message };
      await assert.rejects(unpackZip(join(folder, "bad.zip"), join(folder, "out"), () => true), refusal);
      assert.throws(() => readSources([join(folder, "bad.zip")], /csv$/, "a table"), refusal);
    }
  }));
