/**
 * The frame of a Parquet file around pages that are encoded already: page headers, and the footer that says where they
 * lie. Format: https://parquet.apache.org/docs/file-format/ (Thrift's compact protocol for the metadata).
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Types of columns; `texts` is a list of texts. All may be null. */
export type FrameType = "int32" | "float64" | "boolean" | "text" | "texts";

/** A column of a file. */
export interface FrameColumn {
  /** Its name. */
  name: string;
  /** Its type. */
  type: FrameType;
}

/** The pages of one column in a row group, which stand one behind the other. */
export interface FrameChunk {
  /** Number of levels in the data page: rows, or for lists items and empty lists. */
  values: number;
  /** Bytes of the header and the page of the dictionary, where one comes before the data page. */
  dictionary?: number;
  /** Bytes of the header and the page of the data. */
  data: number;
}

/** A row group. */
export interface FrameGroup {
  /** Its rows. */
  rows: number;
  /** Its columns in the order of the file. */
  chunks: FrameChunk[];
}

/** First and last bytes of every file. */
export const MAGIC: Uint8Array = new TextEncoder().encode("PAR1");

const MAKER = "segue";
const PHYSICAL = { int32: 1, float64: 5, boolean: 0, text: 6, texts: 6 };
const UNCOMPRESSED = 0;
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;

/**
 * The header of a page.
 *
 * @param kind A data page, a data page of indices into a dictionary, or a dictionary.
 * @param values Its number of levels, or of entries of the dictionary.
 * @param bytes Its bytes, which are not compressed.
 * @returns The header.
 */
export function pageHeader(
  kind: "plain" | "indices" | "dictionary",
  values: number,
  bytes: number,
): Uint8Array {
  const writer = new CompactWriter();
  writer.int(1, kind === "dictionary" ? 2 : 0);
  writer.int(2, bytes);
  writer.int(3, bytes);
  if (kind === "dictionary") {
    writer.struct(7, () => {
      writer.int(1, values);
      writer.int(2, PLAIN);
    });
  } else {
    writer.struct(5, () => {
      writer.int(1, values);
      writer.int(2, kind === "indices" ? RLE_DICTIONARY : PLAIN);
      writer.int(3, RLE);
      writer.int(4, RLE);
    });
  }
  return writer.end();
}

/**
 * The footer, its length and the closing mark.
 *
 * @param columns The columns.
 * @param groups The row groups in the order of the file, the first right behind the opening mark.
 * @returns The bytes that end the file.
 */
export function parquetFooter(columns: readonly FrameColumn[], groups: readonly FrameGroup[]): Uint8Array {
  const writer = new CompactWriter();
  writer.int(1, 1);
  const schema: (() => void)[] = [() => {
    writer.text(4, "schema");
    writer.int(5, columns.length);
  }];
  for (const { name, type } of columns) schema.push(...schemaElements(writer, name, type));
  writer.list(2, schema);
  writer.long(3, groups.reduce((sum, { rows }) => sum + rows, 0));
  let offset = MAGIC.length;
  writer.list(
    4,
    groups.map(({ rows, chunks }) => () => {
      let bytes = 0;
      writer.list(
        1,
        chunks.map((chunk, c) => () => {
          const start = offset;
          const { values, dictionary = 0, data } = chunk;
          offset += dictionary + data;
          bytes += dictionary + data;
          const { name, type } = columns[c];
          writer.long(2, start);
          writer.struct(3, () => {
            writer.int(1, PHYSICAL[type]);
            writer.ints(2, dictionary ? [RLE_DICTIONARY, PLAIN, RLE] : [PLAIN, RLE]);
            writer.texts(3, type === "texts" ? [name, "list", "element"] : [name]);
            writer.int(4, UNCOMPRESSED);
            writer.long(5, values);
            writer.long(6, dictionary + data);
            writer.long(7, dictionary + data);
            writer.long(9, start + dictionary);
            if (dictionary) writer.long(11, start);
          });
        }),
      );
      writer.long(2, bytes);
      writer.long(3, rows);
    }),
  );
  writer.text(6, MAKER);
  const metadata = writer.end();
  const footer = new Uint8Array(metadata.length + 8);
  footer.set(metadata);
  new DataView(footer.buffer).setUint32(metadata.length, metadata.length, true);
  footer.set(MAGIC, metadata.length + 4);
  return footer;
}

const [OPTIONAL, REPEATED] = [1, 2];
const CONVERTED: Partial<Record<FrameType, number>> = { int32: 17, text: 0, texts: 0 };

function schemaElements(writer: CompactWriter, name: string, type: FrameType): (() => void)[] {
  const leaf = (name: string) => () => {
    writer.int(1, PHYSICAL[type]);
    writer.int(3, OPTIONAL);
    writer.text(4, name);
    if (CONVERTED[type] !== undefined) writer.int(6, CONVERTED[type]);
  };
  if (type !== "texts") return [leaf(name)];
  const inner = (name: string, repetition: number, list: boolean) => () => {
    writer.int(3, repetition);
    writer.text(4, name);
    writer.int(5, 1);
    if (list) writer.int(6, 3);
  };
  return [inner(name, OPTIONAL, true), inner("list", REPEATED, false), leaf("element")];
}

/** Which part of the numbers is wanted, and what is to be done with them. */
export interface NumbersPart {
  /** First row. Default 0. */
  from?: number;
  /** Row after the last. Default: all rows. */
  to?: number;
  /**
   * Changes numbers of a column in place, each by itself: it may be called for the numbers of a dictionary instead of
   * those of the rows.
   */
  change?: (name: string, values: Float64Array) => void;
}

/**
 * Reads numeric columns of a file that has this frame, without anything else being loaded.
 *
 * @param path The file.
 * @param names The columns wanted. One that the file lacks is left out of the result.
 * @param part Which rows, and what is to be done with the numbers.
 * @returns The columns, NaN for null; nothing when the file is of another make, or a wanted column is no number.
 */
export function readOwnNumbers(
  path: string,
  names: readonly string[],
  { from = 0, to = Infinity, change }: NumbersPart = {},
): Record<string, Float64Array> | undefined {
  const file = openSync(path, "r");
  try {
    const footer = ownFooter(file, names);
    if (!footer) return undefined;
    const { rows, groups, leaves } = footer;
    const end = Math.min(to, rows);
    const found: Record<string, Float64Array> = {};
    for (const [leaf, { name, type }] of leaves.entries()) {
      if (!names.includes(name)) continue;
      const values = new Float64Array(Math.max(0, end - from));
      let row = 0;
      for (const group of groups) {
        const [first, last] = [row, row += group[3] as number];
        if (last <= from || first >= end) continue;
        const metadata = (group[1] as ThriftStruct[])[leaf][3] as ThriftStruct;
        const bytes = readRange(file, (metadata[11] ?? metadata[9]) as number, metadata[7] as number);
        const changeValues = (values: Float64Array) => change?.(name, values);
        const whole = first >= from && last <= end;
        const target = whole ? values.subarray(first - from, last - from) : new Float64Array(last - first);
        readChunk(bytes, type, target, changeValues);
        if (whole) continue;
        const [low, high] = [Math.max(from, first), Math.min(end, last)];
        values.set(target.subarray(low - first, high - first), low - from);
      }
      found[name] = values;
    }
    return Object.fromEntries(names.filter((name) => name in found).map((name) => [name, found[name]]));
  } finally {
    closeSync(file);
  }
}

/**
 * Counts the rows of a file that has this frame.
 *
 * @param path The file.
 * @param names Columns that are wanted as numbers.
 * @returns Rows; nothing where {@linkcode readOwnNumbers} returns nothing.
 */
export function countOwnRows(path: string, names: readonly string[]): number | undefined {
  const file = openSync(path, "r");
  try {
    return ownFooter(file, names)?.rows;
  } finally {
    closeSync(file);
  }
}

/** The footer of a file of this make whose columns of some names are numbers. */
function ownFooter(file: number, names: readonly string[]) {
  const footer = readFooter(file, fstatSync(file).size);
  if (!footer) return undefined;
  const leaves = leafColumns(footer);
  const numbers = [PHYSICAL.boolean, PHYSICAL.int32, PHYSICAL.float64];
  if (leaves.some(({ name, type }) => names.includes(name) && !numbers.includes(type))) return undefined;
  return { rows: footer[3] as number, groups: footer[4] as ThriftStruct[], leaves };
}

function readRange(file: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const count = readSync(file, bytes, read, length - read, start + read);
    if (count === 0) throw new Error(`A Parquet file ends before its byte ${start + length}`);
    read += count;
  }
  return bytes;
}

function readFooter(file: number, size: number): ThriftStruct | undefined {
  if (size < 12) return undefined;
  const end = readRange(file, size - 8, 8);
  const length = new DataView(end.buffer).getUint32(0, true);
  if (new TextDecoder().decode(end.subarray(4)) !== "PAR1" || length + 12 > size) return undefined;
  const bytes = readRange(file, size - 8 - length, length);
  // The maker stands at the end; another maker's footer may hold what the reader below does not know.
  const maker = new TextDecoder("latin1").decode(bytes.subarray(-1 - MAKER.length, -1));
  return maker === MAKER ? new CompactReader(bytes, 0).struct() : undefined;
}

/** The columns in the order in which row groups have them. */
function leafColumns(footer: ThriftStruct): { name: string; type: number }[] {
  const leaves: { name: string; type: number }[] = [];
  let list: string | undefined;
  for (const element of (footer[2] as ThriftStruct[]).slice(1)) {
    if (element[5] !== undefined) list ??= element[4] as string;
    else {
      leaves.push({ name: list ?? element[4] as string, type: element[1] as number });
      list = undefined;
    }
  }
  return leaves;
}

/** Decodes the pages of one column in a row group. */
function readChunk(
  bytes: Uint8Array<ArrayBuffer>,
  type: number,
  values: Float64Array,
  change: (values: Float64Array) => void,
): void {
  let dictionary: Float64Array | undefined;
  let at = 0;
  for (;;) {
    const reader = new CompactReader(bytes, at);
    const header = reader.struct();
    const page = bytes.subarray(reader.at, at = reader.at + (header[3] as number));
    if (header[1] === 2) {
      dictionary = plainNumbers(page, type, (header[7] as ThriftStruct)[1] as number);
      change(dictionary);
      continue;
    }
    const length = new DataView(page.buffer, page.byteOffset).getUint32(0, true);
    const levels = nullLevels(page.subarray(4, 4 + length), values.length);
    let known = values.length;
    if (levels) { for (const level of levels) known -= 1 - level; }
    const rest = page.subarray(4 + length);
    const numbers = values.subarray(0, known);
    if (dictionary) {
      const indices = new Uint32Array(known);
      readHybrid(rest.subarray(1), rest[0], indices);
      for (let i = 0; i < known; i++) numbers[i] = dictionary[indices[i]];
    } else {
      numbers.set(plainNumbers(rest, type, known));
      change(numbers);
    }
    if (!levels) return;
    // From the end, for the numbers stand in the same place.
    for (let i = values.length - 1, next = known; i >= 0; i--) values[i] = levels[i] ? numbers[--next] : NaN;
    return;
  }
}

/** Which values are there, 1 or 0; nothing when all are. */
function nullLevels(bytes: Uint8Array, count: number): Uint32Array | undefined {
  const all = new CompactReader(bytes, 0).varint();
  if (all % 2 === 0 && all / 2 >= count && bytes[bytes.length - 1] === 1) return undefined;
  const levels = new Uint32Array(count);
  readHybrid(bytes, 1, levels);
  return levels;
}

function plainNumbers(page: Uint8Array<ArrayBuffer>, type: number, count: number): Float64Array {
  if (type === PHYSICAL.boolean) return Float64Array.from({ length: count }, (_, i) => page[i >> 3] >> (i & 7) & 1);
  const copy = page.slice().buffer;
  return type === PHYSICAL.int32 ? new Float64Array(new Int32Array(copy, 0, count)) : new Float64Array(copy, 0, count);
}

/** Runs of one value and groups of 8 packed values, in turn. */
function readHybrid(bytes: Uint8Array, width: number, values: Uint32Array): void {
  let at = 0;
  for (let done = 0; done < values.length;) {
    let head = 0;
    for (let shift = 0;; shift += 7) {
      head += (bytes[at] & 127) * 2 ** shift;
      if (bytes[at++] < 128) break;
    }
    if (head % 2 === 0) {
      const value = bytes[at] + (width > 8 ? bytes[at + 1] * 256 : 0);
      at += width > 8 ? 2 : 1;
      values.fill(value, done, done += head / 2);
      continue;
    }
    const count = Math.min(values.length - done, (head - 1) * 4);
    const mask = (1 << width) - 1;
    // Four bytes at once hold a value of up to 25 bits, wherever in its byte it begins; the last ones byte by byte.
    const fast = width > 25 ? 0 : Math.max(0, Math.min(count, Math.floor(8 * (bytes.length - at - 4) / width)));
    for (let i = 0, bit = 0; i < count; i++, bit += width) {
      const from = at + (bit >> 3);
      if (i < fast) {
        const held = bytes[from] | bytes[from + 1] << 8 | bytes[from + 2] << 16 | bytes[from + 3] << 24;
        values[done++] = held >>> (bit & 7) & mask;
        continue;
      }
      let value = 0;
      for (let b = 0; b < width; b++) value |= (bytes[at + (bit + b >> 3)] >> (bit + b & 7) & 1) << b;
      values[done++] = value;
    }
    at += (head - 1) / 2 * width;
  }
}

/** A struct by field number. */
interface ThriftStruct {
  [field: number]: ThriftValue;
}
type ThriftValue = number | string | boolean | ThriftStruct | ThriftValue[];

/** Reads Thrift's compact protocol. */
class CompactReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(): ThriftStruct {
    const found: ThriftStruct = {};
    let field = 0;
    for (;;) {
      const head = this.#bytes[this.at++];
      if (head === 0) return found;
      field += head >> 4;
      found[field] = this.#value(head & 15);
    }
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case 5:
      case 6:
        return this.varint() / 2;
      case 8: {
        const length = this.varint();
        return new TextDecoder().decode(this.#bytes.subarray(this.at, this.at += length));
      }
      case 9: {
        const head = this.#bytes[this.at++];
        const length = head >> 4 === 15 ? this.varint() : head >> 4;
        return Array.from({ length }, () => this.#value(head & 15));
      }
      case 12:
        return this.struct();
      default:
        throw new Error(`Expected a Thrift type that this frame has but found ${type}`);
    }
  }

  varint(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

/** Thrift's compact protocol, as much of it as is needed. */
class CompactWriter {
  #bytes: number[] = [];
  #last = 0;
  readonly #encoder = new TextEncoder();

  int(field: number, value: number): void {
    this.#field(field, 5);
    this.#varint(value * 2);
  }

  long(field: number, value: number): void {
    this.#field(field, 6);
    this.#varint(value * 2);
  }

  text(field: number, value: string): void {
    this.#field(field, 8);
    this.#plainText(value);
  }

  ints(field: number, values: readonly number[]): void {
    this.#field(field, 9);
    this.#listHead(values.length, 5);
    for (const value of values) this.#varint(value * 2);
  }

  texts(field: number, values: readonly string[]): void {
    this.#field(field, 9);
    this.#listHead(values.length, 8);
    for (const value of values) this.#plainText(value);
  }

  struct(field: number, fill: () => void): void {
    this.#field(field, 12);
    this.#inside(fill);
  }

  list(field: number, structs: readonly (() => void)[]): void {
    this.#field(field, 9);
    this.#listHead(structs.length, 12);
    for (const fill of structs) this.#inside(fill);
  }

  end(): Uint8Array {
    this.#bytes.push(0);
    return Uint8Array.from(this.#bytes);
  }

  #inside(fill: () => void): void {
    const outer = this.#last;
    this.#last = 0;
    fill();
    this.#bytes.push(0);
    this.#last = outer;
  }

  #field(field: number, type: number): void {
    this.#bytes.push((field - this.#last) << 4 | type);
    this.#last = field;
  }

  #listHead(length: number, type: number): void {
    if (length < 15) this.#bytes.push(length << 4 | type);
    else {
      this.#bytes.push(0xf0 | type);
      this.#varint(length);
    }
  }

  #plainText(value: string): void {
    const bytes = this.#encoder.encode(value);
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  #varint(value: number): void {
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes.push(value % 128 | 128);
    this.#bytes.push(value);
  }
}
