/** The slices of the Million Playlist Dataset, wherever they lie: in folders, in the archive as downloaded, gzipped. */
import { sort } from "d3-array";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { InputError } from "../data/errors.ts";
import { readFile } from "../data/npy.ts";
import { filesOf } from "../data/sources.ts";

/** What was given, as slices. */
export interface MpdSlices {
  /** Paths in the order of their numbers; one in an archive stands behind the path of the archive. */
  slices: string[];
  /** The files on disk that hold them, each once. */
  files: string[];
  /** Files of the folders and archives that are no slices. */
  leftOut: string[];
}

const SLICE = /^mpd.*\.json(\.gz)?$/i;
/** A slice is parsed as one text, and no text can be longer. Slices of 1,000 playlists have 33 MB. */
const LARGEST_SLICE = 2 ** 29 - 24;
const TOO_LARGE = "expected a slice of less than 512 MiB; split it, e.g. by 1,000 playlists";

/**
 * Finds slices. A file is taken as it is; of a folder, with the folders in it, and of a zip archive those that are called
 * `mpd.slice.0-999.json` and the like.
 *
 * @throws {InputError} When a path does not exist, or a folder or an archive holds no slice.
 */
export function findSlices(paths: readonly string[]): MpdSlices {
  if (paths.length === 0) throw new InputError("Expected at least one mpd.slice.*.json file or a folder of them");
  const leftOut: string[] = [];
  const slices = paths.flatMap((path) => {
    const all = filesOf(path);
    const isSlice = ({ path, within }: typeof all[number]) => !within || SLICE.test(basename(path));
    const number = (slice: string) => Number(/\d+/.exec(basename(slice))?.[0] ?? 0);
    const found = sort(
      all.filter(isSlice).map(({ path }) => path),
      (a, b) => number(a) - number(b) || (a < b ? -1 : 1),
    );
    const others = all.filter((file) => !isSlice(file)).map(({ path }) => path);
    leftOut.push(...others);
    if (found.length > 0) return found;
    const names = others.slice(0, 3).map((file) => relative(path, file)).join(", ");
    throw new InputError(`${path}: expected mpd.slice.*.json files in it but found ${names || "no file"}`);
  });
  const each = [...new Set(slices)];
  return { slices: each, files: [...new Set(each.map(onDisk))], leftOut };
}

/** The file itself, or the archive that it is in. */
function onDisk(path: string): string {
  return existsSync(path) ? path : onDisk(dirname(path));
}

/**
 * The content of a slice, unpacked.
 *
 * @throws {InputError} When it is larger than half a gibibyte, or packed and not whole.
 */
export function readSlice(path: string): Uint8Array {
  const file = onDisk(path);
  if (file === path && statSync(path).size > LARGEST_SLICE) throw new InputError(`${path}: ${TOO_LARGE}`);
  const bytes = file === path ? readFile(path) : filesOf(file).find((entry) => entry.path === path)!.read();
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_SLICE });
  } catch (error) {
    const why = error instanceof RangeError ? TOO_LARGE : "expected a whole gzip file but it cannot be unpacked";
    throw new InputError(`${path}: ${why}`);
  }
}
