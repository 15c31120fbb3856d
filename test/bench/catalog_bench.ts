/**
 * Ingest and features over a catalogue of the 1.2M form, beside pandas and scikit-learn.
 * `deno run -A test/bench/catalog_bench.ts [--quick]` writes reports/tables/bench_catalog.csv and .md; every timed thing
 * runs in a process of its own and is timed from its imports on.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ingestStage } from "../../lib/catalog/ingest.ts";
import { csvHeader, worldRows } from "../../lib/catalog/world/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/world/tracks.ts";
import { featuresStage } from "../../lib/features/stage.ts";
import { showTable } from "../../lib/plots/show.ts";
import { writeAtomic } from "../../lib/storage/atomic.ts";
import { peakMemory } from "../../lib/storage/stages.ts";

/** What a process reports of its run. */
interface Run {
  what: string;
  rows: number;
  columns: number;
  seconds: number;
  /** Processor time of all threads. */
  cpu: number;
  peak: number;
  bytes: number;
}

/** The peer, as one would write it: no rejects, no merging, no lists, no clean catalogue written. */
const PANDAS = `import json, os, resource, sys, time
import numpy as np, pandas as pd
from sklearn.preprocessing import OneHotEncoder, StandardScaler
start, cpu = time.perf_counter(), time.process_time()
d = pd.read_csv(sys.argv[1]).dropna()
numeric = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
           "valence", "tempo", "duration_ms"]
z = StandardScaler().fit_transform(d[numeric])
categories = pd.DataFrame({"key": d.key, "mode": d["mode"], "time_signature": d.time_signature,
                           "decade": d.year // 10 * 10})
onehot = OneHotEncoder(sparse_output=False, dtype=np.float32).fit_transform(categories)
x = np.hstack([z.astype(np.float32), onehot])
np.save(sys.argv[2], x)
print(json.dumps({"what": "pandas and scikit-learn", "rows": x.shape[0], "columns": x.shape[1],
  "seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu,
  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "bytes": os.path.getsize(sys.argv[2])}))`;

function main(options: string[]): Promise<number> {
  const quick = options.includes("--quick");
  const tracks = quick ? 120_000 : 1_200_000;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  try {
    const csv = join(folder, "tracks_features.csv");
    const self = fileURLToPath(import.meta.url);
    run(process.execPath, ["run", "-A", self, "--part=write", csv, String(tracks)]);
    const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
    const peer = run(python, ["-c", PANDAS, csv, join(folder, "X.npy")]);
    const parts = run(process.execPath, [
      "run",
      "-A",
      self,
      "--part=ours",
      csv,
      join(folder, "out"),
    ]) as unknown as Run[];
    return report(tracks, statSync(csv).size, peer, parts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function report(n: number, bytes: number, peer: Run, parts: Run[]): Promise<number> {
  const rows = [peer, ...parts].map((part) => ({
    what: part.what,
    n,
    csv_mib: Math.round(bytes / 1048576),
    rows: part.rows,
    columns: part.columns,
    seconds: Number(part.seconds.toFixed(2)),
    cpu_seconds: Number(part.cpu.toFixed(2)),
    peak_mib: Math.round(part.peak),
    ratio: Number((peer.seconds / part.seconds).toFixed(2)),
  }));
  await showTable(rows, {
    name: "bench_catalog",
    caption: `A CSV file of ${n.toLocaleString("en")} rows and 24 columns (${rows[0].csv_mib} MiB): ours in ${
      rows.at(-1)!.seconds
    } s, pandas and scikit-learn in ${rows[0].seconds} s; ratio = time of the peer / ours.`,
  });
  for (const row of rows) {
    console.log(
      `${row.what}: ${row.seconds} s (${row.cpu_seconds} s CPU), peak ${row.peak_mib} MiB, ratio ${row.ratio}`,
    );
  }
  return 0;
}

async function ours(csv: string, directory: string): Promise<Run[]> {
  const start = mark();
  const ingest = await ingestStage(directory, { files: [csv] });
  const between = mark();
  const features = await featuresStage(directory);
  const end = mark();
  const rows = ingest.facts.out as number;
  const columns = features.facts.columns as number;
  const since = (a: Mark, b: Mark) => ({ seconds: b.seconds - a.seconds, cpu: b.cpu - a.cpu, peak: peakMemory() });
  const size = (file: string) => statSync(join(directory, file)).size;
  return [
    { what: "segue ingest", rows, columns: 24, ...since(start, between), bytes: size("tracks.parquet") },
    { what: "segue features", rows, columns, ...since(between, end), bytes: size("X_raw.npy") },
    { what: "segue ingest + features", rows, columns, ...since(start, end), bytes: size("X_raw.npy") },
  ];
}

interface Mark {
  seconds: number;
  cpu: number;
}

function mark(): Mark {
  const { user, system } = process.cpuUsage();
  return { seconds: performance.now() / 1000, cpu: (user + system) / 1e6 };
}

function write(csv: string, tracks: number): void {
  const artists = planArtists(tracks, 42);
  const lines = worldRows(artists, worldTracks(artists, 42), "1.2M", 42);
  writeAtomic(csv, chunks(csvHeader("1.2M"), lines));
}

function* chunks(header: string, lines: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = header;
  for (const line of lines) {
    text += line;
    if (text.length > 1 << 20) {
      yield encoder.encode(text);
      text = "";
    }
  }
  yield encoder.encode(text);
}

function run(command: string, args: string[]): Run {
  const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (result.status !== 0) throw new Error(`${command} ended with ${result.status}`);
  return JSON.parse(result.stdout.trim().split("\n").at(-1)!);
}

const [part, ...args] = process.argv.slice(2);
if (part === "--part=write") {
  write(args[0], Number(args[1]));
  console.log("{}");
} else if (part === "--part=ours") console.log(JSON.stringify(await ours(args[0], args[1])));
else process.exitCode = await main(process.argv.slice(2));
