/**
 * The conditional logit beside xlogit: the same choices, the same run. `deno run -A test/bench/choice_bench.ts [--quick]`
 * writes reports/tables/bench_choice.csv and .md; every timed thing runs in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { randomNormal } from "d3-random";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fitConditionalLogit, fitConditionalLogitBatches } from "../../lib/choice/conditional_logit.ts";
import { withChoiceBatches } from "../../lib/choice/read_choices.ts";
import { groupChoices } from "../../lib/listening/choice_sets.ts";
import { showTable } from "../../lib/plots/show.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { readNpy, writeNpy } from "../../lib/data/npy.ts";
import { writeParquet } from "../../lib/data/parquet.ts";
import { peakMemory } from "../../lib/data/stages.ts";

const FEATURES = ["a", "b", "c", "d", "e"];
const WEIGHTS = [0.5, -0.3, 0.2, 0.1, -0.1];

/** What a process reports of its run. */
interface Run {
  seconds: number;
  peak: number;
  estimates: number[];
  logLikelihood: number;
}

const XLOGIT = `import json, resource, sys, time
import numpy as np
from xlogit import MultinomialLogit
folder, alternatives = sys.argv[1], int(sys.argv[2])
x, y = np.load(folder + "/x.npy"), np.load(folder + "/y.npy")
sets = len(y) // alternatives
ids, alts = np.repeat(np.arange(sets), alternatives), np.tile(np.arange(alternatives), sets)
model = MultinomialLogit()
start = time.perf_counter()
model.fit(X=x, y=y, varnames=list("abcde"), ids=ids, alts=alts, verbose=0, tol_opts={"ftol": 1e-12})
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak, "estimates": list(model.coeff_), "logLikelihood": model.loglikelihood}))`;

async function main(options: string[]): Promise<number> {
  const quick = options.includes("--quick");
  const sets = quick ? 10_000 : 100_000;
  const alternatives = 50;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  try {
    await writeChoices(folder, sets, alternatives);
    const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
    const peer = run(python, ["-c", XLOGIT, folder, String(alternatives)]);
    const self = fileURLToPath(import.meta.url);
    const ours = run(process.execPath, ["run", "-A", self, "--part=memory", folder, String(alternatives)]);
    const streamed = run(process.execPath, ["run", "-A", self, "--part=stream", folder, String(alternatives)]);
    const ratio = peer.seconds / ours.seconds;
    const away = (found: Run) => Math.max(...found.estimates.map((value, k) => Math.abs(value - peer.estimates[k])));
    const row = (what: string, { seconds, peak, logLikelihood }: Run, difference: number) => ({
      what,
      choice_sets: sets,
      alternatives,
      features: FEATURES.length,
      seconds: Number(seconds.toFixed(3)),
      peak_mib: Math.round(peak),
      ratio: Number((peer.seconds / seconds).toFixed(2)),
      largest_difference: Number(difference.toPrecision(3)),
      log_likelihood: Number(logLikelihood.toFixed(4)),
    });
    const rows = [
      row("xlogit 0.2.7", peer, 0),
      row("segue, in memory", ours, away(ours)),
      row("segue, streamed from Parquet", streamed, away(streamed)),
    ];
    await showTable(rows, {
      name: "bench_choice",
      caption:
        `Conditional logit of ${sets} choice sets × ${alternatives} alternatives × ${FEATURES.length} features: ` +
        `${ours.seconds.toFixed(2)} s against xlogit's ${peer.seconds.toFixed(2)} s, ${
          ratio.toFixed(1)
        } times as fast; ` +
        `largest difference of an estimate ${
          away(ours).toExponential(1)
        }. Streamed from Parquet, reading the file anew at ` +
        `every pass, it takes ${streamed.seconds.toFixed(2)} s and ${Math.round(streamed.peak)} MiB.`,
    });
    console.table(rows);
    console.log(`ratio ${ratio.toFixed(2)}`);
    return away(ours) < 1e-6 && away(streamed) < 1e-6 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, args: string[]): Run {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 2).join(" ")} failed: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

function fitInMemory(folder: string, alternatives: number): Run {
  const values = readNpy(join(folder, "x.npy")).data as Float64Array;
  const chosen = readNpy(join(folder, "y.npy")).data as Uint8Array;
  const choice = Int32Array.from({ length: chosen.length }, (_, r) => Math.floor(r / alternatives));
  const start = performance.now();
  const sets = groupChoices({ features: FEATURES, values, choice, chosen });
  const fit = fitConditionalLogit(sets);
  return {
    seconds: (performance.now() - start) / 1000,
    peak: peakMemory(),
    estimates: fit.coefficients.map((c) => c.estimate),
    logLikelihood: fit.statistics.logLikelihood,
  };
}

async function fitStreamed(folder: string): Promise<Run> {
  const start = performance.now();
  const fit = await withChoiceBatches(join(folder, "choices.parquet"), {}, fitConditionalLogitBatches);
  return {
    seconds: (performance.now() - start) / 1000,
    peak: peakMemory(),
    estimates: fit.coefficients.map((c) => c.estimate),
    logLikelihood: fit.statistics.logLikelihood,
  };
}

async function writeChoices(folder: string, sets: number, alternatives: number): Promise<void> {
  const random = seededRandom(7, "bench choices");
  const normal: () => number = randomNormal.source(random)();
  const width = WEIGHTS.length;
  const rows = sets * alternatives;
  const values = Float64Array.from({ length: rows * width }, normal);
  const chosen = new Uint8Array(rows);
  for (let n = 0; n < sets; n++) {
    let best = -Infinity;
    let pick = 0;
    for (let r = n * alternatives; r < (n + 1) * alternatives; r++) {
      let utility = -Math.log(-Math.log(random()));
      for (let k = 0; k < width; k++) utility += WEIGHTS[k] * values[r * width + k];
      if (utility > best) [best, pick] = [utility, r];
    }
    chosen[pick] = 1;
  }
  writeNpy(join(folder, "x.npy"), { data: values, shape: [rows, width] });
  writeNpy(join(folder, "y.npy"), { data: chosen, shape: [rows] });
  await writeParquet(join(folder, "choices.parquet"), [
    {
      name: "choice_id",
      type: "int32",
      values: Int32Array.from({ length: rows }, (_, r) => Math.floor(r / alternatives)),
    },
    { name: "chosen", type: "int32", values: Int32Array.from(chosen) },
    ...FEATURES.map((name, k) => ({
      name,
      type: "float64" as const,
      values: Float64Array.from({ length: rows }, (_, r) => values[r * width + k]),
    })),
  ]);
}

const [part, folder, alternatives] = process.argv.slice(2);
if (part === "--part=memory") console.log(JSON.stringify(fitInMemory(folder, Number(alternatives))));
else if (part === "--part=stream") console.log(JSON.stringify(await fitStreamed(folder)));
else process.exitCode = await main(process.argv.slice(2));
