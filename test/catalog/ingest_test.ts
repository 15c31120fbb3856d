import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ingestStage } from "../../lib/catalog/ingest.ts";
import { sqlText, withDuckDB } from "../../lib/data/parquet.ts";
import { runPython } from "../python.ts";
import { csv, goodRow, HEADERS, id, ingest, type Row } from "./sources.ts";

const FORMS = Object.keys(HEADERS) as (keyof typeof HEADERS)[];
const REAL = fileURLToPath(new URL("../../../shared/data/spotify_songs.csv.gz", import.meta.url));

function refuses(promise: Promise<unknown>, message: RegExp) {
  return assert.rejects(promise, (error: Error) => {
    assert.equal(error.name, "InputError", error.stack ?? "");
    assert.match(error.message, message);
    return true;
  });
}

for (const form of FORMS) {
  Deno.test(`A file of the ${form} form is recognised and every value arrives`, async () => {
    const { account, catalog } = await ingest({ "a.csv": csv(form, [goodRow(form, 1), goodRow(form, 2)]) });
    assert.equal(account.files[0].form, form);
    assert.deepEqual([account.rowsIn, account.out, account.rejected, account.merged], [2, 2, 0, 0]);
    assert.deepEqual(catalog.texts.track_id, [id(1), id(2)]);
    assert.deepEqual(catalog.texts.title, ["Song 1", "Song 2"]);
    const artists = {
      tidytuesday: ["A & B"],
      "114k": ["A", "B"],
      "1.2M": ["A", "B's"],
      "586k": ["A", "B"],
      "170k": ["A"],
    };
    assert.deepEqual(catalog.lists.artists![0], artists[form]);
    const { danceability, loudness, tempo, key, mode, duration_ms, year, explicit, time_signature } = catalog.numbers;
    assert.deepEqual([danceability![0], loudness![0], tempo![0], key![0], mode![0], duration_ms![0]], [
      ...[0.5, -5.5, 120.5, 7, 1, 200000],
    ]);
    const years = { tidytuesday: 2019, "114k": undefined, "1.2M": 1999, "586k": 1922, "170k": 1921 };
    assert.equal(year?.[0], years[form]);
    const explicits = { tidytuesday: undefined, "114k": 0, "1.2M": 1, "586k": 1, "170k": 0 };
    assert.equal(explicit?.[0], explicits[form]);
    const beats = { tidytuesday: undefined, "114k": 4, "1.2M": 4, "586k": 3, "170k": undefined };
    assert.equal(time_signature?.[0], beats[form]);
    assert.equal("popularity" in catalog.numbers, form !== "1.2M");
    assert.equal("genres" in catalog.lists, form === "tidytuesday" || form === "114k");
  });
}

Deno.test("Bad values are rejected with line, id and reason; good ones stay", async () => {
  const good = goodRow("1.2M", 1);
  const bad: [string, string, string][] = [
    ["danceability", "1e9", "danceability: expected a number in [0, 1] but found '1e9'"],
    ["energy", "NaN", "missing energy"],
    ["energy", "", "missing energy"],
    ["valence", "0,5", "valence: expected a number in [0, 1] but found '0,5'"],
    ["loudness", "12", "loudness: expected a number in [-100, 10] but found '12'"],
    ["tempo", "-3", "tempo: expected a number in [1, 350] but found '-3'"],
    ["tempo", "1_20", "tempo: expected a number in [1, 350] but found '1_20'"],
    ["key", "12", "key: expected an integer in [0, 11] but found '12'"],
    ["key", "3.5", "key: expected an integer in [0, 11] but found '3.5'"],
    ["mode", "2", "mode: expected an integer in [0, 1] but found '2'"],
    ["duration_ms", "12", "duration_ms: expected a number in [1000, 86400000] but found '12'"],
    ["id", "short", "track_id: expected 22 letters and digits but found 'short'"],
    ["id", "id", "the header line again"],
    ["id", "", "missing track_id"],
    ["name", " ", "missing title"],
    ["artists", "[]", "missing artists"],
    ["artists", "", "missing artists"],
    ["artists", "['A'", "artists: expected a list of texts but found '['A''"],
  ];
  const rows = [good, ...bad.map(([column, value], i) => ({ ...good, id: id(i + 2), [column]: value })), {
    ...good,
    id: id(99),
  }];
  const { account, rejects, catalog } = await ingest({ "a.csv": csv("1.2M", rows) });
  const expected = bad.map(([column, value, reason], i) => {
    const trackId = column === "id" ? value : id(i + 2);
    return `a.csv,${i + 3},${trackId},${reason.includes(",") ? `"${reason}"` : reason}`;
  });
  assert.deepEqual(rejects, expected);
  assert.deepEqual([account.rowsIn, account.out, account.rejected], [bad.length + 2, 2, bad.length]);
  assert.deepEqual(catalog.texts.track_id, [id(1), id(99)]);
});

Deno.test("An optional value that cannot be costs the value, which is counted, and not the track", async () => {
  const odd: [string, string][] = [
    ["year", "19x9"],
    ["year", "3019"],
    ["release_date", "2019-02-30"],
    ["release_date", "last spring"],
    ["explicit", "maybe"],
    ["time_signature", "99"],
  ];
  const rows = odd.map(([column, value], i) => ({ ...goodRow("1.2M", i), [column]: value }));
  const { account, rejects, catalog } = await ingest({ "a.csv": csv("1.2M", [...rows, goodRow("1.2M", 9)]) });
  assert.deepEqual([account.out, rejects], [odd.length + 1, []]);
  assert.deepEqual(account.odd, {
    "release_date: expected YYYY, YYYY-MM or YYYY-MM-DD": { count: 2, example: "'2019-02-30'" },
    "year: expected an integer in [1800, 2099]": { count: 2, example: "'19x9'" },
    "explicit: expected True or False": { count: 1, example: "'maybe'" },
    "time_signature: expected an integer in [1, 15]": { count: 1, example: "'99'" },
  });
  assert.deepEqual(catalog.texts.release_date!.map((date) => date !== null), [
    true,
    true,
    false,
    false,
    true,
    true,
    true,
  ]);
  // The year in the release date stands in for an odd one.
  assert.deepEqual([...catalog.numbers.year!], rows.map(() => 1999).concat(1999));
  assert.ok(Number.isNaN(catalog.numbers.explicit![4]));
  assert.equal(catalog.numbers.popularity, undefined);
});

Deno.test("An absent optional value is missing, not a reason to reject", async () => {
  const rows = [{ ...goodRow("1.2M", 1), year: "NA", release_date: "", explicit: "", time_signature: "nan" }];
  const { catalog, account } = await ingest({ "a.csv": csv("1.2M", [...rows, goodRow("1.2M", 2)]) });
  assert.equal(account.out, 2);
  assert.ok(Number.isNaN(catalog.numbers.explicit![0]));
  assert.equal(catalog.texts.release_date![0], null);
});

Deno.test("Lines are physical lines, also after embedded line breaks, blank and damaged lines", async () => {
  const rows = [goodRow("114k", 1), { ...goodRow("114k", 2), track_name: "two\nlines" }, goodRow("114k", 3)];
  const lines = csv("114k", rows).split("\n");
  lines.splice(2, 0, "", "cut,line");
  const text = lines.join("\n").replace(/,120.5,4,rock\n$/, ",999,4,rock\n");
  const { rejects, account, catalog } = await ingest({ "a.csv": text });
  assert.deepEqual(rejects, [
    "a.csv,4,,damaged line: 2 fields where the header has 21",
    `a.csv,7,${id(3)},"tempo: expected a number in [1, 350] but found '999'"`,
  ]);
  assert.deepEqual([account.rowsIn, account.files[0].blankLines], [4, 1]);
  assert.deepEqual(catalog.texts.title, ["Song 1", "two lines"]);
});

Deno.test("Rows with one id become one track with all its genres and the highest popularity", async () => {
  const row = goodRow("tidytuesday", 1);
  const rows = [
    { ...row, playlist_genre: "rock", playlist_id: "p9" },
    goodRow("tidytuesday", 2),
    { ...row, track_popularity: 60, track_album_name: "Other" },
    { ...row, playlist_id: "p9" },
  ];
  const { account, catalog } = await ingest({ "a.csv": csv("tidytuesday", rows) });
  assert.deepEqual([account.rowsIn, account.merged, account.out], [4, 2, 2]);
  assert.deepEqual(account.duplicates, { ids: 1, popularityConflicts: 1, featureConflicts: 0 });
  assert.deepEqual(catalog.texts.track_id, [id(1), id(2)]);
  assert.deepEqual(catalog.lists.genres, [["rock", "pop"], ["pop"]]);
  assert.deepEqual(catalog.lists.playlists, [["p9", "p1"], ["p1"]]);
  assert.deepEqual([catalog.numbers.popularity![0], catalog.texts.album![0]], [60, "Album"]);
});

Deno.test("Several files of several forms become one catalogue; each fills in what the others lack", async () => {
  const { account, catalog } = await ingest({
    "a.csv": csv("1.2M", [goodRow("1.2M", 1)]),
    "b.csv.gz": gzipSync(csv("114k", [goodRow("114k", 1), goodRow("114k", 2)])),
  });
  assert.deepEqual(account.files.map(({ form, rows }) => [form, rows]), [["1.2M", 1], ["114k", 2]]);
  assert.deepEqual([account.out, account.merged], [2, 1]);
  assert.deepEqual([...catalog.numbers.popularity!], [40, 40]);
  assert.deepEqual(catalog.lists.genres, [["rock"], ["rock"]]);
  assert.deepEqual([...catalog.numbers.year!], [1999, NaN]);
});

Deno.test("Tempo 0, time signature 0 and year 0 are imputed by rule, or dropped by choice", async () => {
  const rows = [1, 2, 3].map((i) => ({ ...goodRow("1.2M", i), tempo: 100 + i }));
  const silent = { tempo: 0, danceability: 0, speechiness: 0, valence: 0, time_signature: 0 };
  const marked = [
    ...rows,
    { ...goodRow("1.2M", 4), ...silent },
    { ...goodRow("1.2M", 5), year: 0, release_date: "0000", valence: 0, key: -1 },
  ];
  const imputed = await ingest({ "a.csv": csv("1.2M", marked) });
  assert.deepEqual(imputed.account.imputed, {
    ...{ tempo: 1, danceability: 1, speechiness: 1, valence: 1, time_signature: 1, year: 1 },
  });
  assert.equal(imputed.account.keyUnknown, 1);
  const { tempo, danceability, valence, time_signature, year, key } = imputed.catalog.numbers;
  assert.deepEqual([tempo![3], danceability![3], valence![3], time_signature![3], year![4]], [
    102.5,
    0.5,
    0.75,
    4,
    1999,
  ]);
  assert.deepEqual([valence![4], key![4]], [0, NaN]);
  const dropped = await ingest({ "a.csv": csv("1.2M", marked) }, { onMissing: "drop" });
  assert.deepEqual(dropped.rejects.map((line) => line.split(",").at(-1)), ["missing tempo", "missing year"]);
  assert.equal(dropped.account.out, 3);
});

Deno.test("Takes of one song by one artist share the work_id of the first", async () => {
  const titles = ["Heroes", "Other", "Heroes - 2017 Remaster", "Heroes"];
  const rows = titles.map((name, i): Row => ({ ...goodRow("1.2M", i), name }));
  rows[3].artists = "['Somebody Else']";
  const { catalog, account } = await ingest({ "a.csv": csv("1.2M", rows) });
  assert.deepEqual(catalog.texts.work_id, [id(0), id(1), id(0), id(3)]);
  assert.deepEqual(account.works, { several: 1, tracks: 2, largest: 2 });
});

Deno.test("Columns are found whatever their capitals, spaces and signs, as Exportify writes them", async () => {
  const exportify =
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Danceability," +
    "Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,Valence,Tempo,Time Signature\n" +
    "spotify:track:4iV5W9uYEdYUVa79Axb7Rh,Song,Album,A;B,1990-05-01,180000,40,0.5,0.6,0,-7,1,0.1,0.1,0,0.1,0.5,120,4\n";
  const { catalog, account } = await ingest({ "a.csv": exportify });
  assert.equal(account.files[0].form, "own");
  assert.deepEqual(catalog.lists.artists, [["A", "B"]]);
  assert.deepEqual([catalog.texts.title?.[0], catalog.texts.album?.[0]], ["Song", "Album"]);
  assert.deepEqual([catalog.numbers.duration_ms?.[0], catalog.numbers.time_signature?.[0]], [180000, 4]);
});

Deno.test("A sample is seeded, in file order, and accounted for", async () => {
  const file = csv("586k", Array.from({ length: 50 }, (_, i) => goodRow("586k", i)));
  const samples = await Promise.all([7, 7, 8].map((seed) => ingest({ "a.csv": file }, { tracks: 20, seed })));
  const ids = samples.map(({ catalog }) => catalog.texts.track_id as string[]);
  assert.deepEqual(ids[0], ids[1]);
  assert.notDeepEqual(ids[0], ids[2]);
  assert.deepEqual(ids[0], [...ids[0]].sort());
  const { rowsIn, out, notSampled, merged, rejected } = samples[0].account;
  assert.deepEqual([out, notSampled], [20, 30]);
  assert.equal(rowsIn, out + notSampled + merged + rejected);
});

Deno.test("Our own form and files of no known form are read, with --map where needed", async () => {
  const own = "track_id,title,artists,genres,year," +
    "danceability,energy,loudness,speechiness,acousticness,instrumentalness,liveness,valence,tempo,key,mode,duration_ms\n" +
    `x1,Song,"['A', 'B']","['rock', 'pop']",1990,0.5,0.5,-7,0.1,0.1,0,0.1,0.5,120,0,1,180000\n`;
  const segue = await ingest({ "a.csv": own });
  assert.equal(segue.account.files[0].form, "segue");
  assert.deepEqual(segue.catalog.lists.artists, [["A", "B"]]);
  assert.deepEqual(segue.catalog.lists.genres, [["rock", "pop"]]);
  const strange = own.replace("title,artists", "What it says,Performer").replace("energy", "Energy");
  const map = { title: "What it says", artists: "Performer", energy: "Energy" };
  const mapped = await ingest({ "a.csv": strange }, { map });
  assert.deepEqual(mapped.catalog.lists.artists, [["A", "B"]]);
  await refuses(
    ingest({ "a.csv": strange }),
    /a\.csv: is of no known form: it lacks column title; found track_id, What it says.*name it with --map title=COLUMN/,
  );
  await refuses(ingest({ "a.csv": own }, { map: { loud: "x" } }), /--map loud=x: expected one of track_id/);
  await refuses(ingest({ "a.csv": own }, { map: { energy: "x" } }), /has no column 'x'/);
});

Deno.test("Bad files give one clear error and leave nothing behind", async () => {
  const good = csv("114k", [goodRow("114k", 1)]);
  await refuses(ingest({ "a.csv": "" }), /a\.csv: is empty/);
  await refuses(ingest({ "a.csv": good.split("\n")[0] + "\n" }), /has a header but no rows/);
  await refuses(
    ingest({ "a.csv": good.replace("energy", "danceability") }),
    /looks like the 114k form but lacks column energy/,
  );
  await refuses(
    ingest({ "a.csv": good.replace("\n", ",energy\n").replace("rock", "rock,0.1") }),
    /'energy' is there twice/,
  );
  await refuses(
    ingest({ "a.csv": good.replace("120.5", "x") }),
    /none of 1 rows could be used; 1 of them: tempo: .*line 2/,
  );
  await refuses(ingest({ "a.parquet": "PAR1 but not really PAR1" }), /expected a Parquet file/);
  await refuses(ingest({ "a.csv": good }, { tracks: 0 }), /Expected tracks to be an integer of at least 1 but found 0/);
  const folder = mkdtempSync(join(tmpdir(), "segue-ingest-"));
  try {
    await refuses(ingestStage(folder, { files: [join(folder, "none.csv")] }), /none\.csv: no such file/);
    writeFileSync(join(folder, "bad.csv"), good.replace("120.5", "x") + "cut\n");
    await refuses(ingestStage(folder, { files: [join(folder, "bad.csv")] }), /none of 2 rows/);
    assert.deepEqual(readdirSync(folder), ["bad.csv"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("Parquet files are read, with lists as lists or as text, and dates as dates, times or text", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-ingest-"));
  try {
    const text = csv("1.2M", [goodRow("1.2M", 1), { ...goodRow("1.2M", 2), tempo: 500 }, goodRow("1.2M", 3)]);
    writeFileSync(join(folder, "a.csv"), text);
    await withDuckDB(async (connection) => {
      const from = `FROM read_csv(${sqlText(join(folder, "a.csv"))}, header = true)`;
      await connection.run(`COPY (SELECT * ${from}) TO ${sqlText(join(folder, "text.parquet"))}`);
      await connection.run(
        `COPY (SELECT * REPLACE (['A', ' B '] AS artists) ${from}) TO ${sqlText(join(folder, "list.parquet"))}`,
      );
      for (const type of ["DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ"]) {
        const date = type === "TIMESTAMPTZ" ? "'1999-11-02 00:30:00+00'" : "'1999-11-02'";
        const path = sqlText(join(folder, `${type}.parquet`));
        await connection.run(`COPY (SELECT * REPLACE (${date}::${type} AS release_date) ${from}) TO ${path}`);
      }
    });
    for (const [name, artists] of [["text", ["A", "B's"]], ["list", ["A", "B"]]] as const) {
      const file = readFileSync(join(folder, `${name}.parquet`));
      const { catalog, rejects } = await ingest({ "a.parquet": file });
      assert.deepEqual(catalog.lists.artists![1], artists);
      assert.equal(catalog.numbers.danceability![0], 0.5);
      assert.deepEqual(rejects, [`a.parquet,2,${id(2)},"tempo: expected a number in [1, 350] but found '500.0'"`]);
    }
    for (const type of ["DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ"]) {
      const { catalog } = await ingest({ "a.parquet": readFileSync(join(folder, `${type}.parquet`)) });
      assert.deepEqual(catalog.texts.release_date, ["1999-11-02", "1999-11-02"], type);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Columns with their types, and all rows, of a Parquet file. */
function described(path: string): Promise<unknown[]> {
  return withDuckDB(async (connection) => {
    const from = `read_parquet(${sqlText(path)})`;
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
    return [await rows(`SELECT column_name, column_type FROM (DESCRIBE FROM ${from})`), await rows(`FROM ${from}`)];
  });
}

Deno.test("pandas opens tracks.parquet, and tracks.parquet can be ingested again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-ingest-"));
  try {
    writeFileSync(join(folder, "a.csv"), csv("tidytuesday", [goodRow("tidytuesday", 1), goodRow("tidytuesday", 2)]));
    await ingestStage(join(folder, "one"), { files: [join(folder, "a.csv")] });
    const path = join(folder, "one", "tracks.parquet");
    const seen = JSON.parse(runPython(
      "import json, sys, pandas\nd = pandas.read_parquet(sys.argv[1])\n" +
        "print(json.dumps([list(d.genres[0]), d.title[1], float(d.tempo[0]), str(d.year.dtype), len(d)]))",
      [path],
    ));
    assert.deepEqual(seen, [["pop"], "Song 2", 120.5, "int32", 2]);
    await ingestStage(join(folder, "two"), { files: [path] });
    const [one, two] = await Promise.all(["one", "two"].map((name) => described(join(folder, name, "tracks.parquet"))));
    assert.deepEqual(two, one);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test({
  name: "The 32,833 rows of the TidyTuesday file are accounted for one by one",
  ignore: !existsSync(REAL),
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "segue-ingest-"));
    try {
      const { facts } = await ingestStage(folder, { files: [REAL] });
      const { rowsIn, out, merged, rejected, reasons, duplicates, imputed } = facts as Record<string, unknown>;
      assert.deepEqual({ rowsIn, out, merged, rejected }, { rowsIn: 32833, out: 28352, merged: 4476, rejected: 5 });
      assert.deepEqual(reasons, { "missing title": 5 });
      assert.deepEqual(duplicates, { ids: 3165, popularityConflicts: 0, featureConflicts: 0 });
      assert.deepEqual(imputed, { tempo: 1, danceability: 1, speechiness: 1, valence: 1 });
      // Counted independently with pandas: rows without a name, distinct ids of the rest, physical lines of the rejects.
      const counted = JSON.parse(runPython(
        `import json, sys, pandas
d = pandas.read_csv(sys.argv[1], keep_default_na=False)
named = d[(d.track_name != "NA") & (d.track_artist != "NA")]
print(json.dumps([len(d), len(d) - len(named), named.track_id.nunique(),
  int((named.track_id.value_counts() > 1).sum()), [int(i) + 2 for i in d.index[d.track_name == "NA"]]]))`,
        [REAL],
      ));
      const lines = readFileSync(join(folder, "rejects.csv"), "utf8").trim().split("\n").slice(1);
      assert.deepEqual(counted, [rowsIn, rejected, out, 3165, lines.map((line) => Number(line.split(",")[1]))]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
