/**
 * The service under load: a world of a million tracks, 64 connections that each play a session, next track after next
 * track, every pick on disk before it is answered. Prints and writes requests a second, latency, start-up from saved files,
 * memory over a long load, and search over the whole catalogue, as people type and as nobody does. Beside it runs its
 * ceiling: the bare framework answering with a constant.
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
import { openWorkspace } from "../../lib/prepare.ts";
import { type Random, randomInteger, seededRandom } from "../../lib/math/random.ts";

const CONNECTIONS = 64;
/** Tracks of a session; then its connection begins another with a new listener. */
const SESSION = 100;
const QUERIES = 100;
const quick = process.argv.includes("--quick");
const tracks = quick ? 20_000 : 1_000_000;
/** Requests of the long load; the shorter ones have a twelfth of it. */
const requests = quick ? 12_000 : 600_000;
/** Points of the long load at which memory is looked at, and rows they are gathered in. */
const LOOKS = 60;
const ROWS = 6;
/** Memory is steady when its mean over the last third of the long load is within this share of the middle third's. */
const STEADY = 0.03;
const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const ceiling = fileURLToPath(new URL("service_ceiling.ts", import.meta.url));
const json = { "content-type": "application/json" };

/** The service in a process of its own, so that its memory is its own. */
interface Service {
  url: string;
  /** Seconds from the start of the process until it listens. */
  seconds: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Resident memory in MiB. */
  memory(): number;
}

/** Memory amid a load, in MiB. */
interface Look {
  answered: number;
  resident: number;
  heap: number;
  arrays: number;
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
  const looks: Look[] = [];
  await play(service, "warm-up", 5000, false);
  const loads = [await play(service, "next", requests, false, { looks })];
  console.table(memoryRows(looks));
  loads.push(await play(service, "next with reasons", requests / 12, true));
  const answer = await nextAnswer(service.url);
  await service.stop();
  const bare = await start(ceiling, [answer]);
  await play(bare, "warm-up", 5000, false);
  const most = await play(bare, "constant answer (ceiling)", requests / 12, false);
  await bare.stop();
  console.table([...loads, most]);
  const kept = await killUnderLoad();
  console.log(kept);
  await showTable(
    [...loads, most].map((load) => ({
      tracks,
      cores: availableParallelism(),
      ...load,
      "of the ceiling": Number((load["requests/s"] / most["requests/s"]).toFixed(2)),
      "start-up s": load === most ? null : Number(service.seconds.toFixed(2)),
    })),
    {
      name: "bench_service",
      caption: `The service with ${tracks.toLocaleString("en-US")} tracks and ${CONNECTIONS} connections on this ` +
        `machine, shared with the load generator. Each connection plays ${SESSION} tracks, one request each, and begins ` +
        "another session; picks are on disk before they are answered. The ceiling is the bare framework, which reads the " +
        `same requests and answers each with the same ${answer.length} bytes: no log, no checks, no shuffle. ${kept}`,
    },
  );
  await showTable(memoryRows(looks), { name: "bench_service_memory", caption: memoryCaption(looks) });
  await showTable(searches, {
    name: "bench_service_search",
    caption: `Search over ${tracks.toLocaleString("en-US")} tracks, over HTTP, one query at a time, each asked once: ` +
      "words of real titles and artists, whole, cut, or with letters changed, dropped, added or swapped, and what nobody " +
      "types: the most frequent words together, single letters, garbage, and 200 characters.",
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function start(
  script: string = main,
  options: string[] = ["serve", "--data", workspace.directory, "--port", "0", "--store", log],
): Promise<Service> {
  const begun = performance.now();
  const child = spawn(process.execPath, ["run", "-A", script, ...options], { stdio: ["ignore", "ignore", "pipe"] });
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
    memory() {
      const status = `/proc/${child.pid}/status`;
      if (!existsSync(status)) return NaN;
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1]) / 1024;
    },
  };
}

/** Plays session after session on each connection; gives a row of the table. */
async function play(
  service: Service,
  request: string,
  amount: number,
  explain: boolean,
  { looks, stopAfter }: { looks?: Look[]; stopAfter?: number } = {},
) {
  let seed = 1;
  let looked = 0;
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
      if (looks && answered >= (looked + 1) * amount / LOOKS) {
        looked++;
        void look(service, answered).then((seen) => looks.push(seen));
      }
      if (killed || stopAfter === undefined || answered < stopAfter) return;
      killed = true;
      void service.stop("SIGKILL").then(() => instance.stop());
    });
  });
  return {
    request,
    connections: CONNECTIONS,
    answered,
    failed: result.non2xx + result.errors,
    "requests/s": Math.round(answered / result.duration),
    "p50 ms": result.latency.p50,
    "p99 ms": result.latency.p99,
    "longest ms": result.latency.max,
  };
}

async function look(service: Service, answered: number): Promise<Look> {
  const resident = service.memory();
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const of = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(metrics)?.[1]) / 2 ** 20;
  return { answered, resident, heap: of("segue_heap_used_bytes"), arrays: of("segue_external_memory_bytes") };
}

/** The looks in rows of equal length: resident memory at its end, mean and most in it, and what V8 says of the same time. */
function memoryRows(looks: readonly Look[]) {
  const length = Math.ceil(looks.length / ROWS);
  return Array.from({ length: ROWS }, (_, row) => looks.slice(row * length, (row + 1) * length))
    .filter((row) => row.length > 0).map((row) => ({
      "answered": row[row.length - 1].answered,
      "resident MiB": Math.round(row[row.length - 1].resident),
      "its mean": Math.round(mean(row.map(({ resident }) => resident))),
      "its most": Math.round(Math.max(...row.map(({ resident }) => resident))),
      "heap in use MiB": Math.round(mean(row.map(({ heap }) => heap))),
      "typed arrays MiB": Math.round(mean(row.map(({ arrays }) => arrays))),
    }));
}

function memoryCaption(looks: readonly Look[]): string {
  const third = (from: number) =>
    mean(
      looks.slice(Math.round(from * looks.length / 3), Math.round((from + 1) * looks.length / 3)).map((seen) =>
        seen.resident
      ),
    );
  const change = third(2) / third(1) - 1;
  const late = looks.slice(Math.floor(looks.length / 2));
  const [x, y] = [mean(late.map(({ answered }) => answered)), mean(late.map(({ resident }) => resident))];
  const slope = late.reduce((sum, seen) => sum + (seen.answered - x) * (seen.resident - y), 0) /
    late.reduce((sum, seen) => sum + (seen.answered - x) ** 2, 0);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.replace("-", "−");
  return `Memory of the service over ${requests.toLocaleString("en-US")} requests for the next track, from ` +
    `${looks.length} looks. Over the second half it changes by ${(1e5 * slope).toFixed(0).replace("-", "−")} MiB in ` +
    `100,000 requests. The rule: the mean of the last third is within ${
      percent(STEADY)
    } of the middle third's; it is ` +
    `${percent(change)} off, so the memory is ${Math.abs(change) <= STEADY ? "steady" : "not steady"}.`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** An answer to a request for the next track. */
async function nextAnswer(url: string): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(url + path, { method: "POST", headers: json, body: JSON.stringify(body) });
  const { id } = await (await post("/api/sessions", { seed: 1 })).json();
  return await (await post(`/api/sessions/${id}/next`, {})).text();
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
  const { answered } = await play(await start(), "next", 1e6, false, { stopAfter: 5000 });
  const kept = picks() - before;
  if (kept < answered) throw new Error(`${answered} picks were acknowledged, but only ${kept} are in the log`);
  return `Killed with SIGKILL amid a load, the service had acknowledged ${answered} picks; ${kept} were in its log.`;
}

/** Searches by kind, as many as are timed of each. */
async function queriesByKind(): Promise<Map<string, string[]>> {
  const catalog = await workspace.catalog(["track_id", "title", "artists"]);
  const random = seededRandom(11, "searches");
  const any = () => randomInteger(random, catalog.length);
  const title = () => catalog.texts.title![any()]!;
  const letters = (count: number) =>
    Array.from({ length: count }, () => String.fromCharCode(97 + randomInteger(random, 26))).join("");
  const frequent = frequentWords(catalog.texts.title as string[]);
  const common = () => frequent[randomInteger(random, frequent.length)];
  const several = (count: number, make: () => string) => Array.from({ length: count }, make).join(" ");
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
    "typo in the first letter": () => withTypo(title(), random, 0),
    "a typo in every word": () => title().split(" ").map((word) => withTypo(word, random)).join(" "),
    "accents on the vowels": () => title().replace(/[aeiou]/g, (vowel) => `${vowel}\u0301`),
    "one letter": () => letters(1),
    "two letters": () => letters(2),
    "a frequent word": common,
    "two frequent words": () => several(2, common),
    "three frequent words": () => several(3, common),
    "twelve frequent words": () => several(12, common),
    "a title with another's artist": () => `${title()} ${catalog.lists.artists![any()][0]}`,
    "garbage": () => letters(4 + randomInteger(random, 26)),
    "words of garbage": () => several(8, () => letters(5)),
    "another script": () => `ночь ${letters(2)}`,
    "200 characters of titles": () => several(12, title).slice(0, 200),
    "nothing": () => "",
  };
  return new Map(
    Object.entries(kinds).map(([kind, make]) => [kind, Array.from({ length: QUERIES }, () => make().slice(0, 200))]),
  );
}

/** Searches; each kind a row of the table. */
async function timeSearches(url: string) {
  // Made before the clock runs, so that the catalogue they are made from is no burden to the client any more.
  const queries = await queriesByKind();
  // The client's own first requests are slow; they ask for something else than a search.
  for (let i = 0; i < QUERIES; i++) await (await fetch(`${url}/health`)).json();
  const rows = [];
  const all: number[] = [];
  for (const [kind, texts] of queries) {
    const times: number[] = [];
    let found = 0;
    for (const text of texts) {
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

/** The words that most titles have. */
function frequentWords(titles: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const title of titles) {
    for (const word of title.toLowerCase().match(/[a-z]{2,}/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 50).map(([word]) => word);
}

/** One letter changed, dropped, added, or swapped with the next; the first letter stays unless it is the one. */
function withTypo(
  text: string,
  random: Random,
  at: number = 1 + randomInteger(random, Math.max(1, text.length - 2)),
): string {
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
