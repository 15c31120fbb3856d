import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { scanCsv } from "../../lib/catalog/csv_scan.ts";

type Content = string | Uint8Array;

async function scan(content: Content) {
  const folder = mkdtempSync(join(tmpdir(), "segue-scan-"));
  try {
    const path = join(folder, "a.csv");
    writeFileSync(path, content);
    const found = await scanCsv(path, join(folder, "scratch"));
    return { ...found, cleaned: found.path === path ? undefined : readFileSync(found.path, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function refuses(content: Content, message: RegExp) {
  await assert.rejects(
    () => scan(content),
    (error: Error) => error.name === "InputError" && message.test(error.message),
  );
}

Deno.test("A regular file is read as it is, and records know their lines", async () => {
  const found = await scan('a,b\n1,x\n2,"line\nbreak, ""quoted"""\n3,y');
  assert.deepEqual(found.header, ["a", "b"]);
  assert.equal(found.records, 3);
  assert.equal(found.cleaned, undefined);
  assert.equal(found.multiline, true);
  assert.deepEqual([0, 1, 2].map(found.lineOf), [2, 3, 5]);
});

Deno.test("A control character in any field is told, and line ends are none", async () => {
  const control = async (content: string) => (await scan(content)).control;
  assert.equal(await control('a,b\r\n1,"x, ""y"""\n2,é\r\n\n'), false);
  for (const strange of ["\t", "\x01", "\x1f", "\x7f"]) {
    assert.equal(await control(`a,b\n1,x\n2,y${strange}z\n3,w\n`), true, JSON.stringify(strange));
  }
  assert.equal(await control('a,b\n1,"x\ty"\n'), true);
});

Deno.test("Damaged and blank lines are left out, and the lines after them keep their numbers", async () => {
  const found = await scan('a,b\n1,x\n2\n\n3,y,z\n4,5" disc\n5,"ok"\n6,"x"y\n7,z\n');
  assert.deepEqual(found.damaged.map(({ line, reason }) => [line, reason]), [
    [3, "damaged line: 1 fields where the header has 2"],
    [5, "damaged line: 3 fields where the header has 2"],
    [6, "damaged line: a quote inside an unquoted field"],
    [8, "damaged line: text after a closing quote"],
  ]);
  assert.equal(found.blankLines, 1);
  assert.equal(found.cleaned, 'a,b\n1,x\n\n5,"ok"\n7,z\n');
  assert.deepEqual([0, 1, 2].map(found.lineOf), [2, 7, 9]);
});

Deno.test("A quote that is never closed costs its own line, not the lines after it", async () => {
  const found = await scan('a,b\n1,"open\n2,x\n3,y\n');
  assert.deepEqual(found.damaged.map(({ line }) => line), [2]);
  assert.equal(found.cleaned, "a,b\n2,x\n3,y\n");
});

Deno.test("A quote that swallows lines up to the next quote costs one line", async () => {
  const found = await scan('a,b\n1,"open\n2,x\n3,"y"\n');
  assert.deepEqual(found.damaged.map(({ line }) => line), [2]);
  assert.deepEqual([0, 1].map(found.lineOf), [3, 4]);
});

Deno.test("A byte-order mark and CRLF are understood, also mixed with LF", async () => {
  const marked = await scan("\ufeffa,b\r\n1,x\r\n2,y\r\n");
  assert.deepEqual([marked.header, marked.records, marked.cleaned], [["a", "b"], 2, undefined]);
  const mixed = await scan("a,b\n1,x\r\n2,y\n3,z\r\n");
  assert.deepEqual([mixed.records, mixed.cleaned], [3, undefined]);
});

Deno.test("Bytes that are not UTF-8 and NUL bytes damage their line only", async () => {
  const latin1 = Uint8Array.from("a,b\n1,Beyonc\xe9\n2,x\n3,n\x00l\n", (letter) => letter.charCodeAt(0));
  const found = await scan(latin1);
  assert.deepEqual(found.damaged.map(({ line, reason }) => [line, reason]), [
    [2, "damaged line: bytes that are not UTF-8"],
    [4, "damaged line: a NUL byte"],
  ]);
  assert.equal(found.records, 1);
});

Deno.test("A gzipped file is told by its bytes; a cut one is refused", async () => {
  const bytes = gzipSync("a,b\n1,x\n");
  assert.equal((await scan(bytes)).records, 1);
  await refuses(bytes.subarray(0, bytes.length - 6), /expected a whole gzip file/);
});

Deno.test("What is no CSV file is refused in one line", async () => {
  await refuses("", /is empty/);
  await refuses("\n", /expected a header line/);
  await refuses('"a,b\n1,2\n', /expected a header line/);
  await refuses(Uint8Array.of(0xff, 0xfe, 97, 0, 44, 0, 98, 0), /found UTF-16/);
  await refuses("a,b\r1,2\r", /CR alone/);
  await refuses("a\x00,b\n1,2\n", /expected UTF-8 text/);
});

Deno.test("Records across chunk borders keep their lines", async () => {
  const filler = "x".repeat(1000);
  const lines = Array.from({ length: 40000 }, (_, i) => i === 33500 ? `${i}` : `${i},${filler}`);
  const found = await scan("a,b\n" + lines.join("\n") + "\n");
  assert.deepEqual(found.damaged.map(({ line }) => line), [33502]);
  assert.equal(found.records, 39999);
  assert.deepEqual([0, 33499, 33500, 39998].map(found.lineOf), [2, 33501, 33503, 40001]);
  assert.equal(found.cleaned!.split("\n").length, 40001);
});
