/**
 * The synthetic world at growing size: `deno run -A test/bench/world_bench.ts [--quick]` writes
 * reports/tables/bench_world.csv and .md. Every world is made by the command line in a process of its own; the limit for
 * a million tracks is 90 s.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { showTable } from "../../lib/plots/show.ts";
import { readManifest } from "../../lib/data/stages.ts";

const LIMIT_SECONDS = 90;

async function main(options: string[]): Promise<number> {
  const sizes = options.includes("--quick") ? [2000, 20_000] : [20_000, 200_000, 1_000_000];
  const rows = sizes.map((tracks) => {
    const row = measure(tracks);
    console.log(
      `${row.n} tracks: ${row.seconds} s (limit at a million: ${LIMIT_SECONDS} s), ` +
        `peak ${row["peak MiB of world"]} MiB making, ${row["peak MiB in all"]} MiB with ingest`,
    );
    return row;
  });
  const last = rows[rows.length - 1];
  await showTable(rows, {
    name: "bench_world",
    caption: `segue world: ${last.n} tracks with ${last.playlists} playlists, ingested, in ${last.seconds} s.`,
  });
  return last.n === 1_000_000 && last.seconds > LIMIT_SECONDS ? 1 : 0;
}

function measure(tracks: number) {
  const folder = mkdtempSync(join(tmpdir(), "segue-bench-world-"));
  try {
    const command = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["run", "-A", command, "world", "--tracks", String(tracks), "--out", folder, "--json"],
      { encoding: "utf8" },
    );
    const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
    if (status !== 0) throw new Error(stderr);
    const told = JSON.parse(stdout);
    const { world, ingest } = readManifest(folder);
    return {
      n: tracks,
      rows: told.rows as number,
      playlists: told.playlists as number,
      seconds,
      "seconds making": world.seconds,
      "seconds ingesting": ingest.seconds,
      "peak MiB of world": world.peakMemoryMiB,
      "peak MiB in all": told.peak_memory_mib as number,
      "tracks a second": Math.round(tracks / seconds),
      "limit, s": tracks === 1_000_000 ? LIMIT_SECONDS : null,
      "CSV MB": Math.round(statSync(join(folder, "raw/catalog.csv")).size / 1e6),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
