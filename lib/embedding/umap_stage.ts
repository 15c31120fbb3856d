/** Stage `umap`: the embedding in two dimensions. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { expectInteger } from "../data/errors.ts";
import { embeddingFile } from "../data/folder.ts";
import { readNpy, readNpyMatrix, writeNpy } from "../data/npy.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { type Matrix, matrix, row } from "../math/matrix.ts";
import { seededRandom } from "../math/random.ts";
import { stratifiedSample, umapOfSample } from "./umap.ts";

/**
 * UMAP of the embedding: a sample, stratified by genre (by cluster where there are no genres), is laid out from its
 * nearest neighbours; every other track is placed among its nearest sampled tracks. Writes `umap.npy`. The neighbours
 * are sought within the sample, since a track's neighbours in the graph are mostly not in it. Of fewer than 4 tracks
 * the picture is the first two columns of the embedding.
 *
 * @throws {InputError} When the sample is out of range.
 */
export async function umapStage(
  directory: string,
  options: Rerun & {
    /** Tracks that are laid out, at most 20,000; the others are placed among them. Default 5,000. */
    sample?: number;
    /** Seed of sample and layout. Default 42. */
    seed?: number;
  } = {},
): Promise<StageReport> {
  const { sample = 5000, seed = 42, force } = options;
  expectInteger("sample", sample, 4, 20_000);
  const file = embeddingFile(directory);
  const path = (name: string) => join(directory, name);
  const optional = ["clusters.npy"].filter((name) => existsSync(path(name)));
  return await runStage(directory, {
    name: "umap",
    inputs: [file, "tracks.parquet", ...optional],
    parameters: { sample, seed },
    outputs: ["umap.npy"],
    force,
    run: async () => {
      const x = readNpyMatrix(path(file));
      const { lists } = await readCatalog(path("tracks.parquet"), ["genres"]);
      const clusters = optional.length > 0 ? readNpy(path("clusters.npy")).data as Int32Array : undefined;
      const strata = lists.genres?.map((list) => list[0] ?? "") ?? clusters ?? new Int32Array(x.rows);
      const random = seededRandom(seed, "umap");
      const rows = stratifiedSample(strata, sample, random);
      writeNpy(path("umap.npy"), x.rows < 4 ? firstColumns(x) : umapOfSample(x, rows, random));
      return { sample: rows.length, placed: x.rows - rows.length };
    },
  });
}

/** The first two columns of a matrix; zeros where it has but one. */
function firstColumns(x: Matrix): Matrix {
  const picture = matrix(x.rows, 2);
  for (let i = 0; i < x.rows; i++) picture.data.set(row(x, i).subarray(0, 2), 2 * i);
  return picture;
}
