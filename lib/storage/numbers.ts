/**
 * Streaming numeric query results out of DuckDB without boxing: what long tables of numbers need.
 *
 * @module
 */
import type { DuckDBConnection } from "@duckdb/node-api";

/** A chunk of a result. */
export interface DoubleChunk {
  /** The columns, valid until the next chunk is asked for. */
  columns: Float64Array[];
  /** Number of rows. */
  count: number;
}

/**
 * Runs a query whose columns are all DOUBLE and never NULL, and gives its chunks as they come. Memory stays bounded by
 * one chunk (2048 rows as a rule). NULLs must be mapped in the query, e.g. `coalesce(x, 'nan')`.
 *
 * @param connection An open DuckDB connection.
 * @param sql The query.
 * @returns The chunks.
 * @throws {Error} When a column is not DOUBLE or holds NULL.
 */
export async function* chunksOfDoubles(connection: DuckDBConnection, sql: string): AsyncGenerator<DoubleChunk> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const columns = Array.from({ length: chunk.columnCount }, (_, c) => {
      const vector = chunk.getColumnVector(c) as unknown as { items: unknown; validity: { data: unknown } };
      if (!(vector.items instanceof Float64Array) || vector.validity.data) {
        throw new Error(`Expected column ${c} of the query to be DOUBLE without NULL`);
      }
      return vector.items;
    });
    yield { columns, count: chunk.rowCount };
  }
}
