/** NumPy's NPZ format: a zip archive of NPY files, as `numpy.savez` and `scipy.sparse.save_npz` write it. */
import { crc32 } from "node:zlib";
import { concatenate } from "./concatenate.ts";
import { writeAtomic } from "./atomic.ts";
import { readZipEntry, zipEntries, type ZipEntry } from "./zip.ts";
import { type NpyArray, npyChunks, npyHeader, readArray, readInto, withFile } from "./npy.ts";

/** An entry of an archive: an array, or a byte string (NumPy type `S`). */
export type NpzEntry = NpyArray | string;

/**
 * Writes an archive, uncompressed so that a large graph is written and read at the speed of the disk, atomically.
 *
 * @param entries Arrays by name; a string becomes a NumPy byte string without axes.
 */
export function writeNpz(path: string, entries: Record<string, NpzEntry>): void {
  writeAtomic(path, zipChunks(entries));
}

/**
 * Reads an archive, compressed or not.
 *
 * @returns Arrays by name; byte strings as text.
 * @throws {InputError} When the file is missing or is not an NPZ archive.
 */
export function readNpz(path: string): Record<string, NpzEntry> {
  return withFile(path, (file, size) => {
    const entries = zipEntries(file, size, path, "a NumPy NPZ archive");
    return Object.fromEntries(
      entries.map((entry) => [entry.name.replace(/\.npy$/, ""), readEntry(file, entry, path)]),
    );
  });
}

/** An entry that is stored goes straight from the file into its array. */
function readEntry(file: number, entry: ZipEntry, path: string): NpzEntry {
  const { name, method, start, size } = entry;
  const what = `${path}/${name}`;
  if (method === 0) return readArray(size, (bytes, from) => readInto(file, bytes, start + from), what);
  const whole = readZipEntry(file, entry, path);
  return readArray(whole.length, (bytes, from) => bytes.set(whole.subarray(from, from + bytes.length)), what);
}

/**
 * The bytes of an archive, one chunk at a time, so that it is never in memory as a whole beside its arrays. All sizes
 * are written in the 64-bit fields as well (as NumPy does for the entries), so that a graph may be larger than 4 GiB.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3
 */
function* zipChunks(entries: Record<string, NpzEntry>): Generator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const fileName = new TextEncoder().encode(`${name}.npy`);
    const chunks = typeof entry === "string" ? textChunks(entry) : npyChunks(entry);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const sum = checksum(chunks);
    const what = fields([2, VERSION], [2, 0], [2, 0], [2, 0], [2, NEW_YEAR_1980], [4, sum], [4, WIDE], [4, WIDE]);
    const nameLength: Field = [2, fileName.length];
    const head = fields([4, 0x04034b50]);
    const extra = fields([2, 1], [2, 16], [8, size], [8, size]);
    const local = concatenate(Uint8Array, [head, what, fields(nameLength, [2, extra.length]), fileName, extra]);
    yield local;
    yield* chunks;
    const place = fields([2, 1], [2, 24], [8, size], [8, size], [8, at]);
    const rest = fields(nameLength, [2, place.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, WIDE]);
    directory.push(fields([4, 0x02014b50], [2, VERSION]), what, rest, fileName, place);
    at += local.length + size;
  }
  const listed = concatenate(Uint8Array, directory);
  const count = Object.keys(entries).length;
  yield listed;
  yield fields([4, 0x06064b50], [8, 44], [2, VERSION], [2, VERSION], [4, 0], [4, 0], [8, count], [8, count]);
  yield fields([8, listed.length], [8, at], [4, 0x07064b50], [4, 0], [8, at + listed.length], [4, 1]);
  yield fields([4, 0x06054b50], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, WIDE], [4, WIDE], [2, 0]);
}

/** Version of the format that has 64-bit fields. */
const VERSION = 45;
/** A 32-bit field whose value stands in a 64-bit one. */
const WIDE = 0xffffffff;
/** Date of all entries, so that equal arrays give equal files: 1980-01-01. */
const NEW_YEAR_1980 = 0x21;

/** Bytes and value of an unsigned little-endian number. */
type Field = [bytes: 2 | 4 | 8, value: number];

function fields(...numbers: Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of numbers) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** CRC-32 of chunks, one behind another. */
function checksum(chunks: readonly Uint8Array[]): number {
  let sum = 0;
  const step = 1 << 26;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += step) sum = crc32(chunk.subarray(start, start + step), sum);
  }
  return sum;
}

function textChunks(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  return [npyHeader(`|S${bytes.length}`, []), bytes];
}
