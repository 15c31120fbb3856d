/**
 * Rows of text files as people have them: plain or gzipped, fields parted by one character or two, quoted or not.
 *
 * @module
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { InputError } from "../errors.ts";

const CHUNK = 1 << 22;

/**
 * Lines of a text file in UTF-8, read in pieces; a gzipped file is unpacked in memory first.
 *
 * @param path The file.
 * @returns The lines without their ends; the last one is empty when the file ends with a line's end.
 * @throws {InputError} When the file is a folder, a zip archive, Parquet, or a gzip file that is cut.
 */
export function* textLines(path: string): Generator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (const chunk of textChunks(path)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = parts.pop()!;
    yield* parts;
  }
  yield rest + decoder.decode();
}

/**
 * The text of a file: UTF-8, or Latin-1 where it is not (the MovieLens files of 1998 and 2003 are).
 *
 * @param path The file.
 * @returns Its text.
 * @throws {InputError} As {@linkcode textLines}.
 */
export function wholeText(path: string): string {
  const chunks = [...textChunks(path)].map((chunk) => chunk.slice());
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/**
 * The fields of a line; quotes around a field are taken off, doubled ones within it are one.
 *
 * @param text The line.
 * @param separator What parts the fields.
 * @returns The fields.
 */
export function splitFields(text: string, separator: string): string[] {
  const parts = text.split(separator);
  if (!text.includes('"')) return parts;
  const fields: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    let field = parts[i];
    if (field.trimStart().startsWith('"')) {
      // A separator within quotes is part of the field.
      while (field.replace(/[^"]/g, "").length % 2 === 1 && i + 1 < parts.length) field += separator + parts[++i];
      field = field.trim().replace(/^"|"$/g, "").replaceAll('""', '"');
    }
    fields.push(field);
  }
  return fields;
}

/**
 * The names of a header's columns: lower case, without a byte order mark and RecBole's types.
 *
 * @param first The header.
 * @returns What parts its fields (comma, tab or semicolon), and the names.
 */
export function headerNames(first: string): { separator: string; names: string[] } {
  const separator = [",", "\t", ";"].find((character) => first.includes(character)) ?? ",";
  const names = splitFields(first.replace(/^\uFEFF/, ""), separator).map((name) =>
    name.trim().replace(/:(token|token_seq|float|float_seq)$/, "").toLowerCase()
  );
  return { separator, names };
}

/** The bytes of a text file in pieces, each valid until the next is asked for. */
function* textChunks(path: string): Generator<Uint8Array> {
  if (statSync(path).isDirectory()) throw new InputError(`${path}: expected a file but found a folder`);
  const file = openSync(path, "r");
  try {
    const chunk = new Uint8Array(CHUNK);
    let count = readSync(file, chunk);
    const magic = String.fromCharCode(...chunk.subarray(0, Math.min(4, count)));
    if (magic.startsWith("PK\x03\x04")) {
      throw new InputError(`${path}: expected a text file but found a zip archive; unpack it and give the file within`);
    }
    if (magic === "PAR1") throw new InputError(`${path}: expected a text file but found Parquet; export it as CSV`);
    if (magic.startsWith("\x1f\x8b")) {
      yield unpacked(path);
      return;
    }
    for (; count > 0; count = readSync(file, chunk)) yield chunk.subarray(0, count);
  } finally {
    closeSync(file);
  }
}

function unpacked(path: string): Uint8Array {
  try {
    return gunzipSync(readFileSync(path));
  } catch (error) {
    throw new InputError(`${path}: expected a whole gzip file but it cannot be unpacked (${(error as Error).message})`);
  }
}
