import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGraph } from "../../lib/graph/graph.ts";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { segue } from "../cli/segue.ts";
import { runPython } from "../python.ts";

async function inFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-graph-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function noise(rows: number, columns: number) {
  const random = seededRandom(1);
  return matrix(rows, columns, Float32Array.from({ length: rows * columns }, () => random() - 0.5));
}

Deno.test("segue graph writes what scipy.sparse.load_npz opens and NumPy computes", async () => {
  await inFolder((folder) => {
    const [x, out] = [join(folder, "X.npy"), join(folder, "graph.npz")];
    writeNpy(x, noise(400, 7));
    const { status, stdout, stderr } = segue("graph", "--matrix", x, "--k", "12", "--out", out, "--json");
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout);
    assert.equal(report.recall, 1);
    assert.ok(report.seconds > 0 && report.peak_memory_mib > 0);
    const code = `
import json, sys
import numpy as np, scipy.sparse
x = np.load(sys.argv[1]).astype(float)
g = scipy.sparse.load_npz(sys.argv[2])
x /= np.linalg.norm(x, axis=1, keepdims=True)
s = x @ x.T
np.fill_diagonal(s, -2)
order = np.argsort(-s, axis=1)[:, :12]
print(json.dumps({
    "shape": g.shape, "nnz": g.nnz, "type": str(g.dtype),
    "same": float(np.mean(g.indices.reshape(-1, 12) == order)),
    "error": float(np.abs(g.data.reshape(-1, 12) - np.take_along_axis(s, order, 1)).max()),
    "report": json.loads(bytes(np.load(sys.argv[2])["report"]).decode())["method"],
}))`;
    const found = JSON.parse(runPython(code, [x, out]));
    assert.deepEqual([found.shape, found.nnz, found.type], [[400, 400], 4800, "float32"]);
    assert.ok(found.same > 0.999, `${found.same}`);
    assert.ok(found.error < 1e-6, `${found.error}`);
    assert.equal(found.report, "exact");
  });
});

Deno.test("segue graph answers bad input with one line and exit code 2, and leaves no file", async () => {
  await inFolder((folder) => {
    const [x, out] = [join(folder, "X.npy"), join(folder, "graph.npz")];
    const bad = noise(60, 3);
    bad.data[41 * 3 + 2] = NaN;
    writeNpy(x, bad);
    const text = join(folder, "text.npy");
    writeFileSync(text, "track_id,title\n");
    for (
      const [args, message] of [
        [["--matrix", x, "--k", "5", "--out", out], /NaN in row 41, column 2/],
        [["--matrix", x, "--k", "60", "--out", out], /Expected k to be an integer in \[1, 59\] but found 60/],
        [["--matrix", x, "--k", "many", "--out", out], /Expected --k to be a number but found 'many'/],
        [["--matrix", join(folder, "none.npy"), "--out", out], /no such file/],
        [["--matrix", text, "--out", out], /expected a NumPy NPY file/],
        [["--matrix", x], /Expected either --data DIR or --matrix/],
        [["--data", folder], /no such file/],
      ] as [string[], RegExp][]
    ) {
      const { status, stderr } = segue("graph", ...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
    assert.ok(!existsSync(out));
  });
});

Deno.test("graphStage() builds the graph of the embedding, once", async () => {
  await inFolder(async (folder) => {
    writeNpy(join(folder, "X_pca.npy"), noise(80, 4));
    const first = await graphStage(folder, { k: 6 });
    assert.equal(first.upToDate, false);
    assert.equal(first.facts.k, 6);
    const graph = readGraph(join(folder, "graph.npz"));
    assert.deepEqual([graph.nodeCount, graph.indices.length], [80, 480]);
    const bytes = readFileSync(join(folder, "graph.npz"));
    assert.equal((await graphStage(folder, { k: 6 })).upToDate, true);
    assert.equal((await graphStage(folder, { k: 6, force: true })).upToDate, false);
    assert.deepEqual(readFileSync(join(folder, "graph.npz")), bytes, "the same input gives the same bytes");
    await assert.rejects(graphStage(folder, { k: 80 }), /X_pca.npy: Expected k to be an integer in \[1, 79\]/);
  });
});
