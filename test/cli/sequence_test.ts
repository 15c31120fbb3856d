import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { segue, segueJson } from "./segue.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-sequence-"));
const world = join(folder, "world");
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

Deno.test("mpd, train-sasrec and predict-next run one after the other, and predictions are told by name", () => {
  segueJson("world", "--tracks", "500", "--seed", "7", "--out", world);
  const read = segueJson("mpd", join(world, "playlists"), "--out", world);
  assert.ok(Number(read.playlists) > 50 && read.damaged === 0, JSON.stringify(read));
  const options = ["--max-steps", "6", "--dimensions", "16", "--window", "10"];
  const trained = segueJson("train-sasrec", "--data", world, ...options);
  assert.equal(trained.steps, 6);
  assert.equal(trained.converged, false);
  assert.equal(segueJson("train-sasrec", "--data", world, ...options).up_to_date, true);
  const answer = segueJson("predict-next", "--data", world, "--tracks", "3,5", "-k", "4");
  const predictions = answer.predictions as { track_id: string; title: string; artist: string }[];
  assert.equal(predictions.length, 4);
  assert.ok(predictions.every(({ track_id, title, artist }) => title && artist && !["3", "5"].includes(track_id)));
  const byName = segueJson("predict-next", "--data", world, "--tracks", predictions[0].title, "-k", "1");
  assert.equal((byName.predictions as unknown[]).length, 1);
});

Deno.test("sequence commands: bad input gives one clear line and exit 2", () => {
  const cases: [string[], RegExp][] = [
    [["mpd", join(folder, "none.json"), "--out", join(folder, "out")], /none\.json: no such file/],
    [["train-sasrec", "--data", join(folder, "nowhere")], /nowhere: expected interactions\.csv or playlists/],
    [["train-sasrec", "--data", world, "--dimensions", "30"], /dimensions to be a multiple of 4 x heads/],
    [["train-sasrec", "--data", world, "--loss", "hinge"], /--loss to be softmax, sampled or binary but found 'hinge'/],
    [["predict-next", "--data", folder, "--tracks", "1"], /model\.json: no such file; train the model first/],
    [["predict-next", "--data", world, "--tracks", "zzz"], /vocabulary but found 'zzz'/],
    [["predict-next", "--data", world, "--tracks", " , "], /at least one track but found none/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = segue(...args);
    assert.equal(status, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
  assert.ok(!existsSync(join(folder, "out", "interactions.csv")));
});
