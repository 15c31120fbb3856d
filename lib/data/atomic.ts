/** Writing files so that a killed run leaves the old file or the new one, never half of one. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";

/**
 * Writes a file atomically: into a temporary file beside it, flushed to disk, then renamed over the target.
 *
 * @param path The file to write; missing folders are made.
 * @param content Text, bytes, or a sequence of them.
 */
export function writeAtomic(path: string, content: string | Uint8Array | Iterable<string | Uint8Array>): void {
  const chunks = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  const { temporary, takeBack } = begin(path);
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
    takeBack();
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
  const { temporary, takeBack } = begin(path);
  try {
    await write(temporary);
    const file = openSync(temporary, "r+");
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    takeBack();
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

/**
 * Makes a folder, with those above it that are missing.
 *
 * @returns Removes, of the folders that were made, those that are empty: what a refused command does.
 */
export function makeFolder(folder: string): () => void {
  const made = mkdirSync(resolve(folder), { recursive: true });
  return () => {
    for (let path = resolve(folder); made !== undefined && path.length >= made.length; path = dirname(path)) {
      if (!existsSync(path)) continue;
      if (readdirSync(path).length > 0) return;
      rmdirSync(path);
    }
  };
}

/** The file to write to first, in a folder that is there; `takeBack` removes what was made. */
function begin(path: string): { temporary: string; takeBack: () => void } {
  const temporary = `${path}.${process.pid}.part`;
  const dropFolders = makeFolder(dirname(path));
  return {
    temporary,
    takeBack() {
      rmSync(temporary, { force: true });
      dropFolders();
    },
  };
}
