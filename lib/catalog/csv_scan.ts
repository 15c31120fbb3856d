/**
 * A strict look at the structure of a CSV file before anything reads values from it: which physical line each record
 * starts on, and which lines are damaged (RFC 4180 quotes, field count, UTF-8). What remains is so regular that DuckDB
 * can read it in parallel with a fixed dialect and nothing to guess.
 *
 * DuckDB's own list of damaged rows (`store_rejects`) cannot take its place. In strict mode DuckDB 1.5 refuses a file
 * with both LF and CRLF, and after a quote that is never closed it drops all later rows, on one thread without a word;
 * in the other mode it says nothing of a field too many or of text after a closing quote. It lets NUL pass in both.
 */
import { bisectRight } from "d3-array";
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { SEPARATOR_LINE, separatorOf } from "../data/separator.ts";
import { gunzip, headOf, kindOf } from "../data/source_file.ts";
import { type Encoding, encodingOf, isWindows1252, writeUtf8 } from "../data/text.ts";
import type { Reject } from "./rejects.ts";

/** How the fields of a file stand apart. */
interface Dialect {
  separator: string;
  /** False when quotes have no meaning: `12" Mix` between tabs. */
  quoted: boolean;
}

/** The structure of a CSV file. */
export interface CsvScan extends Dialect {
  /** How the file was encoded; `path` is UTF-8. */
  encoding: Encoding;
  /** Column names of the header. */
  header: string[];
  /** The line of the header. */
  headerLine: number;
  /** The fields of the first records. */
  sample: string[][];
  /** Well-formed records after the header; record i is row i of what DuckDB reads from `path`. */
  records: number;
  /** Lines left out of `path`, which cannot be read as records. */
  damaged: Pick<Reject, "line" | "reason">[];
  /** Empty lines, which are no rows. */
  blankLines: number;
  /** True when a quoted field holds a line break. */
  multiline: boolean;
  /** True when a field holds a control character, a line break included. */
  control: boolean;
  /** The file to read: the source itself, or a copy without compression and damaged lines. */
  path: string;
  /** The first physical line of a record, from 1. */
  lineOf(record: number): number;
}

/** What people give for a table, by how it starts. */
const OTHER_FILES: readonly [RegExp, string][] = [
  [/^(?:\xef\xbb\xbf)?\s*[[{]/, "JSON; save it as CSV"],
  [/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml)/i, "a web page or XML; download the file itself"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS; download the file itself"],
  [/^\u00d0\u00cf[^]\u00e0/, "an Excel workbook; save it as CSV"],
];

const LF = 10;
const CHUNK = 1 << 22;
/** Longest record; what is longer is an unclosed quote. DuckDB's own limit is 2,000,000 bytes. */
const MAX_RECORD = 1 << 20;
const LINE_END = /\r?(?:\n|$)/y;
const CONTROL = "\\x00-\\x1f\\x7f";
const UNCLOSED = "a quote that is never closed";
const NOT_UTF8 = "bytes that are not UTF-8";
const LONE_CR = "a carriage return inside a line";

/**
 * Scans a table in a text file, plain or gzipped, in UTF-8, UTF-16 or Windows-1252, with any sign between the fields.
 * Temporary files begin with the path `scratch`; the caller removes them. Cost O(bytes), about 2 ns a byte; memory O(1)
 * but for the damaged lines.
 *
 * @throws {InputError} When the file is missing, empty, not text with a header line, or not whole gzip.
 */
export async function scanCsv(path: string, scratch: string): Promise<CsvScan> {
  const isPacked = kindOf(path) === "gzip";
  const plain = isPacked ? `${scratch}.plain` : path;
  if (isPacked) await gunzip(path, plain);
  const told = encodingOf(headOf(plain, 1 << 16));
  const wide = told?.startsWith("UTF-16");
  if (wide) await writeUtf8(plain, `${scratch}.utf8`, told);
  let [source, encoding]: [string, Encoding] = wide ? [`${scratch}.utf8`, told!] : [plain, "UTF-8"];
  let found = wide ? scanText(path, source) : undefined;
  // A few bytes that are not UTF-8 are damage in UTF-8, and letters in Windows-1252.
  if (!found && (told !== "Windows-1252" || !isWindows1252(plain))) found = scanText(path, source);
  if (!found || (!wide && found.damaged.some(({ reason }) => reason.endsWith(NOT_UTF8)) && isWindows1252(plain))) {
    [source, encoding] = [`${scratch}.utf8`, "Windows-1252"];
    await writeUtf8(plain, source, encoding);
    found = scanText(path, source);
  }
  const { damagedBytes, ...scan } = found;
  if (damagedBytes.length === 0) return { ...scan, encoding, path: source };
  copyWithout(source, `${scratch}.clean`, damagedBytes);
  return { ...scan, encoding, path: `${scratch}.clean` };
}

/** Scans a plain file; between tabs with quotes as signs like others where that leaves fewer lines out. */
function scanText(name: string, path: string): Omit<CsvScan, "path" | "encoding"> & { damagedBytes: number[] } {
  const head = headOf(path, CHUNK);
  const beginning = head.toString("latin1", 0, 1 << 16).replace(/^\xef\xbb\xbf/, "");
  const separator = separatorOf(beginning.replace(SEPARATOR_LINE, ""), [" "]);
  // R writes the names of rows in a column without a name.
  const scan = (quoted: boolean, unnamed: string[] = []) => {
    const dialect = { separator, quoted };
    const { header: named, line, next } = readHeader(name, head, dialect);
    const header = [...unnamed, ...named];
    return { header, headerLine: line, ...dialect, ...scanRecords(name, path, next, line + 1, header.length, dialect) };
  };
  const found = scan(true);
  const wider = found.records === 0 && found.damaged.length > 0 &&
    found.damaged.every(({ reason }) => reason.includes(`: ${found.header.length + 1} fields`));
  if (wider) return scan(true, [""]);
  if (separator !== "\t" || !found.damaged.some(({ reason }) => reason.includes("quote"))) return found;
  const unquoted = scan(false);
  return unquoted.damaged.length < found.damaged.length ? unquoted : found;
}

function readHeader(name: string, bytes: Buffer, dialect: Dialect): { header: string[]; line: number; next: number } {
  const text = bytes.toString("latin1");
  if (text === "") throw new InputError(`${name}: is empty; expected a table with a header line`);
  const other = OTHER_FILES.find(([start]) => start.test(text));
  if (other) throw new InputError(`${name}: expected a table with a header line but found ${other[1]}`);
  const mark = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  const start = mark + (SEPARATOR_LINE.exec(text.slice(mark, mark + 100))?.[0].length ?? 0);
  const { problem, length, next } = takeApart(text, start, fieldOf(dialect), dialect);
  if (problem === LONE_CR && !text.includes("\n")) {
    throw new InputError(`${name}: expected lines that end in LF but found CR alone; save it with LF line ends`);
  }
  const line = bytes.subarray(start, start + length);
  if (problem || line.includes(LF) || length === 0) {
    const found = problem || (length === 0 ? "an empty line" : "a line break in a column name");
    throw new InputError(`${name}: expected a header line with the column names but found ${found}`);
  }
  if (strangeBytes(line)) {
    throw new InputError(
      `${name}: expected text in UTF-8, UTF-16 or Windows-1252 but the header is not; save it as UTF-8`,
    );
  }
  const header = takeApart(line.toString("utf8"), 0, fieldOf(dialect), dialect).fields.map((field) => field.trim());
  return { header, line: start > mark ? 2 : 1, next };
}

/** A field, quoted or plain. */
function fieldOf({ separator, quoted }: Dialect): RegExp {
  const sign = separator.replace("|", "\\|");
  return quoted
    ? new RegExp(`"([^"]*(?:""[^"]*)*)"|([^"${sign}\\r\\n]*)`, "y")
    : new RegExp(`((?!))?([^${sign}\\r\\n]*)`, "y");
}

/** Walks over the records of a file from byte `start` on, window by window, as text with one letter for each byte. */
function scanRecords(
  name: string,
  path: string,
  start: number,
  firstLine: number,
  width: number,
  dialect: Dialect,
): Pick<CsvScan, "records" | "damaged" | "blankLines" | "multiline" | "control" | "lineOf" | "sample"> & {
  damagedBytes: number[];
} {
  const sign = dialect.separator.replace("|", "\\|");
  // A field without control characters. What is tried first is what most fields are.
  const tame = dialect.quoted
    ? `(?:[^"${sign}${CONTROL}]*|"[^"${CONTROL}]*(?:""[^"${CONTROL}]*)*")`
    : `[^${sign}${CONTROL}]*`;
  const tameRecord = new RegExp(`${tame}(?:${sign}${tame}){${width - 1}}${LINE_END.source}`, "y");
  const field = fieldOf(dialect);
  const sample: string[][] = [];
  const strange = new RegExp(`[${CONTROL}]`);
  const damaged: CsvScan["damaged"] = [];
  // Start and end of each damaged line in turn.
  const damagedBytes: number[] = [];
  // From these records on, each stands on the line after the one before; and the lines of these records.
  const breakRecords: number[] = [];
  const breakLines: number[] = [];
  let [line, expectedLine, records, blankLines, multiline, control] = [firstLine, 0, 0, 0, false, false];
  const buffer = Buffer.allocUnsafe(CHUNK);
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    for (let base = start, at = 0; base < size; base += at) {
      const bytes = buffer.subarray(0, readSync(file, buffer, 0, CHUNK, base));
      const atEnd = base + bytes.length >= size;
      const text = bytes.toString("latin1", 0, atEnd ? bytes.length : bytes.lastIndexOf(LF) + 1);
      const odd = !isUtf8(bytes.subarray(0, text.length)) || text.includes("\0");
      for (at = 0; at < text.length;) {
        tameRecord.lastIndex = at;
        const isTame = tameRecord.test(text) && tameRecord.lastIndex - at <= MAX_RECORD;
        const next = tameRecord.lastIndex;
        const record = isTame ? { next, length: next - at, problem: "" } : takeApart(text, at, field, dialect, width);
        if (record.problem === UNCLOSED && !atEnd && text.length - at <= MAX_RECORD) break;
        const problem = record.problem || (odd ? strangeBytes(bytes.subarray(at, record.next)) : "");
        if (problem) {
          // Only the physical line is left out, whatever the record made of it.
          const end = text.indexOf("\n", at) + 1 || text.length;
          damaged.push({ line: line++, reason: `damaged line: ${problem}` });
          damagedBytes.push(base + at, base + end);
          at = end;
          continue;
        }
        if (record.length === 0) blankLines++;
        else {
          if (line !== expectedLine) {
            breakRecords.push(records);
            breakLines.push(line);
          }
          if (records++ < 20) {
            const whole = bytes.toString("utf8", at, at + record.length);
            sample.push(takeApart(whole, 0, field, dialect).fields);
          }
          expectedLine = line + 1;
          const held = isTame ? "" : text.slice(at, at + record.length);
          control ||= strange.test(held);
          for (let lf = held.indexOf("\n"); lf >= 0; lf = held.indexOf("\n", lf + 1)) {
            multiline = true;
            line++;
          }
        }
        line++;
        at = record.next;
      }
      if (at === 0) throw new InputError(`${name}: line ${line} is over ${CHUNK} bytes long; this is no CSV file`);
    }
  } finally {
    closeSync(file);
  }
  const lineOf = (record: number) => {
    const place = bisectRight(breakRecords, record) - 1;
    return breakLines[place] + record - breakRecords[place];
  };
  return { records, damaged, blankLines, multiline, control, lineOf, sample, damagedBytes };
}

/** Takes the record at `start` apart, field by field, and says what is wrong with it. */
function takeApart(
  text: string,
  start: number,
  field: RegExp,
  { separator }: Dialect,
  width?: number,
): { fields: string[]; length: number; next: number; problem: string } {
  const fields: string[] = [];
  for (let at = start;; at++) {
    field.lastIndex = at;
    const [whole, quoted, plain] = field.exec(text)!;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    at += whole.length;
    if (text[at] === separator) continue;
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
  return bytes.includes(0) ? "a NUL byte" : isUtf8(bytes) ? "" : NOT_UTF8;
}

/** Copies a file but for some byte ranges. */
function copyWithout(source: string, target: string, ranges: readonly number[]): void {
  const input = openSync(source, "r");
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
