/**
 * A catalogue by columns in one memory that threads share: read from a regular CSV file, changed row by row where the
 * exact rules say so, written as Parquet.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, fdatasync, openSync, readSync, statSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { noteHash, writeAtomicWith } from "../storage/atomic.ts";
import { type FrameColumn, type FrameGroup, MAGIC, parquetFooter } from "../storage/parquet_file.ts";
import { type CatalogColumn, LIST_COLUMNS, type ListColumn, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";
import { CRITICAL_COLUMNS, type Form, type ListStyle, SOURCE_COLUMNS } from "./forms.ts";
import { listStyle, RANGES, SILENT_FEATURES, sqlType } from "./rules.ts";
import { OTHER_WORDS, plainLatin, TAKE_WORDS } from "./titles.ts";
import {
  align,
  encodeScratch,
  type TableAnswer,
  type TableKernel,
  tableKernel,
  tableModule,
  tableRunner,
  type TableTask,
  type TableThread,
} from "./table_tasks.ts";

/** A regular CSV file, and how its records are to be read. */
export interface RegularFile {
  /** The file: UTF-8, a header line, then records that all end alike. */
  path: string;
  /** Column names. */
  header: readonly string[];
  /** Lines end in CR LF. */
  crlf: boolean;
  /** Quoted fields may hold line breaks. */
  multiline: boolean;
  /** The form of the source. */
  form: Form;
  /** Canonical columns wanted. */
  columns: readonly CatalogColumn[];
  /** True when a row with a missing tempo, time signature or year is no good. */
  dropMissing: boolean;
}

/** Rows about which the kernel does not know enough. */
export interface OpenRows {
  /** Rows that the exact rules must judge. */
  odd: number[];
  /** Rows of which the exact rules would first tell that a needed value is not there. */
  missing: { row: number; column: CatalogColumn }[];
  /** Rows whose key the exact rules must make. */
  exactKeys: number[];
}

const PAGE = 65536;
const POWERS = 256;
const ROWS = 512;
const CONFIG = 1024;
const COLUMN_BYTES = 48;
const LATIN = 11264;
const TAKES = 12288;
const OTHERS = 16384;
const FIELDS = 20480;
const FIELDS_BYTES = 8192;
const FILE_AT = 90112;
const MOST_COLUMNS = 200;
const MOST_THREADS = 8;
/** Larger files, and files of more rows, are read out of core. */
const MOST_BYTES = 5e8;
const MOST_ROW_BYTES = 1.5e9;
const PIECE = 1 << 22;
/** Files below this size are read on the thread at hand: starting threads takes longer. */
const SMALL = 1 << 22;
const GROUP_ROWS = 1 << 16;
const GROUP_BYTES = 1 << 24;
/** All that WebAssembly can address. */
const MOST_MEMORY = 65536 * PAGE;
/** Bytes after which the disk begins to write, while more are made. */
const SYNC_BYTES = 1 << 25;
/** Columns whose texts are all different, or nearly. */
const DISTINCT: readonly CatalogColumn[] = ["track_id", "title", "work_id"];

const KINDS = { strictId: 1, id: 2, title: 3, cleanText: 4, text: 5, date: 6, number: 7, truth: 8, list: 9 };
const FLAGS = { needed: 1, whole: 2, hasMarker: 4, naIsNull: 8, trimmed: 16, firstArtist: 32, integral: 64 };
const STYLES: Record<ListStyle, number> = { python: 0, semicolon: 1, single: 2, any: 4 };
const SEPARATED = 3;
const LENGTH = 0x0fffffff;
const UNIT_SEPARATOR = "\x1f";

/** A table in memory. Row i is record i of the file until rows are left out by `keep`. */
export class Table {
  /** Rows, the rejected and the merged included. */
  rows = 0;
  /** The kernel of this thread. */
  readonly kernel: TableKernel;
  readonly #memory: WebAssembly.Memory;
  readonly #threads: Threads;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #data = new Map<CatalogColumn, number>();
  #end: number;
  #textBytes = 0;
  #rowStarts = 0;
  #headerBytes = 0;
  #addresses = { status: 0, fix: 0, idHash: 0, key: 0, keep: 0 };

  private constructor(readonly file: RegularFile, bytes: number) {
    this.#end = align(FILE_AT + bytes + 64);
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#end / PAGE), maximum: 65536, shared: true });
    const thread = { module: tableModule(), memory: this.#memory };
    this.kernel = tableKernel(thread);
    const count = bytes < SMALL ? 1 : Math.min(MOST_THREADS, availableParallelism());
    this.#threads = new Threads(thread, count);
  }

  /**
   * Reads a file. Cost O(bytes); memory about four times the size of the file.
   *
   * @param file The file.
   * @returns The table and its open rows; nothing when the structure of the file is not regular, or when it is too
   * large.
   */
  static async read(file: RegularFile): Promise<{ table: Table; open: OpenRows } | undefined> {
    const { size } = statSync(file.path);
    const sources = Object.values(file.form.columns);
    const unfit = file.header.length > MOST_COLUMNS || size > MOST_BYTES || new Set(sources).size < sources.length;
    if (unfit) return undefined;
    const headerBytes = lineEnd(file.path, 0, size);
    if (headerBytes >= size) return undefined;
    const table = new Table(file, size - headerBytes);
    try {
      const open = await table.#read(size, headerBytes);
      if (open) return { table, open };
    } catch (error) {
      table.close();
      throw error;
    }
    table.close();
  }

  /** Ends the threads. */
  close(): void {
    this.#threads.close();
  }

  /**
   * A numeric column.
   *
   * @param name The column.
   * @returns A view of its values, NaN where missing; undefined when the table lacks it. Valid until the next text is
   * set.
   */
  numbers(name: NumericColumn): Float64Array | undefined {
    const data = this.#data.get(name);
    return data === undefined ? undefined : new Float64Array(this.#memory.buffer, data, this.rows);
  }

  /** Which rows are to be written: 1 or 0 a row. */
  get keep(): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#addresses.keep, this.rows);
  }

  /** Markers for missing values that each row had. */
  get fix(): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#addresses.fix, this.rows);
  }

  /** Keys of the works, 64 bits a row. */
  get keys(): BigUint64Array {
    return new BigUint64Array(this.#memory.buffer, this.#addresses.key, this.rows);
  }

  /**
   * The text of a row.
   *
   * @param name A text column.
   * @param row The row.
   * @returns The text, null where missing.
   */
  text(name: CatalogColumn, row: number): string | null {
    const [at, length] = this.#view(name, row);
    return at === 0 ? null : this.#decode(at, length & LENGTH);
  }

  /**
   * The list of a row.
   *
   * @param name A list column.
   * @param row The row.
   * @returns The list, null where missing.
   */
  list(name: ListColumn, row: number): string[] | null {
    const [at, view] = this.#view(name, row);
    if (at === 0) return null;
    if ((view & LENGTH) === 0) return [];
    const text = this.#decode(at, view & LENGTH);
    const style = view >>> 28;
    if (style === STYLES.single) return [text];
    if (style === STYLES.python) return Array.from(text.matchAll(/'([^']*)'|"([^"]*)"/g), (item) => item[1] ?? item[2]);
    return text.split(style === SEPARATED ? UNIT_SEPARATOR : ";");
  }

  /** The first item of the list of a row; null where there is none. */
  firstOf(name: ListColumn, row: number): string | null {
    const [at, view] = this.#view(name, row);
    if (at === 0 || (view & LENGTH) === 0) return null;
    const item = this.kernel.firstItem(this.#data.get(name)!, row);
    return this.#decode(Number(BigInt.asUintN(64, item) >> 32n), Number(item & 0xffffffffn));
  }

  /**
   * Groups the rows that are kept by the first item of a list, for the first items of some of them.
   *
   * @param name The list column.
   * @param rows The rows whose first items are wanted.
   * @returns The group of each of those rows, -1 where there is no item; and the members of each group in row order.
   */
  async groupByFirst(name: ListColumn, rows: readonly number[]): Promise<{ groups: number[]; members: number[][] }> {
    const list = this.#data.get(name)!;
    const size = 2 ** Math.ceil(Math.log2(2 * rows.length + 2));
    const table = this.#zeros(16 * size);
    const found = this.#reserve(8 * this.rows);
    const hashes = new BigUint64Array(this.#memory.buffer, table, 2 * size);
    const views = new Uint32Array(this.#memory.buffer, table, 4 * size);
    const bytes = new Uint8Array(this.#memory.buffer);
    const same = (slot: number, at: number, length: number) => {
      if (views[4 * slot + 3] !== length) return false;
      for (let i = 0; i < length; i++) if (bytes[views[4 * slot + 2] + i] !== bytes[at + i]) return false;
      return true;
    };
    const slots = rows.map((row) => {
      const item = BigInt.asUintN(64, this.kernel.firstItem(list, row));
      if (item === 0n) return -1;
      const [at, length] = [Number(item >> 32n), Number(item & 0xffffffffn)];
      const hash = BigInt.asUintN(64, this.kernel.hashText(at, length));
      let slot = Number(hash & BigInt(size - 1));
      while (views[4 * slot + 2] !== 0 && !same(slot, at, length)) slot = (slot + 1) % size;
      hashes[2 * slot] = hash;
      views[4 * slot + 2] = at;
      views[4 * slot + 3] = length;
      return slot;
    });
    const members = new Map<number, number[]>();
    for (const slot of slots) if (slot >= 0) members.set(slot, []);
    const { keep } = this.#addresses;
    const ranges = this.#ranges();
    const counts: number[] = [];
    await this.#threads.run(
      ranges.map(({ from, to }) => (): TableTask => ({
        ...{ kind: "find", from, to, list, keep, table, size, found: found + 8 * from },
      })),
      ({ count }, r) => counts[r] = count,
    );
    for (const [r, { from }] of ranges.entries()) {
      const pairs = new Uint32Array(this.#memory.buffer, found + 8 * from, 2 * counts[r]);
      for (let i = 0; i < pairs.length; i += 2) members.get(pairs[i + 1])!.push(pairs[i]);
    }
    const places = new Map([...members.keys()].map((slot, group) => [slot, group]));
    return { groups: slots.map((slot) => places.get(slot) ?? -1), members: [...members.values()] };
  }

  /**
   * Medians of columns over the rows that are kept, between the middle two of an even count.
   *
   * @param names The columns.
   * @returns One number a column, NaN for one without numbers.
   */
  async medians(names: readonly NumericColumn[]): Promise<number[]> {
    const counts = Array.from({ length: this.#threads.count }, () => this.#reserve(4 << 16));
    const { keep } = this.#addresses;
    const medians: number[] = [];
    await this.#threads.run(
      names.map((name) => (t): TableTask => ({
        ...{ kind: "median", data: this.#data.get(name)!, rows: this.rows, keep, counts: counts[t] },
      })),
      ({ median }, c) => medians[c] = median!,
    );
    return medians;
  }

  /** Whether a row lacks its text or list. */
  isNull(name: CatalogColumn, row: number): boolean {
    return this.#view(name, row)[0] === 0;
  }

  /** Sets the text of a row. */
  setText(name: CatalogColumn, row: number, text: string | null): void {
    this.#setView(name, row, text, 0);
  }

  /**
   * Sets the list of a row.
   *
   * @param name A list column.
   * @param row The row.
   * @param list The list.
   * @returns False when an item holds the separator, so that the list cannot be kept here.
   */
  setList(name: ListColumn, row: number, list: readonly string[] | null): boolean {
    if (list?.some((item) => item.includes(UNIT_SEPARATOR))) return false;
    if (list?.length === 1) this.#setView(name, row, list[0], STYLES.single);
    else this.#setView(name, row, list?.join(UNIT_SEPARATOR) ?? null, SEPARATED);
    return true;
  }

  /** Lets a row have the text or list of another row, without a copy. */
  share(name: CatalogColumn, row: number, other: number): void {
    const views = this.#views(name);
    views[2 * row] = views[2 * other];
    views[2 * row + 1] = views[2 * other + 1];
  }

  /** True when two rows have the same text, or lists that are written alike. */
  alike(name: CatalogColumn, row: number, other: number): boolean {
    const [a, aView] = this.#view(name, row);
    const [b, bView] = this.#view(name, other);
    if (aView !== bView || (a === 0) !== (b === 0)) return false;
    const bytes = new Uint8Array(this.#memory.buffer);
    for (let i = 0; i < (aView & LENGTH); i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }

  /** Sets the key of a row from its plain title and plain artist. */
  setKey(row: number, title: string, artist: string): void {
    const [t, a] = [this.#encoder.encode(title), this.#encoder.encode(artist)];
    const at = this.#allocate(t.length + a.length);
    const bytes = new Uint8Array(this.#memory.buffer);
    bytes.set(t, at);
    bytes.set(a, at + t.length);
    this.keys[row] = this.kernel.plainKey(at, t.length, at + t.length, a.length);
    this.#end = at;
  }

  /**
   * Bytes of the records of some rows as they stand in the file.
   *
   * @param rows The rows, ascending.
   * @returns One chunk a row, each ending in a line end.
   */
  *records(rows: readonly number[]): Generator<Uint8Array> {
    const { size } = statSync(this.file.path);
    const starts = new Uint32Array(this.#memory.buffer, this.#rowStarts, this.rows);
    const file = openSync(this.file.path, "r");
    const offset = (row: number) => row < this.rows ? starts[row] - FILE_AT + this.#headerBytes : size;
    try {
      for (const row of rows) {
        const bytes = Buffer.alloc(offset(row + 1) - offset(row) + 2, this.file.crlf ? "\r\n" : "\n");
        const length = bytes.length - 2;
        readSync(file, bytes, 0, length, offset(row));
        const whole = bytes[length - 1] === 10;
        yield whole ? bytes.subarray(0, length) : bytes.subarray(0, length + (this.file.crlf ? 2 : 1));
      }
    } finally {
      closeSync(file);
    }
  }

  /**
   * Finds rows with one id, and rows with one key, among those that are kept.
   *
   * @param changed Rows whose id was set: their hashes are made anew.
   * @returns The first row with the id of each row, and how many rows have an earlier one; and the works of the rows.
   */
  async chain(changed: readonly number[]): Promise<{ first: Uint32Array; repeated: number; works: Works }> {
    const ids = this.#data.get("track_id")!;
    const { keep, idHash } = this.#addresses;
    const hashes = new BigUint64Array(this.#memory.buffer, idHash, this.rows);
    for (const row of changed) hashes[row] = this.#idHash(this.text("track_id", row)!);
    const { table, size, first } = this.#chainScratch();
    const tasks: TableTask[] = [
      { kind: "rows", name: "chainIds", rows: this.rows, more: [keep, idHash, ids, table, size, first] },
    ];
    const works = this.#chainKeys(tasks);
    let repeated = 0;
    await this.#threads.run(tasks.map((task) => () => task), ({ count }, i) => {
      if (i === 0) repeated = count;
    });
    return { first: new Uint32Array(this.#memory.buffer, first, this.rows), repeated, works: works() };
  }

  /** The works of the rows that are kept; `chain` has found them where no row has been left out since. */
  async works(): Promise<Works> {
    const tasks: TableTask[] = [];
    const works = this.#chainKeys(tasks);
    await this.#threads.run(tasks.map((task) => () => task), () => {});
    return works();
  }

  #chainKeys(tasks: TableTask[]): () => Works {
    const { table, size, first } = this.#chainScratch();
    const takes = this.#zeros(4 * this.rows);
    const { keep, key } = this.#addresses;
    tasks.push({ kind: "rows", name: "chainKeys", rows: this.rows, more: [keep, key, table, size, first, takes] });
    return () => ({ first, takes: new Uint32Array(this.#memory.buffer, takes, this.rows) });
  }

  /** Adds column `work_id`: of the first row of the work, the id. */
  async addWorkIds({ first }: Works): Promise<void> {
    const target = this.#reserve(8 * this.rows);
    this.#data.set("work_id", target);
    const more = [this.#data.get("track_id")!, first, target];
    await this.#threads.run([() => ({ kind: "rows", name: "textsOfFirst", rows: this.rows, more })], () => {});
  }

  /**
   * Writes the rows that are kept as a Parquet file, atomically.
   *
   * @param path The file.
   * @param names Its columns.
   * @returns The number of rows written.
   */
  async write(path: string, names: readonly CatalogColumn[]): Promise<number> {
    const groups = this.#groups();
    const columns = names.map((name): FrameColumn => ({ name, type: frameType(name) }));
    const data = names.map((name, c) => ({
      ...{ type: columns[c].type, data: this.#data.get(name)!, repeats: !DISTINCT.includes(name) },
    }));
    const most = Math.max(...groups.map(({ most }) => most));
    const items = Math.max(...groups.map(({ items }) => items));
    const rows = Math.max(...groups.map(({ from, to }) => to - from));
    const scratchBytes = align(encodeScratch(rows, most, items));
    const slotBytes = align(most + names.length * (8 * rows + PAGE));
    const room = Math.floor((MOST_MEMORY - this.#end - 2 * slotBytes) / (scratchBytes + slotBytes));
    const threads = Math.max(1, Math.min(this.#threads.count, groups.length, room));
    const scratch = Array.from({ length: threads }, () => this.#reserve(scratchBytes));
    const slots = new Slots(Array.from({ length: threads + 2 }, () => this.#reserve(slotBytes)));
    const hash = createHash("sha256");
    const done: (TableAnswer & { slot: number } | undefined)[] = [];
    const frames: FrameGroup[] = [];
    await writeAtomicWith(path, async (temporary) => {
      const file = openSync(temporary, "w");
      const syncs: Promise<void>[] = [];
      let unsynced = 0;
      const put = (bytes: Uint8Array) => {
        hash.update(bytes);
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
        unsynced += bytes.length;
        if (unsynced < SYNC_BYTES) return;
        unsynced = 0;
        syncs.push(new Promise((resolve, reject) => fdatasync(file, (error) => error ? reject(error) : resolve())));
      };
      try {
        put(MAGIC);
        const taken: number[] = [];
        await this.#threads.run(
          groups.map(({ from, to }, g) => async (t: number): Promise<TableTask> => ({
            ...{ kind: "encode", from, to, keep: this.#addresses.keep, columns: data, scratch: scratch[t] },
            ...{ most, items, target: taken[g] = await slots.take() },
          })),
          (answer, g) => {
            done[g] = { ...answer, slot: taken[g] };
            for (let next = done[frames.length]; next; next = done[frames.length]) {
              if (next.count > 0) put(new Uint8Array(this.#memory.buffer, next.slot, next.bytes!));
              slots.free(next.slot);
              frames.push({ rows: next.count, chunks: next.chunks! });
            }
          },
          threads,
        );
        put(parquetFooter(columns, frames.filter(({ rows }) => rows > 0)));
        await Promise.all(syncs);
      } finally {
        await Promise.allSettled(syncs);
        closeSync(file);
      }
    });
    noteHash(path, hash.digest("hex"));
    return frames.reduce((sum, { rows }) => sum + rows, 0);
  }

  async #read(size: number, headerBytes: number): Promise<OpenRows | undefined> {
    const { file } = this;
    this.#headerBytes = headerBytes;
    const bounds = [headerBytes];
    while (bounds[bounds.length - 1] < size) {
      const last = bounds[bounds.length - 1];
      bounds.push(file.multiline || last + PIECE >= size ? size : lineEnd(file.path, last + PIECE, size));
    }
    const place = (offset: number) => FILE_AT + offset - headerBytes;
    const counts: number[] = [];
    await this.#threads.run(
      bounds.slice(1).map((to, b) => () => ({
        ...{ kind: "load", path: file.path, from: bounds[b], to, at: place(bounds[b]) },
      })),
      ({ count }, b) => counts[b] = count,
    );
    if (counts.some((count) => count < 0)) return undefined;
    const bytes = new Uint8Array(this.#memory.buffer);
    let end = place(size);
    if (bytes[end - 1] !== 10) {
      if (file.crlf) bytes[end++] = 13;
      bytes[end++] = 10;
      counts[counts.length - 1]++;
    }
    this.rows = counts.reduce((sum, count) => sum + count, 0);
    if (this.rows * 8 * (file.columns.length + 8) > MOST_ROW_BYTES) return undefined;
    const config = this.#layOut();
    const open: OpenRows = { odd: [], missing: [], exactKeys: [] };
    let first = 0;
    const answers: TableAnswer[] = [];
    await this.#threads.run(
      counts.map((count, b) => {
        const firstRow = first;
        first += count;
        return (t: number): TableTask => ({
          ...{ kind: "read", start: place(bounds[b]), end: b + 1 < counts.length ? place(bounds[b + 1]) : end },
          ...{ firstRow, ...config, crlf: file.crlf, multiline: file.multiline, status: this.#addresses.status },
          scratch: FIELDS + t * FIELDS_BYTES,
        });
      }),
      (answer, b) => answers[b] = answer,
    );
    for (const [b, { count, odd, missing, exactKeys }] of answers.entries()) {
      if (count < 0 || (count !== counts[b] && !file.multiline)) return undefined;
      for (const row of odd!) open.odd.push(row);
      for (const row of missing!) open.missing.push({ row, column: SOURCE_COLUMNS[this.#byte("fix", row)] });
      for (const row of exactKeys!) open.exactKeys.push(row);
    }
    if (file.multiline) this.rows = answers[0].count;
    this.keep.fill(1);
    const { keep } = this;
    for (const row of open.odd) keep[row] = 0;
    for (const { row } of open.missing) keep[row] = 0;
    return open;
  }

  #byte(of: "fix", row: number): number {
    return new Uint8Array(this.#memory.buffer, this.#addresses[of], this.rows)[row];
  }

  /** Lays out the rows behind the file and writes down for the kernel where everything is. */
  #layOut() {
    const { form, header, columns, dropMissing } = this.file;
    const n = this.rows;
    const reserve = (bytes: number) => this.#reserve(bytes * n);
    this.#rowStarts = reserve(4);
    const status = reserve(1);
    this.#addresses = { status, fix: reserve(1), idHash: reserve(8), key: reserve(8), keep: reserve(1) };
    for (const name of columns) this.#data.set(name, reserve(8));
    const view = new DataView(this.#memory.buffer);
    for (let p = 0; p <= 22; p++) view.setFloat64(POWERS + 8 * p, 10 ** p, true);
    plainLatin().forEach((text, i) => {
      const bytes = this.#encoder.encode(text);
      view.setUint32(LATIN + 4 * i, bytes.length * 65536 + (bytes[1] ?? 0) * 256 + (bytes[0] ?? 0), true);
    });
    this.#writeWords(TAKES, TAKE_WORDS);
    this.#writeWords(OTHERS, OTHER_WORDS);
    const at = (name: CatalogColumn) => this.#data.get(name) ?? 0;
    const { fix, idHash, key } = this.#addresses;
    [
      ...[status, fix, this.#rowStarts, idHash, key, at("tempo"), at("time_signature"), at("year")],
      ...SILENT_FEATURES.map(at),
      ...[form.columns.year ? 1 : 0, form.columns.release_date ? 1 : 0, dropMissing ? 1 : 0, at("title"), POWERS],
    ].forEach((value, i) => view.setUint32(ROWS + 4 * i, value, true));
    for (const name of Object.keys(form.columns) as CatalogColumn[]) {
      const base = CONFIG + COLUMN_BYTES * header.indexOf(form.columns[name]!);
      const { kind, flags, style, low, high, marker } = columnRules(name, form);
      view.setInt32(base, kind, true);
      view.setInt32(base + 4, flags, true);
      view.setUint32(base + 8, at(name), true);
      view.setUint32(base + 12, style, true);
      [low, high, marker, SOURCE_COLUMNS.indexOf(name)].forEach((value, i) =>
        view.setFloat64(base + 16 + 8 * i, value, true)
      );
    }
    return {
      ...{ columns: header.length, config: CONFIG, rows: ROWS },
    };
  }

  /** Lays out words for the kernel, those with one first letter together. */
  #writeWords(table: number, words: readonly string[]): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    const starts = new Uint32Array(this.#memory.buffer, table, 256);
    let at = table + 1024;
    for (const [first, same] of Object.entries(Object.groupBy(words, (word) => word.charCodeAt(0)))) {
      starts[Number(first)] = at;
      for (const word of same!) {
        const letters = this.#encoder.encode(word);
        bytes[at] = letters.length;
        bytes.set(letters, at + 1);
        at += letters.length + 1;
      }
      bytes[at++] = 0;
    }
  }

  /** Row ranges of about equal size, each with the most bytes that a page of it may have and the most items of its lists. */
  #groups(): { from: number; to: number; most: number; items: number }[] {
    const starts = new Uint32Array(this.#memory.buffer, this.#rowStarts, this.rows);
    const groups: { from: number; to: number; most: number; items: number }[] = [];
    for (let from = 0; from < this.rows;) {
      let to = Math.min(this.rows, from + GROUP_ROWS);
      const bytes = () => (to < this.rows ? starts[to] : this.#fileEnd()) - starts[from];
      while (to > from + 1 && bytes() > GROUP_BYTES) to = from + ((to - from) >> 1);
      const most = 3 * (bytes() + this.#textBytes) + 16 * (to - from) + PAGE;
      groups.push({ from, to, most, items: ((bytes() + this.#textBytes) >> 1) + 2 * (to - from) });
      from = to;
    }
    return groups;
  }

  /** Row ranges for the threads. */
  #ranges(): { from: number; to: number }[] {
    return Array.from({ length: Math.ceil(this.rows / GROUP_ROWS) }, (_, r) => ({
      from: r * GROUP_ROWS,
      to: Math.min(this.rows, (r + 1) * GROUP_ROWS),
    }));
  }

  #fileEnd(): number {
    return FILE_AT + statSync(this.file.path).size - this.#headerBytes + 2;
  }

  /** Zeroed room for the chains of all rows: a hash table, and one number a row. */
  #chainScratch(): { table: number; size: number; first: number } {
    const size = 2 ** Math.ceil(Math.log2(2 * this.rows + 2));
    return { table: this.#zeros(4 * size), size, first: this.#zeros(4 * this.rows) };
  }

  #zeros(bytes: number): number {
    const at = this.#reserve(bytes);
    new Uint8Array(this.#memory.buffer, at, bytes).fill(0);
    return at;
  }

  #reserve(bytes: number): number {
    this.#end = align(this.#end);
    return this.#allocate(bytes);
  }

  #allocate(bytes: number): number {
    const at = this.#end;
    this.#end += bytes;
    const missing = Math.ceil((this.#end + 64) / PAGE) - this.#memory.buffer.byteLength / PAGE;
    if (missing > 0) this.#memory.grow(missing);
    return at;
  }

  #idHash(text: string): bigint {
    const bytes = this.#encoder.encode(text);
    const at = this.#allocate(bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, at);
    const hash = this.kernel.idHash(at, bytes.length, this.file.form.strictIds);
    this.#end = at;
    return hash;
  }

  #views(name: CatalogColumn): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#data.get(name)!, 2 * this.rows);
  }

  #view(name: CatalogColumn, row: number): [at: number, view: number] {
    const views = new Uint32Array(this.#memory.buffer, this.#data.get(name)! + 8 * row, 2);
    return [views[0], views[1]];
  }

  #setView(name: CatalogColumn, row: number, text: string | null, style: number): void {
    const bytes = text === null ? undefined : this.#encoder.encode(text);
    const at = bytes ? this.#allocate(bytes.length + 1) : 0;
    if (bytes) new Uint8Array(this.#memory.buffer).set(bytes, at);
    this.#textBytes += 1 + (bytes?.length ?? 0);
    const views = this.#views(name);
    views[2 * row] = at;
    views[2 * row + 1] = bytes ? bytes.length + style * 2 ** 28 : 0;
  }

  #decode(at: number, length: number): string {
    return this.#decoder.decode(new Uint8Array(this.#memory.buffer, at, length).slice());
  }
}

function frameType(name: CatalogColumn): FrameColumn["type"] {
  const type = sqlType(name);
  if (type === "VARCHAR[]") return "texts";
  return type === "BOOLEAN" ? "boolean" : type === "INTEGER" ? "int32" : type === "DOUBLE" ? "float64" : "text";
}

/** What the kernel is to make of a column. */
function columnRules(name: CatalogColumn, form: Form) {
  const numeric = (NUMERIC_COLUMNS as readonly string[]).includes(name) ? RANGES[name as NumericColumn] : undefined;
  const list = (LIST_COLUMNS as readonly string[]).includes(name);
  const kind = name === "explicit"
    ? KINDS.truth
    : numeric
    ? KINDS.number
    : list
    ? KINDS.list
    : name === "track_id"
    ? (form.strictIds ? KINDS.strictId : KINDS.id)
    : name === "title"
    ? KINDS.title
    : name === "album"
    ? KINDS.cleanText
    : name === "release_date"
    ? KINDS.date
    : KINDS.text;
  const trimmed = name === "track_id" || name === "title" || (name === "artists" && form.artists !== "python");
  const flags = (CRITICAL_COLUMNS.includes(name) ? FLAGS.needed : 0) |
    (numeric?.whole ? FLAGS.whole : 0) | (numeric?.marker !== undefined ? FLAGS.hasMarker : 0) |
    (form.missingNA && !numeric ? FLAGS.naIsNull : 0) | (trimmed ? FLAGS.trimmed : 0) |
    (name === "artists" ? FLAGS.firstArtist : 0) | (sqlType(name) === "INTEGER" ? FLAGS.integral : 0);
  const style = list ? STYLES[listStyle(name as ListColumn, form)] : 0;
  return { kind, flags, style, low: numeric?.low ?? 0, high: numeric?.high ?? 0, marker: numeric?.marker ?? 0 };
}

/** Where the line that holds a byte ends. */
function lineEnd(path: string, from: number, size: number): number {
  const file = openSync(path, "r");
  const bytes = Buffer.alloc(PAGE);
  try {
    for (let at = from; at < size;) {
      const count = readSync(file, bytes, 0, PAGE, at);
      if (count === 0) break;
      const found = bytes.subarray(0, count).indexOf(10);
      if (found >= 0) return at + found + 1;
      at += count;
    }
  } finally {
    closeSync(file);
  }
  return size;
}

/** Rows by work: where the first row of the work of each row is written down, and at the first rows how many there are. */
export interface Works {
  first: number;
  takes: Uint32Array;
}

/** Threads that take tasks from a list; with a count of 1 the thread at hand does them. */
class Threads {
  readonly #workers: Worker[];
  readonly #here: ReturnType<typeof tableRunner> | undefined;
  readonly #ready: Promise<unknown>;

  constructor(thread: TableThread, readonly count: number) {
    this.#workers = count === 1 ? [] : Array.from(
      { length: count },
      () => new Worker(new URL("table_worker.ts", import.meta.url), { type: "module" }),
    );
    this.#here = count === 1 ? tableRunner(thread) : undefined;
    this.#ready = Promise.all(this.#workers.map((worker) => ask(worker, thread)));
  }

  /**
   * Does tasks, in any order.
   *
   * @param tasks Make the tasks, for a thread.
   * @param use Gets what came of a task; its thread is at the next one meanwhile.
   * @param most Most threads that may be used.
   */
  async run(
    tasks: readonly ((thread: number) => TableTask | Promise<TableTask>)[],
    use: (answer: TableAnswer, task: number) => void,
    most: number = this.count,
  ): Promise<void> {
    if (this.#here) {
      for (const [i, task] of tasks.entries()) use(this.#here(await task(0)), i);
      return;
    }
    await this.#ready;
    let next = 0;
    await Promise.all(
      this.#workers.slice(0, most).map(async (worker, t) => {
        let [i, answer]: [number, TableAnswer | undefined] = [-1, undefined];
        while (answer || next < tasks.length) {
          const [doneTask, done] = [i, answer];
          i = next;
          const asked = next < tasks.length ? ask(worker, tasks[next++](t)) : undefined;
          if (done) use(done, doneTask);
          answer = await asked;
        }
      }),
    );
  }

  close(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

async function ask(worker: Worker, message: unknown): Promise<TableAnswer> {
  const task = await message;
  return await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A thread of ingest failed: ${event.message}`));
    };
    worker.postMessage(task);
  });
}

/** Places for what threads have made and nobody has taken yet. */
class Slots {
  readonly #waiting: ((slot: number) => void)[] = [];

  constructor(readonly slots: number[]) {}

  /** A free place, once there is one. */
  take(): Promise<number> {
    const slot = this.slots.pop();
    return slot === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(slot);
  }

  /** Gives a place back. */
  free(slot: number): void {
    const next = this.#waiting.shift();
    if (next) next(slot);
    else this.slots.push(slot);
  }
}
