import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { embeddingFile, readPca } from "../../lib/embedding/files.ts";
import { fitPca } from "../../lib/embedding/pca.ts";
import {
  type ClustersReport,
  clustersStage,
  type EmbeddingReport,
  embeddingStage,
  pcaStage,
  umapStage,
} from "../../lib/embedding/stage.ts";
import { firstNonFinite } from "../../lib/matrix.ts";
import { readNpy, readNpyMatrix } from "../../lib/storage/npy.ts";
import { correlated, dataFolder } from "./samples.ts";

const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

Deno.test("the stages run in order on a catalogue without genres, years or features, and repeat under a seed", async () => {
  const folder = await dataFolder(correlated(300, 12, 5));
  try {
    await pcaStage(folder);
    assert.deepEqual(readPca(join(folder, "pca.npz")), fitPca(readNpyMatrix(join(folder, "X_raw.npy"))));
    const options = { embedding: "autoencoder", dimensions: 2, epochs: 3 } as const;
    await embeddingStage(folder, options);
    const first = readNpyMatrix(join(folder, "X_embed.npy"));
    assert.equal((await embeddingStage(folder, options)).upToDate, true);
    await embeddingStage(folder, { ...options, force: true });
    assert.deepEqual(readNpyMatrix(join(folder, "X_embed.npy")), first);
    const report: EmbeddingReport = json(folder, "embedding.json");
    assert.deepEqual([report.embedding, report.file, report.training?.groupedBy], [
      "autoencoder",
      "X_embed.npy",
      "artist",
    ]);
    assert.equal(report.comparison?.measure, "same artist");
    assert.deepEqual(report.comparison?.spaces.map((s) => s.dimensions), [
      12,
      readNpyMatrix(join(folder, "X_pca.npy")).columns,
      2,
      2,
    ]);
    assert.equal(embeddingFile(folder), "X_embed.npy");

    await clustersStage(folder);
    const labels = readNpy(join(folder, "clusters.npy")).data as Int32Array;
    await clustersStage(folder, { force: true });
    assert.deepEqual(readNpy(join(folder, "clusters.npy")).data, labels);
    const clusters: ClustersReport = json(folder, "clusters.json");
    assert.equal(clusters.clusters.reduce((sum, c) => sum + c.size, 0), 300);
    assert.equal(clusters.k, new Set(labels).size);
    assert.equal(clusters.seeds.agreement, 1);
    assert.ok(clusters.stability > 0 && clusters.stability <= 1);

    await umapStage(folder, { sample: 100 });
    const positions = readNpyMatrix(join(folder, "umap.npy"));
    assert.deepEqual([positions.rows, positions.columns, firstNonFinite(positions)], [300, 2, undefined]);

    await embeddingStage(folder, { embedding: "pca" });
    assert.equal(embeddingFile(folder), "X_pca.npy");
    assert.equal(existsSync(join(folder, "X_embed.npy")), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("auto takes the embedding that its own measure prefers, and says why", async () => {
  const genres = Array.from({ length: 200 }, (_, i) => [["rock", "pop"][i % 2]]);
  const folder = await dataFolder(correlated(200, 8, 6), [{ name: "genres", type: "texts", values: genres }]);
  try {
    await pcaStage(folder);
    await embeddingStage(folder, { epochs: 2 });
    const { embedding, file, comparison, reason }: EmbeddingReport = json(folder, "embedding.json");
    const { mean, standardError } = comparison!.difference;
    const { kept } = comparison!;
    const takes = mean > 2 * standardError && kept.mean >= -2 * kept.standardError;
    assert.equal(embedding, takes ? "autoencoder" : "pca");
    assert.equal(file, embedding === "pca" ? "X_pca.npy" : "X_embed.npy");
    assert.match(reason, /same artist among the 15 nearest: .*% with the autoencoder, .*% with PCA/);
    assert.ok(Math.abs(comparison!.chanceGenrePurity! - 0.5) < 0.05);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("few tracks fall back to PCA with a reason; asking for too much is an error", async () => {
  const folder = await dataFolder(correlated(12, 4, 7));
  try {
    await assert.rejects(embeddingStage(folder), /X_pca.npy: no such file; stage embedding needs it/);
    await pcaStage(folder);
    await embeddingStage(folder);
    assert.match(json(folder, "embedding.json").reason, /12 tracks are too few/);
    await assert.rejects(embeddingStage(folder, { embedding: "autoencoder" }), /at least 50 tracks .* found 12/);
    await assert.rejects(
      embeddingStage(folder, { embedding: "vae" as "pca" }),
      /to be auto, pca or autoencoder but found 'vae'/,
    );
    await clustersStage(folder);
    assert.equal(json(folder, "clusters.json").clusters.length, 2);
    await assert.rejects(clustersStage(folder, { k: 13 }), /Expected k to be an integer in \[1, 12\] but found 13/);
    await umapStage(folder);
    assert.equal(readNpyMatrix(join(folder, "umap.npy")).rows, 12);
    await assert.rejects(umapStage(folder, { sample: 30000 }), /Expected sample to be an integer in \[4, 20000\]/);
    await assert.rejects(pcaStage(folder, { variance: 2 }), /Expected variance to be a number in \[0, 1\] but found 2/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("more dimensions than components are refused, and nothing is written", async () => {
  const folder = await dataFolder(correlated(60, 4, 8));
  try {
    await pcaStage(folder);
    await assert.rejects(
      embeddingStage(folder, { dimensions: 9 }),
      /Expected dimensions to be an integer in \[1, \d\] but found 9/,
    );
    assert.equal(existsSync(join(folder, "embedding.json")), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
