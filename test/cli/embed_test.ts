import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { matrix } from "../../lib/matrix.ts";
import { readNpyMatrix, writeNpy } from "../../lib/storage/npy.ts";
import { correlated } from "../embedding/samples.ts";
import { segue, segueJson } from "./segue.ts";

Deno.test("segue pca --matrix writes scores and components, and refuses bad input in one line", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-cli-pca-"));
  const file = (name: string) => join(folder, name);
  try {
    writeNpy(file("x.npy"), correlated(200, 6, 1));
    const report = segueJson("pca", "--matrix", file("x.npy"), "--out", file("z.npy"), "--variance", "0.8");
    assert.equal(report.components, readNpyMatrix(file("z.npy")).columns);
    assert.ok(existsSync(file("z.pca.npz")));
    const broken = matrix(4, 3, Float32Array.from({ length: 12 }, (_, i) => i === 5 ? NaN : i));
    writeNpy(file("broken.npy"), broken);
    const cases: [string[], RegExp][] = [
      [[], /Expected either --data DIR or --matrix X.npy --out FILE/],
      [["--matrix", file("x.npy")], /Expected --out FILE with --matrix/],
      [
        ["--matrix", file("broken.npy"), "--out", file("q.npy")],
        /broken.npy: Expected finite numbers but found NaN in row 1/,
      ],
      [["--matrix", file("none.npy"), "--out", file("q.npy")], /none.npy: no such file/],
      [["--matrix", file("x.npy"), "--out", file("q.npy"), "--variance", "much"], /Expected --variance to be a number/],
    ];
    const before = readdirSync(folder);
    for (const [args, message] of cases) {
      const { status, stderr } = segue("pca", ...args);
      assert.equal(status, 2);
      assert.match(stderr.trim(), message);
      assert.equal(stderr.trim().split("\n").length, 1);
    }
    assert.deepEqual(readdirSync(folder), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("segue embed names what is wrong", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-cli-embed-"));
  try {
    const { status, stderr } = segue("embed", "--data", folder);
    assert.equal(status, 2);
    assert.match(stderr, /X_raw.npy: no such file; stage pca needs it/);
    assert.equal(segue("embed").status, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
