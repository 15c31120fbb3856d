import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Store } from "../../lib/service/store.ts";

const STORE = fileURLToPath(new URL("../../lib/service/store.ts", import.meta.url));

/** A writer that logs events as fast as it can and prints the number of each one that was acknowledged. */
const WRITER = `
  const { Store } = await import(${JSON.stringify(STORE)});
  const store = new Store(Deno.args[0]);
  let number = 0;
  const client = async () => {
    for (;;) {
      const mine = number++;
      await store.addEvents([{ session: "s", type: "pick", track_id: "t" + mine, at: mine, probability: 0.5, detail: null }]);
      Deno.stdout.writeSync(new TextEncoder().encode(mine + "\\n"));
    }
  };
  await Promise.all(Array.from({ length: 64 }, client));
`;

Deno.test("a process that is killed under load loses no acknowledged event", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-crash-"));
  try {
    for (let round = 0; round < 3; round++) {
      const path = join(folder, `log-${round}.sqlite`);
      const script = join(folder, "writer.ts");
      Deno.writeTextFileSync(script, WRITER);
      const child = spawn(process.execPath, ["run", "-A", "--no-config", script, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let printed = "";
      child.stdout.on("data", (chunk) => {
        printed += chunk;
        if (printed.length > 4000 * (round + 1)) child.kill("SIGKILL");
      });
      await new Promise((resolve) => child.on("close", resolve));
      const acknowledged = printed.split("\n").slice(0, -1);
      assert.ok(acknowledged.length > 500, `only ${acknowledged.length} events were acknowledged`);
      const store = new Store(path);
      const kept = new Set(store.eventsOf("s").map(({ track_id }) => track_id));
      store.close();
      const lost = acknowledged.filter((number) => !kept.has(`t${number}`));
      assert.deepEqual(lost, []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("a write that fails is told to the one who waits for it, and others go on", async () => {
  const store = new Store(":memory:");
  const session = { id: "a", listener: "l", created: 1, options: "{}" };
  await store.addSession(session);
  await assert.rejects(store.addSession(session), /UNIQUE/);
  await store.addEvents([{ session: "a", type: "pick", track_id: "t", at: 2, probability: 1, detail: null }]);
  assert.equal(store.eventsOf("a").length, 1);
  store.close();
});
