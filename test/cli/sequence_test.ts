import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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
  const titles = predictions.slice(0, 2).map(({ title, artist }) => `${title} · ${artist}`);
  // Titles may hold commas themselves.
  assert.deepEqual(segueJson("predict-next", "--data", world, "--tracks", titles.join(",")).tracks, titles);
});

Deno.test("train-sasrec takes MovieLens' ratings as they are, and predict-next answers with its ids", () => {
  const data = join(folder, "ratings");
  const ratings = join(folder, "ratings.csv");
  // Sparse ids, tied times, rows in no order.
  const rows = Array.from({ length: 1200 }, (_, i) => {
    const [user, place] = [1 + 37 * (i % 60), Math.floor(i / 60)];
    return {
      order: (i * 7919) % 1200,
      text: `${user},${100 + 31 * ((i % 5) * 20 + (place + i) % 20)},4.5,${964982703 + (place >> 1)}`,
    };
  }).sort((a, b) => a.order - b.order);
  writeFileSync(ratings, `userId,movieId,rating,timestamp\n${rows.map(({ text }) => text).join("\n")}\n`);
  const options = ["--max-steps", "4", "--dimensions", "8", "--window", "10"];
  const trained = segueJson("train-sasrec", "--data", data, "--interactions", ratings, ...options);
  assert.deepEqual([trained.playlists, trained.steps], [60, 4]);
  assert.equal(segueJson("train-sasrec", "--data", data, "--interactions", ratings, ...options).up_to_date, true);
  const answer = segueJson("predict-next", "--data", data, "--tracks", "100,131", "-k", "3");
  const ids = (answer.predictions as { track_id: string }[]).map(({ track_id }) => Number(track_id));
  assert.ok(ids.every((id) => (id - 100) % 31 === 0 && id > 131), String(ids));
});

Deno.test("train-sasrec takes 1M's gzipped ratings with the names beside them, and compares with simple models", () => {
  // A folder that holds names of other tracks: those of the ratings must not be mixed up with them.
  const ratings = join(folder, "ml", "ratings.dat.gz");
  mkdirSync(join(folder, "ml"));
  const rows = Array.from({ length: 1200 }, (_, i) => {
    const [user, place] = [1 + (i % 60), Math.floor(i / 60)];
    // Every third step goes elsewhere, so that no model knows all.
    const step = place % 3 === 2 ? (user * place * 13) % 40 : place;
    return `${user}::${1 + (user * 7 + step) % 40}::4::${978300760 + place}\n`;
  });
  writeFileSync(ratings, gzipSync(rows.join("")));
  writeFileSync(
    join(folder, "ml", "movies.dat"),
    Array.from({ length: 40 }, (_, i) => `${i + 1}::Film, The ${i + 1} (1995)::Drama\n`).join(""),
  );
  const options = ["--max-steps", "4", "--dimensions", "8", "--window", "10", "--compare"];
  const trained = segueJson("train-sasrec", "--data", world, "--interactions", ratings, ...options);
  assert.deepEqual([trained.playlists, trained.tracks], [60, 40]);
  const compared = trained.compared as { model: string }[];
  assert.deepEqual(
    compared.map(({ model }) => model).sort(),
    ["Markov", "SASRec", "hybrid", "item-kNN", "item-kNN, recent", "popularity"],
  );
  const answer = segueJson("predict-next", "--data", world, "--tracks", "Film, The 3 (1995),4", "-k", "3");
  assert.deepEqual(answer.tracks, ["Film, The 3 (1995)", "4"]);
  for (const { track_id, title } of answer.predictions as { track_id: string; title: string }[]) {
    assert.equal(title, `Film, The ${track_id} (1995)`);
  }
  // Trained on the folder's own playlists again, the folder's names are told.
  segueJson("train-sasrec", "--data", world, ...options);
  const own = segueJson("predict-next", "--data", world, "--tracks", "3", "-k", "1");
  assert.ok((own.predictions as { artist: string }[])[0].artist);
});

Deno.test("sequence commands: bad input gives one clear line and exit 2", () => {
  const ratings = join(folder, "ratings.csv");
  const cases: [string[], RegExp][] = [
    [["mpd", join(folder, "none.json"), "--out", join(folder, "out")], /none\.json: no such file/],
    [["train-sasrec", "--data", join(folder, "nowhere")], /nowhere: expected interactions\.csv or playlists/],
    [["train-sasrec", "--data", world, "--dimensions", "30"], /dimensions to be a multiple of 4 x heads/],
    [["train-sasrec", "--data", world, "--loss", "hinge"], /--loss to be softmax, sampled or binary but found 'hinge'/],
    [["train-sasrec", "--data", world, "--interactions", join(folder, "nothing.csv")], /nothing\.csv: no such file/],
    [["train-sasrec", "--data", world, "--interactions", ratings, "--names", ratings], /columns of ids and titles/],
    [["train-sasrec", "--data", world, "--names", join(folder, "none.csv")], /none\.csv: no such file/],
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
