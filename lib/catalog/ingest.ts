/** Stage `ingest`: from catalogue files of any known form to `tracks.parquet` and `rejects.csv`. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../data/errors.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import type { IngestOptions } from "./sql_ingest.ts";

/**
 * Stage `ingest`: reads catalogue files, cleans them, and writes `tracks.parquet` and `rejects.csv`.
 *
 * @param directory The data folder; made when missing.
 * @param options The files, and how to treat them.
 * @returns The report; its facts are an {@linkcode IngestAccount}.
 * @throws {InputError} When a file is missing, empty, of no known form or not text, or when no row came through.
 */
export async function ingestStage(
  directory: string,
  options: IngestOptions & { force?: boolean },
): Promise<StageReport> {
  const files = options.files.map((file) => resolve(file));
  if (files.length === 0) throw new InputError("Expected at least one catalogue file but found none");
  for (const file of files) if (!existsSync(file)) throw new InputError(`${file}: no such file`);
  const { map = {}, tracks, seed = 42, onMissing = "impute", force } = options;
  return await runStage(directory, {
    name: "ingest",
    inputs: files,
    parameters: { map, tracks: tracks ?? null, seed: tracks === undefined ? null : seed, onMissing },
    outputs: ["tracks.parquet", "rejects.csv"],
    force,
    // DuckDB is loaded only when there is something to do.
    run: async () => ({ ...await (await import("./sql_ingest.ts")).ingestFiles(directory, { ...options, files }) }),
  });
}
