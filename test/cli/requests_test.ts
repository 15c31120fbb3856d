/** What people ask a shuffle for: artists and genres as they write them, albums, words, going on, ratings; few tracks. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../lib/math/random.ts";
import { segue, segueJson } from "./segue.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-requests-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

const HEADER =
  "track_id,title,artists,album,track_number,genres,danceability,energy,loudness,speechiness,acousticness," +
  "instrumentalness,liveness,valence,tempo,key,mode,duration_ms";
const ARTISTS = ["Marlo, The Maker", "Vela Norrick", "Tomas Quillane", "Amber Marlo"];
const GENRES = ["indie-pop", "r-n-b", "jazz"];

/** A catalogue of n tracks in albums of three, the later tracks of an album first; every fifth title is live. */
function catalog(n: number): string {
  const random = seededRandom(7, `catalog ${n}`);
  const share = () => random().toFixed(3);
  const rows = Array.from({ length: n }, (_, i) => {
    const title = `Song ${i}${i % 5 === 0 ? " (Live)" : ""}`;
    const album = Math.floor(i / 3);
    const audio = [share(), share(), -20 * random(), ...Array.from({ length: 5 }, share), 80 + 60 * random()];
    return [
      `t${i}`,
      title,
      `"${ARTISTS[i % 4]}"`,
      `Album ${album}`,
      3 - i % 3,
      GENRES[album % 3],
      ...audio,
      i % 12,
      i % 2,
      200_000,
    ];
  });
  return [HEADER, ...rows.map((row) => row.join(","))].join("\n") + "\n";
}

/** Reads a catalogue of n tracks and prepares it with the defaults. */
function prepared(n: number, ...embed: string[]): string {
  const data = join(folder, `of ${n}`);
  const file = join(folder, `${n}.csv`);
  writeFileSync(file, catalog(n));
  segueJson("ingest", file, "--out", data);
  for (const command of [["features"], ["embed", ...embed], ["graph"]]) segueJson(...command, "--data", data);
  return data;
}

interface Row {
  track_id: string;
  title: string;
  artists: string;
  why: string;
}

Deno.test("catalogues of three tracks and more go the whole way with the defaults", () => {
  for (const n of [3, 4, 8]) {
    const data = prepared(n, "--umap");
    const { tracks } = segueJson("shuffle", "--data", data, "-n", String(n), "--seed", "1");
    assert.equal(new Set((tracks as Row[]).map(({ track_id }) => track_id)).size, n);
    const walk = segueJson("path", "--data", data, "--from", "t0", "--to", "t1");
    assert.equal((walk.tracks as unknown[]).length, n);
    assert.equal(segue("graph", "--data", data, "-k", String(n)).status, 2);
  }
});

Deno.test("what people ask for", async (t) => {
  const data = prepared(36);
  const shuffle = (...args: string[]) =>
    segueJson("shuffle", "--data", data, "--seed", "3", "--repeat", "all", "--now", "2026-03-01T18:00Z", ...args)
      .tracks as Row[];
  const of = (i: number) => ARTISTS[i % 4];
  const number = ({ track_id }: Row) => Number(track_id.slice(1));

  await t.step("artists are left out, with commas in their names, by several options and in one", () => {
    const left = (...args: string[]) => [...new Set(shuffle("-n", "27", ...args).map((row) => of(number(row))))].sort();
    assert.deepEqual(left("--exclude-artists", "Marlo, The Maker"), ["Amber Marlo", "Tomas Quillane", "Vela Norrick"]);
    assert.deepEqual(left("--exclude-artists", "vela norrick", "--exclude-artists", "Amber Marlo"), [
      "Marlo, The Maker",
      "Tomas Quillane",
    ]);
    assert.deepEqual(left("--exclude-artists", "Vela Norrick,Marlo, The Maker"), ["Amber Marlo", "Tomas Quillane"]);
  });

  await t.step("genres as people write them; a name that is not there is answered with the closest", () => {
    for (const [typed, genre] of [["Indie Pop", 0], ["R&B", 1], ["JAZZ", 2]] as const) {
      for (const row of shuffle("-n", "9", "--genres", typed)) {
        assert.equal(Math.floor(number(row) / 3) % 3, genre, typed);
      }
    }
    const both = shuffle("-n", "24", "--genres", "R&B", "--genres", "jazz").map((row) =>
      Math.floor(number(row) / 3) % 3
    );
    assert.deepEqual([...new Set(both)].sort(), [1, 2]);
    for (
      const [option, typed, closest] of [
        ["--exclude-artists", "Vela Norik", "artist 'Vela Norik'; closest are Vela Norrick"],
        ["--genres", "Indie Rock", "genre 'Indie Rock'; closest are indie-pop"],
      ]
    ) {
      const { status, stderr } = segue("shuffle", "--data", data, option, typed);
      assert.equal(status, 2);
      assert.ok(stderr.startsWith(`segue: The catalogue has no ${closest}`) && stderr.split("\n").length === 2, stderr);
    }
  });

  await t.step("two libraries are one", () => {
    const lists = [["t1", "t2", "t3"], ["t3", "t20", "t30"]].map((ids, i) => {
      const path = join(folder, `liked${i}.txt`);
      writeFileSync(path, ids.join("\n"));
      return path;
    });
    const rows = shuffle("-n", "5", "--liked", lists[0], "--liked", lists[1]);
    assert.deepEqual(rows.map(({ track_id }) => track_id).sort(), ["t1", "t2", "t20", "t3", "t30"]);
  });

  await t.step("titles without a word", () => {
    for (const row of shuffle("-n", "28", "--exclude-words", "remix, live")) assert.notEqual(number(row) % 5, 0);
  });

  await t.step("albums whole and in the order of their numbers, under every policy", () => {
    for (const policy of ["segue", "vanilla"]) {
      const played = shuffle("-n", "36", "--by", "album", "--policy", policy).map(number);
      for (let i = 0; i < 36; i += 3) {
        assert.deepEqual(played.slice(i, i + 3), [played[i], played[i] - 1, played[i] - 2]);
      }
      assert.equal(new Set(played).size, 36);
    }
    assert.equal(shuffle("-n", "4", "--by", "album").length, 6);
  });

  await t.step("going on from a playlist: none of it again, the first like its last; made again from its file", () => {
    const before = join(folder, "before.m3u8");
    const out = join(folder, "after.json");
    assert.equal(
      segue("shuffle", "--data", data, "-n", "12", "--seed", "5", "--format", "m3u8", "--out", before).status,
      0,
    );
    const ids = readFileSync(before, "utf8").split("\n").filter((line) => /^t\d+$/.test(line));
    assert.equal(ids.length, 12);
    const rows = shuffle("-n", "24", "--after", before).map(({ track_id }) => track_id);
    assert.deepEqual([...ids, ...rows].sort(), Array.from({ length: 36 }, (_, i) => `t${i}`).sort());
    const [first] = shuffle("-n", "1", "--after", before, "--explain");
    assert.match(first.why, /sound/);
    segue("shuffle", "--data", data, "-n", "6", "--after", before, "--format", "json", "--out", out);
    const made = JSON.parse(readFileSync(out, "utf8")).tracks.map((row: Row) => row.track_id);
    const again = segueJson("shuffle", "--data", data, "--again", out).tracks as Row[];
    assert.deepEqual(again.map(({ track_id }) => track_id), made);
  });

  await t.step("ratings: what is disliked stays out, what is liked is said to be", () => {
    const stars = join(folder, "stars.csv");
    writeFileSync(
      stars,
      'Title,Artist,Stars\nSong 1,Vela Norrick,5\nSong 2,Tomas Quillane,1\nSong 4,"Marlo, The Maker",3\n',
    );
    const result = segueJson("shuffle", "--data", data, "-n", "35", "--repeat", "all", "--ratings", stars, "--explain");
    const rows = result.tracks as Row[];
    assert.deepEqual(result.notes, [
      `${stars}: 3 tracks rated on a scale to 5: 1 liked (4 or more), 1 disliked and left out (2 or less), 1 neither`,
    ]);
    assert.ok(rows.every(({ track_id }) => track_id !== "t2"));
    for (const { track_id, why } of rows) if (why !== "") assert.equal(/\bliked\b/.test(why), track_id === "t1", why);
  });

  await t.step("a playlist that is not there is refused before anything is written", () => {
    const out = join(folder, "new", "x.m3u8");
    for (const option of ["--after", "--ratings", "--liked"]) {
      const { status, stderr } = segue("shuffle", "--data", data, option, join(folder, "gone.csv"), "--out", out);
      assert.deepEqual([status, /gone\.csv: no such file/.test(stderr)], [2, true]);
      assert.ok(!existsSync(join(folder, "new")));
    }
  });
});
