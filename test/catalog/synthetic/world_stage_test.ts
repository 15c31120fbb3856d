import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCatalog } from "../../../lib/catalog/catalog.ts";
import { FORMS } from "../../../lib/catalog/forms.ts";
import { worldStage } from "../../../lib/catalog/synthetic/world_stage.ts";
import { InputError } from "../../../lib/data/errors.ts";
import { hashFile, readManifest } from "../../../lib/data/stages.ts";

Deno.test("worldStage() writes the same bytes for the same seed, and other bytes for another", async () => {
  await withFolders(3, async ([a, b, c]) => {
    await worldStage(a, { tracks: 500, seed: 9, playlists: 30 });
    await worldStage(b, { tracks: 500, seed: 9, playlists: 30 });
    await worldStage(c, { tracks: 500, seed: 10, playlists: 30 });
    const files = [
      "raw/catalog.csv",
      "tracks.parquet",
      "rejects.csv",
      "playlists/mpd.slice.0-999.json",
      "playlists/truth.json",
    ];
    for (const file of files) assert.equal(hashFile(join(a, file)), hashFile(join(b, file)), file);
    assert.notEqual(hashFile(join(a, files[0])), hashFile(join(c, files[0])));
  });
});

Deno.test("worldStage() gives exactly the wanted number of clean tracks and accounts for the dirty rows", async () => {
  await withFolders(1, async ([directory]) => {
    const report = await worldStage(directory, { tracks: 20000, playlists: 0 });
    const account = readManifest(directory).ingest.facts as Record<string, number>;
    assert.equal(account.out, 20000);
    assert.equal(account.rowsIn, report.facts.rows);
    assert.equal(account.rowsIn, account.out + account.merged + account.rejected);
    assert.ok(account.rejected > 0 && account.merged / account.rowsIn > 0.1);
    const catalog = await readCatalog(join(directory, "tracks.parquet"));
    assert.equal(catalog.length, 20000);
    assert.equal(new Set(catalog.texts.track_id).size, 20000);
    const works = new Set(catalog.texts.work_id).size;
    assert.ok(works < 19500 && works > 16000, `${works} works`);
    assert.ok(catalog.lists.genres!.some((genres) => genres.length > 1));
    assert.ok(!existsSync(join(directory, "playlists")));
    assert.ok((await worldStage(directory, { tracks: 20000, playlists: 0 })).upToDate);
    assert.equal((await worldStage(directory, { tracks: 20000 })).facts.playlists, 2000);
  });
});

Deno.test("every form of the raw file is recognised and gives the same tracks", async () => {
  await withFolders(FORMS.length, async (folders) => {
    for (const [i, { name: form }] of FORMS.entries()) {
      await worldStage(folders[i], { tracks: 800, seed: 4, playlists: 0, form });
      const facts = readManifest(folders[i]).ingest.facts as { files: { form: string }[]; out: number };
      assert.equal(facts.files[0].form, form);
      assert.equal(facts.out, 800);
    }
    const tempos = await Promise.all(
      folders.map(async (folder) => (await readCatalog(join(folder, "tracks.parquet"), ["danceability"])).numbers),
    );
    // The imputed values of silent tracks depend on the genres, which not every form knows.
    for (const { danceability } of tempos) {
      const same = danceability!.filter((value, i) => value === tempos[0].danceability![i]).length;
      assert.ok(same >= 795, `${same} of 800`);
    }
  });
});

Deno.test("playlists name tracks of the catalogue, and fewer playlists leave no old slice behind", async () => {
  await withFolders(1, async ([directory]) => {
    await worldStage(directory, { tracks: 600, seed: 2, playlists: 1100 });
    assert.equal(readdirSync(join(directory, "playlists")).length, 3);
    await worldStage(directory, { tracks: 600, seed: 2, playlists: 50 });
    assert.deepEqual(readdirSync(join(directory, "playlists")).sort(), ["mpd.slice.0-999.json", "truth.json"]);
    const { texts } = await readCatalog(join(directory, "tracks.parquet"), ["track_id", "title"]);
    const titles = new Map(texts.track_id!.map((id, i) => [`spotify:track:${id}`, texts.title![i]]));
    const slice = JSON.parse(readFileSync(join(directory, "playlists/mpd.slice.0-999.json"), "utf8"));
    for (const playlist of slice.playlists) {
      for (const track of playlist.tracks) assert.equal(titles.get(track.track_uri), track.track_name);
    }
    const truth = JSON.parse(readFileSync(join(directory, "playlists/truth.json"), "utf8"));
    assert.equal(truth.scenes.length, 384);
    assert.equal(truth.scenes.reduce((sum: number, scene: { tracks: number }) => sum + scene.tracks, 0), 600);
  });
});

Deno.test("worldStage() refuses sizes and seeds that cannot be", async () => {
  await assert.rejects(worldStage("/nowhere", { tracks: 99 }), InputError);
  await assert.rejects(worldStage("/nowhere", { seed: -1 }), InputError);
  await assert.rejects(worldStage("/nowhere", { playlists: 1.5 }), /Expected playlists to be an integer/);
});

async function withFolders(count: number, use: (folders: string[]) => Promise<void>): Promise<void> {
  const folders = Array.from({ length: count }, () => mkdtempSync(join(tmpdir(), "segue-world-")));
  try {
    await use(folders);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}
