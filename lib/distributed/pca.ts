/**
 * PCA on an engine: moments of partitions are merged, then every partition is projected.
 *
 * @module
 */
import {
  accumulateMoments,
  fitPca,
  mergeMoments,
  type Moments,
  type PcaModel,
  type PcaOptions,
  pcaScores,
} from "../embedding/pca.ts";
import type { PcaOfFile } from "../embedding/stage.ts";
import { InputError } from "../errors.ts";
import { firstNonFinite, type Matrix, matrix } from "../matrix.ts";
import { bytesOf, doublesOf, floatsOf, type RowTable } from "./arrow.ts";
import { type Engine, runAndMerge, type Source, type Step } from "./engine.ts";
import { vectorsOf } from "./features.ts";
import { writeMatrixRows } from "./matrix_file.ts";

/** Step `pca.moments`: count, mean and scatter matrix of a partition. */
export const MOMENTS_STEP: Step = {
  output: { count: "float64", mean: "binary", scatter: "binary" },
  async *run(rows) {
    let total: Moments | undefined;
    for await (const table of rows) {
      const moments = await accumulateMoments(matrixOf(table));
      total = total ? mergeMoments(total, moments) : moments;
    }
    if (total) yield { count: [total.count], mean: [bytesOf(total.mean)], scatter: [bytesOf(total.scatter)] };
  },
};

/** Step `pca.scores`: the scores of a partition; its broadcast value holds the components and the mean. */
export const SCORES_STEP: Step = {
  output: { row: "int32", scores: "binary" },
  async *run(rows, { arrays }) {
    const { components, mean, explainedVariance } = arrays as Record<string, Float64Array>;
    const model: PcaModel = {
      components,
      mean,
      explainedVariance,
      explainedVarianceRatio: explainedVariance,
      spectrum: explainedVariance,
    };
    for await (const table of rows) {
      const scores = await pcaScores(matrixOf(table), model);
      yield { row: table.numbers("row")!, scores: { bytes: bytesOf(scores.data), width: 4 * scores.columns } };
    }
  },
};

/**
 * PCA of a matrix file on an engine.
 *
 * @param path An NPY file [n, d].
 * @param out NPY file for the scores.
 * @param engine The engine.
 * @param options How many components to keep.
 * @returns Number of rows, and the PCA.
 * @throws {InputError} As `fitPca`; a number that is not finite is named by file and row.
 */
export async function distributedPca(
  path: string,
  out: string,
  engine: Engine,
  options: PcaOptions = {},
): Promise<{ rows: number; model: PcaModel }> {
  const source: Source = { kind: "npy", path };
  const moments = await runAndMerge(
    engine,
    { name: "PCA moments", source, steps: [{ step: "pca.moments" }] },
    momentsOf,
    mergeMoments,
  );
  const model = await fitOf(path, moments, options);
  const { components, mean, explainedVariance } = model;
  const scores = await engine.run({
    name: "PCA scores",
    source,
    steps: [{ step: "pca.scores", broadcast: { arrays: { components, mean, explainedVariance } } }],
    large: true,
  });
  await writeMatrixRows(out, moments.count, explainedVariance.length, vectorsOf(scores.tables(), "scores"));
  return { rows: moments.count, model };
}

/**
 * PCA on an engine, for `pcaStage`; the files are those of one thread, up to rounding.
 *
 * @param engine The engine.
 * @returns {@linkcode distributedPca} on it.
 */
export function pcaOn(engine: Engine): PcaOfFile {
  return (path, out, options) => distributedPca(path, out, engine, options);
}

/**
 * The vectors of a table as a matrix.
 *
 * @param table A table with `row` and `vector`.
 * @returns The matrix [rows, d].
 * @throws {InputError} When a number is not finite, naming the row.
 */
export function matrixOf(table: RowTable): Matrix {
  const values = floatsOf(table.packed("vector"));
  const x = matrix(table.length, values.length / table.length, values);
  const bad = firstNonFinite(x);
  if (bad) {
    const found = x.data[bad.row * x.columns + bad.column];
    throw new InputError(
      `row ${table.numbers("row")![bad.row]}: expected a finite number in column ${bad.column} but found ${found}; ` +
        "leave the row out",
    );
  }
  return x;
}

function momentsOf(table: RowTable): Moments[] {
  const [counts, means, scatters] = [table.numbers("count")!, table.bytes("mean"), table.bytes("scatter")];
  return means.map((mean, i) => ({
    count: counts[i],
    mean: doublesOf(mean.slice()),
    scatter: doublesOf(scatters[i].slice()),
  }));
}

async function fitOf(path: string, moments: Moments, options: PcaOptions): Promise<PcaModel> {
  try {
    return await fitPca(moments, options);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}
