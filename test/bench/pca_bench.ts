/**
 * PCA of a million rows × 40 correlated columns, ours and scikit-learn's.
 * `deno run -A test/bench/pca_bench.ts [--quick]` writes reports/tables/bench_pca.csv and .md. Each tool runs in a process
 * of its own and is timed three ways: the computation alone (median of repeated fits and transforms in a warm process),
 * its first call, in which TensorFlow is loaded, and the whole program (start, read the matrix,
 * fit, transform, write the scores).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fitPca, pcaScores } from "../../lib/math/pca.ts";
import { showTable } from "../../lib/plots/show.ts";
import { readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { peakMemory } from "../../lib/data/stages.ts";
import { correlated } from "../embedding/samples.ts";

/** What a process says of its run. */
interface Run {
  fit: number[];
  transform: number[];
  peak: number;
  variance: number[];
  components: number[];
  scores: number[];
}

const SELF = fileURLToPath(import.meta.url);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = join(ROOT, ".venv-bench/bin/python");
const COLUMNS = 40;
/** Rows whose scores are compared. */
const COMPARED = 100;

const WARM = `import json, resource, sys, time
import numpy as np
from sklearn.decomposition import PCA
x = np.load(sys.argv[1])
fits, transforms = [], []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    p = PCA(0.95).fit(x)
    middle = time.perf_counter()
    z = p.transform(x)
    fits.append(middle - start)
    transforms.append(time.perf_counter() - middle)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(fit=fits, transform=transforms, peak=peak, variance=p.explained_variance_.tolist(),
  components=p.components_.ravel().tolist(), scores=z[:${COMPARED}].ravel().tolist())))`;

const WHOLE = `import resource, sys
import numpy as np
from sklearn.decomposition import PCA
np.save(sys.argv[2], PCA(0.95).fit_transform(np.load(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)`;

async function child(path: string, repeats: number): Promise<void> {
  const x = readNpyMatrix(path);
  const run: Run = { fit: [], transform: [], peak: 0, variance: [], components: [], scores: [] };
  for (let r = 0; r < repeats; r++) {
    const start = performance.now();
    const model = await fitPca(x, { variance: 0.95 });
    const middle = performance.now();
    const scores = await pcaScores(x, model);
    run.fit.push((middle - start) / 1000);
    run.transform.push((performance.now() - middle) / 1000);
    run.variance = Array.from(model.explainedVariance);
    run.components = Array.from(model.components);
    run.scores = Array.from(scores.data.subarray(0, COMPARED * scores.columns));
  }
  run.peak = peakMemory();
  console.log(JSON.stringify(run));
}

async function main(quick: boolean): Promise<void> {
  const rows = quick ? 100_000 : 1_000_000;
  const repeats = quick ? 5 : 9;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  const path = join(folder, "x.npy");
  try {
    writeNpy(path, correlated(rows, COLUMNS, 1));
    const ours: Run = JSON.parse(run(process.execPath, ["run", "-A", SELF, "--child", path, `${repeats}`]).stdout);
    const peer: Run = JSON.parse(run(PYTHON, ["-c", WARM, path, `${repeats}`]).stdout);
    agree(ours, peer);
    const cli = ["run", "-A", join(ROOT, "lib/cli/main.ts"), "pca", "--matrix", path, "--out", join(folder, "z.npy")];
    const oursWhole = run(process.execPath, [...cli, "--json"]);
    const peerWhole = run(PYTHON, ["-c", WHOLE, path, join(folder, "z.npy")]);
    const first = (r: Run) => r.fit[0] + r.transform[0];
    const both = (r: Run) => median(r.fit.map((seconds, i) => seconds + r.transform[i]));
    const table = [
      line("fit", rows, "segue", median(ours.fit), ours.peak, median(peer.fit)),
      line("fit", rows, "scikit-learn", median(peer.fit), peer.peak),
      line("transform", rows, "segue", median(ours.transform), ours.peak, median(peer.transform)),
      line("transform", rows, "scikit-learn", median(peer.transform), peer.peak),
      line("fit + transform", rows, "segue", both(ours), ours.peak, both(peer)),
      line("fit + transform", rows, "scikit-learn", both(peer), peer.peak),
      line("fit + transform, the first call", rows, "segue", first(ours), ours.peak, first(peer)),
      line("fit + transform, the first call", rows, "scikit-learn", first(peer), peer.peak),
      line(
        "whole program",
        rows,
        "segue",
        oursWhole.seconds,
        JSON.parse(oursWhole.stdout).peak_memory_mib,
        peerWhole.seconds,
      ),
      line("whole program", rows, "scikit-learn", peerWhole.seconds, Number(peerWhole.stdout)),
    ];
    console.table(table);
    const caption = `PCA of ${rows} rows × ${COLUMNS} columns to ${ours.variance.length} components: segue takes ` +
      `${(both(ours) / both(peer)).toFixed(2)} times scikit-learn's time in a warm process (median of ${repeats}), ` +
      `${(first(ours) / first(peer)).toFixed(2)} times in the first call of a process, ` +
      `${(oursWhole.seconds / peerWhole.seconds).toFixed(2)} times as a whole program.`;
    console.log(caption);
    await showTable(table, { name: "bench_pca", caption });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(program: string, args: string[]): { stdout: string; seconds: number } {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return { stdout, seconds: (performance.now() - start) / 1000 };
}

/** Throws when the two results differ by more than 1e-4 (variances and scores relative to the largest). */
function agree(ours: Run, peer: Run): void {
  for (const part of ["variance", "components", "scores"] as const) {
    const scale = part === "components" ? 1 : Math.max(...peer[part].map(Math.abs));
    const difference = Math.max(...peer[part].map((value, i) => Math.abs(value - ours[part][i]) / scale));
    console.log(`largest difference in ${part}: ${difference.toExponential(1)}`);
    if (!(difference < 1e-4)) throw new Error(`${part} differ by ${difference}`);
  }
}

function line(what: string, n: number, tool: string, seconds: number, peak: number, peerSeconds?: number) {
  return {
    what,
    n,
    columns: COLUMNS,
    tool,
    seconds: Number(seconds.toFixed(4)),
    "peak MiB": Math.round(peak),
    ratio: peerSeconds === undefined ? 1 : Number((seconds / peerSeconds).toFixed(3)),
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const [first, path, repeats] = process.argv.slice(2);
if (first === "--child") await child(path, Number(repeats));
else await main(process.argv.includes("--quick"));
