/** Text as people's programs write it: UTF-8 and UTF-16, with and without a byte order mark, and Windows-1252. */
import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { InputError } from "./errors.ts";
import { headOf } from "./source_file.ts";

/** How a text is encoded. */
export type Encoding = "UTF-8" | "UTF-16LE" | "UTF-16BE" | "Windows-1252";

/**
 * Tells how a text is encoded: by its byte order mark; UTF-16 without one by the zero bytes of its Latin letters, of
 * which no other text has any; UTF-8 when all of it is that; else Windows-1252.
 *
 * @param bytes The text, or its beginning; a letter that the end cuts does not matter.
 * @returns The encoding; undefined for what is no text, and for encodings that are none of these.
 */
export function encodingOf(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "UTF-16LE";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "UTF-16BE";
  const zeros = [0, 0];
  bytes.subarray(0, 4096).forEach((byte, i) => zeros[i % 2] += Number(byte === 0));
  if (zeros[1] > 4 * zeros[0]) return "UTF-16LE";
  if (zeros[0] > 4 * zeros[1]) return "UTF-16BE";
  if (bytes.includes(0)) return undefined;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return "UTF-8";
  } catch {
    // Windows-1252 has no letters at these five places.
    return [0x81, 0x8d, 0x8f, 0x90, 0x9d].some((byte) => bytes.includes(byte)) ? undefined : "Windows-1252";
  }
}

/**
 * Decodes a text.
 *
 * @param path Where it comes from, for the message.
 * @param bytes All of it.
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
 * @returns How the source was encoded.
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
