import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openEngine } from "../../lib/distributed/engine.ts";
import { distributedGraph } from "../../lib/distributed/graph.ts";
import { distributedPca } from "../../lib/distributed/pca.ts";
import { type SparkEngine, sparkEngine, sparkProblem } from "../../lib/distributed/spark.ts";
import { InputError } from "../../lib/errors.ts";
import { segue } from "../cli/segue.ts";
import {
  assertAlone,
  assertClose,
  assertSameFit,
  type Outcome,
  poisonedMatrix,
  recallOf,
  runAll,
  smallWorld,
} from "./proofs.ts";

const problem = sparkProblem();
if (problem) console.log(`SKIPPED: the tests on Spark. ${problem}`);

Deno.test({
  name: "Apache Spark, one master and two workers",
  ignore: problem !== undefined,
  // The cluster is shared by the steps.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const world = await smallWorld();
    const local = openEngine({ executors: 2 });
    const expected = await runAll(local, world);
    await local.close();
    const spark = await sparkEngine({ executors: 2, steps: new URL("steps.ts", import.meta.url) });
    try {
      let found: Outcome;
      await t.step("every step runs on the cluster", async () => {
        assert.equal(spark.pids.length, 3);
        found = await runAll(spark, world);
      });
      await t.step("features, PCA and choice model equal the local engine's to 1e-9", () => {
        assertClose(found.features.data, expected.features.data, 1e-9, "features");
        assertClose(found.pca.spectrum, expected.pca.spectrum, 1e-9, "spectrum");
        assertClose(found.pca.components, expected.pca.components, 1e-9, "components");
        assertClose(found.scores.data, expected.scores.data, 1e-9, "scores");
        assertSameFit(found.fit, expected.fit);
      });
      await t.step("the graph has the same recall", async () => {
        const [here, there] = [await recallOf(world, expected.graph), await recallOf(world, found.graph)];
        assert.ok(Math.abs(here - there) < 1e-3, `${there} against ${here}`);
        assert.ok(there >= 0.99, `recall ${there}`);
        assert.equal(found.report.replication, expected.report.replication);
      });
      await t.step("playlists, co-occurrence and the tournament are the same", () => {
        assert.deepEqual(Object.keys(found.playlists), Object.keys(expected.playlists));
        assert.equal(found.playlists["interactions.csv"], expected.playlists["interactions.csv"]);
        assert.equal(found.playlists["cooccurrence.npz"], expected.playlists["cooccurrence.npz"]);
        assert.deepEqual(found.tournament.runs, expected.tournament.runs);
      });
      await t.step("rows change machines in the graph step, and it is counted", () => {
        const job = spark.history.find(({ job }) => job === "graph cells")!;
        assert.ok(job.shuffleBytes > 100_000, `${job.shuffleBytes} B`);
        assert.ok(job.peakTaskMiB > 50, `${job.peakTaskMiB} MiB`);
        assert.ok(job.tasks >= 8 + found.report.cells);
      });
      await t.step(
        "a worker process that ends in the middle of a partition is started again, and no row comes twice",
        () => noRowTwice(spark, world),
      );
      await t.step("a row that throws is named with its file, and nothing is left half-written", () => poisoned(spark));
      await t.step("a worker that is killed half-way changes nothing", () => killed(spark, world));
      await t.step("when the engine is closed, so is the cluster", async () => {
        const pids = spark.pids;
        await spark.close();
        for (const pid of pids) assert.equal(isRunning(pid), false, `process ${pid}`);
      });
    } finally {
      await spark.close();
    }
  },
});

Deno.test({
  name:
    "segue --engine spark starts a cluster of its own, tells the poisoned row in one line, and leaves nothing behind",
  ignore: problem !== undefined,
  fn() {
    const path = poisonedMatrix();
    const out = join(path, "..", "scores.npy");
    const { status, stdout, stderr } = segue(
      "pca",
      "--matrix",
      path,
      "--out",
      out,
      "--engine",
      "spark",
      "--executors",
      "1",
    );
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      `segue: ${path}: row 1234: expected a finite number in column 3 but found NaN; leave the row out\n`,
    );
    assertAlone(path);
  },
});

Deno.test({
  name: "a master that does not answer is told at once",
  ignore: problem !== undefined,
  async fn() {
    const engine = sparkEngine({
      master: "spark://127.0.0.1:1",
      executors: 1,
      steps: new URL("steps.ts", import.meta.url),
    });
    await assert.rejects(
      engine,
      new InputError("spark://127.0.0.1:1: no Spark master answers there; start one, or leave --master out"),
    );
  },
});

async function noRowTwice(spark: SparkEngine, world: string): Promise<void> {
  const { tables, statistics } = await spark.run({
    name: "crash",
    source: { kind: "npy", path: join(world, "X_pca.npy") },
    partitions: 4,
    steps: [{ step: "test.crash" }],
    large: true,
  });
  const rows: number[] = [];
  for await (const table of tables()) rows.push(...table.numbers("row")!);
  assert.deepEqual(rows.sort((a, b) => a - b), Array.from({ length: 2000 }, (_, i) => i));
  assert.equal(statistics.tasks, 4);
}

async function poisoned(spark: SparkEngine): Promise<void> {
  const path = poisonedMatrix();
  await assert.rejects(distributedPca(path, join(path, "..", "scores.npy"), spark), (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.equal(
      error.message,
      `${path}: row 1234: expected a finite number in column 3 but found NaN; leave the row out`,
    );
    return true;
  });
  assertAlone(path);
}

/** Kills a worker with its executor, as a machine that fails would, while cells are being joined. */
async function killed(spark: SparkEngine, world: string): Promise<void> {
  const matrix = join(world, "X_pca.npy");
  const options = { k: 20, cellRows: 250, recall: 1 };
  const before = await distributedGraph(matrix, spark, options);
  const joined = spark.history.at(-1)!;
  let done = false;
  const running = distributedGraph(matrix, spark, options).finally(() => done = true);
  await new Promise((resolve) => setTimeout(resolve, (spark.history.at(-2)!.seconds + joined.seconds / 2) * 1000));
  const [, , victim] = spark.pids;
  assert.equal(done, false, "the graph was done before the worker was killed");
  process.kill(-victim, "SIGKILL");
  const after = await running;
  assert.equal(isRunning(victim), false);
  assert.deepEqual(after.graph.indices, before.graph.indices);
  assert.deepEqual(after.graph.similarities, before.graph.similarities);
}

function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}
