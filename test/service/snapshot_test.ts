import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGraph } from "../../lib/graph/graph.ts";
import { readSnapshot, SNAPSHOT_FILE, snapshotStage } from "../../lib/service/snapshot.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { loadCollection } from "../../lib/score/collection.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { writeNpz } from "../../lib/data/npz.ts";
import { writeParquet } from "../../lib/data/parquet.ts";
import { smallCollection } from "./small_world.ts";

/** Writes the small collection as a data folder, with texts of all kinds. */
async function withDataFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "segue-snapshot-"));
  const { catalog, graph, embedding, clusters } = smallCollection(60);
  const albums = Array.from({ length: 60 }, (_, i) => i % 4 === 0 ? null : i % 4 === 1 ? "" : `Ålbum ${i % 7} 🎵`);
  try {
    await writeParquet(join(directory, "tracks.parquet"), [
      { name: "track_id", type: "text", values: catalog.texts.track_id! },
      { name: "title", type: "text", values: catalog.texts.title! },
      { name: "artists", type: "texts", values: catalog.lists.artists!.map((list) => [...list, "Björk & Søn"]) },
      { name: "genres", type: "texts", values: catalog.lists.genres!.map((list, i) => i % 5 ? list : null) },
      { name: "subgenres", type: "texts", values: catalog.lists.genres!.map(([genre]) => [`deep ${genre}`]) },
      { name: "album", type: "text", values: albums },
      { name: "key", type: "int32", values: catalog.numbers.key!.map((key, i) => i % 6 ? key : NaN) },
      ...["duration_ms", "energy", "tempo", "mode", "year", "popularity"].map((name) => ({
        name,
        type: "float64" as const,
        values: catalog.numbers[name as "energy"]!,
      })),
    ]);
    writeGraph(join(directory, "graph.npz"), graph);
    writeNpy(join(directory, "X_pca.npy"), embedding);
    writeNpy(join(directory, "clusters.npy"), { data: clusters, shape: [60] });
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("readSnapshot() gives the collection that loadCollection() gives, texts and lists included", async () => {
  await withDataFolder(async (directory) => {
    assert.equal((await snapshotStage(directory)).upToDate, false);
    assert.equal((await snapshotStage(directory)).upToDate, true);
    const [snapshot, whole] = [readSnapshot(directory), await loadCollection(directory)];
    for (const part of ["trackCount", "graph", "embedding", "clusters", "clusterCount", "library"] as const) {
      assert.deepEqual(snapshot[part], whole[part], part);
    }
    assert.deepEqual(snapshot.keys, whole.keys);
    for (const part of ["albumOf", "workOf"] as const) {
      assert.deepEqual(whole.library.map(snapshot[part]), whole.library.map(whole[part]), part);
    }
    for (const part of ["artists", "genres"] as const) {
      assert.deepEqual(snapshot[part].codes, whole[part].codes);
      assert.deepEqual(snapshot[part].offsets, whole[part].offsets);
      assert.deepEqual([...snapshot[part].names], whole[part].names);
    }
    assert.deepEqual(snapshot.catalog.numbers, whole.catalog.numbers);
    for (const name of ["track_id", "title", "album"] as const) {
      assert.deepEqual([...snapshot.catalog.texts[name]!], whole.catalog.texts[name]);
    }
    for (const name of ["artists", "genres"] as const) {
      assert.deepEqual([...snapshot.catalog.lists[name]!], whole.catalog.lists[name]);
    }
    for (const id of ["t0", "t59", "t60", "", "t"]) assert.equal(snapshot.indexOf(id), whole.indexOf(id), id);
    const walk = (collection: typeof whole) =>
      new Session(new UserState(collection), { from: 3, seed: 4, count: 20 }).run();
    assert.deepEqual(walk(snapshot).map(({ track }) => track), walk(whole).map(({ track }) => track));
  });
});

Deno.test("the texts of a snapshot can be read as any array", async () => {
  await withDataFolder(async (directory) => {
    await snapshotStage(directory);
    const titles = readSnapshot(directory).catalog.texts.title!;
    assert.equal(titles.length, 60);
    assert.ok(Array.isArray(titles));
    assert.equal(titles[60], undefined);
    assert.equal(titles.indexOf("Blue Train"), 2);
    assert.deepEqual(titles.slice(1, 3), ["Wonderful Day", "Blue Train"]);
    assert.deepEqual(titles.map((title) => title!.length).slice(0, 3), [9, 13, 10]);
    assert.equal(titles.at(-1), "Memory Lane 59");
  });
});

Deno.test("readSnapshot() names a file that does not fit the others", async () => {
  await withDataFolder(async (directory) => {
    await snapshotStage(directory);
    writeNpy(join(directory, "clusters.npy"), { data: new Int32Array(3), shape: [3] });
    assert.throws(
      () => readSnapshot(directory),
      /Expected the clusters to have 60 tracks as the catalogue but found 3/,
    );
    writeNpz(join(directory, SNAPSHOT_FILE), { works: { data: new Int32Array(60), shape: [60] } });
    assert.throws(() => readSnapshot(directory), /service\.npz: has no array artists\.offsets/);
  });
});
