import * as distributions from "d3-random";
import { type Matrix, matrix } from "../../lib/matrix.ts";
import { seededRandom } from "../../lib/random.ts";

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
