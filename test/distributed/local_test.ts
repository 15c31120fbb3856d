import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { doublesOf, type RowTable } from "../../lib/distributed/arrow.ts";
import { type Engine, openEngine } from "../../lib/distributed/engine.ts";
import { distributedPca } from "../../lib/distributed/pca.ts";
import { sparkProblem } from "../../lib/distributed/spark.ts";
import { readPca } from "../../lib/embedding/files.ts";
import { InputError } from "../../lib/errors.ts";
import { readGraph } from "../../lib/graph/graph.ts";
import { openWorkspace } from "../../lib/pipeline.ts";
import { readMpd } from "../../lib/sequence/mpd.ts";
import { readNpyMatrix } from "../../lib/storage/npy.ts";
import { segue, segueJson } from "../cli/segue.ts";
import {
  assertAlone,
  assertClose,
  assertSameFit,
  filesOf,
  fitHere,
  poisonedMatrix,
  recallOf,
  runAll,
  smallWorld,
  temporaryFolder,
  tournamentHere,
} from "./proofs.ts";

const OURS = new URL("steps.ts", import.meta.url);

async function withEngine(use: (engine: Engine) => Promise<void>, executors = 2): Promise<void> {
  const engine = openEngine({ executors, steps: OURS });
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

async function tablesOf(tables: AsyncIterable<RowTable>): Promise<RowTable[]> {
  const all: RowTable[] = [];
  for await (const table of tables) all.push(table);
  return all;
}

Deno.test("the local engine's partition functions give what this process gives", async () => {
  const world = await smallWorld();
  const engine = openEngine({ executors: 2 });
  try {
    const found = await runAll(engine, world);
    assertClose(found.features.data, readNpyMatrix(join(world, "X_raw.npy")).data, 1e-9, "features");
    // The kernel sums blocks of rows in 32-bit floats, and partitions cut other blocks.
    const { spectrum } = readPca(join(world, "pca.npz"));
    assertClose(found.pca.spectrum, spectrum, 1e-6, "spectrum");
    assert.equal(found.scores.columns, readNpyMatrix(join(world, "X_pca.npy")).columns);
    assertSameFit(found.fit, await fitHere(world));
    const recall = await recallOf(world, found.graph);
    assert.equal(found.report.method, "cells");
    assert.ok(recall >= 0.99, `recall ${recall}`);
    assert.ok(Math.abs(recall - found.report.recall) < 3 * found.report.recall_error + 0.002, `${found.report.recall}`);
    const { runs } = await tournamentHere(world);
    assert.deepEqual(found.tournament.runs, runs);
    const here = join(temporaryFolder(), "mpd");
    await readMpd([join(world, "playlists")], here);
    const { "cooccurrence.npz": _, ...files } = found.playlists;
    assert.deepEqual(files["interactions.csv"], filesOf(here)["interactions.csv"]);
    assert.deepEqual(Object.keys(files), ["interactions.csv", "track_names.parquet"]);
  } finally {
    await engine.close();
  }
});

Deno.test("a partition is given its rows, the broadcast value and its number", async () => {
  const path = poisonedMatrix();
  await withEngine(async (engine) => {
    const numbers = Float64Array.of(1, 2, 3);
    const { tables, statistics } = await engine.run({
      name: "tell",
      source: { kind: "npy", path },
      partitions: 3,
      steps: [{ step: "test.tell", broadcast: { data: { a: "ä" }, arrays: { numbers } } }],
    });
    const told = (await tablesOf(tables())).map((table) => {
      assert.deepEqual(doublesOf(table.bytes("numbers")[0]), numbers);
      return JSON.parse(table.texts("told")[0]!);
    });
    assert.deepEqual(told.map(({ partition }) => partition), [0, 1, 2]);
    assert.deepEqual(told.map(({ rows }) => rows), [666, 667, 667]);
    assert.deepEqual(told[0].data, { a: "ä" });
    assert.equal(statistics.tasks, 3);
  });
});

Deno.test("a row that throws is named with its file, and nothing is left half-written", async () => {
  const path = poisonedMatrix();
  await withEngine(async (engine) => {
    await assert.rejects(
      distributedPca(path, join(path, "..", "scores.npy"), engine),
      (error: Error) => {
        assert.ok(error instanceof InputError);
        assert.equal(
          error.message,
          `${path}: row 1234: expected a finite number in column 3 but found NaN; leave the row out`,
        );
        return true;
      },
    );
    const fault = engine.run({ name: "fault", source: { kind: "npy", path }, steps: [{ step: "test.fault" }] });
    await assert.rejects(
      fault,
      (error: Error) => !(error instanceof InputError) && /a fault of ours/.test(error.message),
    );
  });
  assertAlone(path);
});

Deno.test("an engine refuses what it cannot do", () => {
  assert.throws(() => openEngine({ executors: 0 }), /Expected executors to be an integer in \[1, 1000\] but found 0/);
  assert.throws(() => openEngine({ master: "spark://a:1" }), /master with the engine spark only/);
  assert.throws(
    () => openEngine({ engine: "spark", master: "http://a" }),
    /spark:\/\/HOST:PORT but found 'http:\/\/a'/,
  );
});

Deno.test("without Java, Spark and its set-up say what to install", () => {
  const before = process.env.JAVA_HOME;
  process.env.JAVA_HOME = "/nowhere";
  try {
    assert.match(
      sparkProblem()!,
      /^Spark needs Java 17 or later but found none; install one .*deno task setup --spark$/,
    );
    const setup = new URL("../../lib/jupyter/setup.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--no-lock", setup, "--spark"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^setup: Expected Java 17 or later for Spark but found none; install it or set JAVA_HOME/m);
  } finally {
    if (before === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = before;
  }
});

Deno.test("segue graph --engine local writes a graph, and says what it cost", () => {
  const folder = temporaryFolder();
  segueJson("world", "--tracks", "600", "--out", folder);
  segueJson("features", "--data", folder, "--engine", "local");
  segueJson("pca", "--data", folder, "--engine", "local");
  const json = segueJson("graph", "--data", folder, "--k", "10", "--engine", "local", "--executors", "1");
  assert.equal(json.engine, "local");
  assert.equal(json.executors, 1);
  assert.ok(Number(json.tasks) > 0 && Number(json.shuffle_bytes) > 0);
  assert.equal(readGraph(join(folder, "graph.npz")).nodeCount, 600);
  // The stage is up to date for any engine.
  assert.equal(segueJson("graph", "--data", folder, "--k", "10").up_to_date, true);
  const { status, stderr } = segue("graph", "--data", folder, "--engine", "flink");
  assert.equal(status, 2);
  assert.equal(stderr.trim(), "segue: Expected --engine to be local or spark but found 'flink'");
});

Deno.test("a notebook's setting names the engine of its stages", async () => {
  const before = process.env.SEGUE_DATA;
  process.env.SEGUE_DATA = temporaryFolder();
  try {
    const on = openWorkspace({ tracks: 300, engine: "local" });
    await on.prepare("pca");
    const here = openWorkspace({ tracks: 300 });
    assert.equal(here.directory, on.directory);
    // What an engine made is up to date for this process too.
    assert.deepEqual((await here.prepare("pca")).map(({ upToDate }) => upToDate), [true, true, true]);
    assert.equal(on.matrix("X_pca.npy").rows, 300);
    await assert.rejects(
      openWorkspace({ tracks: 300, engine: "flink" }).prepare("pca"),
      new InputError("Expected the engine to be local, spark or spark://HOST:PORT but found 'flink'"),
    );
  } finally {
    if (before === undefined) delete process.env.SEGUE_DATA;
    else process.env.SEGUE_DATA = before;
  }
});
