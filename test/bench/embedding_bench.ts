/**
 * The embedding of a million rows × 25 PCA columns: training an autoencoder and encoding with it beside PyTorch, k-means
 * beside scikit-learn's MiniBatchKMeans, and the placing of new points on the map beside umap-js's own `transform` and
 * the mean of their neighbours. `deno run -A test/bench/embedding_bench.ts [--quick]` writes
 * reports/tables/bench_embedding.csv and .md. Every timed thing runs in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { UMAP } from "umap-js";
import { trainAutoencoder } from "../../lib/embedding/autoencoder.ts";
import { kMeans } from "../../lib/embedding/kmeans.ts";
import { type ExactNeighbors, exactNeighbors, unitRows } from "../../lib/embedding/neighbors.ts";
import { placeAmong, umapLayout, umapOfSample } from "../../lib/embedding/umap.ts";
import { type Matrix, matrix, takeRows } from "../../lib/matrix.ts";
import { showTable } from "../../lib/plots/show.ts";
import { seededRandom, shuffleInPlace } from "../../lib/random.ts";
import { readNpyMatrix, writeNpy } from "../../lib/storage/npy.ts";
import { peakMemory } from "../../lib/storage/stages.ts";
import { blobs } from "../embedding/samples.ts";

const COLUMNS = 25;
const BATCH = 4096;
const EPOCHS = 2;
const CLUSTERS = 16;
/** Sampled tracks of the map, and new points by which placings are judged. */
const [ANCHORS, HELD_OUT] = [5000, 2000];

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
from sklearn.cluster import MiniBatchKMeans
x = np.load(sys.argv[1])
start = time.perf_counter()
found = MiniBatchKMeans(int(sys.argv[2]), batch_size=2048, random_state=0).fit(x)
seconds = time.perf_counter() - start
print(json.dumps(dict(seconds=dict(cluster=seconds), quality=dict(cluster=float(found.inertia_) / len(x)),
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
    const ours = run(process.execPath, ["run", "-A", SELF, "--child", "cluster", path]);
    const peer = run(PYTHON, ["-c", SKLEARN, path, `${CLUSTERS}`]);
    for (const [tool, result] of [["segue", ours], ["scikit-learn MiniBatchKMeans", peer]] as const) {
      const quality = `inertia a row ${result.quality.cluster.toFixed(4)}`;
      add(`${CLUSTERS} clusters`, n, tool, result.seconds.cluster, result.peak, quality, peer.seconds.cluster);
    }
    const whole = run(process.execPath, ["run", "-A", SELF, "--child", "map", path]);
    add(`map of all, ${ANCHORS} laid out`, n, "segue", whole.seconds.map, whole.peak, "");
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
    const caption = `${n} rows × ${COLUMNS} columns: training takes ${ratio(learnt, torch, "train")} times PyTorch's ` +
      `time and ${Math.round(learnt.peak)} MiB at most, encoding ${ratio(learnt, torch, "encode")} times; k-means ` +
      `${ratio(ours, peer, "cluster")} times scikit-learn's mini-batches with ` +
      `${(ours.quality.cluster / peer.quality.cluster).toFixed(4)} times the inertia. New points on the map keep ` +
      `${kept[0]} of their neighbours, ${kept[1]} at the mean of five, ${kept[2]} by umap-js's own transform.`;
    console.log(caption);
    await showTable(rows, { name: "bench_embedding", caption });
  } finally {
    rmSync(folder, { recursive: true });
  }
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

async function child(what: string, path: string, tool: string): Promise<void> {
  const x = readNpyMatrix(path);
  const result: Result = { seconds: {}, peak: 0, quality: {} };
  const time = async <T>(name: string, job: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await job();
    result.seconds[name] = (performance.now() - start) / 1000;
    return value;
  };
  if (what === "autoencoder") {
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
    result.quality.cluster = (await time("cluster", () => kMeans(x, CLUSTERS, seededRandom(1)))).inertia / x.rows;
  } else if (what === "map") {
    const sample = drawn(x.rows).slice(0, ANCHORS).sort();
    await time("map", () => umapOfSample(x, sample, seededRandom(1)));
  } else {
    await place(x, tool, result, time);
  }
  result.peak = peakMemory();
  console.log(JSON.stringify(result));
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
  const layout = umapLayout(known, seededRandom(2), { epochs: 201 });
  const positions = await time("place", () => {
    const near = exactNeighbors(anchors, fresh, 15);
    return tool === "segue" ? placeAmong(layout, near, seededRandom(3), { epochs: 201 }).data : means(layout, near);
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
  console.log(args.slice(2).filter((arg) => !arg.includes("\n")).join(" "), "…");
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const [first, what, path, tool] = process.argv.slice(2);
if (first === "--child") await child(what, path, tool);
else await main(process.argv.includes("--quick"));
