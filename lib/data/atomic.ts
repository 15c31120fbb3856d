/**
 * Writing files so that a killed run leaves the old file or the new one, never half of one.
 *
 * @module
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

/**
 * Writes a file atomically: into a temporary file beside it, flushed to disk, then renamed over the target.
 *
 * @param path The file to write; missing folders are made.
 * @param chunks The content: text, bytes, or a sequence of byte chunks.
 */
export function writeAtomic(path: string, chunks: string | Uint8Array | Iterable<Uint8Array>): void {
  const parts = typeof chunks === "string"
    ? [new TextEncoder().encode(chunks)]
    : chunks instanceof Uint8Array
    ? [chunks]
    : chunks;
  const temporary = temporaryPath(path);
  const file = openSync(temporary, "w");
  try {
    for (const part of parts) {
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

function temporaryPath(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return `${path}.${process.pid}.part`;
}
