/**
 * Rows between processes: tables of a few plain column types as Arrow IPC streams.
 *
 * @module
 */
import {
  batchType,
  binary,
  Column,
  columnFromArray,
  list,
  type Table as ArrowTable,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { concatenate } from "../concatenate.ts";

/** Type of a column that a step yields. */
export type RowType = "int32" | "float64" | "text" | "texts" | "binary";

/** Columns that a step yields, in order. */
export type RowSchema = Readonly<Record<string, RowType>>;

/** Byte strings of one length, one behind another: the vectors of many rows without a copy of each. */
export interface PackedBytes {
  /** The bytes, `width` a row. */
  bytes: Uint8Array;
  /** Bytes of a row. */
  width: number;
}

/** Values of a column that a step yields. */
export type RowValues =
  | ArrayLike<number>
  | readonly (string | null)[]
  | readonly (string[] | null)[]
  | readonly Uint8Array[]
  | PackedBytes;

/** A table that a step yields: values by column name, all of one length. */
export type RowColumns = Record<string, RowValues>;

/** A table that a step is given or a job results in. */
export interface RowTable {
  /** Number of rows. */
  readonly length: number;
  /** Names of the columns. */
  readonly names: readonly string[];
  /**
   * A column of numbers or booleans.
   *
   * @param name The column.
   * @returns One number a row, NaN where missing; undefined without such a column.
   */
  numbers(name: string): Float64Array | Int32Array | undefined;
  /**
   * A column of texts.
   *
   * @param name The column.
   * @returns One text a row, null where missing.
   */
  texts(name: string): (string | null)[];
  /**
   * A column of lists of texts.
   *
   * @param name The column.
   * @returns One list a row, empty where missing; undefined without such a column.
   */
  lists(name: string): string[][] | undefined;
  /**
   * A column of byte strings.
   *
   * @param name The column.
   * @returns One byte string a row: views, not copies.
   */
  bytes(name: string): Uint8Array[];
  /**
   * A column of byte strings that all have one length, as one.
   *
   * @param name The column.
   * @returns The bytes of all rows, one behind another, aligned to 8 bytes.
   */
  packed(name: string): Uint8Array<ArrayBuffer>;
}

const SPARK_TYPES: Record<RowType, string> = {
  int32: "int",
  float64: "double",
  text: "string",
  texts: "array<string>",
  binary: "binary",
};

/**
 * A schema as Spark writes it.
 *
 * @param schema The columns.
 * @returns For example `"row int, vector binary"`.
 */
export function sparkSchema(schema: RowSchema): string {
  return Object.entries(schema).map(([name, type]) => `${name} ${SPARK_TYPES[type]}`).join(", ");
}

/**
 * Encodes a table.
 *
 * @param schema Its columns and their types.
 * @param columns Their values.
 * @returns An Arrow IPC stream of one batch.
 */
export function encodeRows(schema: RowSchema, columns: RowColumns): Uint8Array {
  const built = Object.entries(schema).map(([name, type]): [string, Column<unknown>] => [
    name,
    buildColumn(type, columns[name]),
  ]);
  return tableToIPC(tableFromColumns(built), { format: "stream" })!;
}

/**
 * Decodes tables.
 *
 * @param bytes An Arrow IPC stream.
 * @returns All its rows as one table.
 */
export function decodeRows(bytes: Uint8Array): RowTable {
  return wrap(tableFromIPC(bytes));
}

/**
 * Number of rows of columns.
 *
 * @param columns The columns.
 * @returns The number; 0 without columns.
 */
export function rowCount(columns: RowColumns): number {
  const first = Object.values(columns)[0];
  return first === undefined ? 0 : "width" in first ? first.bytes.length / first.width : first.length;
}

/**
 * Numbers as bytes, without a copy.
 *
 * @param values A typed array.
 * @returns Its bytes.
 */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Bytes as 64-bit floats; copied where they are not aligned.
 *
 * @param bytes The bytes.
 * @returns The numbers.
 */
export function doublesOf(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8);
}

/**
 * Bytes as 32-bit floats; copied where they are not aligned.
 *
 * @param bytes The bytes.
 * @returns The numbers.
 */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/**
 * Bytes as 32-bit integers; copied where they are not aligned.
 *
 * @param bytes The bytes.
 * @returns The numbers.
 */
export function integersOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function buildColumn(type: RowType, values: RowValues): Column<unknown> {
  if ("width" in values) {
    const { bytes, width } = values;
    const length = bytes.length / width;
    return binaryColumn(bytes, Int32Array.from({ length: length + 1 }, (_, i) => i * width));
  }
  if (type === "binary") {
    const parts = values as readonly Uint8Array[];
    const offsets = new Int32Array(parts.length + 1);
    parts.forEach((part, i) => offsets[i + 1] = offsets[i] + part.length);
    return binaryColumn(concatenate(Uint8Array, parts), offsets);
  }
  if (type === "text") return columnFromArray(values as string[], utf8());
  if (type === "texts") return columnFromArray(values as string[][], list(utf8()));
  const numbers = values as ArrayLike<number>;
  return type === "int32"
    ? columnFromArray(numbers instanceof Int32Array ? numbers : Int32Array.from(numbers), undefined)
    : columnFromArray(numbers instanceof Float64Array ? numbers : Float64Array.from(numbers), undefined);
}

function binaryColumn(values: Uint8Array, offsets: Int32Array): Column<unknown> {
  const type = binary();
  const Batch = batchType(type, {}) as unknown as new (parts: object) => never;
  const length = offsets.length - 1;
  return new Column([new Batch({ length, nullCount: 0, type, validity: new Uint8Array(0), values, offsets })], type);
}

function wrap(table: ArrowTable): RowTable {
  const column = (name: string) => table.getChild(name);
  const needed = (name: string) => {
    const found = column(name);
    if (!found) throw new Error(`Expected a column ${name} but found ${table.names.join(", ")}`);
    return found;
  };
  return {
    length: table.numRows,
    names: table.names as string[],
    numbers(name) {
      const values = column(name)?.toArray();
      if (values === undefined) return undefined;
      if (values instanceof Float64Array || values instanceof Int32Array) return values;
      return Float64Array.from(values as ArrayLike<unknown>, (value) => value === null ? NaN : Number(value));
    },
    texts: (name) => Array.from(needed(name).toArray() as ArrayLike<string | null>),
    lists(name) {
      const values = column(name)?.toArray() as ArrayLike<Iterable<string> | null> | undefined;
      return values && Array.from(values, (list) => list === null ? [] : [...list]);
    },
    bytes: (name) => Array.from(needed(name).toArray() as ArrayLike<Uint8Array>),
    packed(name) {
      const batches = needed(name).data as unknown as { values: Uint8Array; offsets: Int32Array; length: number }[];
      const parts = batches.map(({ values, offsets, length }) => values.subarray(offsets[0], offsets[length]));
      return concatenate(Uint8Array, parts);
    },
  };
}
