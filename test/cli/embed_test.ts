import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { matrix } from "../../lib/math/matrix.ts";
import { readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";
import { correlated, dataFolder } from "../embedding/samples.ts";
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
    writeNpy(file("constant.npy"), matrix(5, 3, new Float32Array(15).fill(7)));
    writeNpy(file("one.npy"), matrix(1, 3, Float32Array.of(1, 2, 3)));
    const cases: [string[], RegExp][] = [
      [[], /Expected either --data DIR or --matrix X.npy --out FILE/],
      [["--matrix", file("x.npy")], /Expected --out FILE with --matrix/],
      [
        ["--matrix", file("broken.npy"), "--out", file("q.npy")],
        /broken.npy: Expected finite numbers but found NaN in row 1/,
      ],
      [
        ["--matrix", file("constant.npy"), "--out", file("q.npy")],
        /constant.npy: Expected columns that vary but found 3 constant columns/,
      ],
      [["--matrix", file("one.npy"), "--out", file("q.npy")], /one.npy: Expected at least 2 rows for PCA but found 1/],
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

Deno.test("segue pca --matrix leaves a constant column out, and takes rows - 1 components of fewer rows than columns", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-cli-pca-"));
  const file = (name: string) => join(folder, name);
  try {
    const constant = correlated(100, 4, 1);
    for (let i = 0; i < 100; i++) constant.data[4 * i] = 3;
    writeNpy(file("constant.npy"), constant);
    writeNpy(file("flat.npy"), correlated(4, 9, 2));
    for (const [name, components] of [["constant.npy", 3], ["flat.npy", 3]] as const) {
      const report = segueJson("pca", "--matrix", file(name), "--out", file("z.npy"), "--variance", "1");
      assert.equal(report.components, components);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("segue embed refuses NaN, constant features and more dimensions than components in one line", async () => {
  const broken = correlated(60, 4, 1);
  broken.data[9] = NaN;
  const cases = [
    [broken, [], /X_raw.npy: Expected finite numbers but found NaN in row 2, column 1/],
    [matrix(60, 4, new Float32Array(240).fill(2)), [], /X_raw.npy: Expected columns that vary but found 4 constant/],
    [correlated(60, 4, 1), ["--dimensions", "9"], /Expected dimensions to be an integer in \[1, \d\] but found 9/],
    [correlated(60, 4, 1), ["--clusters", "61"], /Expected k to be an integer in \[1, 60\] but found 61/],
    [
      correlated(12, 4, 1),
      ["--embedding", "autoencoder"],
      /Expected at least 50 tracks for an autoencoder but found 12/,
    ],
  ] as const;
  for (const [x, args, message] of cases) {
    const folder = await dataFolder(x);
    try {
      const { status, stderr } = segue("embed", "--data", folder, ...args, "--epochs", "1");
      assert.equal(status, 2, stderr);
      assert.match(stderr.trim(), message);
      assert.equal(stderr.trim().split("\n").length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

Deno.test("segue embed falls back to PCA with a reason when tracks are fewer than features", async () => {
  const folder = await dataFolder(correlated(7, 12, 3));
  try {
    const report = segueJson("embed", "--data", folder, "--umap") as {
      embedding: { embedding: string; reason: string };
      clusters: { k: number; criterion: string };
    };
    assert.equal(report.embedding.embedding, "pca");
    assert.match(report.embedding.reason, /7 tracks are too few/);
    assert.equal(report.clusters.k, 1);
    assert.match(report.clusters.criterion, /7 tracks are too few to choose/);
    assert.ok(readNpyMatrix(join(folder, "X_pca.npy")).columns <= 6);
    assert.equal(readNpyMatrix(join(folder, "umap.npy")).rows, 7);
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
