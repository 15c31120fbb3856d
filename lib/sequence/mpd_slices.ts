/** The slices of the Million Playlist Dataset, wherever they lie: in folders, in the archive as downloaded, gzipped. */
import { sort } from "d3-array";
import { closeSync, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { InputError } from "../data/errors.ts";
import { openFile, readFile } from "../data/npy.ts";
import { kindOf } from "../data/source_file.ts";
import { readZipEntry, zipEntries } from "../data/zip.ts";

/** What was given, as slices. */
export interface MpdSlices {
  /** Paths in the order of their numbers; one in an archive stands behind the path of the archive. */
  slices: string[];
  /** The files on disk that hold them, each once. */
  files: string[];
  /** Bytes of the slices on disk. */
  bytes: number;
  /** Files of the folders and archives that are no slices. */
  leftOut: string[];
}

const SLICE = /^mpd.*\.json(\.gz)?$/i;
/** What macOS adds to archives and folders. */
const OF_MACOS = /(^|[\\/])(__MACOSX[\\/]|\._|\.DS_Store$)/;
/** A slice is parsed as one text, and no text can be longer. Slices of 1,000 playlists have 33 MB. */
const LARGEST_SLICE = 2 ** 29 - 24;

/**
 * Finds slices. A file is taken as it is; of a folder, with the folders in it, and of a zip archive those that are called
 * `mpd.slice.0-999.json` and the like.
 *
 * @param paths Files, folders and archives.
 * @throws {InputError} When a path does not exist, or a folder or an archive holds no slice.
 */
export function findSlices(paths: readonly string[]): MpdSlices {
  if (paths.length === 0) throw new InputError("Expected at least one mpd.slice.*.json file or a folder of them");
  const found = paths.map(slicesIn);
  const bySlice = new Map(found.flatMap(({ slices }) => slices).map((slice) => [slice.path, slice]));
  const slices = [...bySlice.values()];
  return {
    slices: slices.map(({ path }) => path),
    files: [...new Set(slices.map(({ file }) => file))],
    bytes: slices.reduce((sum, { bytes }) => sum + bytes, 0),
    leftOut: found.flatMap(({ leftOut }) => leftOut),
  };
}

interface Slice {
  path: string;
  /** The file on disk that holds it. */
  file: string;
  bytes: number;
}

function slicesIn(path: string): { slices: Slice[]; leftOut: string[] } {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) throw new InputError(`${path}: no such file; give mpd.slice.*.json files, their folder or archive`);
  if (!status.isDirectory() && kindOf(path) !== "zip") {
    return { slices: [{ path, file: path, bytes: status.size }], leftOut: [] };
  }
  const all = status.isDirectory() ? filesIn(path) : inArchive(path);
  const isSlice = ({ path }: Slice) => SLICE.test(basename(path));
  const number = ({ path }: Slice) => Number(/\d+/.exec(basename(path))?.[0] ?? 0);
  const slices = sort(all.filter(isSlice), (a, b) => number(a) - number(b) || (a.path < b.path ? -1 : 1));
  const leftOut = all.filter((file) => !isSlice(file)).map((file) => file.path);
  if (slices.length > 0) return { slices, leftOut };
  const others = leftOut.slice(0, 3).map((file) => relative(path, file)).join(", ");
  throw new InputError(`${path}: expected mpd.slice.*.json files in it but found ${others || "no file"}`);
}

function filesIn(folder: string): Slice[] {
  return readdirSync(folder, { recursive: true }).map(String).filter((name) => !OF_MACOS.test(name)).flatMap((name) => {
    const path = join(folder, name);
    const status = statSync(path, { throwIfNoEntry: false });
    return status?.isFile() ? [{ path, file: path, bytes: status.size }] : [];
  });
}

function inArchive(path: string): Slice[] {
  const { file, size } = openFile(path);
  try {
    return zipEntries(file, size, path).map(({ name, compressed }) => ({
      path: join(path, name),
      file: path,
      bytes: compressed,
    }));
  } finally {
    closeSync(file);
  }
}

/**
 * The content of a slice, unpacked.
 *
 * @param path One of {@linkcode MpdSlices.slices}.
 * @throws {InputError} When it is larger than half a gibibyte, or packed and not whole.
 */
export function readSlice(path: string): Uint8Array {
  const isFile = existsSync(path);
  if (isFile && statSync(path).size > LARGEST_SLICE) throw new InputError(`${path}: ${TOO_LARGE}`);
  const bytes = isFile ? readFile(path) : readFromArchive(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_SLICE });
  } catch (error) {
    const why = error instanceof RangeError ? TOO_LARGE : "expected a whole gzip file but it cannot be unpacked";
    throw new InputError(`${path}: ${why}`);
  }
}

const TOO_LARGE = "expected a slice of less than 512 MiB; split it, e.g. by 1,000 playlists";

function readFromArchive(path: string): Uint8Array {
  let archive = dirname(path);
  while (!existsSync(archive)) archive = dirname(archive);
  const { file, size } = openFile(archive);
  try {
    const entry = zipEntries(file, size, archive).find(({ name }) => join(archive, name) === path);
    if (entry === undefined) throw new InputError(`${path}: no such file in the archive`);
    if (entry.size > LARGEST_SLICE) throw new InputError(`${path}: ${TOO_LARGE}`);
    return readZipEntry(file, entry, archive);
  } finally {
    closeSync(file);
  }
}
