import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pcaOn } from "../../lib/spark/pca.ts";
import { type SparkEngine, sparkEngine, sparkProblem } from "../../lib/spark/spark.ts";
import { InputError } from "../../lib/data/errors.ts";
import { readGraph } from "../../lib/graph/graph.ts";
import { readParquet } from "../../lib/data/read_parquet.ts";
import { segue, segueJson } from "../cli/segue.ts";
import { runPython } from "../python.ts";
import { engineHere } from "./here.ts";
import {
  assertAlone,
  assertClose,
  assertSameFit,
  distributedGraph,
  type Outcome,
  poisonedMatrix,
  recallOf,
  runAll,
  smallCollection,
  temporaryFolder,
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
    const world = await smallCollection();
    const expected = await runAll(engineHere(), world);
    const spark = await sparkEngine({ executors: 2, steps: new URL("steps.ts", import.meta.url) });
    try {
      let found: Outcome;
      await t.step("every step runs on the cluster", async () => {
        assert.equal(spark.pids.length, 3);
        found = await runAll(spark, world);
      });
      await t.step("features, PCA and choice model equal this process's to 1e-9", () => {
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
      await t.step("playlists, co-occurrence and the comparison are the same", () => {
        assert.deepEqual(Object.keys(found.playlists), Object.keys(expected.playlists));
        assert.equal(found.playlists["interactions.csv"], expected.playlists["interactions.csv"]);
        assert.equal(found.playlists["cooccurrence.npz"], expected.playlists["cooccurrence.npz"]);
        assert.deepEqual(found.comparison.runs, expected.comparison.runs);
      });
      await t.step("the executors write the graph in parts, one of them twice, and SciPy opens each", () => {
        const folder = temporaryFolder();
        return (async () => {
          await distributedGraph(join(world, "X_pca.npy"), folder, spark, { k: 20, cellRows: 400 });
          assert.deepEqual(readGraph(folder), found.graph);
          assert.deepEqual(readdirSync(folder).sort(), ["graph", "graph.json"]);
          assert.deepEqual(readdirSync(join(folder, "graph")).sort(), ["part-00000.npz", "part-00001.npz"]);
          const python = `
import sys, scipy.sparse as sp
parts = [sp.load_npz(f"{sys.argv[1]}/graph/part-0000{p}.npz") for p in range(2)]
print([(p.format, p.shape, p.nnz) for p in parts], sp.vstack(parts).has_canonical_format)`;
          assert.match(
            runPython(python, [folder]),
            /^\[\('csr', \(1000, 2000\), 20000\), \('csr', \(1000, 2000\), 20000\)\]/,
          );
        })();
      });
      await t.step("rows change machines in the graph step, and it is counted", () => {
        const job = spark.history.find(({ job }) => job === "graph cells")!;
        assert.ok(job.shuffleBytes > 100_000, `${job.shuffleBytes} B`);
        assert.ok(job.peakTaskMiB > 50, `${job.peakTaskMiB} MiB`);
        assert.ok(job.tasks >= 8 + found.report.cells + found.report.parts);
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
  name: "segue graph --engine spark writes a graph in parts, which the next commands read, and says what it cost",
  ignore: problem !== undefined,
  async fn() {
    const folder = temporaryFolder();
    segueJson("world", "--tracks", "300", "--out", folder);
    for (const command of ["features", "pca"]) segueJson(command, "--data", folder);
    const json = segueJson("graph", "--data", folder, "--k", "10", "--engine", "spark", "--executors", "1");
    assert.equal(json.out, join(folder, "graph.json"));
    assert.deepEqual([json.engine, json.executors], ["spark", 1]);
    assert.ok(Number(json.tasks) > 0 && Number(json.shuffle_bytes) > 0);
    // What Spark has made is up to date for this process too.
    assert.equal(segueJson("graph", "--data", folder, "--k", "10").up_to_date, true);
    const { track_id: [from, to] } = await readParquet(join(folder, "tracks.parquet"), ["track_id"]);
    const walk = segueJson("path", "--data", folder, "--from", String(from), "--to", String(to), "-n", "5");
    assert.equal((walk.tracks as unknown[]).length, 6);
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
  const tables = await spark.run({
    name: "crash",
    source: { kind: "npy", path: join(world, "X_pca.npy") },
    steps: [{ step: "test.crash" }],
    staging: world,
  });
  const rows: number[] = [];
  for await (const table of tables) rows.push(...table.numbers("row")!);
  assert.deepEqual(rows.sort((a, b) => a - b), Array.from({ length: 2000 }, (_, i) => i));
  assert.equal(spark.history.at(-1)!.tasks, 8);
}

async function poisoned(spark: SparkEngine): Promise<void> {
  const path = poisonedMatrix();
  await assert.rejects(
    async () => await pcaOn(spark)(path, join(path, "..", "scores.npy"), {}),
    new InputError(`${path}: row 1234: expected a finite number in column 3 but found NaN; leave the row out`),
  );
  const fault = spark.run({ name: "fault", source: { kind: "npy", path }, steps: [{ step: "test.fault" }] });
  await assert.rejects(
    fault,
    (error: Error) => !(error instanceof InputError) && /a fault of ours/.test(error.message),
  );
  assertAlone(path);
}

/** Kills a worker with its executor, as a machine that fails would, while cells are being joined. */
async function killed(spark: SparkEngine, world: string): Promise<void> {
  const matrix = join(world, "X_pca.npy");
  const [before, after] = [temporaryFolder(), temporaryFolder()];
  const options = { k: 20, cellRows: 250, recall: 1 };
  await distributedGraph(matrix, before, spark, options);
  const [sampled, counted, joined] = spark.history.slice(-3);
  let done = false;
  const running = distributedGraph(matrix, after, spark, options).finally(() => done = true);
  const seconds = sampled.seconds + counted.seconds + joined.seconds / 2;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [, , victim] = spark.pids;
  assert.equal(done, false, "the graph was done before the worker was killed");
  process.kill(-victim, "SIGKILL");
  await running;
  assert.equal(isRunning(victim), false);
  assert.deepEqual(readGraph(after), readGraph(before));
  assert.deepEqual(readdirSync(after).sort(), ["graph", "graph.json"]);
  assert.deepEqual(readdirSync(join(after, "graph")).sort(), ["part-00000.npz", "part-00001.npz"]);
}

function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}
