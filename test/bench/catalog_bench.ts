/**
 * Ingest and features over a catalogue of the 1.2M form, beside pandas and scikit-learn.
 * `deno run -A test/bench/catalog_bench.ts [--quick]` writes reports/tables/bench_catalog.csv and .md. Every program runs
 * as a user runs it, in a process of its own that is timed from start to end, imports and all; ours are two commands.
 * Bare pandas and ours run five times in turns, of which the middle is told; full pandas once.
 *
 * - Bare pandas: read_csv, dropna, StandardScaler, one-hot, np.save. No catalogue, no account of what was dropped.
 * - Full pandas: what an honest user would write to get our files: rows without an id, a title, artists or a feature
 *   dropped, ids once, lists of artists parsed, tempo 0 imputed by the median, tracks.parquet written, then the same
 *   transforms, key on the circle and indicators. It does not say why a row was dropped, does not check ranges, and does
 *   not group the takes of a work.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { formNamed } from "../../lib/catalog/forms.ts";
import { worldLines } from "../../lib/catalog/synthetic/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/synthetic/tracks.ts";
import { showTable } from "../../lib/plots/show.ts";
import { writeAtomic } from "../../lib/data/atomic.ts";

/** What is known of a run. */
interface Run {
  what: string;
  rows: number;
  columns: number;
  /** From the start of the process to its end. */
  seconds: number;
  /** Processor time of all threads. */
  cpu: number;
  /** Peak memory, MiB. */
  peak: number;
}

/** Times that pandas and ours are run, in turns. What takes the middle time is told. */
const ROUNDS = 5;

const HEAD = `import json, os, resource, sys
import numpy as np, pandas as pd
from sklearn.preprocessing import OneHotEncoder, StandardScaler
numeric = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness",
           "valence", "tempo", "duration_ms"]`;

const TAIL = `onehot = OneHotEncoder(sparse_output=False, dtype=np.float32).fit_transform(categories)
x = np.hstack([z.astype(np.float32), onehot])
np.save(sys.argv[2] + "/X.npy", x)
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"rows": x.shape[0], "columns": x.shape[1], "peak": use.ru_maxrss / 1024,
  "cpu": use.ru_utime + use.ru_stime}))`;

/** It needs no pyarrow, which pandas would load when it is there. */
const BARE = `import sys
sys.modules["pyarrow"] = None
import pandas
del sys.modules["pyarrow"]
${HEAD}
d = pd.read_csv(sys.argv[1]).dropna()
z = StandardScaler().fit_transform(d[numeric])
categories = pd.DataFrame({"key": d.key, "mode": d["mode"], "time_signature": d.time_signature,
                           "decade": d.year // 10 * 10})
${TAIL}`;

const FULL = `${HEAD}
import ast
d = pd.read_csv(sys.argv[1], keep_default_na=False, na_values=[""])
d = d.dropna(subset=["id", "name", "artists", "key", "mode"] + numeric).drop_duplicates("id")
for column in ("artists", "artist_ids"):
    d[column] = d[column].map(ast.literal_eval)
silent = d.tempo == 0
for column in ("tempo", "danceability", "speechiness", "valence"):
    d.loc[silent & (d[column] == 0), column] = d.loc[~silent, column].median()
d.loc[d.time_signature == 0, "time_signature"] = d.time_signature.mode()[0]
d.loc[d.year == 0, "year"] = int(d.loc[d.year > 0, "year"].median())
d.to_parquet(sys.argv[2] + "/tracks.parquet", index=False)
t = d[numeric].copy()
for column, offset in (("speechiness", 0.01), ("liveness", 0.01), ("tempo", 0), ("duration_ms", 0)):
    t[column] = np.log(t[column] + offset)
for column, offset in (("acousticness", 0.001), ("instrumentalness", 0.01)):
    t[column] = np.log((t[column] + offset) / (1 - t[column] + offset))
t["loudness"] = -np.log(11 - t.loudness)
z = StandardScaler().fit_transform(t)
place = np.where(d["mode"] == 0, d.key + 3, d.key) * 7 % 12 * np.pi / 6
z = np.column_stack([z, np.cos(place), np.sin(place)])
categories = pd.DataFrame({"mode": d["mode"], "time_signature": d.time_signature, "decade": d.year // 10 * 10})
${TAIL}`;

async function main(options: string[]): Promise<number> {
  const tracks = options.includes("--quick") ? 120_000 : 1_200_000;
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-"));
  try {
    const csv = join(folder, "tracks_features.csv");
    console.log(`writing ${tracks} tracks …`);
    run("write", process.execPath, ["run", "-A", fileURLToPath(import.meta.url), "--part=write", csv, String(tracks)]);
    const python = fileURLToPath(new URL("../../.venv-bench/bin/python", import.meta.url));
    const full = run("full pandas", python, ["-c", FULL, csv, folder]);
    const rounds = Array.from({ length: options.includes("--quick") ? 1 : ROUNDS }, (_, round) => {
      const out = join(folder, `out-${round}`);
      const found = {
        bare: run("bare pandas", python, ["-c", BARE, csv, folder]),
        ingest: segue("ingest", [csv, "--out", out]),
        features: segue("features", ["--data", out]),
      };
      rmSync(out, { recursive: true });
      return found;
    });
    const bare = middle(rounds.map((round) => round.bare));
    const ingest = middle(rounds.map((round) => round.ingest));
    const features = middle(rounds.map((round) => round.features));
    const both = middle(rounds.map(({ ingest, features }): Run => ({
      ...features,
      what: "segue ingest + features",
      seconds: ingest.seconds + features.seconds,
      cpu: ingest.cpu + features.cpu,
      peak: Math.max(ingest.peak, features.peak),
    })));
    return await report(tracks, statSync(csv).size, rounds.length, bare, full, [ingest, features, both]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function report(n: number, bytes: number, rounds: number, bare: Run, full: Run, ours: Run[]): Promise<number> {
  const rows = [bare, full, ...ours].map((part) => ({
    what: part.what,
    n,
    csv_mib: Math.round(bytes / 1048576),
    rows: part.rows,
    columns: part.columns,
    seconds: Number(part.seconds.toFixed(2)),
    cpu_seconds: Number(part.cpu.toFixed(2)),
    peak_mib: Math.round(part.peak),
    ratio_to_bare: Number((bare.seconds / part.seconds).toFixed(2)),
    ratio_to_full: Number((full.seconds / part.seconds).toFixed(2)),
  }));
  const last = rows[rows.length - 1];
  await showTable(rows, {
    name: "bench_catalog",
    caption:
      `A CSV file of ${
        n.toLocaleString("en")
      } rows and 24 columns (${last.csv_mib} MiB), whole processes, the middle of ` +
      `${rounds} ${rounds === 1 ? "run" : "runs in turns"}: ours in ` +
      `${last.seconds} s, bare pandas and scikit-learn in ${rows[0].seconds} s, the same with lists, cleaning and a ` +
      `Parquet file in ${rows[1].seconds} s; ratio = time of the peer / ours.`,
  });
  return 0;
}

/** The run that takes the middle time. */
function middle(runs: readonly Run[]): Run {
  return runs.toSorted((a, b) => a.seconds - b.seconds)[runs.length >> 1];
}

function segue(command: string, args: string[]): Run {
  const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
  return run(`segue ${command}`, process.execPath, ["run", "-A", main, command, ...args, "--json"]);
}

/** Runs a program; what it prints last is an object that tells of it. */
function run(what: string, command: string, args: string[]): Run {
  const start = performance.now();
  const result = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const seconds = (performance.now() - start) / 1000;
  if (result.status !== 0) throw new Error(`${what} ended with ${result.status}`);
  const told = JSON.parse(result.stdout.trim().split("\n").at(-1)!);
  const facts = told.facts ?? told;
  const found: Run = {
    ...{ what, seconds, rows: facts.out ?? facts.tracks ?? facts.rows, columns: facts.columns ?? 24 },
    ...{ cpu: told.cpu ?? told.cpu_seconds, peak: told.peak ?? told.peak_memory_mib },
  };
  if (found.rows !== undefined) {
    console.log(`${what}: ${seconds.toFixed(2)} s (${found.cpu.toFixed(2)} s CPU), peak ${found.peak.toFixed(0)} MiB`);
  }
  return found;
}

function write(csv: string, tracks: number): void {
  const artists = planArtists(tracks, 42);
  writeAtomic(csv, worldLines(artists, worldTracks(artists, 42), formNamed("1.2M"), 42));
}

const [part, ...args] = process.argv.slice(2);
if (part === "--part=write") {
  write(args[0], Number(args[1]));
  console.log("{}");
} else process.exitCode = await main(process.argv.slice(2));
