/**
 * How long one recommendation takes, on a small and on a million-track graph, beside the same arithmetic in NumPy.
 * `deno run -A test/bench/shuffle_bench.ts [--quick]` writes reports/tables/bench_shuffle.csv and .md; every timed thing
 * runs in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { writeGraph } from "../../lib/graph/graph.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { showTable } from "../../lib/plots/show.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { recommendNext, type RecommendOptions } from "../../lib/score/recommend.ts";
import { DEFAULT_RULES } from "../../lib/score/rules.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { type Collection, createCollection } from "../../lib/score/collection.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { peakMemory } from "../../lib/data/stages.ts";

const NEIGHBORS = 50;
const DIMENSIONS = 16;
const CLUSTERS = 40;
const HISTORY = 10_000;
const HOUR = 3_600_000;

/** What a process reports of its run. */
interface Run {
  what: string;
  /** Median of the wall-clock time of a call. */
  microseconds: number;
  /** Mean processor time of a call, collection of garbage included. */
  cpu: number;
  p99: number;
  bytes: number | null;
  peak: number;
}

/** The peer: the five features and the softmax, vectorised over the candidates, as one would write them in NumPy. */
const NUMPY = `import json, resource, sys, time
import numpy as np
folder, steps = sys.argv[1], int(sys.argv[2])
load = lambda name: np.load(f"{folder}/{name}.npy", mmap_mode=None)
graph = np.load(f"{folder}/graph.npz")
indices, indptr, data = graph["indices"], graph["indptr"], graph["data"]
artist, keys, clusters, plays, at = load("artist"), load("keys"), load("clusters"), load("plays"), load("at")
last = {}
for track, time_played in zip(plays.tolist(), at.tolist()):
    last[track] = time_played
recent = plays[-20:]
counts = np.bincount(clusters[recent], minlength=int(clusters.max()) + 1)
now = float(at[-1])
weights = np.array([8.0, 4.0, -1.0, 1.0, 1.0])
rng = np.random.default_rng(1)
current, times = 0, []
cpu = time.process_time()
for step in range(steps):
    start = time.perf_counter()
    row = slice(indptr[current], indptr[current + 1])
    candidates = indices[row]
    x = np.empty((len(candidates), 5))
    x[:, 0] = data[row]
    played = np.array([last.get(track, -np.inf) for track in candidates.tolist()])
    x[:, 1] = -np.exp2(-(now - played) / 3.6e6 / 24)
    x[:, 2] = artist[candidates] == artist[current]
    distance = np.abs(keys[candidates] - keys[current])
    x[:, 3] = 1 - np.minimum(distance, 12 - distance) / 6
    x[:, 4] = 1 - counts[clusters[candidates]] / len(recent)
    u = x @ weights
    p = np.exp(u - u.max())
    p /= p.sum()
    current = int(candidates[np.searchsorted(np.cumsum(p), rng.random())])
    times.append(time.perf_counter() - start)
cpu = (time.process_time() - cpu) / steps * 1e6
times = np.array(times[steps // 5:]) * 1e6
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([{"what": "NumPy, no rules", "microseconds": float(np.median(times)), "cpu": cpu, "p99": float(np.quantile(times, 0.99)),
                   "bytes": None, "peak": peak}]))`;

async function main(options: string[]): Promise<number> {
  const quick = options.includes("--quick");
  const small = 20_000;
  const large = quick ? 100_000 : 1_000_000;
  const steps = quick ? 5_000 : 50_000;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  try {
    writePeerFiles(randomCollection(small), folder);
    const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
    const peer = run(python, ["-c", NUMPY, folder, String(steps)]);
    const self = fileURLToPath(import.meta.url);
    const ours = [small, large].map((n) => ({
      n,
      runs: run(process.execPath, ["run", "-A", "--v8-flags=--expose-gc", self, `--part=${n}`, String(steps)]),
    }));
    const numpy = peer[0];
    const rows = [{ n: small, runs: peer }, ...ours].flatMap(({ n, runs }) =>
      runs.map(({ what, microseconds, cpu, p99, bytes, peak }) => ({
        what,
        n,
        candidates: NEIGHBORS,
        seconds: Number((microseconds / 1e6).toPrecision(3)),
        microseconds: Number(microseconds.toFixed(1)),
        cpu_microseconds: Number(cpu.toFixed(1)),
        p99_microseconds: Number(p99.toFixed(1)),
        bytes_per_call: bytes === null ? null : Math.round(bytes),
        peak_mib: Math.round(peak),
        ratio: Number((numpy.microseconds / microseconds).toFixed(2)),
      }))
    );
    const [plain, ruled] = ours[1].runs;
    await showTable(rows, {
      name: "bench_shuffle",
      caption:
        `One recommendation over ${NEIGHBORS} candidates takes ${plain.microseconds.toFixed(1)} µs on a graph of ` +
        `${large} tracks and ${ours[0].runs[0].microseconds.toFixed(1)} µs on one of ${small}, against ` +
        `${numpy.microseconds.toFixed(1)} µs in NumPy; with hard rules ${
          ruled.microseconds.toFixed(1)
        } µs (medians). ` +
        `A call allocates ${Math.round(plain.bytes!)} bytes there and ${Math.round(ours[0].runs[0].bytes!)} here.`,
    });
    for (const row of rows) console.log(JSON.stringify(row));
    const slow = ours[1].runs.slice(0, 2).filter(({ microseconds }) => microseconds >= 50);
    for (const { what, microseconds } of slow) {
      console.error(`${what}: expected under 50 µs but found ${microseconds.toFixed(1)} µs`);
    }
    return slow.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, parts: string[]): Run[] {
  const { stdout, stderr, status } = spawnSync(command, parts, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** One part: walks on a random collection of n tracks by a listener with a history. */
function part(n: number, steps: number): void {
  const collection = randomCollection(n);
  const runs = [
    walk("segue, no rules", collection, steps, {}),
    walk("segue, default rules", collection, steps, { rules: DEFAULT_RULES }),
  ];
  console.log(JSON.stringify(runs));
}

function walk(what: string, collection: Collection, steps: number, options: RecommendOptions): Run {
  const state = listener(collection);
  const random = seededRandom(1, "walk");
  const times = new Float64Array(steps);
  let current = 0;
  let now = state.now;
  const cpu = process.cpuUsage();
  for (let s = 0; s < steps; s++) {
    const start = performance.now();
    const next = recommendNext(current, state, DEFAULT_WEIGHTS, { ...options, now });
    current = next.sample(random).track;
    times[s] = performance.now() - start;
    state.play(current, now += 200_000);
  }
  const { user, system } = process.cpuUsage(cpu);
  const bytes = allocatedBy(() => recommendNext(current, state, DEFAULT_WEIGHTS, { ...options, now }));
  const warm = times.subarray(steps / 5).sort();
  return {
    what,
    microseconds: 1000 * warm[Math.floor(0.5 * warm.length)],
    cpu: (user + system) / steps,
    p99: 1000 * warm[Math.floor(0.99 * warm.length)],
    bytes,
    peak: peakMemory(),
  };
}

/** Bytes that one call allocates: the most of ten rounds of fifty calls, so that a collection in a round does not count. */
function allocatedBy(call: () => unknown): number {
  let most = 0;
  for (let round = 0; round < 10; round++) {
    (globalThis as { gc?: () => void }).gc?.();
    const before = heapUsed();
    for (let i = 0; i < 50; i++) call();
    most = Math.max(most, heapUsed() - before);
  }
  return most / 50;
}

function heapUsed(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function listener(collection: Collection): UserState {
  const state = new UserState(collection);
  const random = seededRandom(2, "history");
  for (let p = 0; p < HISTORY; p++) state.play(randomInteger(random, collection.trackCount), p * HOUR / 2);
  return state;
}

/** Random neighbours, embeddings, artists of about five tracks, keys and clusters: the cost does not depend on sense. */
function randomCollection(n: number): Collection {
  const random = seededRandom(3, "world");
  const offsets = Int32Array.from({ length: n + 1 }, (_, i) => i * NEIGHBORS);
  const indices = new Int32Array(n * NEIGHBORS);
  const similarities = new Float32Array(n * NEIGHBORS);
  for (let e = 0; e < indices.length; e++) {
    const i = Math.floor(e / NEIGHBORS);
    indices[e] = (i + 1 + randomInteger(random, n - 1)) % n;
    similarities[e] = 1 - 0.3 * ((e % NEIGHBORS) + random()) / NEIGHBORS;
  }
  const embedding = matrix(n, DIMENSIONS);
  for (let v = 0; v < embedding.data.length; v++) embedding.data[v] = random() - 0.5;
  const names = Array.from({ length: Math.ceil(n / 5) }, (_, a) => [`Artist ${a}`]);
  return createCollection({
    catalog: {
      length: n,
      numbers: {
        key: Float64Array.from({ length: n }, () => randomInteger(random, 12)),
        mode: Float64Array.from({ length: n }, () => randomInteger(random, 2)),
      },
      texts: {
        track_id: Array.from({ length: n }, (_, i) => `track${i}`),
        title: Array.from({ length: n }, (_, i) => `Title ${i}`),
      },
      lists: { artists: Array.from({ length: n }, () => names[randomInteger(random, names.length)]) },
    },
    graph: { nodeCount: n, offsets, indices, similarities },
    embedding,
    clusters: Int32Array.from({ length: n }, () => randomInteger(random, CLUSTERS)),
  });
}

function writePeerFiles(collection: Collection, folder: string): void {
  const n = collection.trackCount;
  const vector = (name: string, data: Int32Array | Float64Array) =>
    writeNpy(join(folder, `${name}.npy`), { data, shape: [data.length] });
  writeGraph(join(folder, "graph.npz"), collection.graph);
  vector("artist", collection.artists.codes.slice(0, n));
  vector("keys", Int32Array.from(collection.keys));
  vector("clusters", collection.clusters);
  const events = listener(collection).events();
  vector("plays", Int32Array.from(events, ({ track }) => track));
  vector("at", Float64Array.from(events, ({ at }) => at));
}

if (import.meta.main) {
  const size = process.argv.find((option) => option.startsWith("--part="))?.slice(7);
  if (size === undefined) process.exitCode = await main(process.argv.slice(2));
  else part(Number(size), Number(process.argv.at(-1)));
}
