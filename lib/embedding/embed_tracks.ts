/** Embedding tracks that were not there when a data folder was made. */
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { encodeCatalog } from "../features/encode.ts";
import { readFeatureSpec } from "../features/spec.ts";
import type { Matrix } from "../math/matrix.ts";
import { loadAutoencoder } from "./autoencoder.ts";
import { embeddingFile } from "../data/folder.ts";
import { readPca } from "./pca_stage.ts";
import { pcaScores } from "../math/pca.ts";

/**
 * Embeds tracks as those of a data folder were: encodes them by its `features.json`, projects them by its `pca.npz`
 * and, where its graph is built on the autoencoder, puts them through `autoencoder/`. Nothing is learned again. A row
 * of the result goes into `introduceTrack`, which connects it with the graph.
 *
 * @param catalog The m tracks; the columns of `FEATURE_SOURCE_COLUMNS` count, a missing value as the mean.
 * @returns The matrix [m, d], d as in `X_pca.npy` or `X_embed.npy`.
 * @throws {InputError} When a file of the folder is missing.
 *
 * @example
 * ```ts ignore
 * const released = await readCatalog("new/tracks.parquet");
 * const vectors = await embedTracks(workspace.directory, released);
 * const { neighbors } = introduceTrack(workspace.matrix(), workspace.graph(), row(vectors, 0));
 * ```
 */
export async function embedTracks(directory: string, catalog: Catalog): Promise<Matrix> {
  const features = encodeCatalog(catalog, readFeatureSpec(join(directory, "features.json")));
  const scores = await pcaScores(features, readPca(join(directory, "pca.npz")));
  if (embeddingFile(directory) === "X_pca.npy") return scores;
  const autoencoder = await loadAutoencoder(join(directory, "autoencoder"));
  try {
    return autoencoder.encode(scores);
  } finally {
    autoencoder.dispose();
  }
}
