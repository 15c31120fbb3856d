/**
 * SASRec beside the same model in PyTorch; every timed thing runs in a process of its own.
 *
 * 1. Speed: training steps at 22,000 tracks, single requests at 24,000 and 250,000, and the reading of a playlist slice:
 *    reports/tables/bench_sequence.csv and .md.
 * 2. Quality: both trained until the validation NDCG stops rising, on the same playlists with the same settings, three seeds
 *    each: bench_sequence_converge. The collection has a seed on which no setting was chosen.
 * 3. The three losses for the same number of steps: bench_sequence_losses.
 *
 * `deno run -A test/bench/sequence_bench.ts [--quick | --speed | --converge | --losses]`; without an option all parts, with
 * `--quick` the speed alone and in short.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import { showTable } from "../../lib/plots/show.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { fitItemKnn, fitMarkov, fitPopularity } from "../../lib/sequence/baselines.ts";
import { epochBatches, trainingWindows } from "../../lib/sequence/batches.ts";
import { fitHybrid } from "../../lib/hybrid/hybrid.ts";
import { readInteractions } from "../../lib/sequence/interactions.ts";
import { mpdStage, readMpd } from "../../lib/sequence/read_mpd.ts";
import { estimateOver, evaluateNext, type MetricEstimate } from "../../lib/sequence/ranking.ts";
import { formatEstimate } from "../../lib/sequence/report.ts";
import { initialWeights, loadSasrec, sasrecConfig, saveSasrec, weightShapes } from "../../lib/sequence/sasrec.ts";
import { serveSasrec } from "../../lib/sequence/serve.ts";
import { type SequenceSplit, splitPlaylists } from "../../lib/sequence/split.ts";
import { hybridTerms } from "../../lib/hybrid/evidence.ts";
import { readTrackNames } from "../../lib/sequence/track_names.ts";
import { trainSasrec } from "../../lib/sequence/train.ts";
import type { TrainOptions } from "../../lib/sequence/training_plan.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { writeNpz } from "../../lib/data/npz.ts";
import { peakMemory } from "../../lib/data/stages.ts";

const TRACKS = 22_000;
const SEED = 42;
const BATCH = 128;
/** Steps of an epoch where 6,245 playlists are one window each. */
const EPOCH_STEPS = 49;

/** The collection that quality is compared on, and how models are trained on it. */
const WORLD = { tracks: 1500, playlists: 2500, seed: 7 };
const SEEDS = [1, 2, 3];
const TRAINING = {
  dimensions: 64,
  blocks: 2,
  heads: 2,
  window: 50,
  batchSize: 32,
  learningRate: 0.004,
  dropout: 0.2,
  evaluateEvery: 100,
  patience: 3,
  maximumSteps: 2500,
};
const LOSS_STEPS = 800;

/** Requests that are timed, after those that warm up; the peer's are as many. */
const REQUESTS = 1000;
const WARM_UP = 50;

interface Result {
  seconds?: number[];
  losses?: number[];
  milliseconds?: number;
  p99?: number;
  cpu?: number;
  peak: number;
  ranks?: number[];
  steps?: number;
  bestStep?: number;
}

const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
const peerFile = fileURLToPath(new URL("sequence_peer.py", import.meta.url));
const self = fileURLToPath(import.meta.url);

function ours(...args: string[]): Result {
  return run(process.execPath, ["run", "-A", self, ...args]);
}

async function main(options: string[]): Promise<number> {
  const wanted = (part: string) => options.includes(`--${part}`) || options.length === 0;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  try {
    const failed = wanted("speed") || wanted("quick") ? await speed(folder, options.includes("--quick")) : 0;
    if (wanted("converge") || wanted("losses")) {
      const split = await worldSplit(folder);
      if (wanted("losses")) await losses(folder, split);
      if (wanted("converge")) await quality(folder, split);
    }
    return failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function speed(folder: string, quick: boolean): Promise<number> {
  const steps = quick ? 6 : 24;
  const peer = (...args: string[]) => run(python, [peerFile, folder, ...args]);
  const rows: Record<string, unknown>[] = [];
  writeTrainingData(folder, steps);
  const exact = { ours: ours("--train", "0", "5", String(steps)), peer: peer("0", "5") };
  const away = Math.max(...exact.ours.losses!.map((loss, s) => Math.abs(loss - exact.peer.losses![s])));
  const timed = { ours: ours("--train", "0.2", String(steps), String(steps)), peer: peer("0.2", String(steps)) };
  const ratio = median(timed.ours.seconds!) / median(timed.peer.seconds!);
  for (const [model, result] of Object.entries({ "SASRec, ours": timed.ours, "SASRec, PyTorch": timed.peer })) {
    rows.push({
      what: `training step, ${BATCH} x 50`,
      model,
      n: TRACKS,
      seconds: median(result.seconds!),
      "seconds an epoch": median(result.seconds!) * EPOCH_STEPS,
      "CPU seconds": result.cpu! / result.seconds!.length,
      "peak MiB": Math.round(result.peak),
      "ours / peer": model.endsWith("ours") ? ratio : 1,
      note: model.endsWith("ours") ? `losses of 5 steps differ by at most ${away.toExponential(1)}` : "",
    });
  }
  for (const tracks of quick ? [24_000] : [24_000, 250_000]) {
    writeWeights(folder, tracks);
    const pair = { ours: ours("--serve", String(tracks)), peer: peer("serve") };
    for (const [model, result] of Object.entries({ "SASRec, ours": pair.ours, "SASRec, PyTorch": pair.peer })) {
      rows.push({
        what: "top 10 of one request",
        model,
        n: tracks,
        seconds: result.milliseconds! / 1000,
        "seconds an epoch": "",
        "CPU seconds": "",
        "peak MiB": Math.round(result.peak),
        "ours / peer": model.endsWith("ours") ? pair.ours.milliseconds! / pair.peer.milliseconds! : 1,
        note: `median of ${REQUESTS}; 99th percentile ${result.p99!.toFixed(2)} ms`,
      });
    }
  }
  const slice = ours("--mpd", folder);
  rows.push({
    what: "reading a slice of 1,000 playlists",
    model: "segue mpd",
    n: 1000,
    seconds: slice.seconds![0],
    "seconds an epoch": "",
    "CPU seconds": slice.cpu,
    "peak MiB": slice.peak,
    "ours / peer": "",
    note: "",
  });
  const caption =
    `SASRec (d = 64, 2 blocks, 2 heads, window 50) beside PyTorch on the CPU, 2 threads: a training step ` +
    `takes ${ratio.toFixed(2)} of its time.`;
  await showTable(rows, { name: "bench_sequence", caption });
  console.table(rows);
  console.log(caption);
  return away < 1e-3 ? 0 : 1;
}

/** Playlists of a synthetic world, read and split as `segue train-sasrec` does it; the split also for the peer. */
async function worldSplit(folder: string): Promise<SequenceSplit> {
  await worldStage(folder, WORLD);
  await mpdStage(folder);
  const split = await readSplit(folder);
  writeNpz(join(folder, "split.npz"), {
    offsets: { data: split.offsets, shape: [split.offsets.length] },
    tracks: { data: split.tracks, shape: [split.tracks.length] },
  });
  console.log(
    `${split.userIds.length} playlists, ${split.trackIds.length} tracks, ${split.train.tracks.length} training positions`,
  );
  return split;
}

async function readSplit(folder: string): Promise<SequenceSplit> {
  return splitPlaylists(await readInteractions(join(folder, "interactions.csv")));
}

/** Both implementations to convergence, several seeds each, on the test targets. */
async function quality(folder: string, split: SequenceSplit): Promise<void> {
  const models: Record<string, Result[]> = { "SASRec, ours": [], "SASRec, PyTorch": [] };
  for (const seed of SEEDS) {
    const options = JSON.stringify({ ...TRAINING, seed, tracks: split.trackIds.length });
    for (const name in models) {
      const result = name.endsWith("ours")
        ? ours("--train-world", folder, options)
        : run(python, [peerFile, folder, "converge", options]);
      models[name].push(result);
      const recall = mean(Float64Array.from(result.ranks!, hit));
      const [seconds] = result.seconds!;
      console.log(
        `${name}, seed ${seed}: best at step ${result.bestStep} of ${result.steps}, ${seconds.toFixed(0)} s, ` +
          `Recall@10 ${recall.toFixed(4)}`,
      );
    }
  }
  const [own, other] = Object.values(models);
  const row = (model: string, results: Result[]) => ({
    model,
    seeds: results.length,
    "best step": results.map(({ bestStep }) => bestStep).join(", "),
    ...overSeedsAndPlaylists("Recall@10", results, other, hit),
    ...overSeedsAndPlaylists("NDCG@10", results, other, gain),
    "peak MiB": Math.round(Math.max(...results.map(({ peak }) => peak))),
  });
  const size = split.trackIds.length;
  // The model of the last seed beside what is known of the tracks by name.
  const sequence = serveSasrec(loadSasrec(join(folder, "sasrec")));
  const names = await readTrackNames(join(folder, "track_names.parquet"));
  const { model: hybrid } = fitHybrid(hybridTerms(split, { sequence, names }), split, { top: 10 });
  const simple = [
    hybrid,
    fitMarkov(split.train, size),
    fitItemKnn(split.train, size, { halfLife: 5, name: "item-kNN, recent" }),
    fitItemKnn(split.train, size),
    fitPopularity(split.train, size),
  ].map((model) => {
    const { recall, ndcg } = evaluateNext(model, split);
    return { model: model.name, "Recall@10": formatEstimate(recall), "NDCG@10": formatEstimate(ndcg) };
  });
  const all = [...own, ...other];
  const early = all.filter(({ steps }) => steps! < TRAINING.maximumSteps).length;
  const rows = [...Object.entries(models).map(([name, results]) => row(name, results)), ...simple];
  const caption =
    `${split.userIds.length} playlists, ${size} tracks, ${SEEDS.length} seeds each, trained until the validation NDCG ` +
    `has not risen over ${TRAINING.patience} evaluations, at most ${TRAINING.maximumSteps} steps: ${early} of ` +
    `${all.length} runs ended so. Intervals over playlists, ± over seeds. Ours over PyTorch: ` +
    `${verdict("Recall@10", own, other, hit)}; ${verdict("NDCG@10", own, other, gain)}.`;
  await showTable(rows, { name: "bench_sequence_converge", caption });
  console.table(rows);
  console.log(caption);
}

type OfRank = (rank: number) => number;

/** The ratio of two means over seeds, and whether it is within 5 % or within two standard errors of the seeds. */
function verdict(name: string, own: Result[], other: Result[], of: OfRank): string {
  const [a, b] = [own, other].map((results) => spreadOfSeeds(results, of));
  const error = Math.sqrt(a.deviation ** 2 / own.length + b.deviation ** 2 / other.length);
  const within = (yes: boolean) => yes ? "within" : "outside";
  const difference = a.mean - b.mean;
  return `${name} ${(a.mean / b.mean).toFixed(3)} (${within(Math.abs(a.mean / b.mean - 1) <= 0.05)} 5 %; difference ` +
    `${difference.toFixed(4)}, ${within(Math.abs(difference) <= 2 * error)} two standard errors of ${
      error.toFixed(4)
    })`;
}

/** Mean and standard deviation of a metric over seeds. */
function spreadOfSeeds(results: readonly Result[], of: OfRank): { mean: number; deviation: number } {
  const values = results.map(({ ranks }) => mean(Float64Array.from(ranks!, of)));
  const center = sum(values) / values.length;
  const deviation = Math.sqrt(sum(values.map((x) => (x - center) ** 2)) / Math.max(1, values.length - 1));
  return { mean: center, deviation };
}

/** Columns of a metric: its mean with the interval over playlists, its deviation over seeds, its ratio to the peer's. */
function overSeedsAndPlaylists(name: string, results: Result[], peer: Result[], of: OfRank): Record<string, string> {
  const { mean, deviation } = spreadOfSeeds(results, of);
  return {
    [name]: formatEstimate(overSeeds(results, of)),
    [`± of ${name}`]: deviation.toFixed(4),
    [`${name} over PyTorch`]: (mean / spreadOfSeeds(peer, of).mean).toFixed(3),
  };
}

/** Mean over seeds and playlists, with the interval over playlists. */
function overSeeds(results: readonly Result[], of: OfRank): MetricEstimate {
  const perPlaylist = Float64Array.from(
    results[0].ranks!,
    (_, p) => mean(Float64Array.from(results, ({ ranks }) => of(ranks![p]))),
  );
  return estimateOver(perPlaylist);
}

/** The three losses for the same number of steps. */
async function losses(folder: string, split: SequenceSplit): Promise<void> {
  const rows = ["softmax", "sampled", "binary"].map((loss) => {
    const samples = Math.round(split.trackIds.length / 5);
    const options = { ...TRAINING, seed: SEEDS[0], loss, samples, maximumSteps: LOSS_STEPS, evaluateEvery: LOSS_STEPS };
    const result = ours("--train-world", folder, JSON.stringify(options));
    return {
      loss: loss === "sampled"
        ? `sampled softmax, ${samples} draws`
        : loss === "binary"
        ? "binary cross-entropy"
        : "softmax",
      steps: result.steps,
      "Recall@10": formatEstimate(overSeeds([result], hit)),
      "NDCG@10": formatEstimate(overSeeds([result], gain)),
      "CPU seconds a step": result.cpu! / result.steps!,
      "peak MiB": Math.round(result.peak),
    };
  });
  const caption = `The losses of SASRec after ${LOSS_STEPS} steps of ${TRAINING.batchSize} windows each, ` +
    `${split.trackIds.length} tracks; intervals over playlists.`;
  await showTable(rows, { name: "bench_sequence_losses", caption });
  console.table(rows);
}

async function trainOnWorld(folder: string, options: TrainOptions): Promise<Result> {
  const split = await readSplit(folder);
  const before = process.cpuUsage();
  const { model, steps, bestStep, curve } = await trainSasrec(split, {
    ...options,
    minimumSteps: options.maximumSteps,
    validationPlaylists: split.userIds.length,
  });
  const { user, system } = process.cpuUsage(before);
  saveSasrec(model, join(folder, "sasrec"));
  const { ranks } = evaluateNext(serveSasrec(model), split);
  return {
    ranks: [...ranks],
    steps,
    bestStep,
    seconds: [curve.at(-1)!.seconds],
    cpu: (user + system) / 1e6,
    peak: peakMemory(),
  };
}

function hit(rank: number): number {
  return rank <= 10 ? 1 : 0;
}

function gain(rank: number): number {
  return rank <= 10 ? 1 / Math.log2(rank + 1) : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Playlists of 53 tracks, so that every window is full, popular tracks more often. */
function benchSplit(steps: number): SequenceSplit {
  const random = seededRandom(SEED, "bench");
  const playlists = steps * BATCH;
  const lists = (length: number) => Int32Array.from({ length: playlists + 1 }, (_, p) => p * length);
  const tracks = Int32Array.from(
    { length: playlists * 53 },
    () => Math.min(randomInteger(random, TRACKS), randomInteger(random, TRACKS)),
  );
  const train = new Int32Array(playlists * 51);
  for (let p = 0; p < playlists; p++) train.set(tracks.subarray(p * 53, p * 53 + 51), p * 51);
  const counts = new Int32Array(TRACKS);
  for (const track of train) counts[track]++;
  return {
    offsets: lists(53),
    tracks,
    userIds: Array.from({ length: playlists }, (_, p) => String(p)),
    trackIds: Array.from({ length: TRACKS }, (_, t) => String(t)),
    train: { offsets: lists(51), tracks: train },
    counts,
    rounds: 0,
  };
}

/** The batches that ours will take, for the peer. */
function writeTrainingData(folder: string, steps: number): void {
  const split = benchSplit(steps);
  const windows = trainingWindows(split.train, 50);
  const inputs = new Int32Array(steps * BATCH * 50);
  const targets = new Int32Array(steps * BATCH * 50);
  let at = 0;
  for (const batch of epochBatches(split.train, windows, BATCH, seededRandom(SEED, "sasrec epoch 0"))) {
    inputs.set(batch.inputs, at);
    targets.set(batch.targets, at);
    at += batch.inputs.length;
  }
  writeNpy(join(folder, "inputs.npy"), { data: inputs, shape: [steps, BATCH, 50] });
  writeNpy(join(folder, "targets.npy"), { data: targets, shape: [steps, BATCH, 50] });
  writeWeights(folder, TRACKS);
}

function writeWeights(folder: string, tracks: number): void {
  const config = sasrecConfig({ tracks });
  const weights = initialWeights(config, SEED);
  const entries = weightShapes(config).map((
    [name, shape],
  ) => [name.replaceAll("/", "|"), { data: weights[name], shape }]);
  writeNpz(join(folder, "weights.npz"), Object.fromEntries(entries));
}

async function trainOurs(dropout: number, steps: number, dataSteps: number): Promise<Result> {
  const before = process.cpuUsage();
  const { curve } = await trainSasrec(benchSplit(dataSteps), {
    dropout,
    learningRate: 0.001,
    seed: SEED,
    maximumSteps: steps,
    evaluateEvery: 1,
    validationPlaylists: 1,
    patience: 1000,
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = curve.map((point, s) => point.seconds - (curve[s - 1]?.seconds ?? 0));
  return { losses: curve.map(({ loss }) => loss), seconds, cpu: (user + system) / 1e6, peak: peakMemory() };
}

function serveOurs(tracks: number): Result {
  const config = sasrecConfig({ tracks });
  const server = serveSasrec({ config, weights: initialWeights(config, SEED) });
  const history = Array.from({ length: 50 }, (_, i) => (i * 7919) % tracks);
  const times: number[] = [];
  for (let i = 0; i < REQUESTS + WARM_UP; i++) {
    const start = performance.now();
    server.next(history, 10);
    times.push(performance.now() - start);
  }
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  return { milliseconds: median(sorted), p99: sorted[Math.floor(0.99 * REQUESTS)], peak: peakMemory() };
}

/** A slice as large as the real ones: 1,000 playlists of 67 tracks, indented. */
async function readSlice(folder: string): Promise<Result> {
  const random = seededRandom(SEED, "slice");
  const playlists = Array.from({ length: 1000 }, (_, pid) => ({
    name: `Playlist ${pid}`,
    collaborative: "false",
    pid,
    modified_at: 1_493_424_000,
    num_tracks: 67,
    tracks: Array.from({ length: 67 }, (_, pos) => {
      const track = String(randomInteger(random, 34_000)).padStart(22, "0");
      return {
        pos,
        artist_name: `Artist ${track}`,
        track_uri: `spotify:track:${track}`,
        artist_uri: `spotify:artist:${track}`,
        track_name: `Title ${track}`,
        album_uri: `spotify:album:${track}`,
        duration_ms: 226_863,
        album_name: `Album ${track}`,
      };
    }),
  }));
  const path = join(folder, "mpd.slice.0-999.json");
  writeFileSync(path, JSON.stringify({ info: { slice: "0-999" }, playlists }, null, 4));
  const before = process.cpuUsage();
  const start = performance.now();
  await readMpd([path], join(folder, "mpd"));
  const { user, system } = process.cpuUsage(before);
  return { seconds: [(performance.now() - start) / 1000], cpu: (user + system) / 1e6, peak: peakMemory() };
}

function run(command: string, args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

const [part, first, second, third] = process.argv.slice(2);
if (part === "--train") console.log(JSON.stringify(await trainOurs(Number(first), Number(second), Number(third))));
else if (part === "--serve") console.log(JSON.stringify(serveOurs(Number(first))));
else if (part === "--train-world") console.log(JSON.stringify(await trainOnWorld(first, JSON.parse(second))));
else if (part === "--mpd") console.log(JSON.stringify(await readSlice(first)));
else process.exitCode = await main(process.argv.slice(2));
