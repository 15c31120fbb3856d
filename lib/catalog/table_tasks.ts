/**
 * The tasks of reading a catalogue into one shared memory by columns, and of writing columns as Parquet pages, with the
 * WebAssembly kernel of `table.as`. Each thread has a kernel of its own over the same memory.
 *
 * @module
 */
import { Buffer, isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { concatenate } from "../concatenate.ts";
import { type FrameChunk, type FramePage, type FrameType, pageHeader } from "../storage/parquet_file.ts";
import { TABLE_WASM } from "./table.wasm.ts";
import { bareAsciiTitle } from "./titles.ts";

/** Status bits of a row, as in `table.as`. */
export const STATUS = { odd: 1, bareTitle: 2, exactKey: 4 } as const;

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
  workKey(bare: number, bareLength: number, title: number, titleLength: number, artist: number, length: number): bigint;
  plainKey(title: number, titleLength: number, artist: number, artistLength: number): bigint;
  idHash(at: number, length: number, strict: boolean): bigint;
  firstItem(list: number, row: number): bigint;
  hashText(at: number, length: number): bigint;
  labelFirst(list: number, rows: number, keep: number, table: number, size: number, labels: number): void;
  chainIds(
    rows: number,
    keep: number,
    hashes: number,
    ids: number,
    table: number,
    size: number,
    first: number,
  ): number;
  chainKeys(
    rows: number,
    keep: number,
    keys: number,
    table: number,
    size: number,
    first: number,
    takes: number,
  ): void;
  textPage(data: number, from: number, to: number, keep: number, levels: number, target: number): number;
  listPage(
    data: number,
    from: number,
    to: number,
    keep: number,
    levels: number,
    most: number,
    target: number,
  ): number;
  truthPage(data: number, from: number, to: number, keep: number, levels: number, target: number): number;
  numberPage(
    data: number,
    from: number,
    to: number,
    keep: number,
    levels: number,
    table: number,
    codes: number,
    dictionary: number,
    whole: boolean,
    target: number,
  ): number;
  pageLevels(): number;
  dictionaryEntries(): number;
  compress(from: number, to: number, table: number, target: number): number;
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
  /** Arrays of status, titles, artists and keys, for the titles that the kernel leaves to JavaScript. */
  status: number;
  title: number;
  artists: number;
  key: number;
  /** Scratch of this thread. */
  scratch: number;
}

/** Encodes some rows as a row group. */
export interface EncodeTask {
  kind: "encode";
  from: number;
  to: number;
  keep: number;
  columns: { type: FrameType; data: number }[];
  /** Scratch of this thread, and the most bytes that a page may have. */
  scratch: number;
  most: number;
}

/** A task. */
export type TableTask = LoadTask | ReadTask | EncodeTask;

/** What a thread gets first. */
export interface TableThread {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** What comes of a task. */
export interface TableAnswer {
  /** Lines of a load task, -1 for bytes that are not text; records of a read task, -1 for an irregular structure. */
  count: number;
  /** Rows of a read task that the exact rules must judge, and rows whose key they must make. */
  odd?: number[];
  exactKeys?: number[];
  /** Bytes of an encode task: headers and pages in turn. */
  bytes?: Uint8Array;
  chunks?: FrameChunk[];
  rows?: number;
}

const HASH_TABLE = 1 << 17;
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
  const kernel = tableKernel(thread);
  let buffer = Buffer.alloc(0);
  return (task) => {
    if (task.kind === "load") {
      if (buffer.length < task.to - task.from) buffer = Buffer.allocUnsafe(task.to - task.from);
      return loadRange(thread.memory, kernel, buffer.subarray(0, task.to - task.from), task);
    }
    return task.kind === "read" ? readRange(thread.memory, kernel, task) : encodeRange(thread.memory, kernel, task);
  };
}

function loadRange(
  memory: WebAssembly.Memory,
  kernel: TableKernel,
  bytes: Buffer,
  { path, from, at }: LoadTask,
): TableAnswer {
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
  if (!isUtf8(bytes) || bytes.includes(0)) return { count: -1 };
  new Uint8Array(memory.buffer).set(bytes, at);
  return { count: kernel.countLines(at, at + bytes.length) };
}

function readRange(memory: WebAssembly.Memory, kernel: TableKernel, task: ReadTask): TableAnswer {
  const { start, end, firstRow, config, columns, rows, scratch, crlf, multiline } = task;
  const count = kernel.readRecords(start, end, firstRow, config, columns, rows, scratch, crlf, multiline);
  if (count < 0) return { count };
  const status = new Uint8Array(memory.buffer, task.status + firstRow, count);
  const [titles, keys] = [new Uint32Array(memory.buffer, task.title), new BigUint64Array(memory.buffer, task.key)];
  const bytes = new Uint8Array(memory.buffer);
  const odd: number[] = [];
  const exactKeys: number[] = [];
  for (let i = 0; i < count; i++) {
    if (status[i] === 0) continue;
    const row = firstRow + i;
    if (status[i] & STATUS.odd) odd.push(row);
    else if (status[i] & STATUS.exactKey) exactKeys.push(row);
    else {
      const [at, length] = [titles[2 * row], titles[2 * row + 1]];
      const bare = bareAsciiTitle(String.fromCharCode(...bytes.subarray(at, at + length)));
      for (let b = 0; b < bare.length; b++) bytes[scratch + b] = bare.charCodeAt(b);
      const artist = kernel.firstItem(task.artists, row);
      keys[row] = kernel.workKey(
        scratch,
        bare.length,
        at,
        length,
        Number(BigInt.asUintN(64, artist) >> 32n),
        Number(artist & 0xffffffffn),
      );
    }
  }
  return { count, odd, exactKeys };
}

function encodeRange(memory: WebAssembly.Memory, kernel: TableKernel, task: EncodeTask): TableAnswer {
  const { from, to, keep, most } = task;
  const table = align(task.scratch);
  const levels = table + HASH_TABLE;
  const codes = align(levels + 2 * most);
  const dictionary = align(codes + 4 * (to - from) + 8 * 20001);
  const page = align(dictionary + 8 * 20001);
  const stored = align(page + most + 64);
  const parts: Uint8Array[] = [];
  const chunks: FrameChunk[] = [];
  const memoryBytes = new Uint8Array(memory.buffer);
  const add = (
    kind: "plain" | "indices" | "dictionary",
    values: number,
    plainBytes: number,
    start: number,
    end: number,
  ): FramePage => {
    const header = pageHeader(kind, values, plainBytes, end - start);
    parts.push(header, memoryBytes.slice(start, end));
    return { storedBytes: header.length + end - start, plainBytes: header.length + plainBytes };
  };
  let rows = 0;
  for (const { type, data } of task.columns) {
    let end: number;
    let entries = 0;
    if (type === "text") end = kernel.textPage(data, from, to, keep, levels, page);
    else if (type === "texts") end = kernel.listPage(data, from, to, keep, levels, most, page);
    else if (type === "boolean") end = kernel.truthPage(data, from, to, keep, levels, page);
    else {
      end = kernel.numberPage(data, from, to, keep, levels, table, codes, dictionary, type === "int32", page);
      entries = kernel.dictionaryEntries();
    }
    end >>>= 0;
    const values = kernel.pageLevels();
    if (type !== "texts") rows = values;
    const width = type === "int32" ? 4 : 8;
    if (entries > 0) {
      const first = add("dictionary", entries, width * entries, dictionary, dictionary + width * entries);
      const data = add("indices", values, end - page, page, end);
      chunks.push({ values, compressed: false, dictionary: first, data });
      continue;
    }
    const storedEnd = type === "text" || type === "texts" ? kernel.compress(page, end, table, stored) >>> 0 : 0;
    const compressed = storedEnd > 0;
    const place = compressed ? [stored, storedEnd] as const : [page, end] as const;
    chunks.push({ values, compressed, data: add("plain", values, end - page, ...place) });
  }
  return { count: rows, bytes: concatenate(Uint8Array, parts), chunks, rows };
}

/**
 * Bytes of scratch that encoding takes.
 *
 * @param rows Most rows of a row group.
 * @param most Most bytes of one of its pages, and most items of its lists.
 * @returns Bytes.
 */
export function encodeScratch(rows: number, most: number): number {
  return HASH_TABLE + 2 * most + 4 * rows + 16 * 20001 + most + 64 + Math.ceil(1.2 * most) + 4096;
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
