import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../lib/data/errors.ts";
import {
  graphFileIn,
  type NeighborGraph,
  readGraph,
  writeGraph,
  writeGraphIndex,
  writeGraphPart,
} from "../../lib/graph/graph.ts";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { writeNpz } from "../../lib/data/npz.ts";
import { runPython } from "../python.ts";

/** 5 nodes; node 3 has no neighbour. */
const GRAPH: NeighborGraph = {
  nodeCount: 5,
  offsets: Int32Array.of(0, 2, 3, 5, 5, 6),
  indices: Int32Array.of(1, 4, 0, 3, 0, 2),
  similarities: Float32Array.of(0.9, 0.5, 0.9, 0.25, -0.5, 0.75),
};

function inFolder(run: (folder: string) => void | Promise<void>): void | Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-parts-"));
  const clean = () => rmSync(folder, { recursive: true });
  const running = run(folder);
  return running ? running.finally(clean) : clean();
}

/** Writes the rows between each two bounds as a part. */
function writeParts(folder: string, bounds: number[]) {
  const { offsets, indices, similarities, nodeCount } = GRAPH;
  return bounds.slice(1).map((end, p) => {
    const [from, to] = [offsets[bounds[p]], offsets[end]];
    const own = offsets.slice(bounds[p], end + 1).map((at) => at - from);
    const rows = { offsets: own, indices: indices.slice(from, to), similarities: similarities.slice(from, to) };
    return writeGraphPart(folder, p, bounds[p], rows, nodeCount);
  });
}

Deno.test("readGraph() reads a graph in one file and in parts alike, and SciPy opens each part", () =>
  inFolder((folder) => {
    writeGraph(join(folder, "graph.npz"), GRAPH);
    assert.equal(graphFileIn(folder), "graph.npz");
    assert.deepEqual(readGraph(folder), GRAPH);
    const parts = writeParts(folder, [0, 1, 3, 5]);
    assert.deepEqual(parts.map(({ file, edges }) => [file, edges]), [
      ["graph/part-00000.npz", 2],
      ["graph/part-00001.npz", 3],
      ["graph/part-00002.npz", 1],
    ]);
    writeGraphIndex(folder, { rows: 5, k: 2, report: { recall: 1 } }, parts.toReversed());
    assert.ok(!existsSync(join(folder, "graph.npz")), "the older form is gone");
    assert.equal(graphFileIn(folder), "graph.json");
    for (const path of [folder, join(folder, "graph.json")]) assert.deepEqual(readGraph(path), GRAPH);
    const code = `
import glob, json, sys
import scipy.sparse as sp
whole = sp.vstack([sp.load_npz(f) for f in sorted(glob.glob(sys.argv[1] + "/graph/*.npz"))]).tocsr()
print(json.dumps([whole.shape, whole.indptr.tolist(), whole.indices.tolist(), whole.data.tolist()]))`;
    assert.deepEqual(JSON.parse(runPython(code, [folder])), [
      [5, 5],
      [...GRAPH.offsets],
      [...GRAPH.indices],
      [...GRAPH.similarities].map((value) => Number(value)),
    ]);

    writeGraphIndex(folder, { rows: 5, k: 2 }, writeParts(folder, [0, 5]));
    assert.deepEqual(readdirSync(join(folder, "graph")), ["part-00000.npz"], "parts of the older graph are gone");
    assert.deepEqual(readGraph(folder), GRAPH);
  }));

Deno.test("graphStage() replaces a graph in parts, and a graph in parts counts as built", () =>
  inFolder(async (folder) => {
    writeNpy(join(folder, "X_pca.npy"), matrix(5, 2, Float32Array.of(1, 0, 0, 1, 1, 1, -1, 0, 0.5, 1)));
    const inParts = () => {
      writeGraphIndex(folder, { rows: 5, k: 2 }, writeParts(folder, [0, 2, 5]));
      return Promise.resolve({ recall: 1 } as never);
    };
    assert.equal((await graphStage(folder, { k: 2 }, inParts)).upToDate, false);
    assert.equal((await graphStage(folder, { k: 2 })).upToDate, true);
    assert.equal((await graphStage(folder, { k: 2, force: true })).upToDate, false);
    assert.deepEqual(readdirSync(folder).sort(), ["X_pca.npy", "graph.npz", "manifest.json"]);
    assert.equal(readGraph(folder).nodeCount, 5);
  }));

Deno.test("readGraph() counts edges beyond 2^31 and says how many one process holds", () =>
  inFolder((folder) => {
    const parts = [0, 1, 2].map((p) => (
      { file: `graph/part-0000${p}.npz`, first_row: p * 20_000_000, rows: 20_000_000, edges: 1_000_000_000, sha256: "" }
    ));
    writeGraphIndex(folder, { rows: 60_000_000, k: 50 }, parts);
    assert.equal(JSON.parse(readFileSync(join(folder, "graph.json"), "utf8")).edges, 3_000_000_000);
    const limit =
      /graph\.json: expected a graph of at most 2147483647 edges for one process but found 3000000000; build/;
    assert.throws(() => readGraph(folder), limit);

    // As SciPy writes such a matrix: 64-bit offsets. Only the header is made, not the 3 · 10⁹ edges.
    const file = join(folder, "large.npz");
    writeNpz(file, {
      indices: { data: Int32Array.of(1), shape: [1] },
      indptr: { data: BigInt64Array.of(0n, 1n, 3_000_000_000n), shape: [3] },
      format: "csr",
      shape: { data: BigInt64Array.of(2n, 2n), shape: [2] },
      data: { data: Float32Array.of(1), shape: [1] },
    });
    assert.throws(
      () => readGraph(file),
      /large\.npz: expected a graph of at most 2147483647 edges .* found 3000000000/,
    );
  }));

Deno.test("readGraph() and writeGraphIndex() refuse parts that do not fit together", () =>
  inFolder((folder) => {
    const parts = writeParts(folder, [0, 2, 5]);
    const index = { rows: 5, k: 2 };
    assert.throws(
      () => writeGraphIndex(folder, index, parts.slice(1)),
      /expected a part from row 0 on but found .*00001/,
    );
    assert.throws(() => writeGraphIndex(folder, index, parts.slice(0, 1)), /parts of 5 rows .* but found 2 and/);
    assert.ok(!existsSync(join(folder, "graph.json")));
    writeGraphIndex(folder, index, parts);
    writeGraph(join(folder, parts[1].file), GRAPH);
    assert.throws(() => readGraph(folder), /part-00001\.npz: expected 3 x 5 with 3 edges, .* found 5 x 5 with 6/);
    rmSync(join(folder, parts[1].file));
    assert.throws(() => readGraph(folder), /part-00001\.npz: no such file/);
    writeFileSync(join(folder, "graph.json"), "{");
    assert.throws(() => readGraph(folder), /graph\.json: expected JSON/);
    assert.throws(() => readGraph(join(folder, "none.json")), InputError);
  }));
