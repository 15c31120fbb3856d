/** Reading zip archives: the files in them, one at a time, in memory or straight into a file. */
import { inflateSync } from "fflate";
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { InputError } from "./errors.ts";
import { readInto, withFile } from "./npy.ts";

/** Folders, and what macOS adds to folders and archives. */
export const NO_FILE = /\/$|(?:^|\/)(?:__MACOSX\/|\._|\.DS_Store$)/;

/** A file of a zip archive. */
export interface ZipEntry {
  /** Name, with its folders. */
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Where its bytes start, how many there are, and how many when inflated. */
  start: number;
  compressed: number;
  size: number;
}

/**
 * The files of an archive, from its central directory; with the 64-bit fields of archives beyond 4 GiB. Folders and
 * what macOS adds to an archive are none.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3
 *
 * @param what What it is held to be, for the message.
 * @throws {InputError} When it is no archive, or not whole.
 */
export function zipEntries(file: number, size: number, path: string, what = "a zip archive"): ZipEntry[] {
  const wrong = () => new InputError(`${path}: expected ${what} but found another kind of file, or a cut one`);
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
      if (fields[f] !== 0xffffffff) continue;
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
  return entries.filter(({ name }) => !NO_FILE.test(name));
}

/**
 * The bytes of a file in an archive.
 *
 * @param file The open archive, whose name is `path`.
 * @throws {InputError} When it is not whole, or packed in an unusual way.
 */
export function readZipEntry(
  file: number,
  { name, method, start, compressed, size }: ZipEntry,
  path: string,
): Uint8Array {
  const packed = new Uint8Array(compressed);
  try {
    if (readInto(file, packed, start) < compressed || ![0, 8].includes(method)) throw new Error("cut, or not deflated");
    return method === 0 ? packed : inflateSync(packed, { out: new Uint8Array(size) });
  } catch {
    throw cannotUnpack(path, name);
  }
}

/**
 * Unpacks files of an archive into a folder, chunk by chunk; folders within the archive are left out, and of files of
 * one name each is numbered.
 *
 * @param wanted Which files, by their name with folders.
 * @returns Name in the archive and path of each file, by name.
 * @throws {InputError} When it is no archive, not whole, or packed in an unusual way.
 */
export async function unpackZip(
  path: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<{ name: string; path: string }[]> {
  const all = withFile(path, (file, size) => zipEntries(file, size, path));
  const entries = all.filter(({ name }) => wanted(name));
  mkdirSync(folder, { recursive: true });
  const unpacked: { name: string; path: string }[] = [];
  for (const { name, method, start, compressed } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const target = join(folder, `${unpacked.length}-${basename(name)}`);
    unpacked.push({ name, path: target });
    const bytes = createReadStream(path, { start, end: Math.max(start, start + compressed - 1) });
    try {
      if (method === 8) await pipeline(bytes, createInflateRaw(), createWriteStream(target));
      else if (method === 0) await pipeline(compressed > 0 ? bytes : [], createWriteStream(target));
      else throw cannotUnpack(path, name);
    } catch {
      throw cannotUnpack(path, name);
    }
  }
  return unpacked;
}

function cannotUnpack(path: string, name: string): InputError {
  return new InputError(`${path}/${name}: cannot be unpacked; fetch or save the archive anew`);
}
