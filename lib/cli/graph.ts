/**
 * `segue graph`: the k-nearest-neighbour graph of a data folder or of any NPY matrix.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import type { KnnReport } from "../graph/knn.ts";
import { graphFile, graphStage } from "../graph/stage.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data?: string;
  matrix?: string;
  out?: string;
  k: number;
  recall: number;
  seed: number;
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
    .option("--force", "with --data, run even when the graph is up to date");
  return onRun<Options>(command, async ({ data, matrix, out, force, k, recall, seed }) => {
    if (data !== undefined && matrix === undefined) {
      const stage = await graphStage(data, { k, recall, seed, force });
      const report = stage.facts as unknown as KnnReport;
      const file = join(data, "graph.npz");
      return { json: { out: file, up_to_date: stage.upToDate, ...report }, text: describe(file, report) };
    }
    if (matrix === undefined || out === undefined || data !== undefined) {
      throw new InputError("Expected either --data DIR or --matrix X.npy with --out graph.npz");
    }
    const report = await graphFile(matrix, out, { k, recall, seed });
    return { json: { out, ...report }, text: describe(out, report) };
  });
}

function describe(file: string, report: KnnReport): string {
  return textTable([["wrote", file], ...Object.entries(report).map(([name, value]) => [name, String(value)])]);
}
