/**
 * The service under load: 64 connections that each play a session, next track after next track, every pick on disk before
 * it is answered. Prints and writes requests a second, latency, start-up and memory.
 */
import autocannon from "autocannon";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { showTable } from "../../lib/plots/show.ts";
import { openWorkspace } from "../../lib/pipeline.ts";

const CONNECTIONS = 64;
const quick = process.argv.includes("--quick");
const tracks = quick ? 20_000 : 1_000_000;
const requests = quick ? 10_000 : 100_000;
const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));

const workspace = openWorkspace({ tracks, seed: 42 });
await workspace.prepare("graph", { catalog: { playlists: 0 }, embedding: { embedding: "pca" } });
const folder = mkdtempSync(join(tmpdir(), "segue-load-"));
const rows: Record<string, unknown>[] = [];

/** Starts the service in a process of its own, so that its memory is its own. */
async function start(): Promise<{ url: string; seconds: number; stop: () => Promise<void>; memory: () => number }> {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    ["run", "-A", main, "serve", "--data", workspace.directory, "--port", "0", "--store", join(folder, "log.sqlite")],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk) => {
      printed += chunk;
      const found = /listening on (\S+)/.exec(printed);
      if (found) resolve(found[1]);
    });
    child.on("exit", () => reject(new Error(printed)));
  });
  const seconds = (performance.now() - begun) / 1000;
  return {
    url,
    seconds,
    stop: () =>
      new Promise((resolve) => {
        child.on("exit", () => resolve());
        child.kill("SIGINT");
      }),
    memory: () => {
      const status = `/proc/${child.pid}/status`;
      return existsSync(status) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, "utf8"))![1]) / 1024 : NaN;
    },
  };
}

const json = { "content-type": "application/json" };
const session = async (url: string, seed: number): Promise<string> => {
  const answer = await fetch(`${url}/api/sessions`, { method: "POST", headers: json, body: JSON.stringify({ seed }) });
  return (await answer.json()).id;
};

try {
  // The first start builds the search index; what counts is the start from saved files.
  await (await start()).stop();
  const service = await start();
  const load = async (amount: number, explain: boolean) => {
    const ids = await Promise.all(Array.from({ length: CONNECTIONS }, (_, c) => session(service.url, c)));
    let client = 0;
    return await autocannon({
      url: service.url,
      connections: CONNECTIONS,
      amount,
      setupClient: (c: { setRequests(requests: unknown[]): void }) => {
        c.setRequests([{
          method: "POST",
          path: `/api/sessions/${ids[client++ % CONNECTIONS]}/next`,
          headers: json,
          body: JSON.stringify({ explain }),
        }]);
      },
    });
  };
  await load(5000, false);
  const before = service.memory();
  for (const explain of [false, true]) {
    const result = await load(requests, explain);
    rows.push({
      tracks,
      request: explain ? "next with reasons" : "next",
      connections: CONNECTIONS,
      requests: result.requests.total,
      failed: result.non2xx + result.errors,
      "requests/s": Math.round(result.requests.total / result.duration),
      "p50 ms": result.latency.p50,
      "p99 ms": result.latency.p99,
      "start-up s": Number(service.seconds.toFixed(2)),
      "memory before MiB": Math.round(before),
      "memory after MiB": Math.round(service.memory()),
    });
  }
  const times: number[] = [];
  for (const text of ["love", "the", "a", "nigth", "blue tra", "wonderfull", "zz", "midnight in", "my hart"]) {
    const begun = performance.now();
    await (await fetch(`${service.url}/api/search?q=${encodeURIComponent(text)}`)).text();
    times.push(performance.now() - begun);
  }
  await service.stop();
  const slowest = Math.max(...times).toFixed(1);
  console.table(rows);
  console.log(`search: slowest of ${times.length} queries ${slowest} ms`);
  await showTable(rows, {
    name: "bench_service",
    caption: `The service with ${tracks} tracks and ${CONNECTIONS} connections on this machine, shared with the load ` +
      `generator; search: slowest of ${times.length} queries ${slowest} ms.`,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
