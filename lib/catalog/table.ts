/**
 * A catalogue by columns in one memory that threads share: read from a regular CSV file, changed row by row where the
 * exact rules say so, written as Parquet.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { writeAtomicWith } from "../storage/atomic.ts";
import { type FrameColumn, type FrameGroup, MAGIC, parquetFooter } from "../storage/parquet_file.ts";
import { type CatalogColumn, LIST_COLUMNS, type ListColumn, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";
import { CRITICAL_COLUMNS, type Form, type ListStyle } from "./forms.ts";
import { listStyle, RANGES, SILENT_FEATURES, sqlType } from "./read_sql.ts";
import { plainLatin } from "./titles.ts";
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
  /** Rows whose key the exact rules must make. */
  exactKeys: number[];
}

const PAGE = 65536;
const POWERS = 256;
const ROWS = 512;
const CONFIG = 1024;
const COLUMN_BYTES = 48;
const FIELDS = 16384;
const FIELDS_BYTES = 4096;
const LATIN = 49152;
const FILE_AT = 65536;
const MOST_COLUMNS = 200;
const MOST_THREADS = 8;
/** Larger files, and files of more rows, are read out of core. */
const MOST_BYTES = 5e8;
const MOST_ROW_BYTES = 1.5e9;
const PIECE = 1 << 21;
/** Files below this size are read on the thread at hand: starting threads takes longer. */
const SMALL = 1 << 22;
const GROUP_ROWS = 1 << 16;
const GROUP_BYTES = 1 << 24;

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
   * @returns The table and its open rows; nothing when the structure of the file is not regular, or when it is too large.
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
   * @returns A view of its values, NaN where missing; undefined when the table lacks it. Valid until the next text is set.
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
  groupByFirst(name: ListColumn, rows: readonly number[]): { groups: number[]; members: number[][] } {
    const data = this.#data.get(name)!;
    const size = 2 ** Math.ceil(Math.log2(2 * rows.length + 2));
    const table = this.#zeros(16 * size);
    const labels = this.#zeros(4 * this.rows);
    const hashes = new BigUint64Array(this.#memory.buffer, table, 2 * size);
    const views = new Uint32Array(this.#memory.buffer, table, 4 * size);
    const bytes = new Uint8Array(this.#memory.buffer);
    const same = (slot: number, at: number, length: number) => {
      if (views[4 * slot + 3] !== length) return false;
      for (let i = 0; i < length; i++) if (bytes[views[4 * slot + 2] + i] !== bytes[at + i]) return false;
      return true;
    };
    const slots = rows.map((row) => {
      const item = BigInt.asUintN(64, this.kernel.firstItem(data, row));
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
    this.kernel.labelFirst(data, this.rows, this.#addresses.keep, table, size, labels);
    const used = [...new Set(slots)].filter((slot) => slot >= 0);
    const groupOf = new Int32Array(size + 1).fill(-1);
    used.forEach((slot, group) => groupOf[slot + 1] = group);
    const members: number[][] = used.map(() => []);
    new Uint32Array(this.#memory.buffer, labels, this.rows).forEach((label, row) => {
      if (label !== 0) members[groupOf[label]].push(row);
    });
    return { groups: slots.map((slot) => slot < 0 ? -1 : groupOf[slot + 1]), members };
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
   * Finds rows with one id among those that are kept.
   *
   * @returns The first row with the id of each row, and how many rows have an earlier one; hashes of rows whose id was
   * set are made anew.
   */
  chainIds(changed: readonly number[]): { first: Uint32Array; repeated: number } {
    const ids = this.#data.get("track_id")!;
    const hashes = new BigUint64Array(this.#memory.buffer, this.#addresses.idHash, this.rows);
    for (const row of changed) hashes[row] = this.#idHash(this.text("track_id", row)!);
    const { table, size, first } = this.#chainScratch();
    const repeated = this.kernel.chainIds(
      this.rows,
      this.#addresses.keep,
      this.#addresses.idHash,
      ids,
      table,
      size,
      first,
    );
    return { first: new Uint32Array(this.#memory.buffer, first, this.rows).slice(), repeated };
  }

  /**
   * Finds rows with one key among those that are kept.
   *
   * @returns The first row with the key of each row, and at the first rows how many rows have it.
   */
  chainKeys(): { first: Uint32Array; takes: Uint32Array } {
    const { table, size, first } = this.#chainScratch();
    const takes = this.#zeros(4 * this.rows);
    this.kernel.chainKeys(this.rows, this.#addresses.keep, this.#addresses.key, table, size, first, takes);
    return {
      first: new Uint32Array(this.#memory.buffer, first, this.rows).slice(),
      takes: new Uint32Array(this.#memory.buffer, takes, this.rows).slice(),
    };
  }

  /** Adds column `work_id`: of the row that `of` gives, the id. */
  addWorkIds(of: (row: number) => number): void {
    this.#data.set("work_id", this.#reserve(8 * this.rows));
    const ids = this.#views("track_id");
    const works = this.#views("work_id");
    for (let row = 0; row < this.rows; row++) {
      const other = of(row);
      works[2 * row] = ids[2 * other];
      works[2 * row + 1] = ids[2 * other + 1];
    }
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
    const data = names.map((name, c) => ({ type: columns[c].type, data: this.#data.get(name)! }));
    const most = Math.max(...groups.map(({ most }) => most));
    const rows = Math.max(...groups.map(({ from, to }) => to - from));
    const scratchBytes = align(encodeScratch(rows, most));
    const scratch = Array.from({ length: this.#threads.count }, () => this.#reserve(scratchBytes));
    const done: (TableAnswer | undefined)[] = groups.map(() => undefined);
    const frames: FrameGroup[] = [];
    await writeAtomicWith(path, async (temporary) => {
      const file = openSync(temporary, "w");
      const put = (bytes: Uint8Array) => {
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      };
      try {
        put(MAGIC);
        await this.#threads.run(
          groups.map(({ from, to }) => (t: number): TableTask => ({
            ...{ kind: "encode", from, to, keep: this.#addresses.keep, columns: data, scratch: scratch[t], most },
          })),
          (answer, g) => {
            done[g] = answer;
            for (let next = done[frames.length]; next; next = done[frames.length]) {
              if (next.rows! > 0) put(next.bytes!);
              done[frames.length] = undefined;
              frames.push({ rows: next.rows!, chunks: next.chunks! });
            }
          },
        );
        put(parquetFooter(columns, frames.filter(({ rows }) => rows > 0)));
      } finally {
        closeSync(file);
      }
    });
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
    const open: OpenRows = { odd: [], exactKeys: [] };
    let first = 0;
    const answers: TableAnswer[] = [];
    await this.#threads.run(
      counts.map((count, b) => {
        const firstRow = first;
        first += count;
        return (t: number): TableTask => ({
          ...{ kind: "read", start: place(bounds[b]), end: b + 1 < counts.length ? place(bounds[b + 1]) : end },
          ...{ firstRow, ...config, crlf: file.crlf, multiline: file.multiline },
          scratch: FIELDS + t * FIELDS_BYTES,
        });
      }),
      (answer, b) => answers[b] = answer,
    );
    for (const [b, { count, odd, exactKeys }] of answers.entries()) {
      if (count < 0 || (count !== counts[b] && !file.multiline)) return undefined;
      for (const row of odd!) open.odd.push(row);
      for (const row of exactKeys!) open.exactKeys.push(row);
    }
    if (file.multiline) this.rows = answers[0].count;
    this.keep.fill(1);
    for (const row of open.odd) this.keep[row] = 0;
    return open;
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
      [low, high, marker].forEach((value, i) => view.setFloat64(base + 16 + 8 * i, value, true));
    }
    return {
      ...{ columns: header.length, config: CONFIG, rows: ROWS },
      ...{ status, title: at("title"), artists: at("artists"), key },
    };
  }

  /** Row ranges of about equal size, each with the most bytes that a page of it may have. */
  #groups(): { from: number; to: number; most: number }[] {
    const starts = new Uint32Array(this.#memory.buffer, this.#rowStarts, this.rows);
    const groups: { from: number; to: number; most: number }[] = [];
    for (let from = 0; from < this.rows;) {
      let to = Math.min(this.rows, from + GROUP_ROWS);
      const bytes = () => (to < this.rows ? starts[to] : this.#fileEnd()) - starts[from];
      while (to > from + 1 && bytes() > GROUP_BYTES) to = from + ((to - from) >> 1);
      groups.push({ from, to, most: 3 * (bytes() + this.#textBytes) + 16 * (to - from) + PAGE });
      from = to;
    }
    return groups;
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

  async run(
    tasks: readonly ((thread: number) => TableTask)[],
    use: (answer: TableAnswer, task: number) => void,
  ): Promise<void> {
    if (this.#here) {
      tasks.forEach((task, i) => use(this.#here!(task(0)), i));
      return;
    }
    await this.#ready;
    let next = 0;
    await Promise.all(this.#workers.map(async (worker, t) => {
      while (next < tasks.length) {
        const i = next++;
        use(await ask(worker, tasks[i](t)), i);
      }
    }));
  }

  close(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

function ask(worker: Worker, message: unknown): Promise<TableAnswer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A thread of ingest failed: ${event.message}`));
    };
    worker.postMessage(message);
  });
}
