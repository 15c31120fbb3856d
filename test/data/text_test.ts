import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { decodeText, encodingOf, writeUtf8 } from "../../lib/data/text.ts";

/** The bytes of a text in each encoding, with and without a byte order mark. */
const encoders: Record<string, [encoding: string, encode: (text: string) => Uint8Array]> = {
  "UTF-8": ["UTF-8", (text) => Buffer.from(text)],
  "UTF-8 with a mark": ["UTF-8", (text) => Buffer.from("\ufeff" + text)],
  "UTF-16LE": ["UTF-16LE", (text) => Buffer.from(text, "utf16le")],
  "UTF-16LE with a mark": ["UTF-16LE", (text) => Buffer.from("\ufeff" + text, "utf16le")],
  "UTF-16BE": ["UTF-16BE", (text) => Buffer.from(text, "utf16le").swap16()],
  "UTF-16BE with a mark": ["UTF-16BE", (text) => Buffer.from("\ufeff" + text, "utf16le").swap16()],
};

Deno.test("a text is the same in every encoding", () => {
  const lines = fc.array(fc.constantFrom("Águas de Março", "Zoë & the Ünders", "夜に駆ける", "a,b;c\t1", "🎵 x"));
  fc.assert(fc.property(lines, (names) => {
    const text = ["uts,artist,album,track", ...names].join("\r\n");
    for (const [name, [encoding, encode]] of Object.entries(encoders)) {
      assert.deepEqual(decodeText("x", encode(text)), { text, encoding }, name);
    }
  }));
});

Deno.test("Windows-1252 is read with its dashes, quotes and Euro sign", () => {
  const bytes = Uint8Array.of(0x93, 0x4d, 0x61, 0x72, 0xe7, 0x6f, 0x94, 0x20, 0x96, 0x20, 0x80, 0x35);
  assert.deepEqual(decodeText("x", bytes), { text: "“Março” – €5", encoding: "Windows-1252" });
});

Deno.test("a letter cut by the end of the head does not make another encoding", () => {
  const bytes = Buffer.from("name,Ünder");
  assert.equal(encodingOf(bytes.subarray(0, 6)), "UTF-8");
  assert.equal(encodingOf(new Uint8Array(0)), "UTF-8");
});

Deno.test("a damaged letter does not make a text in UTF-8 another one", () => {
  const bytes = Buffer.concat([Buffer.from("Águas de Março, Zoë, Ünder, é è ê ç ñ"), Uint8Array.of(0xe7, 0x20)]);
  assert.deepEqual(decodeText("x", bytes), { text: "Águas de Março, Zoë, Ünder, é è ê ç ñ\ufffd ", encoding: "UTF-8" });
});

Deno.test("what is no text, or of an unknown encoding, is refused by name", () => {
  const refuses = (bytes: number[], message: RegExp) =>
    assert.throws(() => decodeText("x.csv", Uint8Array.from(bytes)), (e) => {
      assert.ok(e instanceof InputError);
      assert.match(e.message, message);
      return true;
    });
  refuses(
    [0x89, 0x50, 0, 0, 0, 0x0d, 0x49, 0x48],
    /x\.csv: expected text in UTF-8, .* but found bytes that are no text/,
  );
  // あい in Shift JIS.
  refuses([0x82, 0xa0, 0x81, 0x41], /found letters of another encoding; save it as UTF-8/);
});

Deno.test("writeUtf8() gives any text as UTF-8, however long", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-text-"));
  try {
    const text = "Ünder,夜🎵\n".repeat(200_000);
    for (const [name, [encoding, encode]] of Object.entries(encoders)) {
      writeFileSync(join(folder, "source"), encode(text));
      assert.equal(await writeUtf8(join(folder, "source"), join(folder, "target")), encoding, name);
      assert.equal(readFileSync(join(folder, "target"), "utf8"), text, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
