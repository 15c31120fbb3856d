/**
 * The files of the embedding.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { readNpz, writeNpz } from "../data/npz.ts";
import type { PcaModel } from "./pca.ts";

/**
 * Writes a PCA as an NPZ archive: `components` [k, d], `mean` [d], `explained_variance` [k], `explained_variance_ratio`
 * [k] and `spectrum` [d], all float64.
 *
 * @param path The file to write, `pca.npz` by custom.
 * @param model The PCA.
 */
export function writePca(path: string, model: PcaModel): void {
  const k = model.explainedVariance.length;
  const d = model.mean.length;
  writeNpz(path, {
    components: { data: model.components, shape: [k, d] },
    mean: { data: model.mean, shape: [d] },
    explained_variance: { data: model.explainedVariance, shape: [k] },
    explained_variance_ratio: { data: model.explainedVarianceRatio, shape: [k] },
    spectrum: { data: model.spectrum, shape: [d] },
  });
}

/**
 * Reads a PCA that {@linkcode writePca} wrote.
 *
 * @param path The file.
 * @returns The PCA.
 * @throws {InputError} When the file is missing or holds no PCA.
 */
export function readPca(path: string): PcaModel {
  const entries = readNpz(path);
  const numbers = (name: string): Float64Array => {
    const entry = entries[name];
    if (entry === undefined || typeof entry === "string" || entry.data instanceof BigInt64Array) {
      throw new InputError(`${path}: expected a PCA but found no array '${name}'; make the file with segue pca`);
    }
    return Float64Array.from(entry.data);
  };
  return {
    components: numbers("components"),
    mean: numbers("mean"),
    explainedVariance: numbers("explained_variance"),
    explainedVarianceRatio: numbers("explained_variance_ratio"),
    spectrum: numbers("spectrum"),
  };
}

/**
 * The matrix on which graph and clusters of a data folder are built.
 *
 * @param directory The data folder.
 * @returns `X_embed.npy` or `X_pca.npy`, as `embedding.json` says; `X_pca.npy` without one.
 * @throws {InputError} When `embedding.json` names another file.
 */
export function embeddingFile(directory: string): "X_pca.npy" | "X_embed.npy" {
  const path = join(directory, "embedding.json");
  if (!existsSync(path)) return "X_pca.npy";
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, "utf8")).file;
  } catch {
    // Not JSON: reported below.
  }
  if (file === "X_pca.npy" || file === "X_embed.npy") return file;
  throw new InputError(
    `${path}: expected file to be X_pca.npy or X_embed.npy but found ${file}; run segue embed again`,
  );
}
