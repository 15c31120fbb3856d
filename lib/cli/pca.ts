/** `segue pca`: principal components of a feature matrix. */
import { pcaOn } from "../spark/pca.ts";
import { describePca, pcaOfFile, pcaStage, writePca } from "../embedding/pca_stage.ts";
import { InputError } from "../data/errors.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, number, text } from "./shared.ts";

export default defineCommand({
  name: "pca",
  description: "Principal components of a feature matrix",
  example: "pca --data data/work/small",
  options: {
    data: text("<dir>", "data folder with X_raw.npy; writes X_pca.npy and pca.npz there"),
    matrix: text("<file>", "NPY matrix [n, d], instead of a data folder"),
    out: text("<file>", "where the scores of --matrix go; the components go beside it as FILE without .npy + .pca.npz"),
    variance: number("<share>", "share of the variance to explain, in (0, 1]", {
      real: true,
      above: 0,
      to: 1,
      standard: 0.95,
    }),
    ...ENGINE,
  },
  run: async ({ data, matrix, out, variance, ...choice }) => {
    if ((data === undefined) === (matrix === undefined)) {
      throw new InputError("Expected either --data DIR or --matrix X.npy --out FILE");
    }
    if (matrix !== undefined && out === undefined) throw new InputError("Expected --out FILE with --matrix");
    const { result: facts, costs, told } = await onEngine(choice, async (engine): Promise<Facts> => {
      const fit = engine ? pcaOn(engine) : pcaOfFile;
      if (data !== undefined) return (await pcaStage(data, { variance }, fit)).facts as unknown as Facts;
      const { rows, model } = await fit(matrix!, out!, { variance });
      writePca(out!.replace(/\.npy$/, "") + ".pca.npz", model);
      return describePca(rows, model);
    });
    const percent = (facts.explained * 100).toFixed(1);
    return {
      json: { ...facts, ...costs },
      text:
        `${facts.components} of ${facts.columns} components explain ${percent}% of the variance of ${facts.rows} rows` +
        told,
    };
  },
});

type Facts = ReturnType<typeof describePca>;
