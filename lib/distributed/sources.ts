/**
 * Sources of rows for the local engine; `bridge.py` and `driver.py` have their counterparts.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { InputError } from "../errors.ts";
import { queryColumns, sqlName, sqlText, withDuckDB } from "../storage/parquet.ts";
import { encodeRows, type RowColumns, type RowSchema, type RowType } from "./arrow.ts";
import type { Source } from "./engine.ts";
import { matrixShape } from "./matrix_file.ts";

const TABLE_ROWS = 10_000;

/** Partitions of a source: each makes its tables, as Arrow IPC streams, when it is asked. */
export interface OpenSource {
  /** The partitions. */
  partitions: (() => Promise<Uint8Array[]>)[];
}

/**
 * Cuts a source into partitions.
 *
 * @param source The source.
 * @param count How many; fewer when there are fewer rows. Items are a partition each.
 * @returns The partitions.
 * @throws {InputError} When the file is missing or not what it should be.
 */
export async function openSource(source: Source, count: number): Promise<OpenSource> {
  if (source.kind === "items") {
    return {
      partitions: source.items.map((value, item) =>
      // deno-lint-ignore require-await
      async () => [encodeRows({ item: "int32", value: "text" }, { item: [item], value: [value] })]),
    };
  }
  return source.kind === "npy" ? openMatrix(source.path, count) : await openParquet(source, count);
}

function openMatrix(path: string, count: number): OpenSource {
  const { rows, columns, offset } = matrixShape(path);
  const schema: RowSchema = { row: "int32", vector: "binary" };
  const width = columns * 4;
  return {
    partitions: rangesOf(rows, count).map(([from, to]) =>
    // deno-lint-ignore require-await
    async () => {
      const file = openSync(path, "r");
      try {
        return rangesOf(to - from, Math.ceil((to - from) / TABLE_ROWS)).map(([first, last]) => {
          const bytes = new Uint8Array((last - first) * width);
          for (let read = 0; read < bytes.length;) {
            const got = readSync(file, bytes, read, bytes.length - read, offset + (from + first) * width + read);
            if (got === 0) throw new InputError(`${path}: expected ${rows} x ${columns} numbers; the file is cut`);
            read += got;
          }
          const row = Int32Array.from({ length: last - first }, (_, i) => from + first + i);
          return encodeRows(schema, { row, vector: { bytes, width } });
        });
      } finally {
        closeSync(file);
      }
    }),
  };
}

async function openParquet(source: Source & { kind: "parquet" }, count: number): Promise<OpenSource> {
  const { path, columns, by } = source;
  const table = `read_parquet(${sqlText(path)}, file_row_number = true)`;
  const { types, rows } = await withDuckDB(async (connection) => {
    const described = await queryColumns(
      connection,
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${table})`,
    );
    const { n } = await queryColumns(connection, `SELECT count(*)::DOUBLE AS n FROM ${table}`);
    const names = described.column_name as string[];
    return {
      types: new Map(names.map((name, i) => [name, String((described.column_type as string[])[i])])),
      rows: Number(n[0]),
    };
  });
  const wanted = columns.filter((name) => types.has(name));
  const schema: RowSchema = {
    row: "int32",
    ...Object.fromEntries(wanted.map((name) => [name, rowType(types.get(name)!)])),
  };
  const select = `SELECT file_row_number AS "row", ${wanted.map(sqlName).join(", ")} FROM ${table}`;
  const read = (where: string) => async () => {
    const found = await withDuckDB((connection) => queryColumns(connection, `${select} ${where}`));
    const length = found.row?.length ?? 0;
    return rangesOf(length, Math.ceil(length / TABLE_ROWS)).map(([from, to]) => {
      const part = Object.entries(found).map(([name, values]) => [name, values.slice(from, to)]);
      return encodeRows(schema, Object.fromEntries(part) as RowColumns);
    });
  };
  const partitions = by === undefined
    ? rangesOf(rows, count).map(([from, to]) =>
      read(`WHERE file_row_number >= ${from} AND file_row_number < ${to} ORDER BY "row"`)
    )
    : Array.from(
      { length: count },
      (_, p) => read(`WHERE hash(${sqlName(by)}) % ${count} = ${p} ORDER BY ${sqlName(by)}, "row"`),
    );
  return { partitions };
}

function rowType(type: string): RowType {
  return type === "VARCHAR" ? "text" : type === "VARCHAR[]" ? "texts" : "float64";
}

/** Even ranges, at most `count` of them, none empty. */
function rangesOf(rows: number, count: number): [number, number][] {
  const parts = Math.min(rows, count);
  return Array.from({ length: parts }, (_, p) => [Math.floor(rows * p / parts), Math.floor(rows * (p + 1) / parts)]);
}
