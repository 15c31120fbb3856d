/**
 * NumPy's NPZ format: a zip archive of NPY files, as `numpy.savez` and `scipy.sparse.save_npz` write it.
 *
 * @module
 */
import { unzipSync, Zip, ZipPassThrough } from "fflate";
import { InputError } from "../errors.ts";
import { writeAtomic } from "./atomic.ts";
import { decodeNpy, type NpyArray, npyChunks, npyHeader, readFile } from "./npy.ts";

/** An entry of an archive: an array, or a byte string (NumPy type `S`). */
export type NpzEntry = NpyArray | string;

/**
 * Writes an archive, uncompressed so that a large graph is written and read at the speed of the disk, atomically.
 *
 * @param path The file to write.
 * @param entries Arrays by name; a string becomes a NumPy byte string without axes.
 */
export function writeNpz(path: string, entries: Record<string, NpzEntry>): void {
  writeAtomic(path, zipChunks(entries));
}

/**
 * Reads an archive, compressed or not.
 *
 * @param path The file to read.
 * @returns Arrays by name; byte strings as text.
 * @throws {InputError} When the file is missing or is not an NPZ archive.
 */
export function readNpz(path: string): Record<string, NpzEntry> {
  const bytes = readFile(path);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch {
    throw new InputError(`${path}: expected a NumPy NPZ archive but found another kind of file, or a cut one`);
  }
  const entries: Record<string, NpzEntry> = {};
  for (const [name, file] of Object.entries(files)) {
    entries[name.replace(/\.npy$/, "")] = decodeString(file) ?? decodeNpy(file, `${path}/${name}`);
  }
  return entries;
}

/** One chunk at a time, so that the archive is never in memory as a whole beside its arrays. */
function* zipChunks(entries: Record<string, NpzEntry>): Generator<Uint8Array> {
  const out: Uint8Array[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, chunk) => {
    failure ??= error;
    out.push(chunk);
  });
  for (const [name, entry] of Object.entries(entries)) {
    const file = new ZipPassThrough(`${name}.npy`);
    file.mtime = new Date(1980, 0, 1);
    zip.add(file);
    const chunks = typeof entry === "string"
      ? [npyHeader(`|S${entry.length}`, []), new TextEncoder().encode(entry)]
      : npyChunks(entry);
    for (let c = 0; c < chunks.length; c++) {
      const step = 1 << 26;
      for (let start = 0; start < chunks[c].length || start === 0; start += step) {
        const part = chunks[c].subarray(start, start + step);
        file.push(part, c === chunks.length - 1 && start + step >= chunks[c].length);
        yield* out.splice(0);
      }
    }
  }
  zip.end();
  if (failure) throw failure;
  yield* out.splice(0);
}

function decodeString(file: Uint8Array): string | undefined {
  const start = 10 + new DataView(file.buffer, file.byteOffset).getUint16(8, true);
  const header = new TextDecoder().decode(file.subarray(10, start));
  return /'descr':\s*'\|S\d+'/.test(header)
    ? new TextDecoder().decode(file.subarray(start)).replace(/\0+$/, "")
    : undefined;
}
