/** `segue graph`: the k-nearest-neighbour graph of a data folder or of any NPY matrix. */
import { join } from "node:path";
import { graphOn, partsFolder } from "../spark/graph.ts";
import { InputError } from "../data/errors.ts";
import { graphFileIn } from "../graph/graph.ts";
import { graphFile, graphStage } from "../graph/graph_stage.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, factRows, FORCE, number, SEED, text, textTable } from "./shared.ts";

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
    k: number("<number>", "neighbours of each track (default: 50, fewer in a catalogue that has no more)", {
      from: 1,
      short: "-k",
    }),
    recall: number("<number>", "recall to reach, 1 for the exact graph", {
      real: true,
      from: 0,
      to: 1,
      standard: 0.99,
    }),
    seed: SEED,
    cellRows: number("<number>", "with --engine, rows of a coarse cell (default: 25000)", { from: 1 }),
    force: FORCE,
    ...ENGINE,
  },
  run: async ({ data, matrix, out, force, k, recall, seed, cellRows, ...choice }) => {
    const options = { k, recall, seed };
    if (data !== undefined && matrix === undefined) {
      const { result: { facts, upToDate }, costs, told } = await onEngine(
        choice,
        (engine) => graphStage(data, { ...options, force }, engine && graphOn(engine, cellRows)),
      );
      const file = join(data, graphFileIn(data));
      return { json: { out: file, up_to_date: upToDate, ...facts, ...costs }, text: describe(file, facts) + told };
    }
    if (matrix === undefined || out === undefined || data !== undefined) {
      throw new InputError("Expected either --data DIR or --matrix X.npy with --out graph.npz");
    }
    const { result, costs, told } = await onEngine(
      choice,
      (engine) => (engine ? graphOn(engine, cellRows) : graphFile)(matrix, out, options),
    );
    const file = choice.engine ? join(partsFolder(out), "graph.json") : out;
    return { json: { out: file, ...result, ...costs }, text: describe(file, result) + told };
  },
});

function describe(file: string, facts: object): string {
  return textTable([["wrote", file], ...factRows(facts)]);
}
