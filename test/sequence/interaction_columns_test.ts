import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../lib/data/errors.ts";
import { readInteractions } from "../../lib/sequence/interactions.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-columns-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

/** What a file of these lines is read as: each user with the tracks in order. */
async function read(lines: string[], columns?: string): Promise<string[]> {
  const path = join(folder, "x.dat");
  writeFileSync(path, lines.join("\n") + "\n");
  const { offsets, tracks, trackIds, userIds } = await readInteractions(path, columns);
  return userIds.map((user, u) =>
    `${user}: ${Array.from(tracks.subarray(offsets[u], offsets[u + 1]), (t) => trackIds[t]).join(" ")}`
  );
}

Deno.test("without a header columns are told by what is in them", async () => {
  const table: [name: string, lines: string[], expected: string[]][] = [
    [
      "YOOCHOOSE's clicks: session, time, item, category",
      [
        "7,2014-04-07T10:02:09.277Z,214536503,0",
        "7,2014-04-07T10:01:09.277Z,214536500,S",
        "8,2014-04-07T09:00:00.000Z,214536500,12",
      ],
      ["7: 214536500 214536503", "8: 214536500"],
    ],
    ["user, Unix time, item", ["4 1433221335 103", "4 1433221332 104"], ["4: 104 103"]],
    ["time, user, item", ["2020-01-02 10:00:00;u;x9", "2020-01-01 10:00:00;u;x8"], ["u: x8 x9"]],
    ["milliseconds", ["u|a|1433221335000", "u|b|1433221332000"], ["u: b a"]],
    ["MovieLens 100K", ["196\t242\t3\t881250949", "196\t302\t4\t881250940"], ["196: 302 242"]],
    ["pairs with blanks", ["1 30", "1 20", "2 30"], ["1: 30 20", "2: 30"]],
  ];
  for (const [name, lines, expected] of table) assert.deepEqual(await read(lines), expected, name);
});

Deno.test("headers of public data sets", async () => {
  const table: [name: string, lines: string[], expected: string[]][] = [
    ["RetailRocket", [
      "timestamp,visitorid,event,itemid,transactionid",
      "1433221335117,5,view,30,",
      "1433221332117,5,view,31,",
    ], ["5: 31 30"]],
    ["sessions", ["session_id;item_id;timestamp", "s;a;2", "s;b;1"], ["s: b a"]],
    ["Amazon", ["reviewerID\tasin\toverall\tunixReviewTime", "A\tB01\t5.0\t1400000002", "A\tB02\t4.0\t1400000001"], [
      "A: B02 B01",
    ]],
    ["RecBole with blanks", ["user_id:token item_id:token timestamp:float", "1 103 20", "1 104 10"], ["1: 104 103"]],
    ["KKBox, no time", ["msno,song_id,source", "m,s1,x", "m,s2,x"], ["m: s1 s2"]],
    ["an index without a name in front", [",msno,song_id", "0,m,s1", "1,m,s2"], ["m: s1 s2"]],
    ["decimal commas", ["user_id;item_id;timestamp", "u;a;2,5", "u;b;2,25"], ["u: b a"]],
    ["item-id, User ID", ["Item-ID,User ID,Event Time", "a,u,2020-01-02", "b,u,2020-01-01"], ["u: b a"]],
  ];
  for (const [name, lines, expected] of table) assert.deepEqual(await read(lines), expected, name);
});

Deno.test("RecBole's sequence files: of the lists of a user the longest, with the target behind it", async () => {
  const head = "user_id:token\titem_id_list:token_seq\titem_id:token";
  assert.deepEqual(await read([head, "1\t5 6 7\t8", "2\t\t9", "2\t9\t4", "2\t9 4\t9"]), ["1: 5 6 7 8", "2: 9 4 9"]);
  assert.deepEqual(await read(["user_id:token\titem_id_list:token_seq", "u\ta b a"]), ["u: a b a"]);
  await assert.rejects(
    read([head, "1\t5 6 7\t8", "3\t1 2\t3", "3\t2 3\t4 "]),
    /expected the lists of a user to be beginnings of one another, but those of user '3' are not/,
  );
});

Deno.test("columns that cannot be told are asked for, and are taken by name, number or meaning", async () => {
  // Two columns of texts behind the time: artist and track, as Last.fm 1K has them.
  const lastfm = [
    "user_1\t2009-05-04T23:08:57Z\tA1\tNina\tT7\tRain",
    "user_1\t2009-05-03T23:08:57Z\tA2\tOtis\tT8\tSun",
  ];
  const asks =
    /x\.dat: expected columns user_id,track_id,timestamp but found '.*'; say which they are, e\.g\. --columns /;
  const places = ["1\t2010-10-19T23:55:27Z\t30.235\t-97.79\t22847", "1\t2010-10-18T22:17:43Z\t30.26\t-97.76\t420315"];
  const undecided: [name: string, lines: string[]][] = [
    ["Last.fm 1K", lastfm],
    ["Gowalla: coordinates before the place", places],
    ["two columns of times", ["1,1433221332,1433221339", "1,1433221333,1433221338"]],
    ["user, item, rating and no time", ["1,31,2.5", "1,32,3.5"]],
    ["KONECT's first line", ["% bip weighted", "1 31 1 1433221332"]],
    ["a header of other words", ["wer;was;wann", "a;b;3"]],
  ];
  for (const [name, lines] of undecided) await assert.rejects(read(lines), asks, name);
  assert.deepEqual(await read(lastfm, "1,5,2"), ["user_1: T8 T7"]);
  assert.deepEqual(await read(lastfm, "user,timestamp,-,-,track,-"), ["user_1: T8 T7"]);
  assert.deepEqual(await read(lastfm, "1,5"), ["user_1: T7 T8"]);
  assert.deepEqual(await read(["wer;was;wann", "a;b;3", "a;c;1"], "wer,was,wann"), ["a: c b"]);
  assert.deepEqual(await read(["wann;was;wer", "3;b;a", "1;c;a"], "time,item,user"), ["a: c b"]);
  assert.deepEqual(await read(["user_id,track_id,album_id,time", "u,t,a,1"], "user_id,album_id,time"), ["u: a"]);
  for (const wrong of ["1", "1,9", "user,user,track", "wer,was,nie", "-,-"]) {
    await assert.rejects(read(["1,31,2.5", "1,32,3.5"], wrong), (error) => {
      assert.ok(error instanceof InputError, wrong);
      assert.match(error.message, /--columns/);
      return true;
    });
  }
});

Deno.test("a file whose tracks look like times is refused", async () => {
  const table: [lines: string[], columns?: string][] = [
    [["user_id,item_id,timestamp", "1,2014-04-07T10:01:09Z,5", "1,2014-04-08T10:01:09Z,0"]],
    [["session,item,pos", "1,1433221335,5", "1,1433221336,0"]],
    [["7,2014-04-07T10:02:09.277Z,214536503,0", "7,2014-04-07T10:01:09.277Z,214536500,0"], "1,2,4"],
  ];
  for (const [lines, columns] of table) {
    await assert.rejects(read(lines, columns), /expected tracks in column \w+ but found times such as '/, lines[0]);
  }
});

Deno.test("a line without a user is named", async () => {
  await assert.rejects(
    read(["userId;itemId;timestamp", "7;1;1", "NA;2;2"]),
    /line 3: expected user_id,track_id,timestamp but found 'NA;2;2'/,
  );
});
