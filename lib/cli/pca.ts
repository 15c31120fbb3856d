/**
 * `segue pca`: principal components of a feature matrix.
 *
 * @module
 */
import type { Command } from "commander";
import { pcaOfFile, writePca } from "../embedding/files.ts";
import { pcaStage } from "../embedding/stage.ts";
import { InputError } from "../errors.ts";
import { writeNpy } from "../storage/npy.ts";
import { defineCommand, numberOption, onRun } from "./shared.ts";

interface Options {
  data?: string;
  matrix?: string;
  out?: string;
  variance: number;
}

/**
 * Defines the command.
 *
 * @returns The command.
 */
export default function pcaCommand(): Command {
  const command = defineCommand("pca", "Principal components of a feature matrix", "pca --data data/work/small")
    .option("--data <dir>", "data folder with X_raw.npy; writes X_pca.npy and pca.npz there")
    .option("--matrix <file>", "NPY matrix [n, d], instead of a data folder")
    .option(
      "--out <file>",
      "where the scores of --matrix go; the components go beside it as FILE without .npy + .pca.npz",
    )
    .option("--variance <share>", "share of the variance to explain, in (0, 1]", numberOption("--variance"), 0.95);
  return onRun<Options>(command, async (options) => {
    if ((options.data === undefined) === (options.matrix === undefined)) {
      throw new InputError("Expected either --data DIR or --matrix X.npy --out FILE");
    }
    const facts = options.data === undefined
      ? matrixPca(options.matrix!, options.out, options.variance)
      : (await pcaStage(options.data, { variance: options.variance })).facts as unknown as Facts;
    const percent = (facts.explained * 100).toFixed(1);
    return {
      json: { ...facts },
      text:
        `${facts.components} of ${facts.columns} components explain ${percent}% of the variance of ${facts.rows} rows`,
    };
  });
}

interface Facts {
  rows: number;
  columns: number;
  components: number;
  explained: number;
}

function matrixPca(file: string, out: string | undefined, variance: number): Facts {
  if (out === undefined) throw new InputError("Expected --out FILE with --matrix");
  const { x, model, scores } = pcaOfFile(file, { variance });
  writeNpy(out, scores);
  writePca(out.replace(/\.npy$/, "") + ".pca.npz", model);
  const explained = model.explainedVarianceRatio.reduce((sum, share) => sum + share, 0);
  return { rows: x.rows, columns: x.columns, components: model.explainedVariance.length, explained };
}
