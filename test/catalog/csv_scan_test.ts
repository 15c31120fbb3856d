import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
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

Deno.test("Text in UTF-16 and Windows-1252 is read as a copy in UTF-8, and the encoding is told", async () => {
  const text = "a,b\n1,Señor Ñandú\n2,“Åse” – €\n";
  const windows = Uint8Array.from(
    text.replaceAll("“", "\x93").replaceAll("”", "\x94").replaceAll("–", "\x96").replaceAll("€", "\x80"),
    (letter) => letter.charCodeAt(0),
  );
  const little = Buffer.from(text, "utf16le");
  const cases: [Uint8Array, string][] = [
    [windows, "Windows-1252"],
    [little, "UTF-16LE"],
    [Buffer.from("\ufeff" + text, "utf16le"), "UTF-16LE"],
    [Buffer.from(little).swap16(), "UTF-16BE"],
    [gzipSync(windows), "Windows-1252"],
  ];
  for (const [bytes, encoding] of cases) {
    const found = await scan(bytes);
    assert.deepEqual([found.encoding, found.cleaned, found.records, found.damaged], [encoding, text, 2, []]);
    assert.deepEqual(found.sample[0], ["1", "Señor Ñandú"]);
  }
  // Letters of UTF-8 elsewhere: the odd byte is damage.
  const mixed = await scan(Buffer.concat([Buffer.from("a,b\n1,é\n2,ü\n3,"), Uint8Array.of(0xe9), Buffer.from("\n")]));
  assert.deepEqual([mixed.encoding, mixed.records, mixed.damaged.map(({ line }) => line)], ["UTF-8", 2, [4]]);
});

Deno.test("The sign between fields is told by the header, and quotes have no meaning between tabs where they fit nothing", async () => {
  for (const sign of [",", ";", "\t", "|", " "]) {
    const row = (...fields: string[]) => fields.join(sign) + "\n";
    const found = await scan(row('"a, b"', "c", "d") + row("1", `"x${sign}y"`, "0") + row("2", '"two\nlines"', "0"));
    assert.deepEqual([found.separator, found.header, found.records], [sign, ["a, b", "c", "d"], 2], sign);
    assert.deepEqual(found.sample, [["1", `x${sign}y`, "0"], ["2", "two\nlines", "0"]]);
  }
  const excel = await scan("sep=;\na;b\n1;x\n2\n3;y\n");
  assert.deepEqual([excel.headerLine, excel.header, excel.records], [2, ["a", "b"], 2]);
  assert.deepEqual([excel.damaged[0].line, excel.lineOf(1)], [4, 5]);
  const inches = await scan('a\tb\n1\t12" Mix\n2\t"Heroes" live\n');
  assert.deepEqual([inches.quoted, inches.records, inches.damaged], [false, 2, []]);
  assert.deepEqual(inches.sample, [["1", '12" Mix'], ["2", '"Heroes" live']]);
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
  await refuses("a,b\r1,2\r", /CR alone/);
  await refuses("a\x00,b\n1,2\n", /expected text in UTF-8, UTF-16 or Windows-1252/);
});

Deno.test("A column of row names without a header is one without a name, and other kinds of files are named", async () => {
  const found = await scan('"a" "b"\n"1" x "y z"\n"2" u v\n');
  assert.deepEqual([found.header, found.records, found.sample[0]], [["", "a", "b"], 2, ["1", "x", "y z"]]);
  await refuses('[{"a": 1}]', /found JSON/);
  await refuses("<!DOCTYPE html><html>", /found a web page/);
  await refuses("version https://git-lfs.github.com/spec/v1\n", /Git LFS/);
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
