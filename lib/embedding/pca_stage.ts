/** Stage `pca`: from `X_raw.npy` to `X_pca.npy` and `pca.npz`. */
import { sum } from "d3-array";
import { join } from "node:path";
import { aboutFile, expectNumber, InputError } from "../data/errors.ts";
import { readNpyMatrix, writeNpy } from "../data/npy.ts";
import { readNpz, writeNpz } from "../data/npz.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { fitPca, type PcaModel, type PcaOptions, pcaScores } from "../math/pca.ts";

/** Fits a PCA to a matrix file and writes the scores, here or elsewhere. */
export type PcaOfFile = typeof pcaOfFile;

/**
 * PCA of `X_raw.npy`: writes `X_pca.npy` and `pca.npz`.
 *
 * @param fit What fits the PCA and writes the scores; {@linkcode pcaOfFile} when left out.
 * @returns The report; its facts are those of {@linkcode describePca}.
 * @throws {InputError} When a number is NaN, nothing varies, or there are fewer than two rows.
 */
export async function pcaStage(
  directory: string,
  options: Pick<PcaOptions, "variance"> & Rerun = {},
  fit: PcaOfFile = pcaOfFile,
): Promise<StageReport> {
  const { variance = 0.95, force } = options;
  expectNumber("variance", variance, 0, 1);
  return await runStage(directory, {
    name: "pca",
    inputs: ["X_raw.npy"],
    parameters: { variance },
    outputs: ["X_pca.npy", "pca.npz"],
    force,
    run: async () => {
      const { rows, model } = await fit(join(directory, "X_raw.npy"), join(directory, "X_pca.npy"), { variance });
      writePca(join(directory, "pca.npz"), model);
      return { ...describePca(rows, model) };
    },
  });
}

/**
 * Fits a PCA to a matrix file and writes the scores of its rows.
 *
 * @param path An NPY file [n, d].
 * @param out NPY file for the scores [n, k].
 * @returns Number of rows n, and the PCA.
 * @throws {InputError} Where `fitPca` refuses, with the name of the file.
 */
export async function pcaOfFile(
  path: string,
  out: string,
  options: PcaOptions,
): Promise<{ rows: number; model: PcaModel }> {
  const x = readNpyMatrix(path);
  const model = await aboutFile(path, () => fitPca(x, options));
  writeNpy(out, await pcaScores(x, model));
  return { rows: x.rows, model };
}

/**
 * A PCA in four numbers.
 *
 * @returns Rows n, columns d, components k, and the share of the variance that these explain, in [0, 1].
 */
export function describePca(
  rows: number,
  model: PcaModel,
): { rows: number; columns: number; components: number; explained: number } {
  const { mean, explainedVariance, explainedVarianceRatio } = model;
  return { rows, columns: mean.length, components: explainedVariance.length, explained: sum(explainedVarianceRatio) };
}

/**
 * Writes a PCA as an NPZ archive: `components` [k, d], `mean` [d], `explained_variance` [k], `explained_variance_ratio`
 * [k] and `spectrum` [d], all float64.
 *
 * @param path The file to write, `pca.npz` by custom.
 */
export function writePca(path: string, model: PcaModel): void {
  const k = model.explainedVariance.length;
  const d = model.mean.length;
  writeNpz(path, {
    components: { data: model.components, shape: [k, d] },
    mean: { data: model.mean, shape: [d] },
    explained_variance: { data: model.explainedVariance, shape: [k] },
    explained_variance_ratio: { data: model.explainedVarianceRatio, shape: [k] },
    spectrum: { data: model.spectrum, shape: [d] },
  });
}

/**
 * Reads a PCA that {@linkcode writePca} wrote.
 *
 * @throws {InputError} When the file is missing or holds no PCA.
 */
export function readPca(path: string): PcaModel {
  const entries = readNpz(path);
  const numbers = (name: string): Float64Array => {
    const entry = entries[name];
    if (entry === undefined || typeof entry === "string" || entry.data instanceof BigInt64Array) {
      throw new InputError(`${path}: expected a PCA but found no array '${name}'; make the file with segue pca`);
    }
    return Float64Array.from(entry.data);
  };
  return {
    components: numbers("components"),
    mean: numbers("mean"),
    explainedVariance: numbers("explained_variance"),
    explainedVarianceRatio: numbers("explained_variance_ratio"),
    spectrum: numbers("spectrum"),
  };
}
