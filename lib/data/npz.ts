/** NumPy's NPZ format: a zip archive of NPY files, as `numpy.savez` and `scipy.sparse.save_npz` write it. */
import { inflateSync } from "fflate";
import { closeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { concatenate } from "./concatenate.ts";
import { InputError } from "./errors.ts";
import { writeAtomic } from "./atomic.ts";
import { type NpyArray, npyChunks, npyHeader, openFile, readArray, readInto } from "./npy.ts";

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
  const { file, size } = openFile(path);
  try {
    return Object.fromEntries(
      zipEntries(file, size, path).map((entry) => [entry.name.replace(/\.npy$/, ""), readEntry(file, entry, path)]),
    );
  } finally {
    closeSync(file);
  }
}

/** A file of a zip archive. */
interface ZipEntry {
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Where its bytes start, how many there are, and how many when inflated. */
  start: number;
  compressed: number;
  size: number;
}

/**
 * The files of an archive, from its central directory; with the 64-bit fields of archives beyond 4 GiB.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3
 */
function zipEntries(file: number, size: number, path: string): ZipEntry[] {
  const wrong = () =>
    new InputError(`${path}: expected a NumPy NPZ archive but found another kind of file, or a cut one`);
  const read = (from: number, length: number) => {
    const bytes = new Uint8Array(length);
    if (from < 0 || readInto(file, bytes, from) < length) throw wrong();
    return new DataView(bytes.buffer);
  };
  const long = (view: DataView, at: number) => Number(view.getBigUint64(at, true));
  const tailLength = Math.min(size, 22 + 65535);
  const tail = read(size - tailLength, tailLength);
  let end = tailLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw wrong();
  let [count, length, at] = [
    tail.getUint16(end + 10, true),
    tail.getUint32(end + 12, true),
    tail.getUint32(end + 16, true),
  ];
  if (count === 0xffff || length === 0xffffffff || at === 0xffffffff) {
    if (end < 20 || tail.getUint32(end - 20, true) !== 0x07064b50) throw wrong();
    const wide = read(long(tail, end - 12), 56);
    [count, length, at] = [long(wide, 32), long(wide, 40), long(wide, 48)];
  }
  const directory = read(at, length);
  const entries: ZipEntry[] = [];
  for (let e = 0, p = 0; e < count; e++) {
    if (p + 46 > length || directory.getUint32(p, true) !== 0x02014b50) throw wrong();
    const nameLength = directory.getUint16(p + 28, true);
    const extraLength = directory.getUint16(p + 30, true);
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, p + 46, nameLength));
    const fields = [24, 20, 42].map((field) => directory.getUint32(p + field, true));
    let extra = p + 46 + nameLength;
    const extraEnd = extra + extraLength;
    while (extra < extraEnd && directory.getUint16(extra, true) !== 1) {
      extra += 4 + directory.getUint16(extra + 2, true);
    }
    for (let f = 0, wide = extra + 4; f < 3 && extra < extraEnd; f++) {
      if (fields[f] !== WIDE) continue;
      fields[f] = long(directory, wide);
      wide += 8;
    }
    const local = read(fields[2], 30);
    if (local.getUint32(0, true) !== 0x04034b50) throw wrong();
    const start = fields[2] + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    if (start + fields[1] > size) throw wrong();
    entries.push({ name, method: directory.getUint16(p + 10, true), start, compressed: fields[1], size: fields[0] });
    p += 46 + nameLength + extraLength + directory.getUint16(p + 32, true);
  }
  return entries;
}

/** An entry that is stored goes straight from the file into its array. */
function readEntry(file: number, { name, method, start, compressed, size }: ZipEntry, path: string): NpzEntry {
  const what = `${path}/${name}`;
  if (method === 0) return readArray(size, (bytes, from) => readInto(file, bytes, start + from), what);
  const packed = new Uint8Array(compressed);
  let whole: Uint8Array;
  readInto(file, packed, start);
  try {
    if (method !== 8) throw new Error("not deflated");
    whole = inflateSync(packed, { out: new Uint8Array(size) });
  } catch {
    throw new InputError(`${what}: cannot be unpacked; save it with numpy.savez`);
  }
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
