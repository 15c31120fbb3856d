/**
 * Stage `features` on an engine: statistics of partitions are merged, then every partition is encoded.
 *
 * @module
 */
import { join } from "node:path";
import {
  type Catalog,
  LIST_COLUMNS,
  type ListColumn,
  NUMERIC_COLUMNS,
  type NumericColumn,
} from "../catalog/catalog.ts";
import { InputError } from "../errors.ts";
import { encodeCatalog } from "../features/encode.ts";
import { type FeatureSpec, makeFeatureSpec, type SpecOptions } from "../features/spec.ts";
import { FEATURE_SOURCE_COLUMNS, type FeatureEncoder } from "../features/stage.ts";
import { type CatalogStatistics, collectStatistics, mergeStatistics } from "../features/statistics.ts";
import { bytesOf, type RowTable } from "./arrow.ts";
import { type Engine, runAndMerge, type Source, type Step } from "./engine.ts";
import { writeMatrixRows } from "./matrix_file.ts";

/** Step `features.statistics`: the statistics of a partition, as JSON. */
export const STATISTICS_STEP: Step = {
  output: { statistics: "text" },
  async *run(rows) {
    let total: CatalogStatistics | undefined;
    for await (const table of rows) {
      const statistics = collectStatistics(catalogOf(table));
      total = total ? mergeStatistics(total, statistics) : statistics;
    }
    if (total) yield { statistics: [JSON.stringify(total)] };
  },
};

/** Step `features.encode`: the encoded rows of a partition; its broadcast value is the {@linkcode FeatureSpec}. */
export const ENCODE_STEP: Step = {
  output: { row: "int32", vector: "binary" },
  async *run(rows, { data }) {
    const spec = data as FeatureSpec;
    const width = spec.columns.length;
    for await (const table of rows) {
      const row = table.numbers("row")!;
      const x = encodeCatalog(catalogOf(table), spec);
      const bad = x.data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const { name } = spec.columns[bad % width];
        throw new InputError(
          `row ${row[Math.floor(bad / width)]}: expected a finite ${name} but found ${x.data[bad]}; leave the row out`,
        );
      }
      yield { row, vector: { bytes: bytesOf(x.data), width: 4 * width } };
    }
  },
};

/**
 * Encoding on an engine, for `featuresStage`; the files are those of one thread, up to rounding.
 *
 * @param engine The engine.
 * @returns The encoder; it throws an `InputError` when `tracks.parquet` is missing or empty, no column is left, or a
 * number is not finite.
 */
export function featuresOn(engine: Engine): FeatureEncoder {
  return (directory, options) => encodeOn(engine, directory, options);
}

async function encodeOn(engine: Engine, directory: string, options: SpecOptions): Promise<FeatureSpec> {
  const source: Source = {
    kind: "parquet",
    path: join(directory, "tracks.parquet"),
    columns: FEATURE_SOURCE_COLUMNS,
  };
  const statistics = await runAndMerge(
    engine,
    { name: "feature statistics", source, steps: [{ step: "features.statistics" }] },
    (table) => table.texts("statistics").map((text) => JSON.parse(text!) as CatalogStatistics),
    mergeStatistics,
  );
  const spec = makeFeatureSpec(statistics, options);
  const encoded = await engine.run({
    name: "encode features",
    source,
    steps: [{ step: "features.encode", broadcast: { data: spec } }],
    large: true,
  });
  await writeMatrixRows(
    join(directory, "X_raw.npy"),
    spec.tracks,
    spec.columns.length,
    vectorsOf(encoded.tables(), "vector"),
  );
  return spec;
}

/**
 * Row numbers and vectors of result tables.
 *
 * @param tables The tables.
 * @param column The column of the vectors.
 * @returns Row numbers and the bytes of the rows, table by table.
 */
export async function* vectorsOf(
  tables: AsyncIterable<RowTable>,
  column: string,
): AsyncGenerator<{ row: ArrayLike<number>; bytes: Uint8Array }> {
  for await (const table of tables) yield { row: table.numbers("row")!, bytes: table.packed(column) };
}

function catalogOf(table: RowTable): Catalog {
  const numbers: Partial<Record<NumericColumn, Float64Array>> = {};
  const lists: Partial<Record<ListColumn, string[][]>> = {};
  for (const name of NUMERIC_COLUMNS) {
    const values = table.numbers(name);
    if (values) numbers[name] = Float64Array.from(values);
  }
  for (const name of LIST_COLUMNS) {
    const values = table.lists(name);
    if (values) lists[name] = values;
  }
  return { length: table.length, numbers, texts: {}, lists };
}
