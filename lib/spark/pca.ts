/** PCA on an engine: moments of partitions are merged, then every partition is projected. */
import { accumulateMoments, fitPca, mergeMoments, type PcaModel, pcaScores } from "../math/pca.ts";
import type { PcaOfFile } from "../embedding/pca_stage.ts";
import { aboutFile, InputError } from "../data/errors.ts";
import { firstNonFinite, type Matrix, matrix } from "../math/matrix.ts";
import { packedOf, type RowTable } from "./arrow.ts";
import { type Engine, mergedStep, runAndMerge, type Source, type Step } from "./engine.ts";
import { type RowsFile, writeMatrixOn, writingStep } from "./matrix_file.ts";

/** Step `pca.moments`: count, mean and scatter matrix of a partition. */
export const MOMENTS_STEP: Step = mergedStep(async function* (rows) {
  for await (const table of rows) yield await accumulateMoments(matrixOf(table));
}, mergeMoments);

/** Step `pca.scores`: writes the scores of a partition. */
export const SCORES_STEP: Step = writingStep((table, { model }: { model: PcaModel; file: RowsFile }) =>
  pcaScores(matrixOf(table), model)
);

/**
 * PCA on an engine, for `pcaStage`; the files are those of one thread, up to rounding.
 *
 * @returns What fits a file and writes its scores; it throws an `InputError` as `fitPca`, and names file and row of a
 * number that is not finite.
 */
export function pcaOn(engine: Engine): PcaOfFile {
  return async (path, out, options) => {
    const source: Source = { kind: "npy", path };
    const moments = await runAndMerge(
      engine,
      { name: "PCA moments", source, steps: [{ step: "pca.moments" }] },
      mergeMoments,
    );
    const model = await aboutFile(path, () => fitPca(moments, options));
    await writeMatrixOn(engine, out, moments.count, model.explainedVariance.length, (file) => ({
      name: "PCA scores",
      source,
      steps: [{ step: "pca.scores", broadcast: { model, file } }],
    }));
    return { rows: moments.count, model };
  };
}

/**
 * The vectors of a table as a matrix.
 *
 * @param table A table with `row` and `vector`.
 * @returns The matrix [rows, d].
 * @throws {InputError} When a number is not finite, naming the row.
 */
export function matrixOf(table: RowTable): Matrix {
  const values = packedOf(Float32Array, [table], "vector");
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
