import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../../lib/service/server.ts";
import { writeParquet } from "../../lib/data/parquet.ts";

Deno.test("another address than this machine's asks for a token", async () => {
  await assert.rejects(
    serve("/nowhere", { host: "0.0.0.0" }),
    /Expected a token when listening on 0\.0\.0\.0 but found none; set SEGUE_TOKEN/,
  );
});

// An administrator may write everywhere.
Deno.test({
  name: "a data folder that cannot be written is told in one line",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    const folder = mkdtempSync(join(tmpdir(), "segue-server-"));
    try {
      await writeParquet(join(folder, "tracks.parquet"), [
        { name: "track_id", type: "text", values: ["a"] },
        { name: "title", type: "text", values: ["A"] },
        { name: "artists", type: "texts", values: [["B"]] },
      ]);
      chmodSync(folder, 0o555);
      await assert.rejects(serve(folder, { port: 0 }), /^InputError: .+: cannot be written \(.+\); the service keeps/);
    } finally {
      chmodSync(folder, 0o755);
      rmSync(folder, { recursive: true });
    }
  },
});
