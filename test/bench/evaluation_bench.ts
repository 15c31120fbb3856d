/**
 * Times `segue evaluate` as a whole on the default world, the training of its sequence model, the comparison on one worker
 * and on two, one of 1,000 listeners with the processor time that it takes, and the bootstrap beside SciPy's. Each timed
 * thing runs in a process of its own, so that its peak memory is its own.
 *
 * Run alone: `deno run -A test/bench/evaluation_bench.ts [--quick]`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bootstrapMean } from "../../lib/math/bootstrap.ts";
import { weighSequenceTerm } from "../../lib/hybrid/sequence_term.ts";
import { comparePolicies } from "../../lib/evaluation/comparison.ts";
import { openWorkspace } from "../../lib/prepare.ts";
import { showTable } from "../../lib/plots/show.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { loadCollection } from "../../lib/score/collection.ts";
import { peakMemory } from "../../lib/data/stages.ts";

interface Timing {
  n: number;
  seconds: number;
  peak_mib: number;
  /** Processor seconds of all threads, where they were measured. */
  cpu_seconds?: number;
  /** Policies of a comparison. */
  policies?: string;
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
  const many = quick ? 24 : 1000;
  const workspace = openWorkspace({ tracks });
  await workspace.prepare("graph");
  await workspace.prepare("sasrec");
  const { directory } = workspace;
  const training = workspace.manifest().sasrec;
  const command = wholeCommand(directory, listeners);
  const one = part("comparison", 1, listeners, directory);
  const two = part("comparison", 2, listeners, directory);
  const thousand = part("comparison", 2, many, directory);
  const ours = part("bootstrap", RESAMPLES, VALUES, "");
  const rows = [
    row(`training SASRec, ${training.facts.steps} steps`, {
      n: Number(training.facts.playlists),
      seconds: training.seconds,
      peak_mib: training.peakMemoryMiB,
    }),
    row("segue evaluate, the whole command", command),
    row("comparison, 1 worker", one, 1),
    row("comparison, 2 workers", two, two.seconds / one.seconds),
    row("comparison of many, 2 workers", thousand),
    row(`bootstrap of a mean, ${RESAMPLES} resamples, Segue`, ours, 1),
  ];
  if (existsSync(PYTHON)) {
    const scipy = JSON.parse(run(PYTHON, ["-c", SCIPY, String(VALUES), String(RESAMPLES)])) as Timing;
    rows.push(row(`bootstrap of a mean, ${RESAMPLES} resamples, SciPy`, scipy, scipy.seconds / ours.seconds));
  }
  for (const { what, n, seconds, ratio, cores } of rows) {
    console.log(
      `${what}: n = ${n}, ${seconds} s${ratio ? `, ratio ${ratio}` : ""}${cores ? `, ${cores} cores busy` : ""}`,
    );
  }
  await showTable(rows, {
    name: "bench_evaluation",
    caption:
      `Policies: ${one.policies}. ${listeners} listeners (half of them, of ${many} only the first 48, with all ` +
      `variants of Segue) on ${tracks} tracks; cores: processor seconds over wall seconds; ratio: against one worker, and ` +
      `of SciPy against Segue.`,
  });
}

/** `segue evaluate` from start to end, its sequence model trained before. */
function wholeCommand(directory: string, listeners: number): Timing {
  const script = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
  const out = mkdtempSync(join(tmpdir(), "segue-bench-"));
  const start = performance.now();
  try {
    const options = ["--data", directory, "--listeners", String(listeners), "--out", out, "--json"];
    const result = JSON.parse(run(process.execPath, ["run", "-A", script, "evaluate", ...options]));
    return { n: listeners, seconds: (performance.now() - start) / 1000, peak_mib: result.peak_memory_mib };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function runPart(name: string, size: number, n: number): Promise<Timing> {
  if (name === "bootstrap") {
    const random = seededRandom(1);
    const values = Float64Array.from({ length: n }, () => random());
    const start = performance.now();
    bootstrapMean(values, { random, resamples: size });
    return { n, seconds: (performance.now() - start) / 1000, peak_mib: peakMemory() };
  }
  const directory = process.argv.at(-1)!;
  const collection = await loadCollection(directory);
  const sequence = await weighSequenceTerm(directory, collection);
  const before = process.cpuUsage();
  const comparison = await comparePolicies(collection, {
    listeners: n,
    variantListeners: n > 96 ? 48 : undefined,
    workers: size,
    sequence,
  });
  const { user, system } = process.cpuUsage(before);
  const policies = comparison.policies.filter(({ group }) => group === "main").map(({ label }) => label).join("; ");
  return { n, seconds: comparison.seconds, peak_mib: peakMemory(), cpu_seconds: (user + system) / 1e6, policies };
}

function part(name: string, size: number, n: number, directory: string): Timing {
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(run(process.execPath, ["run", "-A", script, "--part", name, String(size), String(n), directory]));
}

function run(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout;
}

function row(what: string, { n, seconds, peak_mib, cpu_seconds }: Timing, ratio?: number) {
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  const cores = cpu_seconds === undefined ? "" : round(cpu_seconds / seconds, 2);
  return {
    what,
    n,
    seconds: round(seconds, 2),
    peak_mib: Math.round(peak_mib),
    cores,
    ratio: ratio === undefined ? "" : round(ratio, 2),
  };
}

await main(process.argv.slice(2));
