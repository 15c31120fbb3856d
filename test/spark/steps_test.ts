import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { decodeRows, encodeRows, numbersOf, packedOf, rowsOf } from "../../lib/spark/arrow.ts";
import { openEngine } from "../../lib/spark/open.ts";
import { partsFolder } from "../../lib/spark/graph.ts";
import { pcaOn } from "../../lib/spark/pca.ts";
import { readPca } from "../../lib/embedding/pca_stage.ts";
import { InputError } from "../../lib/data/errors.ts";
import { readGraph } from "../../lib/graph/graph.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { openWorkspace } from "../../lib/prepare.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { readMpd } from "../../lib/sequence/read_mpd.ts";
import { readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { segue } from "../cli/segue.ts";
import { runPython } from "../python.ts";
import { engineHere } from "./here.ts";
import {
  assertAlone,
  assertClose,
  assertSameFit,
  comparisonHere,
  distributedGraph,
  filesOf,
  fitHere,
  poisonedMatrix,
  recallOf,
  runAll,
  smallCollection,
  temporaryFolder,
} from "./proofs.ts";
import { STEPS } from "./steps.ts";

Deno.test("partition functions give what this process gives", async () => {
  const world = await smallCollection();
  const found = await runAll(engineHere(), world);
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
  const { runs } = await comparisonHere(world);
  assert.deepEqual(found.comparison.runs, runs);
  const here = join(temporaryFolder(), "mpd");
  await readMpd([join(world, "playlists")], here);
  const { "cooccurrence.npz": _, ...files } = found.playlists;
  assert.deepEqual(files, filesOf(here));
});

Deno.test("the graph in parts is the exact one when all is compared, and takes the place of an older graph", async () => {
  const random = seededRandom(8);
  const x = matrix(700, 5, Float32Array.from({ length: 3500 }, () => random() - 0.5));
  // Far from all others, in a cell of their own that has too few rows for three neighbours each.
  for (const row of [13, 400]) x.data.set([100, 100, row === 13 ? 100 : 101, 100, 100], row * 5);
  const folder = temporaryFolder();
  const path = join(folder, "X.npy");
  writeNpy(path, x);
  const out = join(folder, "out");
  mkdirSync(join(out, "graph"), { recursive: true });
  writeFileSync(join(out, "graph/part-00007.npz"), "old");
  writeFileSync(join(out, "graph.npz"), "old");
  for (const recall of [1, 0.9]) {
    const report = await distributedGraph(path, out, engineHere(), { k: 3, recall, cellRows: 100 });
    assert.equal(report.parts, 2);
    assert.deepEqual(readdirSync(out).sort(), ["graph", "graph.json"]);
    assert.deepEqual(readdirSync(join(out, "graph")), ["part-00000.npz", "part-00001.npz"]);
    const graph = readGraph(out);
    assert.ok(graph.offsets.every((at, i) => at === 3 * i));
    assert.equal(graph.indices[13 * 3], 400);
  }
  const python = `
import sys, numpy as np, scipy.sparse as sp
out, path, indices = sys.argv[1:]
parts = [sp.load_npz(f"{out}/graph/part-0000{p}.npz") for p in range(2)]
x = np.load(path).astype("f8")
x /= np.linalg.norm(x, axis=1, keepdims=True)
cosines = x @ x.T
np.fill_diagonal(cosines, -2)
g = sp.vstack(parts).tocsr()
print([p.shape for p in parts], abs(np.sort(g.data.reshape(-1, 3)) - np.sort(cosines)[:, -3:]).max() < 1e-5)`;
  await distributedGraph(path, out, engineHere(), { k: 3, recall: 1, cellRows: 100 });
  assert.equal(runPython(python, [out, path, ""]).trim(), "[(350, 700), (350, 700)] True");
  await assert.rejects(distributedGraph(path, join(folder, "new"), engineHere(), { k: 700 }), InputError);
  assert.equal(existsSync(join(folder, "new")), false);
  assert.deepEqual(["graph.npz", "a/graph.npz", "a/b.npz", "a/b"].map(partsFolder), [".", "a", "a/b", "a/b"]);
});

Deno.test("a partition is given its rows, the broadcast value and its number", async () => {
  const numbers = Float64Array.of(1, 2, 3);
  const engine = engineHere(STEPS);
  const tables = await engine.run({
    name: "tell",
    source: { kind: "npy", path: poisonedMatrix() },
    steps: [{ step: "test.tell", broadcast: { text: "ä", numbers } }],
  });
  const told = (await Array.fromAsync(tables)).map((table) => {
    assert.deepEqual(numbersOf(Float64Array, table.bytes("numbers")[0]), numbers);
    return JSON.parse(new TextDecoder().decode(table.bytes("told")[0]));
  });
  assert.deepEqual(told, Array.from({ length: 8 }, (_, partition) => ({ text: "ä", partition, rows: 250 })));
  assert.equal(engine.history[0].tasks, 8);
});

Deno.test("a row that throws is named with its file, and nothing is left half-written", async () => {
  const path = poisonedMatrix();
  await assert.rejects(
    async () => await pcaOn(engineHere())(path, join(path, "..", "scores.npy"), {}),
    new InputError(`${path}: row 1234: expected a finite number in column 3 but found NaN; leave the row out`),
  );
  await assert.rejects(distributedGraph(path, join(path, "../new"), engineHere(), { k: 3 }), /row 1234/);
  assertAlone(path);
});

Deno.test("rows come out of Arrow as they went in, and PyArrow reads them", () => {
  const schema = { row: "int", vector: "binary", lists: "binary" } as const;
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.uint8Array()), {
      minLength: 1,
    }),
    (rows) => {
      const row = rows.map(([number]) => number);
      const lists = rows.map(([, bytes]) => bytes);
      const vector = new Uint8Array(2 * rows.length).fill(7);
      const table = decodeRows(encodeRows(schema, { row, lists, vector: rowsOf(vector, rows.length) }));
      assert.deepEqual([...table.numbers("row")!], row);
      assert.deepEqual(table.bytes("lists").map((found) => [...found]), lists.map((list) => [...list]));
      assert.deepEqual(packedOf(Uint8Array, [table], "vector"), vector);
      assert.equal(table.numbers("none"), undefined);
      assert.throws(() => table.texts("none"), /Expected a column none but found row, vector, lists/);
    },
  ));
  const vector = rowsOf(Uint8Array.of(1, 2, 3, 4), 2);
  const bytes = encodeRows(schema, { row: [3, 1], vector, lists: [Uint8Array.of(5), Uint8Array.of()] });
  const python = `
import base64, json, sys, pyarrow as pa
table = pa.ipc.open_stream(base64.b64decode(sys.argv[1])).read_all()
print(json.dumps([table.column("row").to_pylist(), [list(v) for v in table.column("vector").to_pylist()],
                  [list(v) for v in table.column("lists").to_pylist()], [str(t) for t in table.schema.types]]))`;
  assert.deepEqual(JSON.parse(runPython(python, [bytes.toBase64()])), [
    [3, 1],
    [[1, 2], [3, 4]],
    [[5], []],
    ["int32", "binary", "binary"],
  ]);
});

Deno.test("an engine refuses what it cannot do, on the command line and in a notebook's settings", async () => {
  const wrong = (options: Parameters<typeof openEngine>[0]) => () => openEngine(options);
  assert.throws(wrong({ engine: "spark", executors: 0 }), /executors to be an integer in \[1, 1000\] but found 0/);
  assert.throws(wrong({ engine: "http://a" }), /spark or spark:\/\/HOST:PORT but found 'http:\/\/a'/);
  for (const name of ["local", "flink"]) {
    const { status, stdout, stderr } = segue("pca", "--matrix", "X.npy", "--out", "Z.npy", "--engine", name);
    assert.deepEqual([status, stdout], [2, ""]);
    const told = `Expected --engine to be spark but found '${name}'; leave it out to run in this process`;
    assert.equal(stderr, `segue: ${told}\n`);
  }
  await assert.rejects(openWorkspace({ tracks: 300, engine: "local" }).prepare("pca"), /but found 'local'/);
  // Settings of the engine name no other world.
  assert.equal(openWorkspace({ tracks: 300, engine: "spark" }).directory, openWorkspace({ tracks: 300 }).directory);
});

Deno.test("without Java, Spark and its set-up say what to install", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, JAVA_HOME: "/nowhere" } });
  const lib = new URL("../../lib/", import.meta.url);
  const missing = "Expected Java 17 or later for Spark but found none; install it or set JAVA_HOME to its folder";
  const asked = run("eval", `import { sparkProblem } from "${lib}spark/spark.ts"; console.log(sparkProblem());`);
  assert.ok(asked.stdout.startsWith(missing) && asked.stdout.endsWith(", then run deno task setup --spark\n"));
  const { status, stderr } = run("run", "-A", "--no-lock", `${lib.pathname}jupyter/setup.ts`, "--spark");
  assert.equal(status, 2, stderr);
  assert.ok(stderr.includes(`setup: ${missing}`), stderr);
});
