import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Interactions, playlistsOf, readInteractions } from "../../lib/sequence/interactions.ts";
import { seededRandom, shuffleInPlace } from "../../lib/math/random.ts";
import { historyOf, splitPlaylists, targetOf } from "../../lib/sequence/split.ts";
import { readTrackNames } from "../../lib/sequence/track_names.ts";
import { writeParquet } from "../../lib/data/parquet.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-split-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

function interactions(lists: number[][]): Interactions {
  const size = Math.max(...lists.flat()) + 1;
  return {
    ...playlistsOf(lists),
    userIds: lists.map((_, p) => `p${p}`),
    trackIds: Array.from({ length: size }, (_, t) => `t${t}`),
  };
}

function file(text: string): string {
  const path = join(folder, "interactions.csv");
  writeFileSync(path, text);
  return path;
}

Deno.test("readInteractions() sorts by time within a user and keeps the file's order at one time", async () => {
  const path = file("user_id,track_id,timestamp\nu,a,3\nv,b,1\nu,c,1\nu,d,1\r\nv,e,1\nu,f,0\n");
  const { offsets, tracks, trackIds, userIds } = await readInteractions(path);
  assert.deepEqual(userIds, ["u", "v"]);
  assert.deepEqual([...offsets], [0, 4, 6]);
  assert.deepEqual([...tracks].map((t) => trackIds[t]).join(""), "fcdabe");
});

Deno.test("readInteractions() reads MovieLens' header and names the line it cannot read", async () => {
  assert.deepEqual((await readInteractions(file("userId,movieId,rating,timestamp\n1,31,2.5,9\n1,7,3,5\n"))).trackIds, [
    "31",
    "7",
  ]);
  await assert.rejects(readInteractions(file("user_id,track_id,timestamp\n1,2\n")), /line 2: expected/);
  await assert.rejects(readInteractions(file("a,b\n1,2\n")), /expected columns user_id,track_id,timestamp/);
  await assert.rejects(readInteractions(file("user_id,track_id,timestamp\n")), /found no row/);
  await assert.rejects(readInteractions(join(folder, "none.csv")), /no such file/);
});

Deno.test("readInteractions() takes columns in any order, any ids, quotes, and other separators", async () => {
  const told = async (text: string) => {
    const { offsets, tracks, trackIds, userIds } = await readInteractions(file(text));
    return userIds.map((user, u) =>
      `${user}: ${Array.from(tracks.subarray(offsets[u], offsets[u + 1]), (t) => trackIds[t]).join(" ")}`
    );
  };
  const cases: Record<string, string> = {
    "other order, one more column": "timestamp,rating,track_id,user_id\n9,5,31,u1\n7,4,2858,u1\n",
    "quotes": 'user_id,"track_id",timestamp\n"u1","31","9"\nu1,2858,7\n',
    "semicolons, a byte order mark": "\uFEFFuser_id;track_id;timestamp\nu1;31;9\nu1;2858;7\n",
    "MovieLens 100K": "u1\t31\t5\t9\nu1\t2858\t4\t7\n".replaceAll("u1", "1"),
    "MovieLens 1M": "1::31::5::9\n1::2858::4::7\n",
    "no header, ids that are texts": "u1,tt31,5.0,1260759144\nu1,tt2858,4.0,1260759143\n".replaceAll("tt", ""),
    "no header, no rating": "u1\t31\t1260759144\nu1\t2858\t1260759143\n",
    "pairs in order of time": "1 2858\n1 31\n",
    "RecBole": "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu1\t31\t5\t9\nu1\t2858\t4\t7.5\n",
    "dates": "user_id,track_id,timestamp\nu1,31,2019-05-03 10:11:12\nu1,2858,2019-05-03T10:11:11Z\n",
    "days and zones": "user_id,track_id,timestamp\nu1,31,2019-05-03\nu1,2858,2019-05-03T01:00:00+02:00\n",
  };
  for (const [name, text] of Object.entries(cases)) {
    const user = /MovieLens|pairs/.test(name) ? "1" : "u1";
    assert.deepEqual(await told(text), [`${user}: 2858 31`], name);
  }
  assert.deepEqual(await told('user_id,track_id,timestamp\nu,"a, ""b""",1\nu,c,1\nu,"a, ""b""",0\n'), [
    'u: a, "b" a, "b" c',
  ]);
  assert.deepEqual(await told("user_id,track_id\nu,b\nv,x\nu,a\n"), ["u: b a", "v: x"]);
});

Deno.test("readInteractions() unpacks gzip, and says what else it was given", async () => {
  const path = join(folder, "ratings.dat.gz");
  const packed = gzipSync("1::31::5::9\n1::7::4::9\n2::31::4::9\n");
  writeFileSync(path, packed);
  const { offsets, tracks, trackIds } = await readInteractions(path);
  assert.deepEqual([[...offsets], Array.from(tracks, (t) => trackIds[t])], [[0, 2, 3], ["31", "7", "31"]]);
  const cases: [string, Uint8Array | string, RegExp][] = [
    ["cut.gz", packed.subarray(0, 20), /cut\.gz: expected a whole gzip file/],
    ["ml-1m.zip", "PK\x03\x04rest", /ml-1m\.zip: expected a text file but found a zip archive; unpack it/],
    ["x.parquet", "PAR1rest", /x\.parquet: expected a text file but found Parquet/],
    ["three.csv", "u1,31,5\nu1,7,4\n", /three\.csv: expected columns user_id,track_id,timestamp but found 'u1,31,5'/],
    ["cut.dat", "1::31::5::9\n1::7\n", /cut\.dat, line 2: expected .* but found '1::7'/],
  ];
  for (const [name, content, message] of cases) {
    writeFileSync(join(folder, name), content);
    await assert.rejects(readInteractions(join(folder, name)), message);
  }
  await assert.rejects(readInteractions(folder), /expected a file but found a folder/);
});

Deno.test("readInteractions() gives the same of any order of the rows, where no two times are equal", async () => {
  const row = fc.record({ user: fc.nat(3), track: fc.nat(9) });
  const rows = fc.array(row, { minLength: 1, maxLength: 30 });
  // All cases stand in one file, the users of each by names of their own.
  const lines = fc.sample(rows, { numRuns: 100, seed: 1 }).flatMap((rows, n) =>
    rows.map(({ user, track }, i) => ({ user: `${n}u${user}`, track: `i${track}`, time: 978300760 + i }))
  );
  const expected: Record<string, string[]> = {};
  for (const { user, track } of lines) (expected[user] ??= []).push(track);
  const shuffled = shuffleInPlace([...lines], seededRandom(2, "lines"));
  const text = shuffled.map(({ user, track, time }) => `${user}::${track}::3::${time}`).join("\n");
  const { offsets, tracks, trackIds, userIds } = await readInteractions(file(text));
  const told = userIds.map((user, u) => [
    user,
    Array.from(tracks.subarray(offsets[u], offsets[u + 1]), (t) => trackIds[t]),
  ]);
  assert.deepEqual(Object.fromEntries(told), expected);
});

Deno.test("readTrackNames() reads MovieLens' names, in Latin-1 too, and names what is no table of names", async () => {
  const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const cases: Record<string, Uint8Array | string> = {
    "movies.csv": 'movieId,title,genres\n1,"American President, The (1995)",Drama\n73,"Misérables, Les (1995)",Drama\n',
    "movies.dat": latin1("1::American President, The (1995)::Drama\r\n73::Misérables, Les (1995)::Drama\r\n"),
    "u.item": latin1("1|American President, The (1995)|01-Jan-1995||http://x|0|1\n73|Misérables, Les (1995)|||0|0\n"),
    "movies.csv.gz": gzipSync('movieId,title\n1,"American President, The (1995)"\n73,"Misérables, Les (1995)"\n'),
    "ml.item": "item_id:token\tmovie_title:token_seq\n1\tAmerican President, The (1995)\n73\tMisérables, Les (1995)\n",
  };
  for (const [name, content] of Object.entries(cases)) {
    writeFileSync(join(folder, name), content);
    const names = await readTrackNames(join(folder, name));
    assert.deepEqual(
      [names.label("1"), names.label("73"), names.label("2")],
      ["American President, The (1995)", "Misérables, Les (1995)", "2"],
      name,
    );
  }
  writeFileSync(join(folder, "songs.csv"), "track_id;artist;title\n9;Nobody;Song\n");
  assert.equal((await readTrackNames(join(folder, "songs.csv"))).label("9"), "Song · Nobody");
  writeFileSync(join(folder, "songs.csv"), "a,b\n1,2\n");
  await assert.rejects(readTrackNames(join(folder, "songs.csv")), /songs\.csv: expected columns of ids and titles/);
});

Deno.test("readInteractions() names a line without a time, or with one that is none", async () => {
  for (const time of ["", "yesterday", "2019-13", "NaN", "2019-05-03 25:00"]) {
    const path = file(`user_id,track_id,timestamp\nu,a,1\nu,b,${time}\n`);
    await assert.rejects(readInteractions(path), /line 3: expected user_id,track_id,timestamp but found 'u,b,/, time);
  }
});

Deno.test("readTrackNames() takes ids that are texts, does without a file, and names a file of another kind", async () => {
  const path = join(folder, "names.parquet");
  await writeParquet(path, [{ name: "track_id", type: "text", values: ["x1", "7"] }, {
    name: "title",
    type: "text",
    values: ["Seven", null],
  }]);
  const names = await readTrackNames(path);
  assert.deepEqual([names.label("x1"), names.label("7"), names.label("z")], ["Seven", "7", "z"]);
  assert.equal((await readTrackNames(join(folder, "none.parquet"))).label("12"), "12");
  await writeParquet(path, [{ name: "id", type: "int32", values: Int32Array.of(1) }]);
  await assert.rejects(readTrackNames(path), /names\.parquet: expected a column track_id/);
});

Deno.test("splitPlaylists() leaves the last out for the test, the one before it for validation", () => {
  const split = splitPlaylists(interactions([[4, 1, 4, 2, 3, 0], [1, 2, 3, 0, 4], [0, 4, 1, 2, 3]]), {
    minimumCount: 1,
  });
  assert.deepEqual([split.rounds, split.userIds.length], [1, 3]);
  assert.deepEqual([...historyOf(split, 0, "validation")], [4, 1, 2]);
  assert.deepEqual([...historyOf(split, 0, "test")], [4, 1, 2, 3]);
  assert.deepEqual([targetOf(split, 0, "validation"), targetOf(split, 0, "test")], [3, 0]);
  assert.deepEqual([...split.counts], [1, 3, 2, 1, 2]);
});
Deno.test("splitPlaylists() repeats its filters to a fixed point, as a plain loop over sets does", () => {
  const lists = fc.array(fc.array(fc.nat(12), { minLength: 1, maxLength: 14 }), { minLength: 1, maxLength: 25 });
  fc.assert(fc.property(lists, fc.integer({ min: 1, max: 3 }), (lists, minimumCount) => {
    let kept = lists.map((list, p) => ({ p, list: [...new Set(list)] }));
    for (let before = ""; before !== JSON.stringify(kept);) {
      before = JSON.stringify(kept);
      const counts = new Map<number, number>();
      for (const t of kept.flatMap(({ list }) => list.slice(0, -2))) counts.set(t, (counts.get(t) ?? 0) + 1);
      kept = kept.map(({ p, list }) => ({ p, list: list.filter((t) => (counts.get(t) ?? 0) >= minimumCount) }))
        .filter(({ list }) => list.length >= 4);
    }
    if (kept.length === 0) {
      assert.throws(() => splitPlaylists(interactions(lists), { minimumCount, minimumLength: 4 }), /No playlist/);
      return;
    }
    const split = splitPlaylists(interactions(lists), { minimumCount, minimumLength: 4 });
    assert.deepEqual(split.userIds, kept.map(({ p }) => `p${p}`));
    kept.forEach(({ list }, p) => {
      const ids = (codes: Int32Array) => Array.from(codes, (code) => Number(split.trackIds[code].slice(1)));
      assert.deepEqual(ids(historyOf(split, p, "test")), list.slice(0, -1));
      assert.deepEqual(ids(historyOf(split, p, "validation")), list.slice(0, -2));
      assert.deepEqual(
        ids(split.train.tracks.subarray(split.train.offsets[p], split.train.offsets[p + 1])),
        list.slice(0, -2),
      );
      assert.equal(split.trackIds[targetOf(split, p, "test")], `t${list.at(-1)}`);
      assert.equal(split.trackIds[targetOf(split, p, "validation")], `t${list.at(-2)}`);
    });
    assert.ok(split.counts.every((count) => count >= minimumCount));
  }));
});
