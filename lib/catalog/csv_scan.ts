/**
 * A strict look at the structure of a CSV file before anything reads values from it: which physical line each record
 * starts on, and which lines are damaged (RFC 4180 quotes, field count, UTF-8). What remains is so regular that DuckDB
 * can read it in parallel with a fixed dialect and nothing to guess.
 *
 * @module
 */
import { bisectRight } from "d3-array";
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, createReadStream, createWriteStream, openSync, readSync, rmSync, writeSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../errors.ts";

/** A line that cannot be read as a record. */
export interface DamagedLine {
  /** Physical line, the first line of the file being 1. */
  line: number;
  /** What is wrong with it. */
  reason: string;
}

/** The structure of a CSV file. */
export interface CsvScan {
  /** Column names of the header. */
  header: string[];
  /** Well-formed records after the header; record i is row i of what DuckDB reads from `path`. */
  records: number;
  /** Lines left out of `path`. */
  damaged: DamagedLine[];
  /** Empty lines, which are no rows. */
  blankLines: number;
  /** True when a quoted field holds a line break. */
  multiline: boolean;
  /** The file to read: the source itself, or a copy without compression and damaged lines. */
  path: string;
  /** Files that were made for it, for the caller to remove. */
  temporary: string[];
  /**
   * Where a record stands in the source.
   *
   * @param record Index in [0, records).
   * @returns Its first physical line.
   */
  lineOf(record: number): number;
}

const LF = 10;
const CHUNK = 1 << 22;
/** Longest record; what is longer is an unclosed quote. DuckDB's own limit is 2,000,000 bytes. */
const MAX_RECORD = 1 << 20;
const FIELD = /"([^"]*(?:""[^"]*)*)"|([^",\r\n]*)/y;
const LINE_END = /\r?(?:\n|$)/y;
const UNCLOSED = "a quote that is never closed";
const LONE_CR = "a carriage return inside a line";

/**
 * Scans a CSV file, plain or gzipped. Cost O(bytes), about 2 ns a byte; memory O(1) but for the damaged lines.
 *
 * @param path The file.
 * @param scratch Path prefix for temporary files.
 * @returns The structure.
 * @throws {InputError} When the file is missing, empty, not UTF-8 text with a header line, or not whole gzip.
 */
export async function scanCsv(path: string, scratch: string): Promise<CsvScan> {
  const temporary: string[] = [];
  try {
    let plain = path;
    if (isGzip(path)) {
      plain = `${scratch}.gunzip.part`;
      temporary.push(plain);
      await gunzip(path, plain);
    }
    const scanner = new Scanner(path);
    scanFile(plain, scanner);
    const { header, records, damaged, blankLines, multiline } = scanner;
    const scan = { header, records, damaged, blankLines, multiline, temporary };
    const lineOf = (record: number) => scanner.lineOf(record);
    if (damaged.length === 0) return { ...scan, path: plain, lineOf };
    const clean = `${scratch}.clean.part`;
    temporary.push(clean);
    copyWithout(plain, clean, scanner.damagedBytes);
    return { ...scan, path: clean, lineOf };
  } catch (error) {
    for (const file of temporary) rmSync(file, { force: true });
    throw error;
  }
}

/** Hands the whole lines of a file to a scanner, window by window. */
function scanFile(path: string, scanner: Scanner): void {
  const file = openFile(path);
  const buffer = Buffer.allocUnsafe(CHUNK);
  let filled = 0;
  try {
    for (let atEnd = false; !atEnd;) {
      const count = readSync(file, buffer, filled, CHUNK - filled, null);
      filled += count;
      atEnd = count === 0;
      const whole = atEnd ? filled : buffer.subarray(0, filled).lastIndexOf(LF) + 1;
      const done = scanner.take(buffer.subarray(0, whole), atEnd);
      if (done === 0 && filled === CHUNK) scanner.refuseLongLine(buffer);
      buffer.copy(buffer, 0, done, filled);
      filled -= done;
    }
  } finally {
    closeSync(file);
  }
}

/** Walks over the records of a file, whose windows it is given as text with one letter for each byte. */
class Scanner {
  header: string[] = [];
  readonly damaged: DamagedLine[] = [];
  /** Byte ranges of the damaged lines, start and end in turn. */
  readonly damagedBytes: number[] = [];
  records = 0;
  blankLines = 0;
  multiline = false;
  private base = 0;
  private line = 1;
  /** From these records on, each stands on the line after the one before; and the lines of these records. */
  private readonly breakRecords: number[] = [];
  private readonly breakLines: number[] = [];
  private expectedLine = 0;
  private goodRecord: RegExp | undefined;

  constructor(private readonly name: string) {}

  lineOf(record: number): number {
    const place = bisectRight(this.breakRecords, record) - 1;
    return this.breakLines[place] + record - this.breakRecords[place];
  }

  /** Takes whole lines, and returns how many bytes of them it has done: all but a record whose end is not in sight. */
  take(bytes: Buffer, atEnd: boolean): number {
    const text = bytes.toString("latin1");
    let at = this.goodRecord || (text === "" && !atEnd) ? 0 : this.readHeader(bytes, text);
    const odd = !isUtf8(bytes) || text.includes("\0");
    while (at < text.length) {
      const record = this.goodRecord!;
      record.lastIndex = at;
      const good = record.test(text) && record.lastIndex - at <= MAX_RECORD;
      const { problem, length, next } = good
        ? { problem: "", length: record.lastIndex - at, next: record.lastIndex }
        : takeApart(text, at, this.header.length);
      if (problem === UNCLOSED && !atEnd && text.length - at <= MAX_RECORD) break;
      const wrong = problem || (odd ? strangeBytes(bytes.subarray(at, next)) : "");
      if (!good && length === 0 && problem === "") {
        this.blankLines++;
        this.line++;
        at = next;
      } else if (wrong) at = this.leaveOut(text, at, wrong);
      else at = this.keep(text, at, next);
    }
    this.base += at;
    return at;
  }

  refuseLongLine(bytes: Buffer): never {
    if (!this.goodRecord) this.readHeader(bytes, bytes.toString("latin1"));
    throw new InputError(`${this.name}: line ${this.line} is over ${CHUNK} bytes long; this is no CSV file`);
  }

  private readHeader(bytes: Buffer, text: string): number {
    const { name } = this;
    if (text === "") throw new InputError(`${name}: is empty; expected a CSV file with a header line`);
    if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) {
      throw new InputError(`${name}: expected UTF-8 text but found UTF-16; save it as UTF-8`);
    }
    const start = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
    const { problem, length, next } = takeApart(text, start);
    if (problem === LONE_CR && !text.includes("\n")) {
      throw new InputError(`${name}: expected lines that end in LF but found CR alone; save it with LF line ends`);
    }
    const line = bytes.subarray(start, start + length);
    if (problem || line.includes(LF) || length === 0) {
      const found = problem || (length === 0 ? "an empty line" : "a line break in a column name");
      throw new InputError(`${name}: expected a header line with the column names but found ${found}`);
    }
    if (strangeBytes(line)) {
      throw new InputError(`${name}: expected UTF-8 text but the header is not; save it as UTF-8`);
    }
    this.header = takeApart(line.toString("utf8"), 0).fields.map((field) => field.trim());
    const field = FIELD.source.replaceAll(/\((?!\?)/g, "(?:");
    this.goodRecord = new RegExp(`(?:${field})(?:,(?:${field})){${this.header.length - 1}}${LINE_END.source}`, "y");
    this.line = 2;
    return next;
  }

  private keep(text: string, at: number, next: number): number {
    if (this.line !== this.expectedLine) {
      this.breakRecords.push(this.records);
      this.breakLines.push(this.line);
    }
    this.records++;
    this.expectedLine = ++this.line;
    for (let end = text.indexOf("\n", at); end >= 0 && end < next - 1; end = text.indexOf("\n", end + 1)) {
      this.multiline = true;
      this.line++;
    }
    return next;
  }

  /** Leaves out the physical line at `at` and goes on with the one after it, whatever the record made of it. */
  private leaveOut(text: string, at: number, problem: string): number {
    const end = text.indexOf("\n", at) + 1 || text.length;
    this.damaged.push({ line: this.line++, reason: `damaged line: ${problem}` });
    if (this.damagedBytes.at(-1) === this.base + at) this.damagedBytes.pop();
    else this.damagedBytes.push(this.base + at);
    this.damagedBytes.push(this.base + end);
    return end;
  }
}

/** Takes the record at `start` apart, field by field, and says what is wrong with it. */
function takeApart(
  text: string,
  start: number,
  width?: number,
): { fields: string[]; length: number; next: number; problem: string } {
  const fields: string[] = [];
  for (let at = start;; at++) {
    FIELD.lastIndex = at;
    const [whole, quoted, plain] = FIELD.exec(text)!;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    at += whole.length;
    if (text[at] === ",") continue;
    LINE_END.lastIndex = at;
    let problem = "";
    if (!LINE_END.test(text)) {
      if (quoted !== undefined) problem = "text after a closing quote";
      else if (text[at] !== '"') problem = LONE_CR;
      else problem = whole === "" ? UNCLOSED : "a quote inside an unquoted field";
    } else if (LINE_END.lastIndex - start > MAX_RECORD) problem = "a record of over a million bytes";
    else if (width !== undefined && at > start && fields.length !== width) {
      problem = `${fields.length} fields where the header has ${width}`;
    }
    return { fields, length: at - start, next: LINE_END.lastIndex, problem };
  }
}

function strangeBytes(bytes: Buffer): string {
  return bytes.includes(0) ? "a NUL byte" : isUtf8(bytes) ? "" : "bytes that are not UTF-8";
}

/** Copies a file but for some byte ranges. */
function copyWithout(source: string, target: string, ranges: readonly number[]): void {
  const input = openFile(source);
  const output = openSync(target, "w");
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    for (let r = 0, at = 0; r <= ranges.length; at = ranges[r + 1], r += 2) {
      const end = ranges[r] ?? Infinity;
      for (let count = 1; count > 0 && at < end; at += count) {
        count = readSync(input, buffer, 0, Math.min(buffer.length, end - at), at);
        writeSync(output, buffer, 0, count);
      }
    }
  } finally {
    closeSync(input);
    closeSync(output);
  }
}

/**
 * Tells gzip by its first bytes, whatever the file is called.
 *
 * @param path The file.
 * @returns True for gzip.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
function isGzip(path: string): boolean {
  const head = firstBytes(path, 2);
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Tells Parquet by its first bytes.
 *
 * @param path The file.
 * @returns True for Parquet.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function isParquet(path: string): boolean {
  return firstBytes(path, 4).toString("latin1") === "PAR1";
}

function firstBytes(path: string, count: number): Buffer {
  const file = openFile(path);
  try {
    const head = Buffer.alloc(count);
    return head.subarray(0, readSync(file, head, 0, count, 0));
  } catch {
    throw new InputError(`${path}: expected a file but found a folder`);
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw new InputError(`${path}: no such file`);
  }
}

async function gunzip(source: string, target: string): Promise<void> {
  try {
    await pipeline(createReadStream(source), createGunzip(), createWriteStream(target));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${source}: is not a whole gzip file (${reason}); fetch it again`);
  }
}
