/**
 * The tasks of reading a catalogue into one shared memory by columns, and of writing columns as Parquet pages, with the
 * WebAssembly kernel of `table.as`. Each thread has a kernel of its own over the same memory.
 *
 * @module
 */
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { type FrameChunk, type FrameType, pageHeader } from "../storage/parquet_file.ts";
import { TABLE_WASM } from "./table.wasm.ts";

/** Status bits of a row, as in `table.as`. */
const STATUS = { odd: 1, exactKey: 2, missing: 4 } as const;

/** The functions of the kernel; see `table.as`. */
export interface TableKernel {
  countLines(start: number, end: number): number;
  readRecords(
    start: number,
    end: number,
    firstRow: number,
    config: number,
    columns: number,
    rows: number,
    fields: number,
    crlf: boolean,
    multiline: boolean,
  ): number;
  bareTitle(start: number, end: number, here: number, there: number): number;
  plainKey(title: number, titleLength: number, artist: number, artistLength: number): bigint;
  idHash(at: number, length: number, strict: boolean): bigint;
  firstItem(list: number, row: number): bigint;
  hashText(at: number, length: number): bigint;
  medianOf(data: number, rows: number, keep: number, counts: number): number;
  rowsWithFirst(
    from: number,
    to: number,
    list: number,
    keep: number,
    table: number,
    size: number,
    found: number,
  ): number;
  chainIds(
    from: number,
    to: number,
    keep: number,
    hashes: number,
    ids: number,
    table: number,
    size: number,
    first: number,
  ): number;
  chainKeys(
    from: number,
    to: number,
    keep: number,
    keys: number,
    table: number,
    size: number,
    first: number,
    takes: number,
  ): number;
  textsOfFirst(from: number, to: number, data: number, first: number, target: number): number;
  keptRows(from: number, to: number, keep: number, rows: number): number;
  textPage(
    data: number,
    rows: number,
    count: number,
    repeats: boolean,
    levels: number,
    views: number,
    table: number,
    codes: number,
    dictionary: number,
    target: number,
  ): number;
  listPage(
    data: number,
    rows: number,
    count: number,
    levels: number,
    most: number,
    views: number,
    table: number,
    codes: number,
    dictionary: number,
    target: number,
  ): number;
  truthPage(data: number, rows: number, count: number, levels: number, target: number): number;
  numberPage(
    data: number,
    rows: number,
    count: number,
    levels: number,
    table: number,
    codes: number,
    dictionary: number,
    whole: boolean,
    target: number,
  ): number;
  pageLevels(): number;
  dictionaryEntries(): number;
  endOfDictionary(): number;
}

/** Loads a range of a file, looks for bytes that are no text, and counts its lines. */
export interface LoadTask {
  kind: "load";
  path: string;
  from: number;
  to: number;
  /** Where in memory. */
  at: number;
}

/** Reads the records of a loaded range. */
export interface ReadTask {
  kind: "read";
  start: number;
  end: number;
  firstRow: number;
  columns: number;
  config: number;
  rows: number;
  crlf: boolean;
  multiline: boolean;
  /** The status of all rows. */
  status: number;
  /** Scratch of this thread. */
  scratch: number;
}

/** Goes through all rows by a function of the kernel that takes a range of them; what it returns is added up. */
export interface RowsTask {
  kind: "rows";
  name: "chainIds" | "chainKeys" | "textsOfFirst";
  rows: number;
  /** What follows the range. */
  more: number[];
}

/** Finds rows by their first item. */
export interface FindTask {
  kind: "find";
  from: number;
  to: number;
  /** Arguments of `rowsWithFirst`. */
  list: number;
  keep: number;
  table: number;
  size: number;
  found: number;
}

/** Finds the median of a column. */
export interface MedianTask {
  kind: "median";
  data: number;
  rows: number;
  keep: number;
  /** Scratch of 2^16 u32. */
  counts: number;
}

/** Encodes some rows as a row group. */
export interface EncodeTask {
  kind: "encode";
  from: number;
  to: number;
  keep: number;
  columns: { type: FrameType; data: number; repeats: boolean }[];
  /** Scratch of this thread; the most bytes that a page may have, and the most items of its lists. */
  scratch: number;
  most: number;
  items: number;
  /** Where the headers and pages go. */
  target: number;
}

/** A task. */
export type TableTask = LoadTask | ReadTask | RowsTask | FindTask | MedianTask | EncodeTask;

/** What a thread gets first. */
export interface TableThread {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** What comes of a task. */
export interface TableAnswer {
  /**
   * Lines of a load task, -1 for bytes that are not text; records of a read task, -1 for an irregular structure; the
   * sum of a rows task; rows that a find task found, or that an encode task has written.
   */
  count: number;
  /** Rows of a read task that the exact rules must judge, that lack a needed value, and whose key they must make. */
  odd?: number[];
  missing?: number[];
  exactKeys?: number[];
  /** The median of a median task. */
  median?: number;
  /** Bytes that an encode task has written, and what they are. */
  bytes?: number;
  chunks?: FrameChunk[];
}

const TEXT_TABLE = 1 << 19;
const NUMBERS_MOST = 20001;
/** The engine compiles a function better once it has been called a few times: long tasks are many calls. */
const STEP = 1 << 15;
const LATIN1 = new TextDecoder("latin1");

/**
 * Compiles the kernel.
 *
 * @returns The module.
 */
export function tableModule(): WebAssembly.Module {
  return new WebAssembly.Module(Buffer.from(TABLE_WASM, "base64"));
}

/**
 * A kernel over a memory.
 *
 * @param thread The compiled module and the memory.
 * @returns The kernel.
 */
export function tableKernel({ module, memory }: TableThread): TableKernel {
  const slowNumber = (at: number, length: number) => Number(latin1(memory, at >>> 0, length));
  return new WebAssembly.Instance(module, { env: { memory, abort }, kernel: { slowNumber } })
    .exports as unknown as TableKernel;
}

function abort(): never {
  throw new Error("The kernel of the catalogue came upon what cannot be");
}

/**
 * Does tasks on the thread at hand.
 *
 * @param thread The compiled module and the memory.
 * @returns A function that does a task.
 */
export function tableRunner(thread: TableThread): (task: TableTask) => TableAnswer {
  const { memory } = thread;
  const kernel = tableKernel(thread);
  return (task) => {
    switch (task.kind) {
      case "load":
        return loadRange(memory, kernel, task);
      case "read":
        return readRange(memory, kernel, task);
      case "rows": {
        let count = 0;
        for (let from = 0; from < task.rows; from += STEP) {
          count += (kernel[task.name] as (...all: number[]) => number)(
            from,
            Math.min(task.rows, from + STEP),
            ...task.more,
          );
        }
        return { count };
      }
      case "find":
        return {
          count: kernel.rowsWithFirst(task.from, task.to, task.list, task.keep, task.table, task.size, task.found),
        };
      case "median":
        return { count: 1, median: kernel.medianOf(task.data, task.rows, task.keep, task.counts) };
      case "encode":
        return encodeRange(memory, kernel, task);
    }
  };
}

function loadRange(memory: WebAssembly.Memory, kernel: TableKernel, { path, from, to, at }: LoadTask): TableAnswer {
  const bytes = new Uint8Array(memory.buffer, at, to - from);
  const file = openSync(path, "r");
  try {
    for (let read = 0; read < bytes.length;) {
      const count = readSync(file, bytes, read, bytes.length - read, from + read);
      if (count === 0) return { count: -1 };
      read += count;
    }
  } finally {
    closeSync(file);
  }
  return { count: isUtf8(bytes) ? kernel.countLines(at, at + bytes.length) : -1 };
}

function readRange(memory: WebAssembly.Memory, kernel: TableKernel, task: ReadTask): TableAnswer {
  const { start, end, firstRow, config, columns, rows, scratch, crlf, multiline } = task;
  const count = kernel.readRecords(start, end, firstRow, config, columns, rows, scratch, crlf, multiline);
  if (count < 0) return { count };
  const status = new Uint8Array(memory.buffer, task.status + firstRow, count);
  const [odd, missing, exactKeys]: number[][] = [[], [], []];
  for (let i = 0; i < count; i++) {
    if (status[i] === 0) continue;
    (status[i] & STATUS.odd ? odd : status[i] & STATUS.missing ? missing : exactKeys).push(firstRow + i);
  }
  return { count, odd, missing, exactKeys };
}

function encodeRange(memory: WebAssembly.Memory, kernel: TableKernel, task: EncodeTask): TableAnswer {
  const { from, to, keep, most, items, target } = task;
  const memoryBytes = new Uint8Array(memory.buffer);
  const table = align(task.scratch);
  const rows = table + TEXT_TABLE;
  const levels = align(rows + 4 * (to - from) + 4);
  const views = align(levels + 2 * items);
  const codes = align(views + 8 * items);
  const dictionary = align(codes + 12 * items + 8 * NUMBERS_MOST);
  const page = align(dictionary + most);
  const chunks: FrameChunk[] = [];
  let at = target;
  const add = (kind: "plain" | "indices" | "dictionary", values: number, start: number, end: number): number => {
    const header = pageHeader(kind, values, end - start);
    memoryBytes.set(header, at);
    memoryBytes.copyWithin(at + header.length, start, end);
    at += header.length + end - start;
    return header.length + end - start;
  };
  const count = kernel.keptRows(from, to, keep, rows);
  for (const { type, data, repeats } of task.columns) {
    const end = type === "text"
      ? kernel.textPage(data, rows, count, repeats, levels, views, table, codes, dictionary, page)
      : type === "texts"
      ? kernel.listPage(data, rows, count, levels, items, views, table, codes, dictionary, page)
      : type === "boolean"
      ? kernel.truthPage(data, rows, count, levels, page)
      : kernel.numberPage(data, rows, count, levels, table, codes, dictionary, type === "int32", page);
    const values = kernel.pageLevels();
    const entries = kernel.dictionaryEntries();
    const first = entries > 0 ? add("dictionary", entries, dictionary, kernel.endOfDictionary() >>> 0) : undefined;
    chunks.push({ values, dictionary: first, data: add(first ? "indices" : "plain", values, page, end >>> 0) });
  }
  return { count, bytes: at - target, chunks };
}

/**
 * Bytes of scratch that encoding takes.
 *
 * @param rows Most rows of a row group.
 * @param most Most bytes of one of its pages.
 * @param items Most items of its lists.
 * @returns Bytes.
 */
export function encodeScratch(rows: number, most: number, items: number): number {
  return TEXT_TABLE + 4 * rows + 22 * items + 8 * NUMBERS_MOST + 2 * most + 1024;
}

/**
 * The next multiple of 64.
 *
 * @param bytes A number of bytes.
 * @returns It, rounded up.
 */
export function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

function latin1(memory: WebAssembly.Memory, at: number, length: number): string {
  return LATIN1.decode(new Uint8Array(memory.buffer, at, length).slice());
}
