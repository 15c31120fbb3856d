/**
 * `segue graph`: the k-nearest-neighbour graph of a data folder or of any NPY matrix.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { graphOn } from "../distributed/graph.ts";
import { InputError } from "../errors.ts";
import { graphFileIn } from "../graph/graph.ts";
import type { KnnReport } from "../graph/knn.ts";
import { graphFile, graphStage } from "../graph/stage.ts";
import { describeCosts, type EngineChoice, type EngineCosts, onEngine, withEngine } from "./engine.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options extends EngineChoice {
  data?: string;
  matrix?: string;
  out?: string;
  k: number;
  recall: number;
  seed: number;
  cellRows?: number;
  force?: boolean;
}

/** @returns The command. */
export default function graph(): Command {
  const command = defineCommand(
    "graph",
    "Build the k-nearest-neighbour graph under cosine similarity, as a SciPy CSR file.",
    "graph --matrix X.npy --k 50 --out graph.npz",
  )
    .option("--data <dir>", "data folder: reads its embedding, writes its graph.npz")
    .option("--matrix <file>", "NPY matrix to read instead, one row a track")
    .option("--out <file>", "NPZ file to write, with --matrix")
    .option("-k, --k <number>", "neighbours of each track", numberOption("--k"), 50)
    .option("--recall <number>", "recall to reach, 1 for the exact graph", numberOption("--recall"), 0.99)
    .option("--seed <number>", "seed of everything random", numberOption("--seed"), 42)
    .option(
      "--cell-rows <number>",
      "with --engine, rows of a coarse cell (default: 25000)",
      numberOption("--cell-rows"),
    )
    .option("--force", "with --data, run even when the graph is up to date");
  return onRun<Options>(
    withEngine(command),
    async ({ data, matrix, out, force, k, recall, seed, cellRows, ...choice }) => {
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
      return { json: { out, ...report, ...on?.costs }, text: describe(out, report, on?.costs) };
    },
  );
}

function describe(file: string, report: KnnReport, costs?: EngineCosts): string {
  const table = textTable([["wrote", file], ...Object.entries(report).map(([name, value]) => [name, String(value)])]);
  return costs ? `${table}\n${describeCosts(costs)}` : table;
}
