/**
 * Reading the files that people get from other services: text files, folders of them, and the zip archives they come
 * in.
 */
import { csvParseRows, dsvFormat } from "d3-dsv";
import { sort } from "d3-array";
import { closeSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError } from "./errors.ts";
import { openFile, readFile } from "./npy.ts";
import { decodeText, type Encoding } from "./text.ts";
import { readZipEntry, zipEntries } from "./zip.ts";

/** A text file. */
export interface SourceFile {
  /** Path, with the entry's name behind it for a file in an archive. */
  path: string;
  /** Its text, without a byte order mark. */
  text: string;
  /** How it was encoded. */
  encoding: Encoding;
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
    return files.map(({ path, bytes }) => ({ path, ...decodeText(path, bytes) }));
  });
}

/**
 * The JSON of a file: one value, or one a line.
 *
 * @returns The value; an array of the values of JSON lines.
 * @throws {InputError} When it is neither.
 */
export function readJson({ path, text }: Pick<SourceFile, "path" | "text">): unknown {
  for (
    const read of [JSON.parse, (lines: string) => lines.split("\n").filter((l) => l.trim()).map((l) => JSON.parse(l))]
  ) {
    try {
      return read(text);
    } catch {
      // Not this one.
    }
  }
  throw new InputError(`${path}: expected JSON or JSON lines but found something else, or the file is cut`);
}

/**
 * Reads a file of comma, semicolon or tab separated values, whichever its first line has most of.
 *
 * @param text The text of the file.
 * @param names What exporters call each column, in lower case.
 * @returns The names in the first row, the place of each column (−1 when the table lacks it), and all rows that are not
 * blank.
 */
export function readTable<Column extends string>(text: string, names: Record<Column, readonly string[]>) {
  const firstLine = text.slice(0, text.indexOf("\n") >>> 0);
  const separator = [";", "\t"].find((sign) => firstLine.split(sign).length > firstLine.split(",").length);
  const all: string[][] = separator ? dsvFormat(separator).parseRows(text) : csvParseRows(text);
  const rows = all.filter((row) => row.some((field) => field.trim() !== ""));
  const header = (rows[0] ?? []).map((name) => name.trim().toLowerCase().replace(/#.*$/, ""));
  const place = (known: readonly string[]) => known.map((name) => header.indexOf(name)).find((at) => at >= 0) ?? -1;
  const columns = Object.entries<readonly string[]>(names).map(([column, known]) => [column, place(known)]);
  return { header, columns: Object.fromEntries(columns) as Record<Column, number>, rows };
}

function listFiles(folder: string, wanted: RegExp): string[] {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return names.filter((name) => wanted.test(basename(name))).map((name) => join(folder, name));
}

function unzip(path: string, wanted: RegExp): { path: string; bytes: Uint8Array }[] {
  const { file, size } = openFile(path);
  try {
    const entries = zipEntries(file, size, path).filter(({ name }) => wanted.test(basename(name)));
    return sort(entries, ({ name }) => name)
      .map((entry) => ({ path: `${path}/${entry.name}`, bytes: readZipEntry(file, entry, path) }));
  } finally {
    closeSync(file);
  }
}
