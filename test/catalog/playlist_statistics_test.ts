import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { playlistStatistics } from "../../lib/catalog/playlist_statistics.ts";
import { REFERENCE_PLAYLISTS } from "../../lib/catalog/reference.ts";

Deno.test("playlistStatistics() by hand", () => {
  withFolder((folder) => {
    const track = (name: string) => ({
      track_uri: `spotify:track:${name}`,
      artist_uri: name[0],
      album_uri: name.slice(0, 2),
    });
    const slice = {
      playlists: [
        { tracks: ["aa1", "aa2", "bb1", "aa1"].map(track) },
        { tracks: ["bb1", "cc1"].map(track) },
      ],
    };
    writeFileSync(join(folder, "mpd.slice.0-999.json"), JSON.stringify(slice));
    const { playlists, positions, statistics, counts } = playlistStatistics(folder);
    assert.deepEqual([playlists, positions, counts], [2, 6, [2, 2, 1, 1]]);
    assert.equal(statistics["mean length"], 3);
    assert.equal(statistics["median length"], 3);
    assert.equal(statistics["positions that repeat a track"], 1 / 6);
    assert.equal(statistics["playlists with a repeat"], 1 / 2);
    assert.equal(statistics["neighbours of one artist"], 1 / 4);
    // Three of the six pairs of the first playlist share an artist; it has three steps of four in all.
    assert.equal(statistics["pairs of one artist in a playlist"], (3 * 3 / 6) / 4);
    assert.equal(statistics["neighbours of one album"], 1 / 4);
    assert.equal(statistics["different artists a position"], (2 / 4 + 1) / 2);
    assert.equal(statistics["playlists that hold the commonest track"], 1);
    assert.deepEqual(Object.keys(statistics), REFERENCE_PLAYLISTS.map(({ name }) => name));
    assert.ok(Number.isNaN(statistics["years between neighbours"]));
    const ids = ["aa1", "aa2", "bb1", "cc1"];
    const catalog = { length: 4, numbers: { year: Float64Array.of(2000, 2003, 2010, NaN) }, texts: {}, lists: {} };
    const dated = playlistStatistics(folder, { ...catalog, texts: { track_id: ids } }).statistics;
    // Steps 3, 7 and 10 of the first playlist; its six pairs are 3, 10, 0, 7, 3 and 10 years apart.
    assert.equal(dated["years between neighbours"], (3 + 7 + 10) / 3);
    assert.equal(dated["years between any two of a playlist"], 33 / 6);
  });
});

Deno.test("playlistStatistics() names a folder without slices and a slice that is not JSON", () => {
  withFolder((folder) => {
    assert.throws(() => playlistStatistics(folder), /has no mpd\.slice/);
    writeFileSync(join(folder, "mpd.slice.0-999.json"), "{");
    assert.throws(() => playlistStatistics(folder), /mpd\.slice\.0-999\.json: expected JSON/);
  });
});

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "segue-playlists-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
