import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SequenceModel } from "../../lib/hybrid/sequence_term.ts";
import { createApp, type ServiceParts } from "../../lib/service/app.ts";
import { buildSearchIndex, SearchIndex } from "../../lib/service/search.ts";
import { Sessions } from "../../lib/service/sessions.ts";
import { Store } from "../../lib/service/store.ts";
import { smallCollection } from "./small_world.ts";

const START = Date.parse("2026-03-01T18:00:00Z");

class Client {
  now = START;
  #parts: ServiceParts;
  #app: ReturnType<typeof createApp>;

  constructor(readonly folder: string, extra: Partial<ServiceParts> = {}, model?: SequenceModel) {
    const collection = smallCollection();
    buildSearchIndex(join(folder, "s.sqlite"), collection.catalog);
    const store = new Store(join(folder, "log.sqlite"));
    const search = new SearchIndex(join(folder, "s.sqlite"), collection.catalog);
    const sessions = new Sessions(collection, store, model);
    this.#parts = { collection, search, store, sessions, now: () => this.now, ...extra };
    this.#app = createApp(this.#parts);
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await this.#app.request(path, {
      method,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    // deno-lint-ignore no-explicit-any -- answers are checked field by field below
    const json: any = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
    return { status: response.status, json, text, headers: response.headers };
  }

  close() {
    this.#parts.store.close();
    this.#parts.search.close();
  }
}

async function withClient(
  use: (client: Client) => Promise<void>,
  extra: Partial<ServiceParts> = {},
  model?: SequenceModel,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-service-"));
  const client = new Client(folder, extra, model);
  try {
    await use(client);
  } finally {
    client.close();
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a session: begin, next with reasons, skip, like, undo, previous, preview, retune, export", async () => {
  await withClient(async (client) => {
    const { json: session } = await client.call("POST", "/api/sessions", { seeds: ["t3"], seed: 7 });
    const at = `/api/sessions/${session.id}`;
    const { json: { picks } } = await client.call("POST", `${at}/next`, { count: 4, explain: true });
    assert.deepEqual([picks.length, picks[0].track.track_id, picks[0].probability], [4, "t3", 1]);
    for (const pick of picks.slice(1)) {
      assert.ok(pick.probability > 0 && pick.probability <= 1);
      const sum = pick.why.contributions.reduce((s: number, c: { contribution: number }) => s + c.contribution, 0);
      assert.ok(Math.abs(sum - pick.why.utility_difference) < 1e-9);
      assert.match(pick.why.sentence, /sound/);
    }
    assert.equal(
      (await client.call("POST", `${at}/events`, { type: "skip", track_id: picks[3].track.track_id })).status,
      200,
    );
    assert.equal((await client.call("POST", `${at}/events`, { type: "like", track_id: "t5" })).status, 200);
    const { json: { candidates } } = await client.call("POST", `${at}/preview`, { temperature: 0.01 });
    assert.ok(candidates[0].probability > 0.5);
    assert.equal((await client.call("PATCH", at, { discover: 0.9 })).status, 200);
    const { json: undone } = await client.call("POST", `${at}/undo`);
    assert.equal(undone.undone.track.track_id, picks[3].track.track_id);
    assert.equal(undone.session.picks.length, 3);
    const { json: back } = await client.call("POST", `${at}/previous`);
    assert.equal(back.current, 1);
    const { json: forward } = await client.call("POST", `${at}/next`, {});
    assert.equal(forward.picks[0].track.track_id, picks[2].track.track_id);
    for (
      const [format, mark] of [["m3u8", "#EXTM3U"], ["csv", "place,"], ["json", '"tracks"'], ["jspf", '"playlist"']]
    ) {
      const exported = await client.call("GET", `${at}/export?format=${format}`);
      assert.equal(exported.status, 200);
      assert.ok(exported.text.includes(mark) && exported.text.includes("Memory Lane"), format);
    }
    const { json: history } = await client.call("GET", `/api/listeners/${session.listener}/history`);
    const types = history.sessions[0].events.map((event: { type: string }) => event.type);
    assert.deepEqual(
      types,
      [..."pppp"].map(() => "pick").concat(["skip", "like", "retune", "undo", "previous", "forward"]),
    );
    assert.ok(history.sessions[0].events[1].probability > 0);
  });
});

Deno.test("a session goes on after a restart where it was, and picks what it would have picked", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-service-"));
  try {
    const play = async (restart: boolean) => {
      rmSync(join(folder, "log.sqlite"), { force: true });
      let client = new Client(folder);
      const { json: session } = await client.call("POST", "/api/sessions", { listener: "ann", seeds: ["t0"], seed: 1 });
      const at = `/api/sessions/${session.id}`;
      const ids: string[] = [];
      for (let i = 0; i < 8; i++) {
        client.now += 200_000;
        const { json } = await client.call("POST", `${at}/next`, {});
        ids.push(json.picks[0].track.track_id);
        if (i === 2) await client.call("POST", `${at}/events`, { type: "like", track_id: ids[1] });
        if (i === 3) await client.call("PATCH", at, { temperature: 0.5 });
        if (i === 5) await client.call("POST", `${at}/undo`);
        if (restart && i % 2) {
          const now = client.now;
          client.close();
          client = new Client(folder);
          client.now = now;
        }
      }
      client.close();
      return ids;
    };
    assert.deepEqual(await play(true), await play(false));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("a session goes on from the track before it, leaves titles out by words, and is the same after a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-service-"));
  const wish = { listener: "eve", after: "t100", by: "track", seed: 3, rules: { excludedWords: ["night", "run"] } };
  let client = new Client(folder);
  try {
    const { json: session } = await client.call("POST", "/api/sessions", wish);
    const { json: { picks } } = await client.call("POST", `/api/sessions/${session.id}/next`, {
      count: 20,
      explain: true,
    });
    const place = Number(picks[0].track.track_id.slice(1));
    assert.ok(place !== 100 && Math.abs(place - 100) <= 20, picks[0].track.track_id);
    assert.ok(picks[0].probability < 1);
    for (const { track } of picks) assert.doesNotMatch(track.title, /^(Night|Run)\b/);
    client.close();
    client = new Client(folder);
    const { json } = await client.call("GET", `/api/sessions/${session.id}`);
    const ids = (all: { track: { track_id: string } }[]) => all.map(({ track }) => track.track_id);
    assert.deepEqual(ids(json.picks), ids(picks));
  } finally {
    client.close();
    rmSync(folder, { recursive: true });
  }
});

Deno.test("bad requests get a documented status and one line, never a stack", async () => {
  await withClient(async (client) => {
    const { json: session } = await client.call("POST", "/api/sessions", { listener: "bob" });
    const at = `/api/sessions/${session.id}`;
    const cases: [string, string, unknown, number, RegExp][] = [
      ["GET", "/api/tracks/none", undefined, 404, /no track 'none'/],
      ["GET", "/api/tracks/..%2f..%2fetc%2fpasswd", undefined, 404, /no track/],
      ["GET", "/api/sessions/none", undefined, 404, /no session 'none'/],
      ["GET", "/api/search?q=a&limit=0", undefined, 400, /limit/],
      ["POST", "/api/sessions", { seeds: ["none"] }, 422, /no track 'none'/],
      ["POST", "/api/sessions", { after: "none" }, 422, /no track 'none'/],
      ["POST", "/api/sessions", { by: "album" }, 422, /the catalogue has none/],
      ["POST", "/api/sessions", { rules: { genres: ["pops"] } }, 422, /no genre 'pops'; closest are pop/],
      ["POST", "/api/sessions", { policy: "random" }, 400, /policy/],
      ["POST", "/api/sessions", { sed: 1 }, 400, /sed/],
      ["POST", "/api/sessions", "{", 400, /JSON/i],
      ["POST", `${at}/next`, { count: 51 }, 400, /count/],
      ["POST", `${at}/events`, { type: "dance", track_id: "t1" }, 400, /type/],
      ["POST", `${at}/events`, { type: "like", track_id: "none" }, 404, /no track/],
      ["PATCH", at, { weights: { similarity: 1 } }, 400, /weights/],
      ["GET", `${at}/export?format=exe`, undefined, 400, /m3u8/],
      ["GET", "/api/listeners/nobody/history", undefined, 404, /no listener/],
      ["POST", "/api/continuations", { track_ids: ["t1"] }, 503, /train-sasrec/],
      ["POST", "/api/sessions", JSON.stringify({ seeds: ["x".repeat(70_000)] }), 413, /65536/],
      ["GET", "/nowhere", undefined, 404, /no such address/],
      ["DELETE", at, undefined, 405, /no method DELETE here, only GET, PATCH/],
    ];
    for (const [method, path, body, status, message] of cases) {
      const answer = await client.call(method, path, body);
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      assert.match(answer.json.error, message, path);
      assert.doesNotMatch(answer.text, /\bat .*\.ts|node_modules/);
    }
    assert.equal((await client.call("DELETE", at)).headers.get("allow"), "GET, PATCH");
    for (const [host, status] of [["evil.example:8787", 421], ["localhost:8787", 200], ["[::1]:80", 200]] as const) {
      assert.equal((await client.call("GET", at, undefined, { host })).status, status, host);
    }
    const plain = await client.call("POST", "/api/sessions", "{}", { "content-type": "text/plain" });
    assert.deepEqual([plain.status, plain.json.error], [415, "Unsupported Media Type"]);
    await client.call("POST", "/api/sessions", { listener: "bob" });
    assert.equal((await client.call("POST", `${at}/next`, {})).status, 409);
  });
});

Deno.test("when the disk is full a pick is refused with 503, and the session goes on when there is room", async () => {
  await withClient(async (client) => {
    const { json: session } = await client.call("POST", "/api/sessions", { seed: 1 });
    const at = `/api/sessions/${session.id}`;
    await client.call("POST", `${at}/next`, { count: 2 });
    const disk = new DatabaseSync(join(client.folder, "log.sqlite"));
    disk.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    const refused = await client.call("POST", `${at}/next`, {});
    assert.deepEqual([refused.status, refused.json.error], [
      503,
      "the log cannot be written, nothing was entered: disk is full",
    ]);
    disk.exec("DROP TRIGGER full");
    disk.close();
    const { json: { picks } } = await client.call("POST", `${at}/next`, {});
    assert.equal(picks[0].step, 2);
  });
});

Deno.test("the weight sequence needs a model, and with one it decides; the energy arc can change while a session runs", async () => {
  const weights = { similarity: 0, recency: 0, sameArtist: 0, keyMatch: 0, clusterDiversity: 0 };
  await withClient(async (client) => {
    const { json: session } = await client.call("POST", "/api/sessions", { seeds: ["t3"] });
    const at = `/api/sessions/${session.id}`;
    const asked = { weights: { ...weights, sequence: 2 } };
    const requests: [string, string, unknown][] = [
      ["POST", "/api/sessions", asked],
      ["PATCH", at, asked],
      ["POST", `${at}/preview`, asked],
      ["POST", "/api/compare", { seed_track: "t3", ...asked }],
    ];
    for (const [method, path, body] of requests) {
      const answer = await client.call(method, path, body);
      assert.deepEqual([answer.status, /train-sasrec/.test(answer.json.error)], [422, true], path);
    }
    await client.call("POST", `${at}/next`, {});
    const arc = { weights: { ...weights, energyArc: 100 }, arc: [[0, 0], [1, 0]] };
    const { json: { candidates } } = await client.call("POST", `${at}/preview`, arc);
    const energies = candidates.map((candidate: { track: { energy: number } }) => candidate.track.energy);
    assert.deepEqual(energies, energies.toSorted((a: number, b: number) => a - b));
    assert.equal((await client.call("PATCH", at, arc)).status, 200);
    assert.equal((await client.call("PATCH", at, { arc: [[0.5, 0], [0.1, 1]] })).status, 422);
  });
  const model = () => (candidates: Int32Array, out: Float64Array) => candidates.forEach((track, c) => out[c] = track);
  await withClient(
    async (client) => {
      const { json: session } = await client.call("POST", "/api/sessions", {
        seeds: ["t3"],
        temperature: 0,
        weights: { ...weights, sequence: 1 },
      });
      const { json: { picks } } = await client.call("POST", `/api/sessions/${session.id}/next`, { count: 2 });
      assert.equal(picks[1].track.track_id, "t199");
    },
    {},
    model,
  );
});

Deno.test("with a token every request of the API must carry it; a limit answers 429", async () => {
  await withClient(async (client) => {
    assert.equal((await client.call("GET", "/api/search?q=run")).status, 401);
    assert.equal(
      (await client.call("GET", "/api/search?q=run", undefined, { authorization: "Bearer no" })).status,
      401,
    );
    const allowed = await client.call("GET", "/api/search?q=run", undefined, { authorization: "Bearer secret" });
    assert.equal(allowed.status, 200);
    assert.match(allowed.headers.get("content-security-policy")!, /default-src 'none'.*script-src 'self';/);
  }, { token: "secret" });
  await withClient(async (client) => {
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push((await client.call("GET", "/health")).status);
    assert.deepEqual(answers, [...Array(10).fill(200), 429, 429]);
    client.now += 1000;
    assert.equal((await client.call("GET", "/health")).status, 200);
  }, { requestsPerSecond: 2 });
});

Deno.test("the OpenAPI document names every address of the API, and metrics count requests by route", async () => {
  await withClient(async (client) => {
    const { json } = await client.call("GET", "/openapi.json");
    for (
      const path of [
        "/api/search",
        "/api/sessions",
        "/api/sessions/{id}/next",
        "/api/sessions/{id}/export",
        "/api/compare",
      ]
    ) {
      assert.ok(path in json.paths, path);
    }
    await client.call("GET", "/api/tracks/t1");
    const { text } = await client.call("GET", "/metrics");
    assert.match(text, /segue_requests_total\{method="GET",route="\/api\/tracks\/:id",status="200"\} 1/);
  });
});

Deno.test("an exported playlist names the audio files that are known", async () => {
  const file = "\\\\NAS\\music\\memory lane.mp3";
  await withClient(async (client) => {
    const { json } = await client.call("POST", "/api/sessions", { seeds: ["t3"] });
    await client.call("POST", `/api/sessions/${json.id}/next`, {});
    const { text } = await client.call("GET", `/api/sessions/${json.id}/export?format=m3u8`);
    assert.match(text, /#SEGUE-TRACK:t3\n#EXTINF:\d+,Artist 3 - Memory Lane\n/);
    assert.ok(text.includes(`\n${file}\n`));
  }, { files: new Map([["t3", file]]) });
});
