/** Reading choice logs: any CSV or Parquet file in long format, one row an alternative. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { concatenate } from "../data/concatenate.ts";
import { InputError } from "../data/errors.ts";
import { type ChoiceSets, groupChoices } from "../listening/choice_sets.ts";
import { type ChoiceColumns, withChoiceLog } from "./choice_log.ts";
import { type ChoiceQuery, choiceQuery } from "./choice_query.ts";
import type { ChoiceBatches } from "./conditional_logit.ts";

/** Most bytes of features to hold in memory. */
const MOST_BYTES = 4 * 2 ** 30;
/** Memory of DuckDB while it feeds batches; beyond it, it spills to disk. */
const BATCH_MEMORY = "128MB";

/**
 * Reads choice sets from a long-format CSV (plain or gzipped) or Parquet file. Rows of a set may lie anywhere.
 *
 * @returns The choice sets, in ascending order of numeric ids, or in the order in which text ids first appear; and the
 * level whose constant is 0, when there are constants.
 * @throws {InputError} When the file or a column is missing, a feature is not numeric, a value is missing, or a set has
 * no chosen row or several, or the features take over 4 GiB.
 */
export async function readChoices(
  path: string,
  columns: ChoiceColumns = {},
): Promise<{ sets: ChoiceSets; base?: string }> {
  return await withChoiceLog(path, columns, async (log) => {
    const query = await choiceQuery(log);
    const { rows, features, constants, base } = query;
    const bytes = 8 * rows * features.length;
    if (bytes > MOST_BYTES) {
      throw new InputError(
        `${rows} rows of ${features.length} features take ${(bytes / 2 ** 30).toFixed(1)} GiB; fit them in batches ` +
          `with --stream`,
      );
    }
    const { value } = await readBatches(log.connection, query, rows).next();
    return { sets: { ...value!, constantsName: constants }, base };
  });
}

/**
 * Opens a choice log for fitting in batches, so that memory stays bounded however long the file is. Rows that are not
 * in order of their choice set are sorted once, on disk if need be.
 *
 * @param use Gets the batches; they are gone afterwards.
 * @param batchRows Rows of a batch, about; a set is never split.
 * @throws {InputError} As {@linkcode readChoices}.
 */
export async function withChoiceBatches<T>(
  path: string,
  columns: ChoiceColumns,
  use: (source: ChoiceBatches & { base?: string }) => Promise<T>,
  batchRows: number = 131072,
): Promise<T> {
  return await withChoiceLog(path, columns, async (log) => {
    const query = await choiceQuery(log);
    const { features, clusterCount, base } = query;
    return await use({ features, clusterCount, base, batches: () => readBatches(log.connection, query, batchRows) });
  }, BATCH_MEMORY);
}

/** Whole choice sets, so many rows at a time that no set is split. */
async function* readBatches(
  connection: DuckDBConnection,
  query: ChoiceQuery,
  batchRows: number,
): AsyncGenerator<ChoiceSets, undefined> {
  // Rows wait here until a batch of whole sets is full: one array a column, the last one with all features, row-major.
  const single = 2 + query.optional.length;
  const width = query.features.length;
  const widths = [...Array(single).fill(1), width];
  let waiting = widths.map((w) => new Float64Array(w * Math.min(query.rows, 2 * batchRows)));
  let rows = 0;
  const result = await connection.stream(query.sql);
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    if (rows + chunk.rowCount > waiting[0].length) {
      waiting = waiting.map((part) => concatenate(Float64Array, [part, new Float64Array(part.length)]));
    }
    for (let c = 0; c < single + width; c++) {
      // The query gives doubles and leaves no NULL, so that nothing is boxed.
      const { items } = chunk.getColumnVector(c) as unknown as { items: Float64Array };
      const part = waiting[Math.min(c, single)];
      if (c < single) part.set(items, rows);
      else for (let i = 0, at = rows * width + c - single; i < items.length; i++, at += width) part[at] = items[i];
    }
    rows += chunk.rowCount;
    if (rows < batchRows || rows === query.rows) continue;
    const whole = waiting[0].indexOf(waiting[0][rows - 1]);
    if (whole === 0) continue;
    yield batchOf(waiting.map((part, c) => part.slice(0, whole * widths[c])), query);
    waiting.forEach((part, c) => part.copyWithin(0, whole * widths[c], rows * widths[c]));
    rows -= whole;
  }
  if (rows > 0) yield batchOf(waiting.map((part, c) => part.subarray(0, rows * widths[c])), query);
}

function batchOf(parts: Float64Array[], query: ChoiceQuery): ChoiceSets {
  const [choice, chosen] = parts;
  const { cluster, alternative, offset } = Object.fromEntries(query.optional.map((name, o) => [name, parts[2 + o]]));
  return groupChoices({
    features: query.features,
    values: parts[parts.length - 1],
    choice,
    chosen,
    cluster,
    alternative: alternative && Int32Array.from(alternative),
    alternatives: query.levels,
    offset,
    nameOf: query.nameOf,
  });
}
