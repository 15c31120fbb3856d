/**
 * The same steps in this process and on Spark: rows against seconds at 1, 2 and 4 executors; bytes shuffled and memory
 * of a task as the graph grows; and from these what 100 million tracks would take.
 *
 * Run alone: `deno run -A test/bench/distributed_bench.ts [--quick]`. It needs Spark (`deno task setup --spark`).
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { randomNormal } from "d3-random";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import type { Engine } from "../../lib/spark/engine.ts";
import { openEngine } from "../../lib/spark/open.ts";
import { featuresOn } from "../../lib/spark/features.ts";
import { graphOn } from "../../lib/spark/graph.ts";
import { pcaOn } from "../../lib/spark/pca.ts";
import { type MeasuredGraphRun, sizeCluster } from "../../lib/spark/sizing.ts";
import { sparkProblem } from "../../lib/spark/spark.ts";
import { pcaOfFile } from "../../lib/embedding/pca_stage.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import { graphFile } from "../../lib/graph/graph_stage.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { showTable } from "../../lib/plots/show.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";
import { writeNpy } from "../../lib/data/npy.ts";

type Step = "features" | "pca" | "graph";

interface Row {
  step: Step;
  rows: number;
  engine: string;
  executors: number;
  seconds: number;
  ratio: number;
  tasks: number;
  shuffle_mib: number;
  peak_task_mib: number;
}

const K = 50;
const KNN = { k: K, recall: 0.99, seed: 42 };
const DIMENSIONS = 16;
const EXECUTORS = [1, 2, 4];
const TARGET = 100e6;

async function main(args: string[]): Promise<void> {
  if (args[0] === "--part") return console.log(await here(args[1] as Step, args[2]));
  const problem = sparkProblem();
  if (problem) return console.log(`left out: ${problem}`);
  const quick = args.includes("--quick");
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-distributed-"));
  try {
    const sizes: Record<Step, number[]> = quick
      ? { features: [2_000], pca: [10_000], graph: [10_000] }
      : { features: [25_000, 100_000], pca: [100_000, 400_000], graph: [50_000, 150_000] };
    for (const step of Object.keys(sizes) as Step[]) {
      for (const rows of sizes[step]) await makeInput(folder, step, rows);
    }
    const { rows, starts } = await compareEngines(folder, sizes, quick ? [2] : EXECUTORS);
    const name = quick ? "bench_distributed_quick" : "bench_distributed";
    await showTable(rows.map((row) => ({ ...row })), {
      name,
      caption:
        `Seconds of a step in this process (two threads where it has them) and on Spark, on this machine's cores; ` +
        `ratio: against this process. Starting a cluster took ${starts} more, once a command. ` +
        "More executors than cores share them.",
    });
    const runs = await growGraph(folder, quick);
    await showTable(runs.map((run) => ({ ...run })), {
      name: `${name}_graph`,
      caption: `The graph step on Spark with 2 executors as n grows, k = ${K}, ${DIMENSIONS} dimensions, ` +
        "cells of one size; replication: rows in the cells, guests among them, over n; seconds are those of all tasks.",
    });
    const efficiency = efficiencyOf(rows);
    const sizing = sizeCluster(runs, { tracks: TARGET, efficiency });
    await showTable(sizing.map((line) => ({ ...line, value: Number(line.value.toPrecision(4)) })), {
      name: `${name}_sizing`,
      caption:
        `What the graph of ${TARGET.toLocaleString("en-US")} tracks would take, reckoned from the measured runs ` +
        `at a price of 0.05 a core and hour; efficiency ${efficiency}: ${
          quick ? "assumed" : "seconds on 1 executor over twice those on 2"
        }.`,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareEngines(folder: string, sizes: Record<Step, number[]>, executors: number[]) {
  const rows: Row[] = [];
  const steps = (Object.keys(sizes) as Step[]).flatMap((step) => sizes[step].map((n): [Step, number] => [step, n]));
  for (const [step, n] of steps) {
    const seconds = Number(run(["--part", step, inputOf(folder, step, n)]));
    rows.push(report({ step, rows: n, engine: "this process", executors: 1, seconds, ratio: 1, ...NOTHING }));
  }
  const starts: number[] = [];
  for (const count of executors) {
    const engine = openEngine({ engine: "spark", executors: count });
    try {
      starts.push(await warm(engine, folder));
      for (const [step, n] of steps) {
        const before = engine.history.length;
        const start = performance.now();
        await on(engine, step, inputOf(folder, step, n));
        const seconds = (performance.now() - start) / 1000;
        const jobs = engine.history.slice(before);
        const base = rows.find((row) => row.step === step && row.rows === n)!.seconds;
        rows.push(report({
          ...{ step, rows: n, engine: "spark", executors: count, seconds, ratio: seconds / base },
          tasks: jobs.reduce((sum, job) => sum + job.tasks, 0),
          shuffle_mib: jobs.reduce((sum, job) => sum + job.shuffleBytes, 0) / 2 ** 20,
          peak_task_mib: Math.max(...jobs.map((job) => job.peakTaskMiB)),
        }));
      }
    } finally {
      await engine.close();
    }
  }
  return { rows, starts: `${Math.min(...starts).toFixed(1)} to ${Math.max(...starts).toFixed(1)} s` };
}

async function growGraph(folder: string, quick: boolean) {
  const sizes = quick ? [4_000, 8_000, 16_000] : [50_000, 100_000, 200_000];
  const cellRows = quick ? 1_000 : 12_500;
  const engine = openEngine({ engine: "spark", executors: 2 });
  const runs: (MeasuredGraphRun & { engine: string; columns: number; k: number; seconds: number; recall: number })[] =
    [];
  try {
    await warm(engine, folder);
    for (const n of sizes) {
      await makeInput(folder, "graph", n);
      const start = performance.now();
      const report = await graphOn(engine, cellRows)(inputOf(folder, "graph", n), join(folder, "out"), KNN);
      const seconds = (performance.now() - start) / 1000;
      const { columns, cells, replication, recall } = report;
      console.log(`graph of ${n} rows: ${seconds.toFixed(1)} s, ${cells} cells, replication ${replication.toFixed(2)}`);
      runs.push({
        ...{ engine: "spark", rows: n, columns, k: K, cells, seconds: round(seconds, 2), recall },
        replication: round(replication, 4),
        assignSeconds: round(report.assign_seconds, 3),
        joinSeconds: round(report.join_seconds, 3),
        shuffleBytes: report.shuffle_bytes,
        peakTaskMiB: Math.round(report.peak_task_mib),
      });
    }
  } finally {
    await engine.close();
  }
  return runs;
}

/** Share of two cores that is work: seconds on one executor over twice those on two, for the largest graph. */
function efficiencyOf(rows: Row[]): number {
  const graphs = rows.filter(({ step, engine }) => step === "graph" && engine === "spark");
  const largest = Math.max(...graphs.map(({ rows }) => rows));
  const seconds = (count: number) => graphs.find((row) => row.rows === largest && row.executors === count)?.seconds;
  const [one, two] = [seconds(1), seconds(2)];
  return one && two ? round(Math.min(1, one / (2 * two)), 2) : 0.8;
}

/** A small graph starts workers and cluster and lets them load what they need. */
async function warm(engine: Engine, folder: string): Promise<number> {
  await makeInput(folder, "graph", 1_000);
  const start = performance.now();
  await graphOn(engine)(inputOf(folder, "graph", 1_000), join(folder, "out"), { ...KNN, k: 5 });
  return (performance.now() - start) / 1000;
}

async function on(engine: Engine, step: Step, input: string): Promise<void> {
  if (step === "features") await featuresStage(input, { force: true }, featuresOn(engine));
  else if (step === "pca") await pcaOn(engine)(input, `${input}.scores.npy`, { variance: 0.95 });
  else await graphOn(engine)(input, `${input}.graph`, KNN);
}

/** Seconds of a step in this process. */
async function here(step: Step, input: string): Promise<number> {
  const start = performance.now();
  if (step === "features") await featuresStage(input, { force: true });
  else if (step === "pca") await pcaOfFile(input, `${input}.scores.npy`, { variance: 0.95 });
  else await graphFile(input, `${input}.npz`, { k: K });
  return (performance.now() - start) / 1000;
}

function inputOf(folder: string, step: Step, rows: number): string {
  return join(folder, step === "features" ? `world-${rows}` : `${step}-${rows}.npy`);
}

/** A world for the features; for PCA and graph 200 clusters of normally distributed rows. */
async function makeInput(folder: string, step: Step, rows: number): Promise<void> {
  const path = inputOf(folder, step, rows);
  if (step === "features") {
    const made = join(folder, "made");
    await worldStage(made, { tracks: rows, seed: 1 });
    mkdirSync(path);
    cpSync(join(made, "tracks.parquet"), join(path, "tracks.parquet"));
    return rmSync(made, { recursive: true });
  }
  const random = seededRandom(rows, step);
  const normal = randomNormal.source(random)(0, 1);
  const columns = step === "pca" ? 2 * DIMENSIONS : DIMENSIONS;
  const centers = Float64Array.from({ length: 200 * columns }, normal);
  const x = matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    const center = randomInteger(random, 200) * columns;
    for (let j = 0; j < columns; j++) x.data[i * columns + j] = centers[center + j] + 0.5 * normal();
  }
  writeNpy(path, x);
}

function run(args: string[]): string {
  const script = fileURLToPath(import.meta.url);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["run", "-A", script, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

const NOTHING = { tasks: 0, shuffle_mib: 0, peak_task_mib: 0 };

function report(row: Row): Row {
  console.log(
    `${row.step} of ${row.rows} rows, ${row.engine}, ${row.executors} executors: ` +
      `${row.seconds.toFixed(2)} s, ratio ${row.ratio.toFixed(2)}`,
  );
  return {
    ...row,
    seconds: round(row.seconds, 2),
    ratio: round(row.ratio, 2),
    shuffle_mib: round(row.shuffle_mib, 1),
    peak_task_mib: Math.round(row.peak_task_mib),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

await main(process.argv.slice(2));
