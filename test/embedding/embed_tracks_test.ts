import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCatalog } from "../../lib/catalog/catalog.ts";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import { embedTracks } from "../../lib/embedding/embed_tracks.ts";
import { embeddingStage } from "../../lib/embedding/embedding_stage.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import type { Matrix } from "../../lib/math/matrix.ts";
import { readNpyMatrix } from "../../lib/data/npy.ts";

function assertClose(found: Matrix, expected: Matrix): void {
  assert.deepEqual([found.rows, found.columns], [expected.rows, expected.columns]);
  found.data.forEach((value, i) => assert.ok(Math.abs(value - expected.data[i]) < 1e-4, `element ${i}`));
}

Deno.test("embedTracks() gives the tracks of the folder the rows that they have, by PCA and by the saved autoencoder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-embed-tracks-"));
  try {
    await assert.rejects(embedTracks(folder, { length: 0, numbers: {}, texts: {}, lists: {} }), /make it with segue/);
    await worldStage(folder, { tracks: 200, seed: 3 });
    await featuresStage(folder);
    await pcaStage(folder);
    const catalog = await readCatalog(join(folder, "tracks.parquet"));
    const first = {
      ...catalog,
      length: 1,
      numbers: Object.fromEntries(Object.entries(catalog.numbers).map(([name, values]) => [name, values.slice(0, 1)])),
    };
    assertClose(await embedTracks(folder, catalog), readNpyMatrix(join(folder, "X_pca.npy")));
    await embeddingStage(folder, { embedding: "autoencoder", dimensions: 4, epochs: 2 });
    const embedding = readNpyMatrix(join(folder, "X_embed.npy"));
    assertClose(await embedTracks(folder, catalog), embedding);
    assertClose(await embedTracks(folder, first), { ...embedding, data: embedding.data.slice(0, 4), rows: 1 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
