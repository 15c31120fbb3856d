/**
 * The neighbour graph against hnswlib, faiss, pynndescent and usearch: at a million rows, time against recall at 200,000,
 * and time against the number of rows.
 * At last, what is done with a graph: reading its file, paths, new and liked tracks.
 * `deno run -A test/bench/graph_bench.ts [--quick] [--sizes 1000000] [--curve 200000] [--growth 50000,200000] [--use 1000000]
 * [--peers "faiss IVF,hnswlib"]`; the peers are those at the sizes, all of them when left out.
 *
 * Every timed thing runs in a process of its own, with the matrix in memory before the clock starts; beside the wall clock
 * stands the processor time of all its threads, which other work on the machine disturbs less. Recall is measured outside, on 1,000 rows whose exact neighbours faiss finds by brute force.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomNormal, randomUniform } from "d3-random";
import { connectTrack, likedGraph } from "../../lib/graph/connect.ts";
import { type NeighborGraph, readGraph, writeGraph } from "../../lib/graph/graph.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import { smoothPath } from "../../lib/graph/path.ts";
import { type Matrix, matrix, row } from "../../lib/math/matrix.ts";
import { showTable } from "../../lib/plots/show.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { readNpy, readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { peakMemory } from "../../lib/data/stages.ts";

const K = 50;
const DIMENSIONS = 16;
const THREADS = 2;
const PATHS = 15;
const PATH_STEPS = 12;
const LIKED = 2000;
const PEERS = ["faiss IVF", "faiss HNSW", "hnswlib", "pynndescent", "usearch"];
const CURVE: Record<string, string[]> = {
  "Segue": ["0.9", "0.95", "0.98", "0.99", "0.999"],
  "faiss IVF": ["8", "16", "32", "64"],
  "faiss HNSW": ["51", "100", "200"],
  "hnswlib": ["51", "100", "200"],
  "pynndescent": ["20", "60"],
  "usearch": ["51", "100"],
};

type Run = {
  n: number;
  method: string;
  effort: string;
  seconds: number;
  cpu_seconds: number;
  peak_mib: number;
  recall: number;
};

if (Deno.args[0] === "--one") await one(Deno.args.slice(1));
else if (Deno.args[0] === "--write") await writeOne(Deno.args.slice(1));
else if (Deno.args[0] === "--read") await useOne(Deno.args.slice(1));
else await all();

async function all(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      sizes: { type: "string" },
      curve: { type: "string" },
      growth: { type: "string" },
      use: { type: "string" },
      peers: { type: "string", default: PEERS.join() },
    },
  });
  // Where one part or more is asked for by name, only these are measured.
  const named = [values.sizes, values.curve, values.growth, values.use].some((text) => text !== undefined);
  const numbers = (text: string | undefined, quick: number[], full: number[]) =>
    named ? (text ?? "").split(",").filter(Boolean).map(Number) : values.quick ? quick : full;
  const folder = mkdtempSync(join(tmpdir(), "segue-graph-bench-"));
  try {
    for (const n of numbers(values.sizes, [20_000], [1_000_000])) {
      const runs = measure(
        folder,
        n,
        ["Segue", ...values.peers.split(",")].map((method) => [method, method === "Segue" ? "0.99" : "auto:0.99"]),
      );
      const ours = runs[0];
      const rows = runs.map((run) => ({ ...run, ratio: run.seconds / ours.seconds }));
      const equal = rows.slice(1).filter((run) => run.recall >= 0.99);
      const best = equal.reduce((a, b) => a.seconds < b.seconds ? a : b, equal[0]);
      await showTable(rows, {
        name: values.quick ? "bench_graph_quick" : n === 1_000_000 ? "bench_graph" : `bench_graph_${n}`,
        caption:
          `Neighbour graphs of ${n.toLocaleString("en-US")} clustered rows of ${DIMENSIONS} dimensions, k = ${K}, ` +
          `${THREADS} threads: ${ours.seconds.toFixed(1)} s at recall ${ours.recall.toFixed(3)}` +
          (best
            ? `; the fastest peer at recall 0.99, ${best.method}, takes ${best.ratio.toFixed(1)} times as long.`
            : "."),
      });
    }
    for (const n of numbers(values.curve, [], [200_000])) {
      const settings = Object.entries(CURVE).flatMap(([method, efforts]) =>
        efforts.map((e): [string, string] => [method, e])
      );
      const runs = measure(folder, n, settings);
      await showTable(runs, {
        name: "bench_graph_recall",
        caption: `Time against recall at ${n.toLocaleString("en-US")} rows, k = ${K}, ${THREADS} threads.`,
      });
    }
    const growth = numbers(values.growth, [], [50_000, 100_000, 200_000, 500_000, 1_000_000]);
    if (growth.length > 0) {
      const runs = growth.flatMap((n) => measure(folder, n, [["Segue", "0.99"]]));
      await showTable(runs, {
        name: "bench_graph_growth",
        caption: `Time against the number of rows, recall 0.99, k = ${K}, ${THREADS} threads.`,
      });
    }
    for (const n of numbers(values.use, [20_000], [1_000_000])) {
      await showTable([useGraph(folder, n)], {
        name: values.quick ? "bench_graph_use_quick" : "bench_graph_use",
        caption:
          `Seconds for what is done with a graph of ${n.toLocaleString("en-US")} × ${K}, in a fresh process: reading ` +
          `graph.npz, ${PATHS} smooth paths of ${PATH_STEPS} steps between random tracks (median and longest), connecting a ` +
          `track that was not there, and the graph of ${LIKED.toLocaleString("en-US")} liked tracks.`,
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a matrix and its graph, and times their use in another process. */
function useGraph(folder: string, n: number): Record<string, number> {
  const [matrixFile, graphFile] = [join(folder, `${n}.npy`), join(folder, "graph.npz")];
  writeNpy(matrixFile, clustered(n));
  const script = fileURLToPath(import.meta.url);
  run(Deno.execPath(), ["run", "-A", script, "--write", matrixFile, graphFile]);
  const row = {
    n,
    ...run<Record<string, number>>(Deno.execPath(), ["run", "-A", script, "--read", matrixFile, graphFile]),
  };
  console.log(JSON.stringify(row));
  return row;
}

/** Builds the graph of a matrix and writes its file. */
async function writeOne([matrixFile, graphFile]: string[]): Promise<void> {
  const { graph } = await buildKnnGraph(readNpyMatrix(matrixFile), { k: K, threads: THREADS });
  writeGraph(graphFile, graph);
  console.log("{}");
}

/** Times what is done with a graph. */
async function useOne([matrixFile, graphFile]: string[]): Promise<void> {
  const x = readNpyMatrix(matrixFile);
  const random = seededRandom(4, "paths");
  const any = () => randomInteger(random, x.rows);
  const timed = async (work: () => unknown) => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
  };
  let graph!: NeighborGraph;
  const read = await timed(() => graph = readGraph(graphFile));
  const paths: number[] = [];
  for (let p = 0; p < PATHS; p++) paths.push(await timed(() => smoothPath(graph, x, any(), any(), PATH_STEPS)));
  paths.sort((a, b) => a - b);
  const connect = await timed(() => connectTrack(x, row(x, any()), K));
  const liked = await timed(() => likedGraph(x, Int32Array.from({ length: LIKED }, any), K));
  console.log(JSON.stringify({
    "graph.npz MiB": Math.round(statSync(graphFile).size / 2 ** 20),
    "read s": read,
    "path s": paths[PATHS >> 1],
    "longest path s": paths[PATHS - 1],
    "new track s": connect,
    "liked graph s": liked,
    "peak MiB": peakMemory(),
  }));
}

/** Runs methods on one matrix; each [method, effort]. */
function measure(folder: string, n: number, settings: [string, string][]): Run[] {
  const file = join(folder, `${n}.npy`);
  const truthFile = join(folder, `${n}.truth.npy`);
  const out = join(folder, "found.npy");
  writeNpy(file, clustered(n));
  peer("truth", "0", file, truthFile);
  const truth = readNpyMatrix(truthFile);
  const runs = settings.map(([method, effort]): Run => {
    const result = method === "Segue" ? ours(effort, file, out) : peer(method, effort, file, out);
    const run = { n, method, ...result, recall: recallOf(readNpy(out).data as Int32Array, truth) };
    console.log(JSON.stringify(run));
    return run;
  });
  rmSync(file);
  return runs;
}

function ours(effort: string, file: string, out: string) {
  return command(Deno.execPath(), ["run", "-A", fileURLToPath(import.meta.url), "--one", effort, file, out]);
}

function peer(method: string, effort: string, file: string, out: string) {
  const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
  const script = fileURLToPath(new URL("graph_peers.py", import.meta.url));
  return command(python, [script, method, effort, file, String(K), out, String(THREADS)]);
}

function command(program: string, args: string[]) {
  return run<Pick<Run, "effort" | "seconds" | "cpu_seconds" | "peak_mib">>(program, args);
}

/** Runs a process that prints JSON in its last line. */
function run<T>(program: string, args: string[]): T {
  const env = { ...Deno.env.toObject(), OMP_NUM_THREADS: String(THREADS), NUMBA_NUM_THREADS: String(THREADS) };
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", env });
  if (status !== 0) {
    throw new Error(`${program} failed (deno task setup --bench installs the peers): ${error ?? stderr}`);
  }
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** One timed run of ours: recall, matrix file, file for the neighbours. */
async function one([effort, file, out]: string[]): Promise<void> {
  const x = readNpyMatrix(file);
  const start = performance.now();
  const before = process.cpuUsage();
  const { graph } = await buildKnnGraph(x, { k: K, recall: Number(effort), threads: THREADS });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  writeNpy(out, { data: graph.indices, shape: [graph.nodeCount, K] });
  console.log(JSON.stringify({ effort, seconds, cpu_seconds: (user + system) / 1e6, peak_mib: peakMemory() }));
}

/** Share of the true neighbours that were found; a row of `truth` is a row number and its neighbours. */
function recallOf(found: Int32Array, truth: Matrix): number {
  let hits = 0;
  for (let t = 0; t < truth.rows; t++) {
    const [row, ...neighbors] = truth.data.subarray(t * truth.columns, (t + 1) * truth.columns);
    const known = new Set(found.subarray(row * K, row * K + K));
    for (const neighbor of neighbors) if (known.has(neighbor)) hits++;
  }
  return hits / truth.rows / K;
}

/** Unit vectors in 200 clusters of unequal size and width around random directions. */
function clustered(n: number): Matrix {
  const random = seededRandom(1, "bench");
  const normal = randomNormal.source(random)();
  const uniform = randomUniform.source(random)(0.5, 1.5);
  const clusters = 200;
  const centers = Float64Array.from({ length: clusters * DIMENSIONS }, normal);
  const widths = Float64Array.from({ length: clusters }, () => 0.6 * uniform());
  const starts = Float64Array.from({ length: clusters }, () => -Math.log(1 - random()));
  for (let c = 1; c < clusters; c++) starts[c] += starts[c - 1];
  const data = new Float32Array(n * DIMENSIONS);
  for (let c = 0; c < clusters; c++) {
    let norm = 0;
    for (let j = 0; j < DIMENSIONS; j++) norm += centers[c * DIMENSIONS + j] ** 2;
    for (let j = 0; j < DIMENSIONS; j++) centers[c * DIMENSIONS + j] /= Math.sqrt(norm);
  }
  for (let i = 0; i < n; i++) {
    const at = random() * starts[clusters - 1];
    const found = starts.findIndex((end) => at < end);
    const c = found < 0 ? randomInteger(random, clusters) : found;
    let norm = 0;
    for (let j = 0; j < DIMENSIONS; j++) {
      const value = centers[c * DIMENSIONS + j] + widths[c] / Math.sqrt(DIMENSIONS) * normal();
      data[i * DIMENSIONS + j] = value;
      norm += value * value;
    }
    for (let j = 0; j < DIMENSIONS; j++) data[i * DIMENSIONS + j] /= Math.sqrt(norm);
  }
  return matrix(n, DIMENSIONS, data);
}
