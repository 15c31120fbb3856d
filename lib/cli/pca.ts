/**
 * `segue pca`: principal components of a feature matrix.
 *
 * @module
 */
import type { Command } from "commander";
import { pcaOn } from "../distributed/pca.ts";
import { pcaOfFile, writePca } from "../embedding/files.ts";
import { describePca, type PcaOfFile, pcaStage } from "../embedding/stage.ts";
import { InputError } from "../errors.ts";
import { describeCosts, type EngineChoice, onEngine, withEngine } from "./engine.ts";
import { defineCommand, numberOption, onRun } from "./shared.ts";

interface Options extends EngineChoice {
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
  return onRun<Options>(withEngine(command), async (options) => {
    if ((options.data === undefined) === (options.matrix === undefined)) {
      throw new InputError("Expected either --data DIR or --matrix X.npy --out FILE");
    }
    const { data, matrix, out, variance } = options;
    const pca = async (fit: PcaOfFile): Promise<Facts> =>
      data === undefined
        ? await matrixPca(fit, matrix!, expectOut(out), variance)
        : (await pcaStage(data, { variance }, fit)).facts as unknown as Facts;
    const on = await onEngine(options, (engine) => pca(pcaOn(engine)));
    const facts = on?.result ?? await pca(pcaOfFile);
    const percent = (facts.explained * 100).toFixed(1);
    return {
      json: { ...facts, ...on?.costs },
      text:
        `${facts.components} of ${facts.columns} components explain ${percent}% of the variance of ${facts.rows} rows` +
        (on ? `\n${describeCosts(on.costs)}` : ""),
    };
  });
}

type Facts = ReturnType<typeof describePca>;

function expectOut(out: string | undefined): string {
  if (out === undefined) throw new InputError("Expected --out FILE with --matrix");
  return out;
}

async function matrixPca(fit: PcaOfFile, file: string, out: string, variance: number): Promise<Facts> {
  const { rows, model } = await fit(file, out, { variance });
  writePca(out.replace(/\.npy$/, "") + ".pca.npz", model);
  return describePca(rows, model);
}
