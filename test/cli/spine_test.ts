import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPython } from "../python.ts";
import { type Ran, segue, segueJson } from "./segue.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-spine-"));
const world = join(folder, "world");
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

Deno.test("world, features, pca, graph and shuffle run one after the other, and other tools open every file", () => {
  segueJson("world", "--tracks", "600", "--seed", "7", "--out", world);
  segueJson("features", "--data", world);
  segueJson("pca", "--data", world, "--variance", "0.95");
  segueJson("graph", "--data", world, "--k", "20");
  const code = `import sys, os, json, numpy as np, pandas as pd, scipy.sparse as sp
d = sys.argv[1]
t = pd.read_parquet(os.path.join(d, "tracks.parquet"))
x = np.load(os.path.join(d, "X_raw.npy")); p = np.load(os.path.join(d, "X_pca.npy")); z = np.load(os.path.join(d, "pca.npz"))
g = sp.load_npz(os.path.join(d, "graph.npz"))
ratio = z["explained_variance_ratio"]
rows = np.diff(g.indptr)
descending = all((np.diff(g.data[g.indptr[i]:g.indptr[i + 1]]) <= 0).all() for i in range(g.shape[0]))
print(json.dumps(dict(n=len(t), unique=bool(t.track_id.is_unique), x=list(x.shape), xtype=str(x.dtype), p=list(p.shape),
  finite=bool(np.isfinite(x).all() and np.isfinite(p).all()), ratio=float(ratio[: p.shape[1]].sum()), shape=list(g.shape),
  rows=[int(rows.min()), int(rows.max())], own=int(g.diagonal().astype(bool).sum()), descending=descending,
  similarity=[float(g.data.min()), float(g.data.max())])))`;
  const seen = JSON.parse(runPython(code, [world]));
  assert.ok(seen.n > 500 && seen.n <= 600 && seen.unique, JSON.stringify(seen));
  assert.deepEqual([seen.x[0], seen.p[0], seen.shape[0], seen.shape[1]], [seen.n, seen.n, seen.n, seen.n]);
  assert.ok(seen.p[1] <= seen.x[1] && seen.ratio >= 0.95 && seen.xtype === "float32" && seen.finite);
  assert.deepEqual([seen.rows, seen.own, seen.descending], [[20, 20], 0, true]);
  assert.ok(seen.similarity[0] >= -1 && seen.similarity[1] <= 1);
});

Deno.test("segue shuffle prints a playlist with titles and artists, the same one under the same seed", () => {
  const start = firstTitle();
  const play = () =>
    segue("shuffle", "--data", world, "--from", start, "-n", "15", "--policy", "similarity", "--seed", "3");
  const once = play();
  assert.equal(once.status, 0, once.stderr);
  assert.equal(once.stdout, play().stdout);
  assert.ok(once.stdout.split("\n").filter((line) => line.trim()).length >= 15, once.stdout);
});

Deno.test("bad input: one clear line, exit 2, nothing half-written", () => {
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const header = "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name," +
    "track_album_release_date,playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key," +
    "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms";
  const line = (energy: string) =>
    `a1,T,A,50,b1,B,2019-01-01,P,p1,pop,dance pop,0.5,${energy},1,-5,1,0.1,0.1,0,0.1,0.5,120,200000`;
  const out = join(folder, "out");
  const cases: [string, string[], RegExp][] = [
    ["a missing file", ["ingest", join(folder, "none.csv"), "--out", out], /none\.csv.*no such file/],
    ["a CSV without the columns", ["ingest", file("wrong.csv", "a,b\n1,2\n"), "--out", out], /wrong\.csv.*column/],
    ["an empty CSV", ["ingest", file("empty.csv", ""), "--out", out], /empty\.csv.*empty/],
    ["a header and no rows", ["ingest", file("header.csv", `${header}\n`), "--out", out], /header\.csv/],
    [
      "only text where numbers belong",
      ["ingest", file("text.csv", `${header}\n${line("loud")}\n`), "--out", out],
      /text\.csv|track/,
    ],
    ["k as large as n", ["graph", "--data", world, "--k", "100000"], /Expected k to be .* but found 100000/],
    ["k of zero", ["graph", "--data", world, "--k", "0"], /Expected --k to be .* but found 0/],
    ["a text for k", ["graph", "--data", world, "--k", "many"], /--k to be a number but found 'many'|k.*many/],
    ["an unknown track", ["shuffle", "--data", world, "--from", "zzzz no such track", "-n", "5"], /zzzz no such track/],
    ["a missing data folder", ["features", "--data", join(folder, "nowhere")], /nowhere.*no such/],
    ["an unknown command", ["shufle"], /unknown command 'shufle'/],
    ["an unknown option", ["graph", "--neighbours", "5"], /unknown option '--neighbours'/],
  ];
  const before = readdirSync(world).sort();
  for (const [name, args, message] of cases) {
    const ran: Ran = segue(...args);
    assert.equal(ran.status, 2, `${name}: ended with ${ran.status}: ${ran.stderr}${ran.stdout}`);
    assert.match(ran.stderr, message, name);
    assert.ok(ran.stderr.trim().split("\n").length <= 2, `${name}: ${ran.stderr}`);
    assert.doesNotMatch(ran.stderr, /\n\s+at /, name);
    assert.ok(!existsSync(join(out, "tracks.parquet")), name);
  }
  assert.deepEqual(readdirSync(world).sort(), before);
  assert.deepEqual(readdirSync(folder).filter((entry) => entry.endsWith(".part")), []);
});

Deno.test("every command has a help with an example", () => {
  const commands = segue("--help").stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm);
  const names = [...commands].map(([, name]) => name).filter((name) => name !== "help");
  assert.ok(names.length >= 6, names.join());
  for (const name of names) {
    const { status, stdout } = segue(name, "--help");
    assert.equal(status, 0, name);
    assert.match(stdout, /Example/, name);
    assert.match(stdout, /--json/, name);
  }
});

/** A title of the world, as pandas reads it. */
function firstTitle(): string {
  const code = "import sys, pandas as pd; print(pd.read_parquet(sys.argv[1]).track_id[0])";
  assert.ok(readFileSync(join(world, "tracks.parquet")).length > 0);
  return runPython(code, [join(world, "tracks.parquet")]).trim();
}
