import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { segue, segueJson } from "./segue.ts";

Deno.test("segue world writes a world and tells what it holds", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-world-"));
  try {
    const told = segueJson("world", "--tracks", "300", "--playlists", "12", "--form", "114k", "--out", folder);
    assert.equal(told.tracks, 300);
    assert.equal(told.playlists, 12);
    assert.equal((told.ingest as { out: number }).out, 300);
    for (const file of ["raw/catalog.csv", "tracks.parquet", "rejects.csv", "playlists/mpd.slice.0-999.json"]) {
      assert.ok(existsSync(join(folder, file)), file);
    }
    const again = segueJson("world", "--tracks", "300", "--playlists", "12", "--form", "114k", "--out", folder);
    assert.equal(again.up_to_date, true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("segue world refuses an unknown form, a text for a number and too few tracks, in one line with exit code 2", () => {
  const folder = join(tmpdir(), "segue-world-never-made");
  for (
    const [args, message] of [
      [["--form", "xml"], /Expected --form to be segue, tidytuesday, 114k, 232k, 1\.2M, 586k or 170k but found 'xml'/],
      [["--tracks", "many"], /Expected --tracks to be a number but found 'many'/],
      [["--tracks", "5"], /Expected --tracks to be an integer in \[100, 20000000\] but found 5/],
    ] as const
  ) {
    const { status, stderr } = segue("world", "--out", folder, ...args);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1);
  }
  assert.ok(!existsSync(folder));
});
