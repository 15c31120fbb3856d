/** Reading Parquet files as columns, without a database: it starts at once. */
import { group, sort } from "d3-array";
import {
  asyncBufferFromFile,
  type ColumnData,
  type Compressors,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from "hyparquet";
import { existsSync } from "node:fs";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { concatenate } from "./concatenate.ts";
import { InputError } from "./errors.ts";

/** A column that was read: numbers as float64 with NaN for NULL, texts and lists of texts as arrays with null. */
export type ColumnValues = Float64Array | (string | null)[] | (string[] | null)[];

/** What files are compressed with beside Snappy, which the reader knows by itself. */
const COMPRESSORS: Compressors = {
  ZSTD: (bytes) => zstdDecompressSync(bytes),
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

/**
 * Reads columns of a Parquet file, in file order.
 *
 * @param names The columns wanted; all when left out. A wanted column that the file lacks is left out of the result.
 * @returns Values by column name. Booleans come as 0 and 1, integers as float64.
 * @throws {InputError} When the file is missing or is not Parquet.
 */
export async function readParquet(path: string, names?: readonly string[]): Promise<Record<string, ColumnValues>> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: Error) => {
    throw new InputError(`${path}: expected a Parquet file but found something else (${error.message})`);
  });
  const present = new Map(parquetSchema(metadata).children.map((column) => [column.element.name, column]));
  const wanted = (names ?? [...present.keys()]).filter((name) => present.has(name));
  const chunks: ColumnData[] = [];
  const onChunk = (chunk: ColumnData) => chunks.push(chunk);
  await parquetRead({ file, metadata, columns: wanted, compressors: COMPRESSORS, onChunk });
  // Row groups come in whatever order they are ready.
  const parts = group(sort(chunks, ({ rowStart }) => rowStart), ({ columnName }) => columnName);
  return Object.fromEntries(wanted.map((name) => {
    const { children, element } = present.get(name)!;
    const values = (parts.get(name) ?? []).map(({ columnData }) => columnData);
    const isText = children.length > 0 || element.type?.endsWith("BYTE_ARRAY");
    return [
      name,
      isText
        ? values.flatMap((part) => Array.from(part, (value) => value ?? null)) as ColumnValues
        : concatenate(Float64Array, values.map(toNumbers)),
    ];
  }));
}

function toNumbers(values: ArrayLike<unknown>): Float64Array {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) numbers[i] = Number(values[i] ?? NaN);
  return numbers;
}
