/**
 * The embedding of a million rows: training an autoencoder whose batches are streamed and encoding with it beside PyTorch, k-means beside scikit-learn's MiniBatchKMeans; of 20,000 rows k-means beside
 * scikit-learn's KMeans; the layout of 5,000 by UMAP beside umap-learn, and the placing of new points on the map beside
 * umap-js's own `transform` and the mean of their neighbours. Then, on the synthetic world of 20,000 tracks, what the two
 * starts of k-means come to under ten seeds. `deno run -A test/bench/embedding_bench.ts [--quick]` writes
 * reports/tables/bench_embedding.csv and bench_embedding_starts.csv, each also as .md. Every timed thing runs in a process
 * of its own. PCA has a benchmark of its own, pca_bench.ts.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { UMAP } from "umap-js";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import { trainAutoencoder } from "../../lib/embedding/autoencoder.ts";
import { meanAgreement } from "../../lib/embedding/cluster_count.ts";
import { kMeans, type KMeansResult } from "../../lib/math/kmeans.ts";
import { type ExactNeighbors, exactNeighbors } from "../../lib/math/neighbors.ts";
import { trustworthiness } from "../../lib/embedding/quality.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { placeAmong, umapLayout, umapOfSample } from "../../lib/embedding/umap.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import { type Matrix, matrix, takeRows, unitRows } from "../../lib/math/matrix.ts";
import { showTable } from "../../lib/plots/show.ts";
import { seededRandom, shuffleInPlace } from "../../lib/math/random.ts";
import { readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { peakMemory } from "../../lib/data/stages.ts";
import { blobs } from "../embedding/samples.ts";

/** Columns of the matrix, as many as PCA scores have. */
const COLUMNS = 25;
const BATCH = 4096;
const EPOCHS = 2;
const CLUSTERS = 16;
/** Rows that k-means takes all into its iterations. */
const FEW = 20_000;
/** Sampled tracks of the map, and new points by which placings are judged. */
const [ANCHORS, HELD_OUT] = [5000, 2000];
/** Most rows of the map: its time grows with the rows, and a million would say no more. */
const MAPPED = 100_000;

interface Result {
  /** Seconds of each part, by its name. */
  seconds: Record<string, number>;
  peak: number;
  /** How good the outcome is, by part. */
  quality: Record<string, number>;
}

const SELF = fileURLToPath(import.meta.url);
const PYTHON = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));

const TORCH = `import json, resource, sys, time
import numpy as np, torch
from torch import nn
x = np.load(sys.argv[1]); batch, epochs = int(sys.argv[2]), int(sys.argv[3])
n, d = x.shape
torch.manual_seed(0); torch.set_num_threads(2)
def make(): return nn.Sequential(nn.Linear(d, 64), nn.ELU(), nn.Linear(64, 16), nn.Linear(16, 64), nn.ELU(), nn.Linear(64, d))
cut = n * 8 // 10
# Libraries that load at the first step are no part of training.
net = make(); adam = torch.optim.Adam(net.parameters(), lr=0.01)
net(torch.from_numpy(x[:batch])).sum().backward(); adam.step()
net = make()
start = time.perf_counter()
mean = x[:cut].mean(0); scale = float(np.sqrt(((x[:cut] - mean) ** 2).mean()))
data = torch.from_numpy((x - mean) / scale)
adam = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(epochs):
  order = torch.randperm(cut)
  for at in range(0, cut, batch):
    rows = data[order[at:at + batch]]
    adam.zero_grad(); loss = ((net(rows) - rows) ** 2).mean(); loss.backward(); adam.step()
  with torch.no_grad():
    held = data[cut:cut + n // 10]
    error = float(np.mean([float(((net(p) - p) ** 2).mean()) for p in held.split(batch)]))
trained = time.perf_counter()
with torch.no_grad(): codes = torch.cat([net[:3](p) for p in data.split(batch)]).numpy()
done = time.perf_counter()
print(json.dumps(dict(seconds=dict(train=trained - start, encode=done - trained), quality=dict(train=error),
  peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))`;

const SKLEARN = `import json, resource, sys, time
import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
x = np.load(sys.argv[1])[:int(sys.argv[3])]
start = time.perf_counter()
k = int(sys.argv[2])
batches = MiniBatchKMeans(k, batch_size=2048, random_state=0)
found = (batches if len(x) > 100_000 else KMeans(k, n_init=6, random_state=0)).fit(x)
seconds = time.perf_counter() - start
print(json.dumps(dict(seconds=dict(cluster=seconds), quality=dict(cluster=float(found.inertia_) / len(x)),
  peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))`;

/** It is given the neighbours that ours is given; it compiles itself in a first, small fit. */
const UMAP_LEARN = `import json, resource, sys, time
import numpy as np, umap
anchors, indices, distances = (np.load(sys.argv[1] + '/' + name) for name in ('anchors.npy', 'indices.npy', 'distances.npy'))
def fit(n, k, epochs):
  known = (np.minimum(indices[:n], n - 1), distances[:n])
  return umap.UMAP(n_neighbors=k, n_epochs=epochs, precomputed_knn=known, metric='cosine', random_state=0, n_jobs=1).fit(anchors[:n])
fit(500, indices.shape[1], 2)
start = time.perf_counter()
found = fit(len(anchors), indices.shape[1], 201)
seconds = time.perf_counter() - start
from sklearn.manifold import trustworthiness
print(json.dumps(dict(seconds=dict(layout=seconds),
  quality=dict(trustworthiness=trustworthiness(anchors, found.embedding_, n_neighbors=15, metric='cosine')),
  peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))`;

async function main(quick: boolean): Promise<void> {
  const n = quick ? 50_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  const path = join(folder, "x.npy");
  const rows: Record<string, string | number>[] = [];
  const add = (
    what: string,
    count: number,
    tool: string,
    seconds: number,
    peak: number,
    quality: string,
    peer = seconds,
  ) =>
    rows.push({
      what,
      rows: count,
      tool,
      seconds: Number(seconds.toFixed(3)),
      "rows a second": Math.round(count / seconds),
      "peak MiB": Math.round(peak),
      ratio: Number((seconds / peer).toFixed(3)),
      quality,
    });
  try {
    writeNpy(path, scores(n));
    const learnt = run(process.execPath, ["run", "-A", SELF, "--child", "autoencoder", path]);
    const torch = run(PYTHON, ["-c", TORCH, path, `${BATCH}`, `${EPOCHS}`]);
    const steps = EPOCHS * Math.ceil(0.8 * n / BATCH);
    const loss = (result: Result) => `validation loss ${result.quality.train.toFixed(4)}`;
    for (const [tool, result] of [["segue", learnt], ["PyTorch", torch]] as const) {
      const { train, encode } = result.seconds;
      const what = `autoencoder 25-64-16-64-25, ${EPOCHS} epochs, ${steps} steps of ${BATCH}`;
      add(what, EPOCHS * 0.8 * n, tool, train, result.peak, loss(result), torch.seconds.train);
      add("encoding", n, tool, encode, result.peak, "", torch.seconds.encode);
    }
    const clusterings = [FEW, n].map((count) => {
      const peer = run(PYTHON, ["-c", SKLEARN, path, `${CLUSTERS}`, `${count}`]);
      const starts = count === FEW ? ["principal", "k-means++"] : ["principal"];
      const ours = starts.map((start) =>
        run(process.execPath, ["run", "-A", SELF, "--child", "cluster", path, start, `${count}`])
      );
      const named = ours.map((result, s) =>
        [starts[s] === "principal" ? "segue" : "segue, k-means++", result] as const
      );
      const name = count > 100_000 ? "scikit-learn MiniBatchKMeans" : "scikit-learn KMeans, best of 6";
      for (const [tool, result] of [...named, [name, peer] as const]) {
        const quality = `inertia a row ${result.quality.cluster.toFixed(4)}`;
        add(`${CLUSTERS} clusters`, count, tool, result.seconds.cluster, result.peak, quality, peer.seconds.cluster);
      }
      return { ours: ours[0], peer, name };
    });
    const { ours, peer, name } = clusterings[1];
    const laid = run(process.execPath, ["run", "-A", SELF, "--child", "layout", path, folder]);
    const laidPeer = run(PYTHON, ["-c", UMAP_LEARN, folder]);
    for (const [tool, result] of [["segue (umap-js)", laid], ["umap-learn, one thread", laidPeer]] as const) {
      const quality = `trustworthiness ${result.quality.trustworthiness.toFixed(3)}`;
      add("UMAP from neighbours", ANCHORS, tool, result.seconds.layout, result.peak, quality, laidPeer.seconds.layout);
    }
    const mapped = Math.min(n, MAPPED);
    const whole = run(process.execPath, ["run", "-A", SELF, "--child", "map", path, "", `${mapped}`]);
    add(`map of all, ${ANCHORS} laid out`, mapped, "segue", whole.seconds.map, whole.peak, "");
    const placings = ["segue", "mean of 5 neighbours", "umap-js transform"];
    const placed = placings.map((tool) => run(process.execPath, ["run", "-A", SELF, "--child", "place", path, tool]));
    placed.forEach(({ seconds, peak, quality }, i) => {
      const text = `${(100 * quality.kept).toFixed(1)}% of 15 neighbours kept, trustworthiness ` +
        quality.trustworthiness.toFixed(3);
      add("placing new points", HELD_OUT, placings[i], seconds.place, peak, text, placed[2].seconds.place);
    });
    console.table(rows);
    const ratio = (a: Result, b: Result, part: string) => (a.seconds[part] / b.seconds[part]).toFixed(2);
    const kept = placed.map(({ quality }) => `${(100 * quality.kept).toFixed(1)}%`);
    const mebibytes = n * COLUMNS * 4 / 2 ** 20;
    const caption =
      `${n} rows of ${COLUMNS} columns: an epoch of the autoencoder takes ${
        (learnt.seconds.train / EPOCHS).toFixed(1)
      } s, ` +
      `${ratio(learnt, torch, "train")} times PyTorch's, and the process ${Math.round(learnt.peak)} MiB at most, ` +
      `${Math.round(mebibytes)} of them the matrix; encoding ${ratio(learnt, torch, "encode")} times; k-means ` +
      `${ratio(ours, peer, "cluster")} times ${name}'s with ` +
      `${(ours.quality.cluster / peer.quality.cluster).toFixed(4)} times the inertia; UMAP of ${ANCHORS} ` +
      `${ratio(laid, laidPeer, "layout")} times umap-learn's. New points on the map keep ` +
      `${kept[0]} of their neighbours, ${kept[1]} at the mean of five, ${kept[2]} by umap-js's own transform.`;
    console.log(caption);
    await showTable(rows, { name: "bench_embedding", caption });
    await compareStarts(folder, quick);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the two starts of k-means come to on the synthetic world under ten seeds. */
async function compareStarts(folder: string, quick: boolean): Promise<void> {
  const seeds = Array.from({ length: 10 }, (_, seed) => seed);
  await worldStage(folder, { tracks: quick ? 2000 : 20_000, seed: 42 });
  await featuresStage(folder);
  await pcaStage(folder);
  const x = readNpyMatrix(join(folder, "X_pca.npy"));
  const settings = [
    ["principal parts", { start: "principal" }],
    ["k-means++, one start", { start: "k-means++", starts: 1 }],
    ["k-means++, best of 6", { start: "k-means++" }],
  ] as const;
  const table: Record<string, string | number>[] = [];
  for (const k of [8, 13, 20]) {
    const found: { start: string; runs: KMeansResult[]; seconds: number }[] = [];
    for (const [start, options] of settings) {
      const begin = performance.now();
      const runs: KMeansResult[] = [];
      for (const seed of seeds) runs.push(await kMeans(x, k, seededRandom(seed), options));
      found.push({ start, runs, seconds: (performance.now() - begin) / 1000 / seeds.length });
    }
    const least = Math.min(...found.flatMap(({ runs }) => runs.map(({ inertia }) => inertia)));
    table.push(...found.map(({ start, runs, seconds }) => ({
      k,
      start,
      "agreement across seeds": Number(meanAgreement(runs.map(({ labels }) => labels)).toFixed(3)),
      "mean inertia over the least": Number(
        (runs.reduce((sum, { inertia }) => sum + inertia, 0) / runs.length / least).toFixed(5),
      ),
      seconds: Number(seconds.toFixed(3)),
    })));
  }
  console.table(table);
  const caption =
    `k-means on ${x.rows} tracks × ${x.columns} components under ${seeds.length} seeds: mean adjusted Rand ` +
    `index over the pairs, and inertia over the least that any run found.`;
  await showTable(table, { name: "bench_embedding_starts", caption });
}

/** Overlapping clusters whose columns fall in variance as PCA scores do, the last three bent by the first. */
function scores(n: number): Matrix {
  const x = blobs(n, COLUMNS, 40, 1, 1);
  for (let i = 0; i < n; i++) {
    const at = i * COLUMNS;
    for (let j = 0; j < COLUMNS; j++) x.data[at + j] *= 2 / Math.sqrt(1 + j);
    for (let j = 1; j <= 3; j++) x.data[at + COLUMNS - j] += 0.1 * (x.data[at] * x.data[at + j - 1] - 2);
  }
  return x;
}

async function child(what: string, path: string, tool: string, count: string): Promise<void> {
  const x = readNpyMatrix(path);
  const result: Result = { seconds: {}, peak: 0, quality: {} };
  const time = async <T>(name: string, job: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await job();
    result.seconds[name] = (performance.now() - start) / 1000;
    return value;
  };
  if (what === "layout") {
    await layOut(x, tool, result, time);
  } else if (what === "autoencoder") {
    const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
    const [cut, end] = [Math.floor(0.8 * x.rows), Math.floor(0.9 * x.rows)];
    const options = { dimensions: 16, epochs: EPOCHS, batchSize: BATCH };
    // Libraries that load at the first step are no part of training.
    (await trainAutoencoder(x, range(0, BATCH), range(0, BATCH), { ...options, epochs: 1 })).dispose();
    const learnt = await time("train", () => trainAutoencoder(x, range(0, cut), range(cut, end), options));
    result.quality.train = learnt.description.history.at(-1)!.validation;
    await time("encode", () => learnt.encode(x));
    learnt.dispose();
  } else if (what === "cluster") {
    const some = takeRows(x, Int32Array.from({ length: Number(count) }, (_, i) => i));
    const start = tool as "principal" | "k-means++";
    const found = await time("cluster", () => kMeans(some, CLUSTERS, seededRandom(1), { start }));
    result.quality.cluster = found.inertia / some.rows;
  } else if (what === "map") {
    const some = takeRows(x, Int32Array.from({ length: Number(count) }, (_, i) => i));
    const sample = drawn(some.rows).slice(0, ANCHORS).sort();
    await time("map", () => umapOfSample(some, sample, seededRandom(1)));
  } else {
    await place(x, tool, result, time);
  }
  result.peak = peakMemory();
  console.log(JSON.stringify(result));
}

/** Lays the anchors out, and leaves them with their neighbours in a folder for the peer. */
async function layOut(
  x: Matrix,
  folder: string,
  result: Result,
  time: <T>(name: string, job: () => T | Promise<T>) => Promise<T>,
): Promise<void> {
  const anchors = unitRows(takeRows(x, drawn(x.rows).subarray(0, ANCHORS)));
  const own = Int32Array.from({ length: ANCHORS }, (_, i) => i);
  const known = exactNeighbors(anchors, anchors, 15, own);
  const layout = await time("layout", () => umapLayout(known, seededRandom(2), 201));
  result.quality.trustworthiness = trustworthiness(anchors, layout, 15);
  const indices = new Int32Array(16 * ANCHORS);
  const distances = new Float32Array(16 * ANCHORS);
  for (let i = 0; i < ANCHORS; i++) {
    indices[16 * i] = i;
    for (let j = 0; j < 15; j++) {
      indices[16 * i + j + 1] = known.indices[15 * i + j];
      distances[16 * i + j + 1] = Math.max(0, 1 - known.similarities[15 * i + j]);
    }
  }
  writeNpy(join(folder, "anchors.npy"), anchors);
  writeNpy(join(folder, "indices.npy"), { data: indices, shape: [ANCHORS, 16] });
  writeNpy(join(folder, "distances.npy"), { data: distances, shape: [ANCHORS, 16] });
}

async function place(
  x: Matrix,
  tool: string,
  result: Result,
  time: <T>(name: string, job: () => T | Promise<T>) => Promise<T>,
): Promise<void> {
  const rows = drawn(x.rows);
  const anchors = unitRows(takeRows(x, rows.subarray(0, ANCHORS)));
  const fresh = unitRows(takeRows(x, rows.subarray(ANCHORS, ANCHORS + HELD_OUT)));
  const own = Int32Array.from({ length: ANCHORS }, (_, i) => i);
  const known = exactNeighbors(anchors, anchors, 15, own);
  if (tool === "umap-js transform") {
    // The number of epochs must divide by three: else umap-js's transform never ends.
    const umap = fitPeer(anchors, known, 201);
    const placed = await time("place", () => umap.transform(lists(fresh)));
    judge(result, anchors, fresh, matrix(ANCHORS, 2, Float32Array.from(umap.getEmbedding().flat())), placed.flat());
    return;
  }
  const layout = umapLayout(known, seededRandom(2), 201);
  const positions = await time("place", () => {
    const near = exactNeighbors(anchors, fresh, 15);
    return tool === "segue" ? placeAmong(layout, near, seededRandom(3), 201).data : means(layout, near);
  });
  judge(result, anchors, fresh, layout, positions);
}

function fitPeer(anchors: Matrix, known: ExactNeighbors, epochs: number): UMAP {
  const distanceFn = (a: number[], b: number[]) => Math.max(0, 1 - a.reduce((sum, value, j) => sum + value * b[j], 0));
  const umap = new UMAP({ nNeighbors: known.k + 1, nEpochs: epochs, random: seededRandom(2), distanceFn });
  const part = (values: Int32Array | Float32Array, i: number) => [...values.subarray(i * known.k, (i + 1) * known.k)];
  umap.setPrecomputedKNN(
    Array.from({ length: ANCHORS }, (_, i) => [i, ...part(known.indices, i)]),
    Array.from({ length: ANCHORS }, (_, i) => [0, ...part(known.similarities, i).map((s) => Math.max(0, 1 - s))]),
  );
  umap.initializeFit(lists(anchors));
  for (let epoch = 0; epoch < epochs; epoch++) umap.step();
  return umap;
}

/** The mean of the five nearest, weighted by exp(−(d − d_1) / d̄). */
function means(layout: Matrix, near: ExactNeighbors): Float32Array {
  const positions = new Float32Array(2 * near.indices.length / near.k);
  for (let i = 0; i < positions.length / 2; i++) {
    const away = Array.from(near.similarities.subarray(i * near.k, i * near.k + 5), (similarity) => 1 - similarity);
    const spread = away.reduce((sum, d) => sum + d) / 5 || 1;
    const weights = away.map((d) => Math.exp(-(d - away[0]) / spread));
    const total = weights.reduce((sum, weight) => sum + weight);
    weights.forEach((weight, j) => {
      const at = 2 * near.indices[i * near.k + j];
      positions[2 * i] += weight / total * layout.data[at];
      positions[2 * i + 1] += weight / total * layout.data[at + 1];
    });
  }
  return positions;
}

/** Share of the 15 true neighbours that are among the 15 nearest on the map, and trustworthiness of these. */
function judge(result: Result, anchors: Matrix, fresh: Matrix, layout: Matrix, positions: ArrayLike<number>): void {
  const k = 15;
  const all = Int32Array.from({ length: ANCHORS }, (_, j) => j);
  const rank = new Int32Array(ANCHORS);
  let [kept, penalty] = [0, 0];
  for (let q = 0; q < fresh.rows; q++) {
    const similarity = Float64Array.from(all, (j) => {
      let sum = 0;
      for (let c = 0; c < COLUMNS; c++) sum += anchors.data[j * COLUMNS + c] * fresh.data[q * COLUMNS + c];
      return sum;
    });
    all.toSorted((a, b) => similarity[b] - similarity[a]).forEach((j, r) => rank[j] = r);
    const away = Float64Array.from(
      { length: ANCHORS },
      (_, j) => (positions[2 * q] - layout.data[2 * j]) ** 2 + (positions[2 * q + 1] - layout.data[2 * j + 1]) ** 2,
    );
    const near = all.toSorted((a, b) => away[a] - away[b]).slice(0, k);
    for (const j of near) {
      if (rank[j] < k) kept++;
      else penalty += rank[j] + 1 - k;
    }
  }
  result.quality.kept = kept / fresh.rows / k;
  result.quality.trustworthiness = 1 - 2 * penalty / (fresh.rows * k * (2 * ANCHORS - 3 * k - 1));
}

function drawn(n: number): Int32Array {
  return shuffleInPlace(Int32Array.from({ length: n }, (_, i) => i), seededRandom(5));
}

function lists(x: Matrix): number[][] {
  return Array.from({ length: x.rows }, (_, i) => [...x.data.subarray(i * x.columns, (i + 1) * x.columns)]);
}

function run(program: string, args: string[]): Result {
  console.log(program === PYTHON ? "peer" : "segue", ...args.slice(2).filter((arg) => !arg.includes("\n")), "…");
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const [first, what, path, tool, count] = process.argv.slice(2);
if (first === "--child") await child(what, path, tool, count);
else await main(process.argv.includes("--quick"));
