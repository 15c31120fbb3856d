import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ingestStage } from "../../lib/catalog/ingest.ts";
import { readFeatureSpec } from "../../lib/features/spec.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import { readNpyMatrix } from "../../lib/data/npy.ts";
import { csv, goodRow, type Row } from "../catalog/sources.ts";
import { runPython } from "../python.ts";

async function inFolder(rows: Row[], form: Parameters<typeof csv>[0], use: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "segue-features-"));
  try {
    writeFileSync(join(folder, "a.csv"), csv(form, rows));
    await ingestStage(folder, { files: [join(folder, "a.csv")] });
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("numpy opens X_raw.npy, and scikit-learn's StandardScaler gives the same z-scores", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    ...goodRow("114k", i),
    ...{ energy: (i % 13) / 13, tempo: 80 + i, loudness: -i / 4, track_genre: ["rock", "pop", "folk"][i % 3] },
  }));
  await inFolder(rows, "114k", async (folder) => {
    await featuresStage(folder);
    const columns = readFeatureSpec(join(folder, "features.json")).columns.map(({ name }) => name);
    const worst = JSON.parse(runPython(
      `import json, sys, numpy, pandas
from sklearn.preprocessing import StandardScaler
folder, columns = sys.argv[1], json.loads(sys.argv[2])
x = numpy.load(folder + "/X_raw.npy")
d = pandas.read_parquet(folder + "/tracks.parquet")
assert x.dtype == numpy.float32 and x.shape == (len(d), len(columns)) and x.flags.c_contiguous
z = StandardScaler().fit_transform(numpy.column_stack([d.energy, numpy.log(d.tempo), -numpy.log(11 - d.loudness)]))
print(json.dumps(float(numpy.abs(x[:, [columns.index(c) for c in ["energy", "tempo", "loudness"]]] - z).max())))`,
      [folder, JSON.stringify(columns)],
    ));
    assert.ok(worst < 1e-5, `differs by ${worst}`);
    assert.deepEqual(columns.filter((name) => name.startsWith("genre")), ["genre=folk", "genre=pop", "genre=rock"]);
  });
});

Deno.test("A catalogue without genres, years and popularity is encoded; what is constant is named", async () => {
  const rows = Array.from(
    { length: 10 },
    (_, i) => ({ ...goodRow("1.2M", i), year: 0, release_date: "", energy: i / 10 }),
  );
  await inFolder(rows, "1.2M", async (folder) => {
    const { facts } = await featuresStage(folder);
    assert.deepEqual([facts.tracks, facts.columns], [10, 3]);
    const spec = readFeatureSpec(join(folder, "features.json"));
    assert.deepEqual(spec.columns.map(({ name }) => name), ["energy", "key_cos", "key_sin"]);
    const dropped = Object.fromEntries(spec.dropped.map(({ name, reason }) => [name, reason]));
    assert.equal(dropped.decade, "missing in every track");
    assert.equal(dropped.genre, "missing in every track");
    assert.equal(dropped.tempo, "the same in every track");
    assert.equal(readNpyMatrix(join(folder, "X_raw.npy")).rows, 10);
    assert.equal((await featuresStage(folder)).upToDate, true);
    assert.equal((await featuresStage(folder, { weights: { key: 1 } })).upToDate, false);
  });
});

Deno.test("Bad input is refused in one line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-features-"));
  try {
    await assert.rejects(featuresStage(folder), /tracks\.parquet: no such file/);
    assert.throws(() => readFeatureSpec(join(folder, "features.json")), /features\.json: no such file/);
    writeFileSync(join(folder, "features.json"), "{}");
    assert.throws(
      () => readFeatureSpec(join(folder, "features.json")),
      /expected a feature specification of version 1/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
