import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { embeddingFile } from "../../lib/data/folder.ts";
import { readPca } from "../../lib/embedding/pca_stage.ts";
import { fitPca } from "../../lib/math/pca.ts";
import { type ClustersReport, clustersStage } from "../../lib/embedding/clusters_stage.ts";
import { type EmbeddingReport, embeddingStage } from "../../lib/embedding/embedding_stage.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { umapStage } from "../../lib/embedding/umap_stage.ts";
import { firstNonFinite, matrix, row } from "../../lib/math/matrix.ts";
import { readNpy, readNpyMatrix } from "../../lib/data/npy.ts";
import { correlated, dataFolder } from "./samples.ts";

const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

Deno.test("the stages run in order on a catalogue without genres, years or features, and repeat under a seed", async () => {
  const folder = await dataFolder(correlated(300, 12, 5));
  try {
    await pcaStage(folder);
    assert.deepEqual(readPca(join(folder, "pca.npz")), await fitPca(readNpyMatrix(join(folder, "X_raw.npy"))));
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

Deno.test("three tracks in eight dimensions are embedded and clustered; their map is the embedding itself", async () => {
  const folder = await dataFolder(correlated(3, 8, 9));
  try {
    await pcaStage(folder);
    assert.deepEqual([readNpyMatrix(join(folder, "X_pca.npy")).rows, embeddingFile(folder)], [3, "X_pca.npy"]);
    await embeddingStage(folder);
    await clustersStage(folder);
    const { k, stability }: ClustersReport = json(folder, "clusters.json");
    assert.deepEqual([k, stability], [1, 1]);
    await umapStage(folder);
    const [map, x] = ["umap.npy", "X_pca.npy"].map((name) => readNpyMatrix(join(folder, name)));
    for (let i = 0; i < 3; i++) assert.deepEqual(row(map, i), row(x, i).slice(0, 2));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("no more clusters are tried than tracks bear, and k is the same under every seed", async () => {
  const folder = await dataFolder(correlated(250, 8, 9));
  try {
    await pcaStage(folder);
    await clustersStage(folder);
    const first: ClustersReport = json(folder, "clusters.json");
    assert.deepEqual(first.candidates.map(({ k }) => k), [8, 10]);
    const labels = readNpy(join(folder, "clusters.npy")).data;
    await clustersStage(folder, { seed: 7 });
    assert.equal(json(folder, "clusters.json").k, first.k);
    assert.deepEqual(readNpy(join(folder, "clusters.npy")).data, labels);
    await clustersStage(folder, { k: 5 });
    const asked: ClustersReport = json(folder, "clusters.json");
    assert.deepEqual([asked.k, asked.criterion, asked.stability], [
      5,
      "it was asked for",
      asked.candidates[0].stability,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("columns that do not vary and numbers that are none are named with their file", async () => {
  const constant = await dataFolder(matrix(60, 3));
  const broken = correlated(60, 3, 1);
  broken.data[7] = NaN;
  const holed = await dataFolder(broken);
  try {
    await assert.rejects(pcaStage(constant), /X_raw.npy: Expected columns that vary but found 3 constant columns/);
    await assert.rejects(pcaStage(holed), /X_raw.npy: Expected finite numbers but found NaN in row 2, column 1/);
  } finally {
    for (const folder of [constant, holed]) rmSync(folder, { recursive: true });
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
