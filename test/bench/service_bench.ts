/**
 * The service under load: a world of a million tracks, 64 connections that each play a session, next track after next
 * track, every pick on disk before it is answered. Prints and writes requests a second, latency, memory at every quarter
 * of the load, start-up from saved files, and search over the whole catalogue.
 * `deno run -A test/bench/service_bench.ts [--quick]`
 *
 * The world is prepared once, below `SEGUE_DATA` or in `data/work`; a later run finds it there.
 */
import autocannon from "autocannon";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { showTable } from "../../lib/plots/show.ts";
import { openWorkspace } from "../../lib/pipeline.ts";
import { type Random, randomInteger, seededRandom } from "../../lib/random.ts";

const CONNECTIONS = 64;
/** Tracks of a session; then its connection begins another with a new listener. */
const SESSION = 100;
const QUERIES = 100;
const quick = process.argv.includes("--quick");
const tracks = quick ? 20_000 : 1_000_000;
const requests = quick ? 10_000 : 100_000;
const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const json = { "content-type": "application/json" };

/** The service in a process of its own, so that its memory is its own. */
interface Service {
  url: string;
  /** Seconds from the start of the process until it listens. */
  seconds: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** A line of /proc/<pid>/status in MiB. */
  memory(line?: string): number;
}

const workspace = openWorkspace({ tracks, seed: 42 });
await workspace.prepare("graph", { catalog: { playlists: 0 }, embedding: { embedding: "pca" } });
const folder = mkdtempSync(join(tmpdir(), "segue-load-"));
const log = join(folder, "log.sqlite");

try {
  // The first start builds search index and snapshot; what counts is the start from saved files.
  await (await start()).stop();
  const service = await start();
  console.log(`start-up: ${service.seconds.toFixed(2)} s, ${Math.round(service.memory())} MiB`);
  const searches = await timeSearches(service.url);
  console.table(searches);
  const loads = [];
  await play(service, 5000, false);
  for (const explain of [false, true]) loads.push(await play(service, requests, explain));
  console.table(loads);
  await service.stop();
  const kept = await killUnderLoad();
  console.log(kept);
  await showTable(
    loads.map((load) => ({
      tracks,
      cores: availableParallelism(),
      ...load,
      "start-up s": Number(service.seconds.toFixed(2)),
    })),
    {
      name: "bench_service",
      caption: `The service with ${tracks.toLocaleString("en-US")} tracks and ${CONNECTIONS} connections on this ` +
        `machine, shared with the load generator; memory in MiB before the load and at every quarter of it. Each connection plays ` +
        `${SESSION} tracks, one request each, and begins another session; picks are on disk before they are answered. ${kept}`,
    },
  );
  await showTable(searches, {
    name: "bench_service_search",
    caption: `Search over ${tracks.toLocaleString("en-US")} tracks, over HTTP, one query at a time, each asked once: ` +
      "words of real titles and artists, whole, cut, or with one letter changed, dropped, added or swapped.",
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function start(): Promise<Service> {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    ["run", "-A", main, "serve", "--data", workspace.directory, "--port", "0", "--store", log],
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
  return {
    url,
    seconds: (performance.now() - begun) / 1000,
    stop: (signal = "SIGINT") =>
      new Promise((resolve) => {
        child.on("exit", () => resolve());
        child.kill(signal);
      }),
    memory(line = "VmRSS") {
      const status = `/proc/${child.pid}/status`;
      if (!existsSync(status)) return NaN;
      return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(status, "utf8"))?.[1]) / 1024;
    },
  };
}

/** Plays session after session on each connection; gives a row of the table. */
async function play(service: Service, amount: number, explain: boolean, stopAfter?: number) {
  const memory = [Math.round(service.memory())];
  let seed = 1;
  let answered = 0;
  const begin = {
    method: "POST",
    path: "/api/sessions",
    headers: json,
    setupRequest: (request: object) => ({ ...request, body: JSON.stringify({ seed: seed++ }) }),
    onResponse: (_status: number, body: string, context: { id?: string }) => context.id = JSON.parse(body).id,
  };
  const next = {
    method: "POST",
    headers: json,
    body: JSON.stringify({ explain }),
    setupRequest: (request: object, { id }: { id?: string }) => ({ ...request, path: `/api/sessions/${id}/next` }),
    onResponse: (status: number) => {
      if (status === 200) answered++;
    },
  };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon({
      url: service.url,
      connections: CONNECTIONS,
      amount: Math.ceil(amount * (SESSION + 1) / SESSION),
      requests: [begin, ...Array.from({ length: SESSION }, () => next)],
    }, (error: Error | null, outcome: autocannon.Result) => error ? reject(error) : resolve(outcome));
    let killed = false;
    instance.on("response", () => {
      if (memory.length <= 4 && answered >= memory.length * amount / 4) memory.push(Math.round(service.memory()));
      if (killed || stopAfter === undefined || answered < stopAfter) return;
      killed = true;
      void service.stop("SIGKILL").then(() => instance.stop());
    });
  });
  return {
    request: explain ? "next with reasons" : "next",
    connections: CONNECTIONS,
    answered,
    failed: result.non2xx + result.errors,
    "requests/s": Math.round(answered / result.duration),
    "p50 ms": result.latency.p50,
    "p99 ms": result.latency.p99,
    "longest ms": result.latency.max,
    "memory MiB": memory.join(" → "),
  };
}

/** Kills the process amid a load, then looks for every pick that was acknowledged. */
async function killUnderLoad(): Promise<string> {
  const picks = () => {
    const database = new DatabaseSync(log);
    const { count } = database.prepare("SELECT count(*) AS count FROM events WHERE type = 'pick'").get() as {
      count: number;
    };
    database.close();
    return count;
  };
  const before = picks();
  const { answered } = await play(await start(), 1e6, false, 5000);
  const kept = picks() - before;
  if (kept < answered) throw new Error(`${answered} picks were acknowledged, but only ${kept} are in the log`);
  return `Killed with SIGKILL amid a load, the service had acknowledged ${answered} picks; ${kept} were in its log.`;
}

/** Searches as people type them; each kind a row of the table. */
async function timeSearches(url: string) {
  const catalog = await workspace.catalog(["track_id", "title", "artists"]);
  const random = seededRandom(11, "searches");
  const any = () => randomInteger(random, catalog.length);
  const title = () => catalog.texts.title![any()]!;
  const kinds: Record<string, () => string> = {
    "whole title": title,
    "beginning of a title": () => title().slice(0, 2 + randomInteger(random, 8)),
    "artist": () => catalog.lists.artists![any()][0],
    "title and artist": () => {
      const track = any();
      return `${catalog.texts.title![track]} ${catalog.lists.artists![track][0]}`;
    },
    "title with a typo": () => withTypo(title(), random),
    "artist with a typo": () => withTypo(catalog.lists.artists![any()][0], random),
  };
  const rows = [];
  const all: number[] = [];
  for (const [kind, make] of Object.entries(kinds)) {
    const times: number[] = [];
    let found = 0;
    for (let q = 0; q < QUERIES; q++) {
      const text = make();
      const begun = performance.now();
      const { tracks } = await (await fetch(`${url}/api/search?q=${encodeURIComponent(text)}`)).json();
      times.push(performance.now() - begun);
      if (tracks.length > 0) found++;
    }
    all.push(...times);
    rows.push({ query: kind, queries: QUERIES, "with results": found, ...percentiles(times) });
  }
  rows.push({ query: "all", queries: all.length, "with results": null, ...percentiles(all) });
  return rows;
}

/** One letter changed, dropped, added, or swapped with the next; the first letter stays. */
function withTypo(text: string, random: Random): string {
  const at = 1 + randomInteger(random, Math.max(1, text.length - 2));
  const letter = String.fromCharCode(97 + randomInteger(random, 26));
  const [before, after] = [text.slice(0, at), text.slice(at + 1)];
  return [
    before + letter + after,
    before + after,
    before + letter + text.slice(at),
    before + (text[at + 1] ?? "") + (text[at] ?? "") + text.slice(at + 2),
  ][randomInteger(random, 4)];
}

function percentiles(times: number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2));
  return { "p50 ms": at(0.5), "p99 ms": at(0.99), "slowest ms": at(1) };
}
