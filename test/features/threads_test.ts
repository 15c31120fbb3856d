import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ingestStage } from "../../lib/catalog/ingest.ts";
import { csvHeader, worldRows } from "../../lib/catalog/world/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/world/tracks.ts";
import { readFeatureSpec } from "../../lib/features/spec.ts";
import { FEATURE_SOURCE_COLUMNS, featuresStage } from "../../lib/features/stage.ts";
import { encodeInThreads } from "../../lib/features/threads.ts";

async function inFolder(form: "1.2M" | "114k", use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-features-"));
  try {
    const artists = planArtists(9000, 4);
    const rows = [...worldRows(artists, worldTracks(artists, 4), form, 4)];
    writeFileSync(join(folder, "a.csv"), csvHeader(form) + rows.join(""));
    await ingestStage(folder, { files: [join(folder, "a.csv")] });
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const inThreads = (folder: string, fewest: number) =>
  encodeInThreads(join(folder, "tracks.parquet"), FEATURE_SOURCE_COLUMNS, join(folder, "threads.npy"), {}, fewest);

Deno.test("Features made on threads are those of one thread to the last bit", async () => {
  await inFolder("1.2M", async (folder) => {
    await featuresStage(folder);
    const spec = await inThreads(folder, 1);
    assert.deepEqual(spec, readFeatureSpec(join(folder, "features.json")));
    assert.ok(readFileSync(join(folder, "threads.npy")).equals(readFileSync(join(folder, "X_raw.npy"))));
  });
});

Deno.test("A catalogue with genres, and one of few rows, is left to one thread", async () => {
  await inFolder("114k", async (folder) => {
    assert.equal(await inThreads(folder, 1), undefined);
    assert.equal(existsSync(join(folder, "threads.npy")), false);
  });
  await inFolder("1.2M", async (folder) => assert.equal(await inThreads(folder, 200_000), undefined));
});
