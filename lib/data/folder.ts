/** Files of a data folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "./errors.ts";

/**
 * The matrix on which graph and clusters of a data folder are built.
 *
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
