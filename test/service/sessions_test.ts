import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { Sessions } from "../../lib/service/sessions.ts";
import { Store, StoreError } from "../../lib/service/store.ts";
import { smallCollection } from "./small_world.ts";

const START = Date.parse("2026-03-01T18:00:00Z");
const collection = smallCollection();

async function withLog(use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-sessions-"));
  try {
    await use(join(folder, "log.sqlite"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LISTENERS = ["ann", "bob", "cy", "di", "eve", "flo"];

/** Listeners take turns; gives every pick, and how many listeners were in memory at most. */
async function takeTurns(path: string, mostEvents?: number) {
  const store = new Store(path);
  const sessions = new Sessions(collection, store, undefined, mostEvents);
  let [now, most] = [START, 0];
  const picks: [string, number, number | null][] = [];
  const ids = new Map<string, string>();
  for (let turn = 0; turn < 60; turn++) {
    const listener = LISTENERS[turn * 7 % LISTENERS.length];
    now += 100_000;
    const id = turn % 25 === 24 ? undefined : ids.get(listener);
    const live = id ? sessions.get(id) : await sessions.begin({ seed: turn, discover: 0.7 }, listener, now);
    ids.set(listener, live.id);
    for (const pick of await sessions.next(live, 2, now, turn % 3 === 0)) {
      picks.push([listener, pick.track, pick.probability]);
    }
    if (turn % 4 === 1) await sessions.feedback(live, "like", collection.indexOf(`t${turn}`)!, now);
    if (turn % 7 === 3) await sessions.undo(live, now);
    if (turn % 9 === 5) await sessions.retune(live, { temperature: 0.5 }, now);
    if (turn >= 12) most = Math.max(most, sessions.listenerCount);
  }
  store.close();
  return { picks, most };
}

Deno.test("a session that had to leave the memory goes on as if it had stayed", async () => {
  await withLog(async (path) => {
    const roomy = await takeTurns(path);
    rmSync(path);
    const narrow = await takeTurns(path, 15);
    assert.equal(roomy.most, LISTENERS.length);
    assert.ok(narrow.most < LISTENERS.length, `${narrow.most} listeners in memory`);
    assert.deepEqual(narrow.picks, roomy.picks);
  });
});

Deno.test("two services on one log see what the other wrote", async () => {
  await withLog(async (path) => {
    const stores = [new Store(path), new Store(path)];
    const [one, other] = stores.map((store) => new Sessions(collection, store));
    const { id } = await one.begin({ seed: 3 }, "ann", START);
    const picks = [];
    for (let turn = 1; turn <= 8; turn++) {
      const sessions = turn % 2 ? one : other;
      const live = sessions.get(id);
      assert.equal(live.session.picks.length, turn - 1);
      picks.push(...await sessions.next(live, 1, START + turn * 1e5));
    }
    await other.begin({}, "ann", START + 1e7);
    assert.throws(() => one.get(id), /is over/);
    for (const store of stores) store.close();

    const alone = new Store(":memory:");
    const sessions = new Sessions(collection, alone);
    const live = await sessions.begin({ seed: 3 }, "ann", START);
    for (let turn = 1; turn <= 8; turn++) await sessions.next(live, 1, START + turn * 1e5);
    assert.deepEqual(live.session.picks.map(({ track }) => track), picks.map(({ track }) => track));
    alone.close();
  });
});

Deno.test("what could not be written has not happened: the session stands where the log does", async () => {
  await withLog(async (path) => {
    const store = new Store(path);
    const sessions = new Sessions(collection, store);
    const { id } = await sessions.begin({ seed: 3 }, "ann", START);
    await sessions.next(sessions.get(id), 3, START);
    const disk = new DatabaseSync(path);
    disk.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    await assert.rejects(sessions.next(sessions.get(id), 2, START + 1e6), (error: Error) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, /the log cannot be written, nothing was entered: disk is full/);
      return true;
    });
    assert.equal(sessions.get(id).session.picks.length, 3);
    disk.exec("DROP TRIGGER full");
    disk.close();
    const [pick] = await sessions.next(sessions.get(id), 1, START + 2e6);
    assert.equal(pick.step, 3);
    store.close();
  });
});

Deno.test("a log that cannot be opened is told in one line", () => {
  for (const path of ["/nowhere/log.sqlite", tmpdir()]) {
    assert.throws(() => new Store(path), (error: Error) => {
      assert.match(error.message, /^.+: cannot be used as the log of the service \(.+\); give a file in a folder/);
      assert.equal(error.name, "InputError");
      return true;
    });
  }
});

/** Sixteen connections play session after session; prints the memory in use, in MiB, after every tenth of the picks. */
const PLAYER = (root: string) => `
  const { Sessions } = await import("${root}/lib/service/sessions.ts");
  const { Store } = await import("${root}/lib/service/store.ts");
  const { smallCollection } = await import("${root}/test/service/small_world.ts");
  const store = new Store(":memory:");
  const sessions = new Sessions(smallCollection(), store, undefined, 2000);
  const PICKS = 20_000;
  let picks = 0;
  let now = ${START};
  const listener = async (_, number) => {
    for (let turn = 0; picks < PICKS; turn++) {
      // One of them comes back as the same listeners, the others are new ones.
      const live = await sessions.begin({ seed: turn }, number ? undefined : "l" + turn % 40, now);
      for (let i = 0; i < 5; i++) {
        await sessions.next(sessions.get(live.id), 1, now += 1000);
        if (++picks % (PICKS / 10)) continue;
        gc();
        console.log(Deno.memoryUsage().heapUsed / 2 ** 20);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, listener));
  console.log(sessions.listenerCount);
  console.log(sessions.sessionCount);
`;

Deno.test("over 20,000 picks of new listeners the memory in use does not grow", async () => {
  await withLog((path) => {
    const script = `${path}.ts`;
    writeFileSync(script, PLAYER(new URL("../..", import.meta.url).href.replace(/\/$/, "")));
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["run", "-A", "--quiet", "--v8-flags=--expose-gc", "--config", config, script],
      { encoding: "utf8" },
    );
    assert.equal(stderr, "");
    const numbers = stdout.trim().split("\n").map(Number);
    const [listeners, held] = numbers.splice(-2);
    assert.equal(numbers.length, 10);
    assert.ok(held <= listeners, `${held} sessions of ${listeners} listeners in memory`);
    assert.ok(listeners <= 2000 / 5 + 16, `${listeners} listeners in memory`);
    const growth = Math.min(...numbers.slice(7)) - Math.min(...numbers.slice(2, 5));
    assert.ok(growth < 0.2, `${growth.toFixed(2)} MiB more: ${numbers.map((mib) => mib.toFixed(2)).join(" ")}`);
    return Promise.resolve();
  });
});
