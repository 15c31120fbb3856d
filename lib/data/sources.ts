/**
 * Reading the files that people get from other services: text files, folders of them, and the zip archives they come
 * in.
 */
import { sort } from "d3-array";
import { dsvFormat } from "d3-dsv";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { InputError } from "./errors.ts";
import { readFile, withFile } from "./npy.ts";
import { SEPARATOR_LINE, separatorOf } from "./separator.ts";
import { kindOf } from "./source_file.ts";
import { decodeText, type Encoding } from "./text.ts";
import { NO_FILE, readZipEntry, zipEntries } from "./zip.ts";

/** A text file. */
export interface SourceFile {
  /** Path, with the entry's name behind it for a file in an archive. */
  path: string;
  /** Its text, without a byte order mark. */
  text: string;
  /** How it was encoded. */
  encoding: Encoding;
}

/** Files as people give them. */
export interface Sources {
  /** What is to be read, in the order of the paths, those of a folder or an archive by name. */
  files: SourceFile[];
  /** Files of folders and archives that are not, and why. */
  leftOut: { path: string; reason: string }[];
}

/** A text that is longer has no place in one string. */
const LONGEST = 500_000_000;

/**
 * Reads text files: a path to a file gives that file; a folder or a zip archive gives the files in it that are wanted,
 * those of archives in a folder too. What a file is, is told by its first bytes: gzipped files are unpacked.
 *
 * @param wanted Names of the files of a folder or an archive that are read, without folders and without `.gz`.
 * @param expected What such a file is, for messages: `a playlist (.m3u, .m3u8)`.
 * @throws {InputError} When a path does not exist, is no text, or a folder or an archive holds no wanted file.
 */
export function readSources(paths: readonly string[], wanted: RegExp, expected: string): Sources {
  const sources: Sources = { files: [], leftOut: [] };
  for (const path of paths) {
    const before = sources.files.length;
    const leftOut: Sources["leftOut"] = [];
    for (const { path: name, within, isArchive, read } of filesOf(path)) {
      if (within && !isArchive && !wanted.test(basename(name).replace(/\.gz$/i, ""))) {
        leftOut.push({ path: name, reason: `is not ${expected}` });
        continue;
      }
      try {
        sources.files.push({ path: name, ...textOf(name, read()) });
      } catch (error) {
        if (!within || !(error instanceof InputError)) throw error;
        leftOut.push({ path: name, reason: error.message.replace(`${name}: `, "") });
      }
    }
    if (sources.files.length === before) {
      const [first] = leftOut.filter(({ reason }) => reason !== `is not ${expected}`);
      const names = leftOut.slice(0, 5).map(({ path }) => basename(path)).join(", ") +
        (leftOut.length > 5 ? ", …" : "");
      throw new InputError(
        first
          ? `${first.path}: ${first.reason}`
          : `${path}: expected ${expected} in it but found ${names || "no file"}`,
      );
    }
    sources.leftOut.push(...leftOut);
  }
  return sources;
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
 * Reads a table whose values are separated by commas, semicolons, tabs or bars, as {@linkcode separatorOf} tells.
 *
 * @param names What exporters call each column, in lower case.
 * @returns The separator, the names in the first row (without RecBole's types: `user_id:token`), the place of each column
 * (−1 when the table lacks it), and all rows that are not blank.
 */
export function readTable<Column extends string>(text: string, names: Record<Column, readonly string[]>) {
  text = text.replace(SEPARATOR_LINE, "");
  const separator = separatorOf(text);
  const rows: string[][] = dsvFormat(separator).parseRows(text).filter((row: string[]) =>
    row.some((field) => field.trim() !== "")
  );
  const header = (rows[0] ?? []).map((name) =>
    name.trim().toLowerCase().replace(/#.*$|:(token|token_seq|float|float_seq)$/, "")
  );
  const place = (known: readonly string[]) => known.map((name) => header.indexOf(name)).find((at) => at >= 0) ?? -1;
  const columns = Object.entries<readonly string[]>(names).map(([column, known]) => [column, place(known)]);
  return { separator, header, columns: Object.fromEntries(columns) as Record<Column, number>, rows };
}

/** A file that is there, not yet read. */
export interface FoundFile {
  /** Path, with the entry's name behind it for a file in an archive. */
  path: string;
  /** Whether it lies in a folder or an archive, and was not given by its own name. */
  within: boolean;
  /** An archive that cannot be read. */
  isArchive?: boolean;
  /** Its bytes. */
  read: () => Uint8Array;
}

/** The file at a path; or the files in a folder or an archive, by name. */
export function filesOf(path: string): FoundFile[] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) throw new InputError(`${path}: no such file`);
  if (!status.isDirectory()) {
    return isArchive(path) ? filesInArchive(path) : [{ path, within: false, read: () => readFile(path) }];
  }
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return files.filter((file) => !NO_FILE.test(file.slice(path.length))).flatMap((file): FoundFile[] => {
    if (!isArchive(file)) return [{ path: file, within: true, read: () => readFile(file) }];
    try {
      return filesInArchive(file);
    } catch (error) {
      const read = () => {
        throw error;
      };
      return [{ path: file, within: true, isArchive: true, read }];
    }
  });
}

function isArchive(path: string): boolean {
  return /\.zip$/i.test(path) || kindOf(path) === "zip";
}

function filesInArchive(path: string): FoundFile[] {
  const entries = sort(withFile(path, (file, size) => zipEntries(file, size, path)), ({ name }) => name);
  if (entries.some(({ name }) => name === "xl/workbook.xml")) {
    throw new InputError(`${path}: expected text but found an Excel workbook; save it as CSV`);
  }
  return entries.map((entry) => ({
    path: `${path}/${entry.name}`,
    within: true,
    read: () => withFile(path, (file) => readZipEntry(file, entry, path)),
  }));
}

function textOf(path: string, bytes: Uint8Array): { text: string; encoding: Encoding } {
  let plain = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      plain = gunzipSync(bytes);
    } catch {
      throw new InputError(`${path}: expected a whole gzip file but it cannot be unpacked; fetch it again`);
    }
  }
  if (plain.length > LONGEST) {
    throw new InputError(
      `${path}: expected at most ${LONGEST / 1e6} MB of text but found ${plain.length / 1e6 | 0} MB`,
    );
  }
  if (new TextDecoder().decode(plain.subarray(257, 262)) === "ustar") {
    throw new InputError(`${path}: expected text but found a tar archive; unpack it and give the files within`);
  }
  return decodeText(path, plain);
}
