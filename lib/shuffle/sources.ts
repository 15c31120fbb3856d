/**
 * Reading the files that people get from other services: text files, folders of them, and the zip archives they come
 * in.
 *
 * @module
 */
import { unzipSync } from "fflate";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError } from "../errors.ts";
import { readFile } from "../storage/npy.ts";

/** A text file. */
export interface SourceFile {
  /** Path, with the entry's name behind it for a file in an archive. */
  path: string;
  /** Its text, without a byte order mark. */
  text: string;
}

/**
 * Reads files: a path to a file gives that file; a folder or a zip archive gives the files in it that are wanted.
 *
 * @param paths Files, folders and archives.
 * @param wanted Which files of a folder or an archive are read; by name, without folders.
 * @returns The files in the order of the paths, those of a folder by name.
 * @throws {InputError} When a path does not exist, or a folder or an archive holds no wanted file.
 */
export function readSources(paths: readonly string[], wanted: RegExp): SourceFile[] {
  return paths.flatMap((path) => {
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status) throw new InputError(`${path}: no such file`);
    const files = status.isDirectory()
      ? listFiles(path, wanted).map((file) => ({ path: file, bytes: readFile(file) }))
      : /\.zip$/i.test(path)
      ? unzip(path, wanted)
      : [{ path, bytes: readFile(path) }];
    if (files.length === 0) throw new InputError(`${path}: has no file whose name matches ${wanted.source}`);
    return files.map(({ path, bytes }) => ({ path, text: new TextDecoder().decode(bytes) }));
  });
}

function listFiles(folder: string, wanted: RegExp): string[] {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return names.filter((name) => wanted.test(basename(name))).map((name) => join(folder, name));
}

function unzip(path: string, wanted: RegExp): { path: string; bytes: Uint8Array }[] {
  try {
    const entries = unzipSync(readFile(path), { filter: ({ name }) => wanted.test(basename(name)) });
    return Object.keys(entries).sort().map((name) => ({ path: `${path}/${name}`, bytes: entries[name] }));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: expected a zip archive but found another kind of file, or a cut one`);
  }
}
