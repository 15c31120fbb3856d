/** Writing files so that a killed run leaves the old file or the new one, never half of one. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

/**
 * Writes a file atomically: into a temporary file beside it, flushed to disk, then renamed over the target.
 *
 * @param path The file to write; missing folders are made.
 * @param content Text, bytes, or a sequence of them.
 */
export function writeAtomic(path: string, content: string | Uint8Array | Iterable<string | Uint8Array>): void {
  const chunks = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  const temporary = temporaryPath(path);
  const file = openSync(temporary, "w");
  try {
    for (const part of bytesOf(chunks)) {
      for (let written = 0; written < part.length;) {
        written += writeSync(file, part, written, Math.min(part.length - written, 1 << 30));
      }
    }
    fsyncSync(file);
  } catch (error) {
    closeSync(file);
    rmSync(temporary, { force: true });
    throw error;
  }
  closeSync(file);
  renameSync(temporary, path);
}

/**
 * Lets another program write a file atomically: it writes to a temporary path, which is then flushed and renamed.
 *
 * @param path The file to write; missing folders are made.
 * @param write Writes the file at the path it is given.
 */
export async function writeAtomicWith(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await write(temporary);
    const file = openSync(temporary, "r+");
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  renameSync(temporary, path);
}

/** Bytes as they are, texts gathered into pieces of about a mebibyte. */
function* bytesOf(chunks: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const chunk of chunks) {
    if (typeof chunk === "string" && (text += chunk).length < 1 << 20) continue;
    yield encoder.encode(text);
    text = "";
    if (typeof chunk !== "string") yield chunk;
  }
  yield encoder.encode(text);
}

function temporaryPath(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return `${path}.${process.pid}.part`;
}
