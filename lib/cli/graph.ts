/**
 * `segue graph`: the k-nearest-neighbour graph of a data folder or of any NPY matrix.
 *
 * @module
 */
import { join } from "node:path";
import { graphOn, partsFolder } from "../distributed/graph.ts";
import { InputError } from "../errors.ts";
import { graphFileIn } from "../graph/graph.ts";
import type { KnnReport } from "../graph/knn.ts";
import { graphFile, graphStage } from "../graph/stage.ts";
import { describeCosts, ENGINE, type EngineCosts, onEngine } from "./engine.ts";
import { defineCommand, factRows, FORCE, number, SEED, text, textTable } from "./shared.ts";

/** The command. */
export default defineCommand({
  name: "graph",
  description: "Build the k-nearest-neighbour graph under cosine similarity, as a SciPy CSR file.",
  example: "graph --matrix X.npy --k 50 --out graph.npz",
  options: {
    data: text(
      "<dir>",
      "data folder: reads its embedding, writes its graph.npz; with --engine graph.json and graph/part-NNNNN.npz",
    ),
    matrix: text("<file>", "NPY matrix to read instead, one row a track"),
    out: text(
      "<file>",
      "with --matrix, NPZ file to write; with --engine the folder that gets graph.json and graph/part-NNNNN.npz: of " +
        "graph.npz the one it would be in, of X.npz the folder X",
    ),
    k: number("<number>", "neighbours of each track", 50, "-k"),
    recall: number("<number>", "recall to reach, 1 for the exact graph", 0.99),
    seed: SEED,
    cellRows: number("<number>", "with --engine, rows of a coarse cell (default: 25000)"),
    force: FORCE,
    ...ENGINE,
  },
  run: async ({ data, matrix, out, force, k, recall, seed, cellRows, ...choice }) => {
    const options = { k, recall, seed };
    if (data !== undefined && matrix === undefined) {
      const on = await onEngine(
        choice,
        (engine) => graphStage(data, { ...options, force }, graphOn(engine, cellRows)),
      );
      const stage = on?.result ?? await graphStage(data, { ...options, force });
      const report = stage.facts as unknown as KnnReport;
      const file = join(data, graphFileIn(data));
      return {
        json: { out: file, up_to_date: stage.upToDate, ...report, ...on?.costs },
        text: describe(file, report, on?.costs),
      };
    }
    if (matrix === undefined || out === undefined || data !== undefined) {
      throw new InputError("Expected either --data DIR or --matrix X.npy with --out graph.npz");
    }
    const on = await onEngine(choice, (engine) => graphOn(engine, cellRows)(matrix, out, options));
    const report = on?.result ?? await graphFile(matrix, out, options);
    const file = on ? join(partsFolder(out), "graph.json") : out;
    return { json: { out: file, ...report, ...on?.costs }, text: describe(file, report, on?.costs) };
  },
});

function describe(file: string, report: KnnReport, costs?: EngineCosts): string {
  const table = textTable([["wrote", file], ...factRows(report)]);
  return costs ? `${table}\n${describeCosts(costs)}` : table;
}
