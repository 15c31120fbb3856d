import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import { clustersStage } from "../../lib/embedding/clusters_stage.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import { segue, segueJson } from "./segue.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-evaluate-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

Deno.test("segue evaluate compares the shuffles, writes its tables, and gives the same numbers again", async () => {
  await worldStage(folder, { tracks: 400, seed: 5, playlists: 0 });
  await featuresStage(folder);
  await pcaStage(folder);
  await clustersStage(folder);
  await graphStage(folder, { k: 20 });
  const run = (workers: string) =>
    segueJson(
      "evaluate",
      "--data",
      folder,
      "--listeners",
      "6",
      "--variants",
      "1",
      "--library-size",
      "40",
      "--workers",
      workers,
    );
  const result = run("1");
  const again = run("2");
  for (const cost of ["seconds", "tournament_seconds", "cpu_seconds", "peak_memory_mib"]) {
    assert.ok(Number(result[cost]) > 0, cost);
    delete result[cost];
    delete again[cost];
  }
  assert.deepEqual(again, result);
  assert.deepEqual((result.policies as string[]).slice(0, 5), [
    "vanilla",
    "dithered",
    "freshest",
    "similarity",
    "segue",
  ]);
  assert.deepEqual([result.sequence, result.unit], [null, "listener"]);
  for (const file of result.files as string[]) assert.ok(existsSync(join(folder, "evaluation", file)), file);
  assert.match(readFileSync(join(folder, "evaluation", "examples.md"), "utf8"), /\| Vanilla shuffle \| Segue \|/);
  const rows = result.summary as { policy: string; metric: string; estimate: number; lower: number; upper: number }[];
  const coherence = (policy: string) => rows.find((r) => r.policy === policy && r.metric === "similarity")!;
  assert.ok(coherence("similarity").lower > coherence("vanilla").upper);
});

Deno.test("segue evaluate ends with 2 and one line when something is wrong with its input", () => {
  for (
    const [args, message] of [
      [["--data", join(folder, "nowhere")], /no such file/],
      [["--data", folder, "--listeners", "0"], /Expected --listeners to be an integer/],
      [["--data", folder, "--unit", "week"], /Expected --unit to be listener or session but found 'week'/],
      [
        ["--data", folder, "--listeners", "4", "--variants", "9"],
        /Expected variantListeners to be an integer in \[0, 4\]/,
      ],
    ] as const
  ) {
    const { status, stderr } = segue("evaluate", ...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1);
  }
});
