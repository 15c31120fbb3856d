/** Rows between processes: tables of a few plain column types as Arrow IPC streams. */
import { binary, int32, type Table as ArrowTable, tableFromArrays, tableFromIPC, tableToIPC } from "@uwdata/flechette";
import { concatenate } from "../data/concatenate.ts";

/** Columns that a step yields, in order, as Spark names their types. */
export type RowSchema = Readonly<Record<string, "int" | "binary">>;

/** A table that a step yields: values by column name, all of one length. */
export type RowColumns = Record<string, Int32Array | number[] | Uint8Array[]>;

/** Class of a typed array. */
type TypedArrayClass<T> = {
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
  BYTES_PER_ELEMENT: number;
};

/** A table that a step is given or a job results in. */
export interface RowTable {
  readonly length: number;
  /** A column of numbers or booleans: one number a row, NaN where missing; undefined without such a column. */
  numbers(name: string): Float64Array | Int32Array | undefined;
  /** A column of texts, null where missing. */
  texts(name: string): (string | null)[];
  /** A column of lists of texts, empty where missing; undefined without such a column. */
  lists(name: string): string[][] | undefined;
  /** A column of byte strings: views, not copies. */
  bytes(name: string): Uint8Array[];
}

/**
 * Encodes a table.
 *
 * @returns An Arrow IPC stream of one batch.
 */
export function encodeRows(schema: RowSchema, columns: RowColumns): Uint8Array {
  const names = Object.keys(schema);
  const types = Object.fromEntries(names.map((name) => [name, schema[name] === "int" ? int32() : binary()]));
  return tableToIPC(
    tableFromArrays(names.map((name): [string, RowColumns[string]] => [name, columns[name]]), { types }),
    { format: "stream" },
  )!;
}

/** Decodes tables. */
export function decodeRows(bytes: Uint8Array): RowTable {
  const table: ArrowTable = tableFromIPC(bytes);
  const column = (name: string) => {
    const found = table.getChild(name);
    if (!found) throw new Error(`Expected a column ${name} but found ${table.names.join(", ")}`);
    return found;
  };
  return {
    length: table.numRows,
    numbers(name) {
      const values = table.getChild(name)?.toArray();
      if (values === undefined || values instanceof Float64Array || values instanceof Int32Array) return values;
      return Float64Array.from(values as ArrayLike<unknown>, (value) => value === null ? NaN : Number(value));
    },
    texts: (name) => Array.from(column(name).toArray() as ArrayLike<string | null>),
    lists(name) {
      const values = table.getChild(name)?.toArray() as ArrayLike<Iterable<string> | null> | undefined;
      return values && Array.from(values, (list) => list === null ? [] : [...list]);
    },
    bytes: (name) => Array.from(column(name).toArray() as ArrayLike<Uint8Array>),
  };
}

/** Numbers as bytes, without a copy. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * A matrix as a column of byte strings.
 *
 * @param values The numbers of all rows, one row behind another.
 * @returns The bytes of each row: views, not copies.
 */
export function rowsOf(values: ArrayBufferView, rows: number): Uint8Array[] {
  const bytes = bytesOf(values);
  const width = bytes.length / rows;
  return Array.from({ length: rows }, (_, i) => bytes.subarray(i * width, (i + 1) * width));
}

/**
 * A column of byte strings as the numbers of a matrix, the way back from {@linkcode rowsOf}.
 */
export function packedOf<T>(
  type: TypedArrayClass<T>,
  tables: readonly RowTable[],
  name: string,
): T {
  return numbersOf(type, concatenate(Uint8Array, tables.flatMap((table) => table.bytes(name))));
}

/** Bytes as numbers; copied where they are not aligned. */
export function numbersOf<T>(type: TypedArrayClass<T>, bytes: Uint8Array): T {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}
