/**
 * Times the tournament of shuffles on the default world, on one worker and on two, and the bootstrap beside SciPy's.
 * Each timed thing runs in a process of its own, so that its peak memory is its own.
 *
 * Run alone: `deno run -A test/bench/evaluation_bench.ts [--quick]`.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bootstrapMean } from "../../lib/evaluation/bootstrap.ts";
import { runTournament } from "../../lib/evaluation/tournament.ts";
import { openWorkspace } from "../../lib/pipeline.ts";
import { showTable } from "../../lib/plots/show.ts";
import { seededRandom } from "../../lib/random.ts";
import { loadShuffleWorld } from "../../lib/shuffle/world.ts";
import { peakMemory } from "../../lib/storage/stages.ts";

interface Timing {
  n: number;
  seconds: number;
  peak_mib: number;
}

const VALUES = 1000;
const RESAMPLES = 10000;
const PYTHON = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));

const SCIPY = `
import json, resource, sys, time
import numpy as np
from scipy.stats import bootstrap
n, resamples = int(sys.argv[1]), int(sys.argv[2])
x = np.random.default_rng(0).normal(size=n)
start = time.perf_counter()
bootstrap((x,), np.mean, method="percentile", n_resamples=resamples, rng=np.random.default_rng(1))
seconds = time.perf_counter() - start
print(json.dumps(dict(n=n, seconds=seconds, peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))`;

async function main(args: string[]): Promise<void> {
  const quick = args.includes("--quick");
  if (args[0] === "--part") {
    return console.log(JSON.stringify(await runPart(args[1], Number(args[2]), Number(args[3]))));
  }
  const tracks = quick ? 2000 : 20000;
  const listeners = quick ? 12 : 96;
  const workspace = openWorkspace({ tracks });
  await workspace.prepare("graph");
  const one = part("tournament", 1, listeners, workspace.directory);
  const two = part("tournament", 2, listeners, workspace.directory);
  const ours = part("bootstrap", RESAMPLES, VALUES, "");
  const rows = [
    row("tournament, 1 worker", one, 1),
    row("tournament, 2 workers", two, two.seconds / one.seconds),
    row(`bootstrap of a mean, ${RESAMPLES} resamples, Segue`, ours, 1),
  ];
  if (existsSync(PYTHON)) {
    const scipy = JSON.parse(run(PYTHON, ["-c", SCIPY, String(VALUES), String(RESAMPLES)])) as Timing;
    rows.push(row(`bootstrap of a mean, ${RESAMPLES} resamples, SciPy`, scipy, scipy.seconds / ours.seconds));
  }
  for (const { what, n, seconds, ratio } of rows) console.log(`${what}: n = ${n}, ${seconds} s, ratio ${ratio}`);
  await showTable(rows, {
    name: "bench_evaluation",
    caption: `Tournament of ${listeners} listeners (half of them with all variants of Segue) on ${tracks} tracks; ` +
      `ratio: against one worker, and of SciPy against Segue.`,
  });
}

async function runPart(name: string, size: number, n: number): Promise<Timing> {
  if (name === "bootstrap") {
    const random = seededRandom(1);
    const values = Float64Array.from({ length: n }, () => random());
    const start = performance.now();
    bootstrapMean(values, { random, resamples: size });
    return { n, seconds: (performance.now() - start) / 1000, peak_mib: peakMemory() };
  }
  const world = await loadShuffleWorld(process.argv.at(-1)!);
  const { seconds } = await runTournament(world, { listeners: n, workers: size });
  return { n, seconds, peak_mib: peakMemory() };
}

function part(name: string, size: number, n: number, directory: string): Timing {
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(run(process.execPath, ["run", "-A", script, "--part", name, String(size), String(n), directory]));
}

function run(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout;
}

function row(what: string, { n, seconds, peak_mib }: Timing, ratio: number) {
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  return { what, n, seconds: round(seconds, 2), peak_mib: Math.round(peak_mib), ratio: round(ratio, 2) };
}

await main(process.argv.slice(2));
