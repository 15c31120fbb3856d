/** Parquet files and queries through DuckDB: columns in, columns out, typed arrays where the column is numeric. */
import {
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
  FLOAT,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from "@duckdb/node-api";
import { concatenate } from "./concatenate.ts";
import { InputError } from "./errors.ts";
import { writeAtomicWith } from "./atomic.ts";
import type { ColumnValues } from "./read_parquet.ts";

/** Element types of a written column. */
export type ColumnType = "int32" | "float32" | "float64" | "boolean" | "text" | "texts";

/** A column to write. Numeric NaN and null entries are written as NULL. */
export interface Column {
  /** Name in the file. */
  name: string;
  /** Element type; `texts` is a list of texts. */
  type: ColumnType;
  /** One value a row. */
  values: ArrayLike<number> | (string | null)[] | (boolean | null)[] | (string[] | null)[];
}

const TYPES: Record<ColumnType, DuckDBType> = {
  int32: INTEGER,
  float32: FLOAT,
  float64: DOUBLE,
  boolean: BOOLEAN,
  text: VARCHAR,
  texts: LIST(VARCHAR),
};
const CHUNK = 2048;

/**
 * Runs a function with a fresh in-memory DuckDB and closes it afterwards.
 *
 * @param memoryLimit E.g. `"1GB"`; beyond it DuckDB spills to disk.
 */
export async function withDuckDB<T>(
  use: (connection: DuckDBConnection) => Promise<T>,
  memoryLimit: string = "4GB",
): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: memoryLimit });
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A text as an SQL literal: in single quotes, inner quotes doubled. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column or table name as an SQL identifier: in double quotes, inner quotes doubled. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Writes columns as a Parquet file (zstd), atomically.
 *
 * @throws {InputError} When the columns differ in length.
 */
export async function writeParquet(path: string, columns: readonly Column[]): Promise<void> {
  const rows = columns[0]?.values.length ?? 0;
  for (const column of columns) {
    if (column.values.length !== rows) {
      throw new InputError(`Expected column ${column.name} to have ${rows} values but found ${column.values.length}`);
    }
  }
  await withDuckDB(async (connection) => {
    const definition = columns.map((c) => `${sqlName(c.name)} ${TYPES[c.type]}`).join(", ");
    await connection.run(`CREATE TABLE output (${definition})`);
    const appender = await connection.createAppender("output");
    const types = columns.map((c) => TYPES[c.type]);
    for (let start = 0; start < rows; start += CHUNK) {
      const count = Math.min(CHUNK, rows - start);
      const chunk = DuckDBDataChunk.create(types, count);
      chunk.setColumns(columns.map((column) => duckValues(column, start, count)));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await writeAtomicWith(path, async (temporary) => {
      await connection.run(`COPY output TO ${sqlText(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
    });
  });
}

/**
 * The columns of a Parquet file.
 *
 * @returns SQL types by column name, in the order of the file.
 * @throws {InputError} When the file is not Parquet.
 */
export async function describeParquet(connection: DuckDBConnection, path: string): Promise<Record<string, string>> {
  try {
    const described = await connection.runAndReadAll(`DESCRIBE FROM read_parquet(${sqlText(path)})`);
    return Object.fromEntries(described.getRows().map(([name, type]) => [String(name), String(type)]));
  } catch (error) {
    throw new InputError(`${path}: expected a Parquet file but DuckDB says: ${String(error).split("\n")[0]}`);
  }
}

/**
 * Reads columns of a Parquet file as `readParquet` does, on all cores: for the numbers of a million rows that pays,
 * although the database has to be loaded.
 *
 * @param path The file to read, which is there.
 * @throws {InputError} When the file is not Parquet.
 */
export async function queryParquet(path: string, names: readonly string[]): Promise<Record<string, ColumnValues>> {
  return await withDuckDB(async (connection) => {
    const present = await describeParquet(connection, path);
    const wanted = names.filter((name) => name in present).map(sqlName);
    if (wanted.length === 0) return {};
    return await queryColumns(connection, `SELECT ${wanted.join(", ")} FROM read_parquet(${sqlText(path)})`);
  });
}

/** Runs a query and returns its columns, as `readParquet` gives them. */
export async function queryColumns(
  connection: DuckDBConnection,
  sql: string,
): Promise<Record<string, ColumnValues>> {
  const result = await connection.stream(sql);
  const names = result.columnNames();
  const isText = result.columnTypes().map((type) => ["VARCHAR", "VARCHAR[]"].includes(String(type)));
  const parts = names.map((): unknown[] => []);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    parts.forEach((part, c) => {
      const vector = chunk.getColumnVector(c);
      if (!isText[c]) part.push(numbersOfVector(vector, chunk.rowCount));
      else for (const value of vector.toArray()) part.push(value instanceof DuckDBListValue ? value.items : value);
    });
  }
  return Object.fromEntries(names.map((name, c) => {
    return [name, isText[c] ? parts[c] as (string | null)[] : concatenate(Float64Array, parts[c] as Float64Array[])];
  }));
}

/** The numbers of a vector, NaN for NULL: copied as a whole where it is a plain array without NULLs. */
function numbersOfVector(vector: DuckDBVector, length: number): Float64Array {
  const { items, validity } = vector as unknown as { items?: unknown; validity?: { data: unknown } };
  const plain = items instanceof Float64Array || items instanceof Float32Array || items instanceof Int32Array;
  if (plain && validity?.data === null) return new Float64Array(items.subarray(0, length));
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = vector.getItem(i);
    numbers[i] = value === null ? NaN : Number(value);
  }
  return numbers;
}

/** The values of some rows of a column as DuckDB takes them. */
function duckValues(column: Column, start: number, count: number): DuckDBValue[] {
  return Array.from({ length: count }, (_, i) => {
    const value = column.values[start + i];
    if (Array.isArray(value)) return listValue(value);
    if (typeof value !== "number") return value;
    return Number.isNaN(value) ? null : column.type === "boolean" ? value !== 0 : value;
  });
}
