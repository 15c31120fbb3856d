/**
 * A strict look at the structure of a CSV file before anything reads values from it: which physical line each record
 * starts on, and which lines are damaged (RFC 4180 quotes, field count, UTF-8). What remains is so regular that DuckDB
 * can read it in parallel with a fixed dialect and nothing to guess.
 *
 * @module
 */
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, createReadStream, createWriteStream, openSync, readSync, rmSync, writeSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../errors.ts";

/** A line that cannot be read as a record. */
export interface DamagedLine {
  /** Physical line, the first line of the file being 1. */
  line: number;
  /** The line as text, undecodable bytes replaced, cut to 200 characters. */
  text: string;
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
  /** Line end of the records in `path`. */
  newLine: "\n" | "\r\n";
  /** The file to read: the source itself, or a copy with the well-formed records alone. */
  path: string;
  /**
   * Where a record stands in the source.
   *
   * @param record Index in [0, records).
   * @returns Its first physical line.
   */
  lineOf(record: number): number;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const LONE_CR = "a carriage return inside a line";
/** 1 for the bytes at which a field may end or break. */
const SPECIAL = new Uint8Array(256);
SPECIAL[LF] =
  SPECIAL[CR] =
  SPECIAL[QUOTE] =
  SPECIAL[COMMA] =
    1;
const CHUNK = 1 << 25;
/** Longest record; what is longer is an unclosed quote. DuckDB's own limit is 2,000,000 bytes. */
const MAX_RECORD = 1 << 20;

/**
 * Scans a CSV file, plain or gzipped. Cost O(bytes), about 1 ns a byte; memory O(1) but for the damaged lines.
 *
 * @param path The file.
 * @param scratch Path prefix for temporary files; the caller removes what `temporary` lists.
 * @returns The structure, and the temporary files that `path` may be one of.
 * @throws {InputError} When the file is missing, empty, not UTF-8 text with a header line, or not whole gzip.
 */
export async function scanCsv(path: string, scratch: string): Promise<CsvScan & { temporary: string[] }> {
  const temporary: string[] = [];
  try {
    let plain = path;
    if (isGzip(path)) {
      plain = `${scratch}.gunzip.part`;
      temporary.push(plain);
      await gunzip(path, plain);
    }
    const scanner = new Scanner(path, plain);
    const scan = scanner.run();
    if (scanner.ranges) {
      scan.path = `${scratch}.clean.part`;
      temporary.push(scan.path);
      copyRanges(plain, scan.path, scanner.ranges, scan.newLine);
    }
    return { ...scan, temporary };
  } catch (error) {
    for (const file of temporary) rmSync(file, { force: true });
    throw error;
  }
}

/** Reads a file chunk by chunk and walks over its records. */
class Scanner {
  /** Byte ranges to copy, start and end in turn; undefined while the whole file is fit to be read as it is. */
  ranges: number[] | undefined;
  /** One byte longer than a chunk: a line end after the last byte stops the inner loop without a test for the end. */
  private buffer: Buffer = Buffer.allocUnsafe(CHUNK + 1);
  private filled = 0;
  private base = 0;
  private careful = false;
  private line = 1;
  private fields = 0;
  private newLines = 0;
  private contentEnd = 0;
  private next = 0;
  private problem = "";
  private header: string[] = [];
  private newLine: "\n" | "\r\n" = "\n";
  private records = 0;
  private blankLines = 0;
  private multiline = false;
  private damaged: DamagedLine[] = [];
  private breakRecords: number[] = [];
  private breakLines: number[] = [];
  private expectedLine = 0;
  private dataStart = 0;
  private goodEnd = 0;

  constructor(private readonly name: string, private readonly path: string) {}

  run(): CsvScan {
    const file = openFile(this.path);
    try {
      let at = 0;
      for (let atEnd = false; !atEnd;) {
        this.buffer.copy(this.buffer, 0, at, this.filled);
        this.base += at;
        this.filled -= at;
        const count = readSync(file, this.buffer, this.filled, CHUNK - this.filled, null);
        this.filled += count;
        this.buffer[this.filled] = LF;
        atEnd = count === 0;
        if (this.base === 0 && !this.header.length) {
          this.checkStart();
          at = this.readHeader(atEnd);
        } else at = 0;
        at = this.walk(at, atEnd);
      }
    } finally {
      closeSync(file);
    }
    if (this.ranges) this.closeRange(this.goodEnd);
    const { breakRecords, breakLines } = this;
    return {
      header: this.header,
      records: this.records,
      damaged: this.damaged,
      blankLines: this.blankLines,
      multiline: this.multiline,
      newLine: this.newLine,
      path: this.path,
      lineOf(record) {
        let low = 0;
        let high = breakRecords.length - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (breakRecords[middle] <= record) low = middle;
          else high = middle - 1;
        }
        return breakLines[low] + record - breakRecords[low];
      },
    };
  }

  private checkStart(): void {
    const { buffer, filled } = this;
    if (filled === 0) throw new InputError(`${this.name}: is empty; expected a CSV file with a header line`);
    if (filled >= 2 && ((buffer[0] === 0xff && buffer[1] === 0xfe) || (buffer[0] === 0xfe && buffer[1] === 0xff))) {
      throw new InputError(`${this.name}: expected UTF-8 text but found UTF-16; save it as UTF-8`);
    }
  }

  private readHeader(atEnd: boolean): number {
    const { buffer } = this;
    const start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0;
    this.record(start, true);
    const text = buffer.subarray(start, Math.max(start, this.contentEnd));
    if (this.problem === LONE_CR && !buffer.subarray(0, this.filled).includes(LF)) {
      throw new InputError(`${this.name}: expected lines that end in LF but found CR alone; save it with LF line ends`);
    }
    if (this.problem || this.newLines > 0 || text.length === 0) {
      const found = this.problem || (text.length === 0 ? "an empty line" : "a line break in a column name");
      throw new InputError(`${this.name}: expected a header line with the column names but found ${found}`);
    }
    if (!isUtf8(text) || text.includes(0)) {
      throw new InputError(`${this.name}: expected UTF-8 text but the header is not; save it as UTF-8`);
    }
    this.header = splitRecord(text.toString("utf8")).map((name) => name.trim());
    if (this.next > this.contentEnd + 1) this.newLine = "\r\n";
    this.line = this.expectedLine = 2;
    this.dataStart = this.goodEnd = this.next;
    if (this.next === this.contentEnd && atEnd) this.line = 1;
    return this.next;
  }

  /** Walks over the whole records of the buffer; returns where the first unfinished one begins. */
  private walk(at: number, atEnd: boolean): number {
    const lastLineEnd = atEnd ? this.filled : this.buffer.subarray(0, this.filled).lastIndexOf(LF) + 1;
    const whole = this.buffer.subarray(at, Math.max(at, lastLineEnd));
    this.careful = !isUtf8(whole) || whole.includes(0);
    while (at < this.filled) {
      if (!this.record(at, atEnd)) {
        if (this.filled - at <= MAX_RECORD) return at;
        this.problem = "a quote that is never closed";
      }
      if (this.next - at > MAX_RECORD) this.problem ||= "a record of over a million bytes";
      this.problem ||= this.check(at);
      if (this.problem) this.leaveOut(at, atEnd);
      else if (this.contentEnd === at) {
        this.blankLines++;
        this.line++;
        this.skip(at, this.next);
      } else this.keep(at);
      if (this.next < 0) return at;
      at = this.next;
    }
    return at;
  }

  private check(at: number): string {
    if (this.contentEnd === at) return "";
    if (this.fields !== this.header.length) {
      return `${this.fields} fields where the header has ${this.header.length}`;
    }
    if (!this.careful) return "";
    const text = this.buffer.subarray(at, this.contentEnd);
    return text.includes(0) ? "a NUL byte" : isUtf8(text) ? "" : "bytes that are not UTF-8";
  }

  private keep(at: number): void {
    const { base } = this;
    if (this.line !== this.expectedLine || this.records === 0) {
      this.breakRecords.push(this.records);
      this.breakLines.push(this.line);
    }
    const ending = this.next - this.contentEnd;
    const usual = this.newLine === "\n" ? 1 : 2;
    if (ending !== usual && ending !== 0) {
      this.startCopy();
      this.closeRange(base + this.contentEnd);
      this.ranges!.push(base + this.next);
    }
    if (this.newLines > 0) this.multiline = true;
    this.records++;
    this.expectedLine = this.line + 1;
    this.line += this.newLines + 1;
    this.goodEnd = base + (ending === usual || ending === 0 ? this.next : this.contentEnd);
    if (at === this.next) throw new Error("A CSV record of no bytes");
  }

  /** Leaves out the physical line at `at` and goes on with the one after it, whatever the record made of it. */
  private leaveOut(at: number, atEnd: boolean): void {
    const found = this.buffer.subarray(at, this.filled).indexOf(LF);
    if (found < 0 && !atEnd) {
      if (this.filled - at < CHUNK) {
        this.next = -1;
        return;
      }
      throw new InputError(`${this.name}: line ${this.line} is over ${CHUNK} bytes long; this is no CSV file`);
    }
    const end = found < 0 ? this.filled : at + found + 1;
    const text = this.buffer.subarray(at, Math.min(end, at + 800)).toString("utf8").replace(/[\r\n]+$/, "");
    this.damaged.push({ line: this.line, text: text.slice(0, 200), reason: `damaged line: ${this.problem}` });
    this.line++;
    this.skip(at, end);
    this.next = end;
  }

  private skip(at: number, end: number): void {
    this.startCopy();
    this.closeRange(this.base + at);
    this.ranges!.push(this.base + end);
  }

  private startCopy(): void {
    this.ranges ??= [this.dataStart];
  }

  private closeRange(end: number): void {
    const ranges = this.ranges!;
    if (ranges[ranges.length - 1] >= end) ranges.pop();
    else ranges.push(end);
  }

  /**
   * Parses the record that starts at `start`: sets `next`, `contentEnd`, `fields`, `newLines` and `problem`. Returns
   * false when it is not whole in the buffer.
   */
  private record(start: number, atEnd: boolean): boolean {
    const { buffer, filled } = this;
    let at = start;
    let fields = 1;
    this.newLines = 0;
    this.problem = "";
    for (;;) {
      if (at < filled && buffer[at] === QUOTE) {
        at++;
        for (;;) {
          while (at < filled && buffer[at] !== QUOTE) {
            if (buffer[at] === LF) this.newLines++;
            at++;
          }
          if (at >= filled) {
            this.problem = atEnd ? "a quote that is never closed" : "";
            this.next = at;
            return atEnd;
          }
          if (at + 1 < filled && buffer[at + 1] === QUOTE) at += 2;
          else break;
        }
        at++;
        if (at >= filled && !atEnd) return false;
        const after = at < filled ? buffer[at] : LF;
        if (after !== COMMA && after !== LF && !(after === CR && (at + 1 >= filled || buffer[at + 1] === LF))) {
          this.problem = "text after a closing quote";
          this.next = at;
          return true;
        }
      }
      while (SPECIAL[buffer[at]] === 0) at++;
      const byte = buffer[at];
      if (at >= filled) {
        this.fields = fields;
        this.contentEnd = this.next = at;
        return atEnd;
      }
      if (byte === COMMA) {
        fields++;
        at++;
        continue;
      }
      if (byte === LF) {
        this.fields = fields;
        this.contentEnd = at;
        this.next = at + 1;
        return true;
      }
      if (byte === CR) {
        if (at + 1 >= filled && !atEnd) return false;
        if (at + 1 >= filled || buffer[at + 1] === LF) {
          this.fields = fields;
          this.contentEnd = at;
          this.next = Math.min(filled, at + 2);
          return true;
        }
        this.problem = LONE_CR;
      } else this.problem = "a quote inside an unquoted field";
      this.next = at;
      return true;
    }
  }
}

/** Splits a well-formed record into its fields. */
function splitRecord(record: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  for (let found = pattern.exec(record); found; found = pattern.exec(record)) {
    fields.push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] === "") break;
  }
  return fields;
}

function copyRanges(source: string, target: string, ranges: number[], newLine: string): void {
  const input = openFile(source);
  const output = openSync(target, "w");
  const buffer = Buffer.allocUnsafe(1 << 22);
  const end = Buffer.from(newLine);
  try {
    writeSync(output, `header${newLine}`);
    for (let r = 0; r + 1 < ranges.length; r += 2) {
      let last = 0;
      for (let at = ranges[r]; at < ranges[r + 1];) {
        const count = readSync(input, buffer, 0, Math.min(buffer.length, ranges[r + 1] - at), at);
        for (let written = 0; written < count;) written += writeSync(output, buffer, written, count - written);
        at += count;
        last = buffer[count - 1];
      }
      if (last !== LF) writeSync(output, end);
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
export function isGzip(path: string): boolean {
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
