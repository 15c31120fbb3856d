/** Stage `features`: from `tracks.parquet` to `X_raw.npy` and `features.json`. */
import { rollup } from "d3-array";
import { join } from "node:path";
import { type CatalogColumn, readCatalog } from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { writeAtomic } from "../data/atomic.ts";
import { writeNpy } from "../data/npy.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { encodeCatalog } from "./encode.ts";
import { type FeatureSpec, makeFeatureSpec, type SpecOptions } from "./spec.ts";
import { collectStatistics } from "./statistics.ts";
import { Z_FEATURES } from "./transforms.ts";

/** Columns of the catalogue that the features are made of. */
export const FEATURE_SOURCE_COLUMNS: readonly CatalogColumn[] = [
  ...Z_FEATURES,
  "key",
  "mode",
  "time_signature",
  "year",
  "genres",
];

/**
 * Encodes `tracks.parquet` of a data folder: writes `X_raw.npy` and returns what its columns are.
 *
 * @throws {InputError} When `tracks.parquet` is missing or empty, or no column is left.
 */
export type FeatureEncoder = (directory: string, options: SpecOptions) => Promise<FeatureSpec>;

/**
 * Encodes the catalogue of a data folder.
 *
 * @param options Weights by group and the most genres that get a column; `force` runs it even when it is up to date.
 * @param encode What encodes it; this process when left out.
 * @returns The report; its facts are the numbers of tracks and columns, the groups and what was dropped.
 * @throws {InputError} When `tracks.parquet` is missing or empty, or no column is left.
 */
export async function featuresStage(
  directory: string,
  options: SpecOptions & Rerun = {},
  encode: FeatureEncoder = encodeFolder,
): Promise<StageReport> {
  const { force, ...parameters } = options;
  return await runStage(directory, {
    name: "features",
    inputs: ["tracks.parquet"],
    parameters: { ...parameters },
    outputs: ["X_raw.npy", "features.json"],
    force,
    async run() {
      const spec = await encode(directory, parameters);
      writeAtomic(join(directory, "features.json"), JSON.stringify(spec, null, 2) + "\n");
      return describeFeatures(spec);
    },
  });
}

async function encodeFolder(directory: string, options: SpecOptions): Promise<FeatureSpec> {
  const path = join(directory, "tracks.parquet");
  const { queryParquet } = await import("../data/parquet.ts");
  const catalog = await readCatalog(path, FEATURE_SOURCE_COLUMNS, queryParquet);
  if (catalog.length === 0) throw new InputError(`${path}: has no tracks`);
  const spec = makeFeatureSpec(collectStatistics(catalog), options);
  writeNpy(join(directory, "X_raw.npy"), encodeCatalog(catalog, spec));
  return spec;
}

/** What the manifest keeps of the stage. */
function describeFeatures({ tracks, columns, weights, dropped }: FeatureSpec): Record<string, unknown> {
  const groups = Object.fromEntries(rollup(columns, ({ length }) => length, ({ group }) => group));
  return { tracks, columns: columns.length, groups, weights, dropped };
}
