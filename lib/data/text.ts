/** Text as people's programs write it: UTF-8 and UTF-16, with and without a byte order mark, and Windows-1252. */
import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { InputError } from "./errors.ts";
import { readInto, withFile } from "./npy.ts";
import { headOf } from "./source_file.ts";

/** How a text is encoded. */
export type Encoding = "UTF-8" | "UTF-16LE" | "UTF-16BE" | "Windows-1252";

/**
 * Tells how a text is encoded: by its byte order mark; UTF-16 without one by the zero bytes of its Latin letters, of
 * which no other text has many; UTF-8 when all of it is that, or all but a few damaged letters; else Windows-1252.
 *
 * @param bytes The text, or its beginning; a letter that the end cuts does not matter.
 * @returns The encoding; undefined for what is no text, and for encodings that are none of these.
 */
export function encodingOf(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "UTF-16LE";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "UTF-16BE";
  const zeros = [0, 0];
  bytes.subarray(0, 4096).forEach((byte, i) => zeros[i % 2] += Number(byte === 0));
  // A few of them are damage.
  const many = Math.min(bytes.length, 4096) / 8;
  if (zeros[1] > Math.max(many, 4 * zeros[0])) return "UTF-16LE";
  if (zeros[0] > Math.max(many, 4 * zeros[1])) return "UTF-16BE";
  if (bytes.includes(0)) return undefined;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return "UTF-8";
  } catch {
    if (damageOf(new TextDecoder().decode(bytes)) <= 0) return "UTF-8";
    return NO_LETTERS.some((byte) => bytes.includes(byte)) ? undefined : "Windows-1252";
  }
}

/** Places at which Windows-1252 has no letters. */
const NO_LETTERS = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/** Of a text read as UTF-8: bytes that are no letter of it, less the letters beyond ASCII. */
function damageOf(text: string): number {
  return (text.match(/\ufffd/g)?.length ?? 0) - (text.match(/[\u0080-\ufffc]/g)?.length ?? 0);
}

/**
 * Tells whether a file whose bytes are not all UTF-8 is Windows-1252: it has no byte that is none, and fewer letters of
 * UTF-8 than bytes that are not. Cost O(bytes).
 */
export function isWindows1252(path: string): boolean {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1 << 22);
  let balance = 0;
  return withFile(path, (file, size) => {
    for (let at = 0; at < size; at += buffer.length) {
      const bytes = buffer.subarray(0, readInto(file, buffer, at));
      // A letter of UTF-8 may hold such bytes; a text of Windows-1252 does not.
      if ([0, ...NO_LETTERS].some((byte) => bytes.includes(byte))) return false;
      balance += damageOf(decoder.decode(bytes, { stream: true }));
    }
    return balance > 0;
  });
}

/**
 * Decodes a text.
 *
 * @returns The text without a byte order mark, and how it was encoded.
 * @throws {InputError} When it is no text, or of another encoding than these.
 */
export function decodeText(path: string, bytes: Uint8Array): { text: string; encoding: Encoding } {
  const encoding = expectEncoding(path, bytes);
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}

/**
 * Writes a text file anew as UTF-8 without a byte order mark, chunk by chunk.
 *
 * @param encoding How the source is encoded; told by its first MiB when left out.
 * @throws {InputError} When the source is no text, or of another encoding than these.
 */
export async function writeUtf8(source: string, target: string, encoding?: Encoding): Promise<Encoding> {
  const found = encoding ?? expectEncoding(source, headOf(source, 1 << 20));
  const decoder = new TextDecoder(found);
  const file = openSync(target, "w");
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 })) {
      writeSync(file, decoder.decode(chunk, { stream: true }));
    }
    writeSync(file, decoder.decode());
  } finally {
    closeSync(file);
  }
  return found;
}

function expectEncoding(path: string, bytes: Uint8Array): Encoding {
  const encoding = encodingOf(bytes);
  if (encoding !== undefined) return encoding;
  const found = bytes.includes(0) ? "bytes that are no text" : "letters of another encoding";
  throw new InputError(
    `${path}: expected text in UTF-8, UTF-16 or Windows-1252 but found ${found}; save it as UTF-8`,
  );
}
