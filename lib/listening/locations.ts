/** Audio files of a playlist, named so that the player finds them from another folder. */
import { existsSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { decoded } from "./forms/names.ts";

/** An audio file as a playlist names it. */
export interface FileLocation {
  /** Its path or URL, as it stands in the playlist. */
  path: string;
  /** The folder of the playlist, from which relative paths go out. */
  folder: string;
}

/**
 * Names audio files for a playlist in another folder. URLs and absolute paths of any system stay as they are. Relative
 * paths go out from the new folder where the file is on this machine; where it is not, the playlist is of another
 * machine, and they stay as they are.
 *
 * @param folder The folder of the new playlist; undefined when it is not known, so that paths must be absolute.
 * @returns The path of each file, and which of them stay relative to the folder of the old playlist.
 */
export function locateFiles(
  locations: ReadonlyMap<string, FileLocation>,
  folder: string | undefined,
): { paths: Map<string, string>; unmoved: Set<string> } {
  const paths = new Map<string, string>();
  const unmoved = new Set<string>();
  for (const [id, { path, folder: old }] of locations) {
    paths.set(id, path);
    if (!isRelative(path) || (folder !== undefined && resolve(folder) === resolve(old))) continue;
    const file = resolve(old, path.replaceAll(/[\\/]/g, sep));
    if (!existsSync(file) && !existsSync(decoded(file))) unmoved.add(id);
    else if (folder === undefined) paths.set(id, file);
    else {
      const moved = relative(resolve(folder), file);
      const separator = path.includes("\\") ? "\\" : "/";
      paths.set(id, isAbsolute(moved) ? moved : moved.replaceAll(sep, separator));
    }
  }
  return { paths, unmoved };
}

/** What is to be told of files that stay relative to the folder of the old playlist. */
export function unmovedNote(count: number, of: number): string {
  return `${count} of ${of} files are not on this machine, so their paths still go out from the old playlist's folder: ` +
    "keep the new one there";
}

/** Whether a path goes out from its playlist: no URL, no drive, no share, no root. */
function isRelative(path: string): boolean {
  return !/^(?:[a-z][\w+.-]*:|[\\/])/i.test(path);
}
