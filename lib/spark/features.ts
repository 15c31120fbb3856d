/** Stage `features` on an engine: statistics of partitions are merged, then every partition is encoded. */
import { join } from "node:path";
import {
  type Catalog,
  LIST_COLUMNS,
  type ListColumn,
  NUMERIC_COLUMNS,
  type NumericColumn,
} from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { encodeCatalog } from "../features/encode.ts";
import { type FeatureSpec, makeFeatureSpec } from "../features/spec.ts";
import { FEATURE_SOURCE_COLUMNS, type FeatureEncoder } from "../features/features_stage.ts";
import { collectStatistics, mergeStatistics } from "../features/statistics.ts";
import type { RowTable } from "./arrow.ts";
import { type Engine, mergedStep, runAndMerge, type Source, type Step } from "./engine.ts";
import { type RowsFile, writeMatrixOn, writingStep } from "./matrix_file.ts";

/** Step `features.statistics`: the statistics of a partition. */
export const STATISTICS_STEP: Step = mergedStep(async function* (rows) {
  for await (const table of rows) yield collectStatistics(catalogOf(table));
}, mergeStatistics);

/** Step `features.encode`: writes the encoded rows of a partition. */
export const ENCODE_STEP: Step = writingStep((table, { spec }: { spec: FeatureSpec; file: RowsFile }) => {
  const width = spec.columns.length;
  const x = encodeCatalog(catalogOf(table), spec);
  const bad = x.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return x;
  const [row, { name }] = [table.numbers("row")![Math.floor(bad / width)], spec.columns[bad % width]];
  throw new InputError(`row ${row}: expected a finite ${name} but found ${x.data[bad]}; leave the row out`);
});

/**
 * Encoding on an engine, for `featuresStage`; the files are those of one thread, up to rounding.
 *
 * @returns The encoder; it throws an `InputError` when `tracks.parquet` is missing or empty, no column is left, or a
 * number is not finite.
 */
export function featuresOn(engine: Engine): FeatureEncoder {
  return async (directory, options) => {
    const source: Source = {
      kind: "parquet",
      path: join(directory, "tracks.parquet"),
      columns: FEATURE_SOURCE_COLUMNS,
    };
    const statistics = await runAndMerge(
      engine,
      { name: "feature statistics", source, steps: [{ step: "features.statistics" }] },
      mergeStatistics,
    );
    const spec = makeFeatureSpec(statistics, options);
    await writeMatrixOn(engine, join(directory, "X_raw.npy"), spec.tracks, spec.columns.length, (file) => ({
      name: "encode features",
      source,
      steps: [{ step: "features.encode", broadcast: { spec, file } }],
    }));
    return spec;
  };
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
