/** The graph stage: from the embedding of a data folder, or from any NPY matrix, to `graph.npz`. */
import { join } from "node:path";
import { embeddingFile } from "../data/folder.ts";
import { aboutFile } from "../data/errors.ts";
import { readNpyMatrix } from "../data/npy.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { graphFileIn, removeOtherGraph, writeGraph } from "./graph.ts";
import { buildKnnGraph, type KnnOptions, type KnnReport, NEIGHBORS } from "./knn.ts";

/** Options of {@linkcode graphStage}. */
export interface GraphStageOptions extends KnnOptions, Rerun {}

/**
 * Builds the neighbour graph of the matrix file `matrixFile` and writes it to `file`, as {@linkcode graphFile} does, or
 * in parts beside it.
 */
export type GraphOfFile = (
  matrixFile: string,
  file: string,
  options: { k?: number; recall: number; seed: number },
) => Promise<KnnReport>;

/**
 * Builds the graph of a data folder from the matrix that `embedding.json` names, else from `X_pca.npy`.
 *
 * @param build What builds the graph; {@linkcode graphFile} when left out.
 * @returns What came of it; its facts are the {@linkcode KnnReport}.
 * @throws {InputError} When the matrix is missing, cannot have k neighbours a row, or would have more than 2³¹ − 1
 * edges.
 */
export function graphStage(
  directory: string,
  options: GraphStageOptions = {},
  build: GraphOfFile = graphFile,
): Promise<StageReport> {
  const { force, ...knn } = { recall: 0.99, seed: 42, ...options };
  const matrixFile = embeddingFile(directory);
  return runStage(directory, {
    name: "graph",
    inputs: [matrixFile],
    parameters: { k: knn.k ?? NEIGHBORS, recall: knn.recall, seed: knn.seed },
    get outputs() {
      return [graphFileIn(directory)];
    },
    force,
    run: async () => {
      const report = await build(join(directory, matrixFile), join(directory, "graph.npz"), knn);
      removeOtherGraph(directory);
      return { ...report };
    },
  });
}

/**
 * Builds the neighbour graph of an NPY matrix and writes it as a SciPy CSR file. The report goes into the file as the
 * byte string `report`, in JSON; SciPy ignores it.
 *
 * @throws {InputError} When the matrix is missing, holds NaN, or cannot have k neighbours a row; then nothing is
 * written.
 */
export async function graphFile(
  matrixFile: string,
  graphFile: string,
  options: KnnOptions = {},
): Promise<KnnReport> {
  const x = readNpyMatrix(matrixFile);
  const { graph, report } = await aboutFile(matrixFile, () => buildKnnGraph(x, options));
  writeGraph(graphFile, graph, { report: JSON.stringify(report) });
  return report;
}
