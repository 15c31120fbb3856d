import * as distributions from "d3-random";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Matrix, matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { type Column, writeParquet } from "../../lib/data/parquet.ts";

/**
 * Correlated columns: a few hidden factors mixed into d columns, plus noise of their own.
 *
 * @param rows Number of rows.
 * @param columns Number of columns.
 * @param seed Seed.
 * @param mean Mean of every column.
 * @returns The matrix.
 */
export function correlated(rows: number, columns: number, seed: number, mean = 0): Matrix {
  const normal = distributions.randomNormal.source(seededRandom(seed))();
  const factors = Math.max(1, Math.floor(columns / 4));
  const mixing = Float64Array.from({ length: factors * columns }, normal);
  const x = matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    const hidden = Float64Array.from({ length: factors }, normal);
    for (let j = 0; j < columns; j++) {
      let value = mean + 0.3 * (1 + j / columns) * normal();
      for (let f = 0; f < factors; f++) value += hidden[f] * mixing[f * columns + j] * (1 - 0.5 * f / factors);
      x.data[i * columns + j] = value;
    }
  }
  return x;
}

/**
 * Round clusters with unit variance about centres that lie `spread` apart or so.
 *
 * @param rows Number of rows; row i belongs to cluster i % clusters.
 * @param columns Number of columns.
 * @param clusters Number of clusters.
 * @param spread Standard deviation of the centres.
 * @param seed Seed.
 * @returns The matrix.
 */
export function blobs(rows: number, columns: number, clusters: number, spread: number, seed: number): Matrix {
  const normal = distributions.randomNormal.source(seededRandom(seed))();
  const centers = Float64Array.from({ length: clusters * columns }, () => spread * normal());
  const x = matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) x.data[i * columns + j] = centers[(i % clusters) * columns + j] + normal();
  }
  return x;
}

/**
 * A data folder with features and a catalogue that has only what every catalogue has, and further columns.
 *
 * @param x The features.
 * @param further Columns of the catalogue beside id, title and artists.
 * @returns The folder; remove it when done.
 */
export async function dataFolder(x: Matrix, further: Column[] = []): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "segue-embedding-"));
  const values = (name: string) => Array.from({ length: x.rows }, (_, i) => `${name} ${i}`);
  writeNpy(join(folder, "X_raw.npy"), x);
  await writeParquet(join(folder, "tracks.parquet"), [
    { name: "track_id", type: "text", values: values("id") },
    { name: "title", type: "text", values: values("title") },
    { name: "artists", type: "texts", values: Array.from({ length: x.rows }, (_, i) => [`artist ${i % 40}`]) },
    ...further,
  ]);
  return folder;
}
