import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { strToU8, zipSync } from "fflate";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCatalog } from "../../lib/catalog/catalog.ts";
import { ingestFiles } from "../../lib/catalog/sql_ingest.ts";
import { csv, goodRow, id, ingest, type Row } from "./sources.ts";

const CASES = fileURLToPath(new URL("../../../shared/cases/", import.meta.url));
const AUDIO: Row = {
  ...{ danceability: 0.5, energy: 0.25, key: 7, loudness: -5.5, mode: 1, speechiness: 0.04, acousticness: 0.125 },
  ...{ instrumentalness: 0.01, liveness: 0.1, valence: 0.75, tempo: 120.5, duration_ms: 200000 },
};

/** A row with the values that every catalogue has. */
const row = (i: number, more: Row = {}): Row => ({
  track_id: id(i),
  track_name: `Song ${i}`,
  artist: "Mira",
  ...AUDIO,
  ...more,
});

/** A table in text. */
function table(rows: readonly Row[], sign = ",", names: Record<string, string> = {}): string {
  const field = (value: string | number) =>
    /[",;\n\t|]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  const header = Object.keys(rows[0]);
  const lines = rows.map((row) => header.map((name) => field(row[name])).join(sign));
  return [header.map((name) => field(names[name] ?? name)).join(sign), ...lines].join("\n") + "\n";
}

const numbersRead = async (
  rows: readonly Row[],
  name: "duration_ms" | "key" | "mode" | "energy" | "loudness" | "year",
) => {
  const { catalog, account } = await ingest({ "a.csv": table(rows) });
  return { values: Array.from(catalog.numbers[name]!), readings: account.files[0].readings };
};

Deno.test("A table is read alike in any encoding, with any sign between fields, with decimal commas", async () => {
  const rows = [row(1, { artist: "Señor Ñandú", year: 1999 }), row(2, { track_name: 'The "Long", Road', year: 2001 })];
  const comma = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map((
        [name, value],
      ) => [name, typeof value === "number" ? String(value).replace(".", ",") : value]),
    )
  );
  const truth = (await ingest({ "a.csv": table(rows) })).catalog;
  const variants: [string | Uint8Array, string][] = [
    [table(comma, ";"), "semicolons"],
    [Buffer.from("\ufeff" + table(comma, "\t"), "utf16le"), "UTF-16LE, tabs"],
    [Buffer.from(table(comma, ";"), "latin1"), "Windows-1252, semicolons"],
    [table(rows, "|"), "vertical bars"],
    ["\ufeff" + table(rows), ""],
    ["sep=;\r\n" + table(comma, ";").replaceAll("\n", "\r\n"), "semicolons"],
  ];
  for (const [content, written] of variants) {
    const { catalog, account, rejects } = await ingest({ "a.csv": content });
    assert.deepEqual([catalog, account.files[0].written, rejects], [truth, written, []]);
  }
});

Deno.test("Keys, modes and meters are read by name", async () => {
  const keys: [string, number][] = [
    ...[["C", 0], ["C#", 1], ["D♭", 1], ["Db", 1], ["d", 2], ["E flat", 3], ["F♯", 6], ["C#/Db", 1], [
      "Cb",
      11,
    ]] as const,
    ...[["B#", 0], ["A minor", 9], ["F# min", 6], ["Bb Major", 10], ["Ebm", 3], ["8A", 9], ["8B", 0], ["1A", 8], [
      "5",
      5,
    ]] as const,
  ].map(([text, number]) => [text, number]);
  const { values, readings } = await numbersRead(keys.map(([key], i) => row(i, { key })), "key");
  assert.deepEqual(values, keys.map(([, number]) => number));
  assert.deepEqual(readings, ["key: keys by name"]);
  const modes: [string, number][] = [
    ...[["Major", 1], ["minor", 0], ["maj", 1], ["MIN", 0], ["Dur", 1], ["moll", 0], ["mineur", 0], ["m", 0], [
      "M",
      1,
    ]] as const,
    ...[["C# minor", 0], ["Bb major", 1], ["8A", 0], ["12B", 1], ["0", 0], ["1.0", 1]] as const,
  ].map(([text, number]) => [text, number]);
  assert.deepEqual(
    (await numbersRead(modes.map(([mode], i) => row(i, { mode })), "mode")).values,
    modes.map(([, n]) => n),
  );
  // The mode stands in the key.
  const rows = ["C# minor", "F major", "Ab minor"].map((key, i) => {
    const { mode: _mode, ...rest } = row(i, { key });
    return rest as Row;
  });
  const { catalog } = await ingest({ "a.csv": table(rows) });
  assert.deepEqual([[...catalog.numbers.key!], [...catalog.numbers.mode!]], [[1, 5, 8], [0, 1, 0]]);
  const { track_name, artist, ...rest } = row(1, { key: "C#", mode: "Major" });
  const features = table([{ genre: "Folk", artist_name: artist, track_name, ...rest, time_signature: "4/4" }]);
  const read = await ingest({ "SpotifyFeatures.csv": "\ufeff" + features });
  assert.deepEqual(read.account.files[0].form, "232k");
  const { key, mode, time_signature } = read.catalog.numbers;
  assert.deepEqual([key![0], mode![0], time_signature![0]], [1, 1, 4]);
});

Deno.test("Scales and units are told from the whole column", async () => {
  const percent = (value: number) => ({
    danceability: value,
    energy: 80,
    valence: 33,
    speechiness: 1,
    acousticness: 0,
    instrumentalness: 0,
    liveness: 12,
  });
  const { catalog, account } = await ingest({
    "a.csv": table([row(1, percent(67)), row(2, percent(5)), row(3, percent(1))]),
  });
  assert.deepEqual([...catalog.numbers.danceability!], [0.67, 0.05, 0.01]);
  assert.deepEqual([catalog.numbers.speechiness![0], catalog.numbers.acousticness![0]], [0.01, 0]);
  assert.ok(account.files[0].readings.includes("danceability: percent"));
  // One value beyond 1 among fractions is a fault, and no scale.
  const fault = await ingest({ "a.csv": table([row(1), row(2), row(3), row(4, { danceability: 5 })]) });
  assert.deepEqual([fault.account.rejected, fault.account.files[0].readings], [1, []]);
  const cases: [(string | number)[], number[]][] = [
    [["3:45", "1:02:03", "0:59"], [225000, 3723000, 59000]],
    [[225, 180.5, 2000], [225000, 180500, 2000000]],
    [["264,453", "198,000", "1,264,453"], [264453, 198000, 1264453]],
    [["264 453", "198 000", "99 000"], [264453, 198000, 99000]],
    [[225000, "3:45", 180000], [225000, 225000, 180000]],
  ];
  for (const [texts, expected] of cases) {
    const { values } = await numbersRead(texts.map((duration_ms, i) => row(i, { duration_ms })), "duration_ms");
    assert.deepEqual(values.map(Math.round), expected);
  }
  assert.deepEqual(
    (await numbersRead(["-5.5 dB", "−7 db", "-3"].map((loudness, i) => row(i, { loudness })), "loudness")).values,
    [-5.5, -7, -3],
  );
});

Deno.test("Dates of spreadsheets: the order of day and month is told from the column, else the year alone is taken", async () => {
  const cases: [string[], string[], RegExp?][] = [
    [["6/14/2019", "1984", "2/3/2001"], ["2019-06-14", "1984", "2001-02-03"], /month before day/],
    [["14/6/2019", "1984", "2/3/2001"], ["2019-06-14", "1984", "2001-03-02"], /day before month/],
    [["4/6/2019", "1984", "2/3/2001"], ["2019", "1984", "2001"], /the year alone/],
    [["14/6/2019", "6/14/2019", "2/3/2001"], ["2019", "2019", "2001"], /the year alone/],
    [["4.6.2019", "02.03.2001", "2000-05"], ["2019-06-04", "2001-03-02", "2000-05"], /another form/],
    [["43630", "36951", "1999"], ["2019-06-14", "2001-03-01", "1999"], /another form/],
    [["Jun 14, 2019", "3 March 2001", "14-Jun-2019"], ["2019-06-14", "2001-03-03", "2019-06-14"], /another form/],
    [["2019-06-14T00:00:00Z", "2001/3/2", "June 2003"], ["2019-06-14", "2001-03-02", "2003-06"], /another form/],
    [["2019-06-14", "soon", ""], ["2019-06-14", "null", "null"]],
  ];
  for (const [texts, dates, reading] of cases) {
    const { catalog, account, rejects } = await ingest({
      "a.csv": table(texts.map((release_date, i) => row(i, { release_date }))),
    });
    assert.deepEqual([catalog.texts.release_date!.map(String), rejects], [dates, []]);
    assert.match(account.files[0].readings.join(), reading ?? /^$/);
    assert.deepEqual(Object.values(account.odd).map(({ count }) => count), reading ? [] : [1]);
  }
  const without = await ingest({ "a.csv": table([row(1, { release_date: "6/14/2019" })]) }, {
    map: { release_date: "" },
  });
  assert.deepEqual([without.catalog.texts.release_date, without.account.files[0].ignored], [undefined, [
    "release_date",
  ]]);
  await assert.rejects(
    ingest({ "a.csv": table([row(1)]) }, { map: { energy: "" } }),
    /--map energy=: energy is needed/,
  );
});

Deno.test("Yes and no are read in the words of spreadsheets", async () => {
  const words = ["TRUE", "yes", "1", "WAHR", "vrai", "Sí", "FALSE", "no", "0", "FALSCH", "faux", "clean"];
  const { catalog, account } = await ingest({ "a.csv": table(words.map((explicit, i) => row(i, { explicit }))) });
  assert.deepEqual([...catalog.numbers.explicit!], words.map((_, i) => Number(i < 6)));
  assert.deepEqual([account.out, account.odd], [words.length, {}]);
});

Deno.test("Columns are found by their names in other languages and wider forms", async () => {
  const languages: Record<string, string>[] = [
    {
      track_id: "Track-URI",
      track_name: "Track-Name",
      artist: "Künstlername(n)",
      duration_ms: "Track-Dauer (ms)",
      energy: "Energie",
      key: "Tonart",
    },
    {
      track_id: "URI de la canción",
      track_name: "Nombre de la canción",
      artist: "Nombre(s) del artista",
      mode: "Modo",
      danceability: "Bailabilidad",
    },
    {
      track_id: "URI du titre",
      track_name: "Nom du titre",
      artist: "Nom(s) de l'artiste",
      duration_ms: "DUREE DU TITRE (MS)",
      loudness: "Volume sonore",
    },
    {
      track_id: "URI della traccia",
      track_name: "Nome della traccia",
      artist: "Nome dell'artista",
      valence: "Valenza",
      liveness: "Vivacità",
    },
    { track_id: "URI da faixa", track_name: "Nome da faixa", artist: "Nome(s) do artista", speechiness: "Oralidade" },
    {
      track_id: "Nummer URI",
      track_name: "Nummernaam",
      artist: "Naam van artiest",
      acousticness: "Akoestiek",
      instrumentalness: "Instrumentaliteit",
    },
    {
      track_id: "トラックURI",
      track_name: "トラック名",
      artist: "アーティスト名",
      tempo: "テンポ",
      duration_ms: "トラックの長さ（ミリ秒）",
    },
  ];
  const truth = (await ingest({ "a.csv": table([row(1), row(2)]) })).catalog;
  for (const names of languages) {
    assert.deepEqual((await ingest({ "a.csv": table([row(1), row(2)], ";", names) })).catalog, truth);
  }
  // The title of the video, and the number of the track.
  const video = { Track: "Amber", Title: "Mira - Amber (Official Video)", Album: "Days" };
  const { track_name: _name, ...rest } = row(1);
  assert.deepEqual((await ingest({ "a.csv": table([{ ...rest, ...video }] as Row[]) })).catalog.texts.title, ["Amber"]);
  const numbered = await ingest({ "a.csv": table([{ ...rest, Track: 3, Title: "Amber", Album: "Days" }] as Row[]) });
  assert.deepEqual([numbered.catalog.texts.title, numbered.catalog.texts.album], [["Amber"], ["Days"]]);
  // A known form with more columns than it has.
  const wide = {
    ...goodRow("170k", 1),
    album_name: "Days",
    genre: "folk",
    niche_genres: "['freak folk', 'anti-folk']",
  };
  const { catalog, account } = await ingest({ "a.csv": table([wide]) });
  assert.deepEqual([account.files[0].form, account.files[0].ignored], ["170k", []]);
  assert.deepEqual([catalog.texts.album, catalog.lists.genres, catalog.lists.subgenres], [["Days"], [["folk"]], [[
    "freak folk",
    "anti-folk",
  ]]]);
});

Deno.test("Joined credits are taken apart by the artists who stand alone, and kept whole in doubt", async () => {
  const credits = [
    "Mira",
    "Odd, Mira",
    "Lys & Ferrow",
    "Pell, Lys & Ferrow",
    "Quill + Ruo",
    "Sy feat. Ty",
    "['A, B', 'C']",
    "Mira;Zed",
  ];
  const rows = credits.map((artist, i) => row(i, { artist, genres: "blues rock,indie rock" }));
  const { catalog, account } = await ingest({ "a.csv": table(rows) });
  assert.deepEqual(catalog.lists.artists, [
    ...[["Mira"], ["Odd", "Mira"], ["Lys & Ferrow"], ["Pell", "Lys & Ferrow"], ["Quill + Ruo"], ["Sy", "Ty"], [
      "A, B",
      "C",
    ], ["Mira", "Zed"]],
  ]);
  assert.deepEqual(account.credits, { separated: 4, inDoubt: 2, examples: ["Lys & Ferrow", "Quill + Ruo"] });
  assert.deepEqual(catalog.lists.genres![0], ["blues rock", "indie rock"]);
  // Another file names one of them alone; a form of single names keeps its own.
  const more = await ingest({
    "a.csv": table(rows),
    "b.csv": csv("tidytuesday", [{ ...goodRow("tidytuesday", 50), track_artist: "Ruo" }, {
      ...goodRow("tidytuesday", 51),
      track_artist: "Mira & Odd",
    }]),
  });
  assert.deepEqual(more.catalog.lists.artists!.slice(4, 5), [["Quill", "Ruo"]]);
  assert.deepEqual(more.catalog.lists.artists!.at(-1), ["Mira & Odd"]);
  // As many artists as ids.
  const uris = (count: number) => Array.from({ length: count }, (_, i) => `spotify:artist:${i}`).join(", ");
  const counted = await ingest({
    "a.csv": table(
      [["Wind, Rain & Snow", 1], ["Nobody, Else", 2]].map(([artist, count], i) =>
        row(i, { artist, "Artist URI(s)": uris(Number(count)) })
      ),
    ),
  });
  assert.deepEqual(counted.catalog.lists.artists, [["Wind, Rain & Snow"], ["Nobody", "Else"]]);
});

Deno.test("A zip archive gives its catalogues, and tells what else is in it", async () => {
  const good = csv("114k", [goodRow("114k", 1), { ...goodRow("114k", 2), tempo: 999 }]);
  const archive = zipSync({
    "data/tracks.csv": strToU8(good),
    "data/by_artist.csv": strToU8("artist,plays\nMira,3\n"),
    "data/empty.csv": strToU8(""),
    "read me.md": strToU8("hello"),
    "__MACOSX/data/._tracks.csv": strToU8("mac"),
  });
  const { account, rejects } = await ingest({ "archive.zip": archive });
  assert.deepEqual([account.out, account.files.map(({ file }) => file)], [1, ["archive.zip/data/tracks.csv"]]);
  assert.match(rejects[0], /^archive\.zip\/data\/tracks\.csv,3,/);
  assert.deepEqual(account.leftOut.map(({ file }) => file), ["data/by_artist.csv", "data/empty.csv", "read me.md"]);
  assert.match(
    account.leftOut.map(({ reason }) => reason).join(" | "),
    /^is of no known form: .* \| is empty; .* \| is no table$/,
  );
  await assert.rejects(
    ingest({ "a.zip": zipSync({ "photo.jpg": strToU8("x") }) }),
    /a\.zip: expected a zip archive with .* but found photo\.jpg/,
  );
  await assert.rejects(
    ingest({ "a.zip": zipSync({ "b.csv": strToU8("x,y\n1,2\n") }) }),
    /a\.zip\/b\.csv: is of no known form/,
  );
});

Deno.test("Where no row can be used, the message shows a value of each column that is at fault", async () => {
  const rows = [1, 2].map((i) => row(i, { key: "H?", mode: "blue", tempo: "fast" }));
  await assert.rejects(ingest({ "a.csv": table(rows) }), (error: Error) => {
    assert.match(error.message, /a\.csv: none of 2 rows could be used; 2 of them: .*\(first in line 2\)$/);
    for (const value of ["key: .*'H\\?'", "mode: .*'blue'", "tempo: .*'fast'"]) {
      assert.match(error.message, new RegExp(value));
    }
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
});

/** What the cases beside the repository must give. */
const EXPECTED: Record<string, { out: number; check: (catalog: Awaited<ReturnType<typeof readCatalog>>) => void }> = {
  "03_spotify_youtube/with_mode.csv": {
    out: 40,
    check: ({ texts }) => assert.ok(texts.title!.every((title) => !title!.includes("Official"))),
  },
  "04_ultimate_tracks_db/SpotifyFeatures.csv": {
    out: 40,
    check: ({ numbers }) => assert.ok(numbers.key!.every((key) => key >= 0 && key <= 11)),
  },
  "06_lyrics_550k/songs.csv": {
    out: 40,
    check: ({ lists, texts }) => {
      assert.ok(
        lists.artists!.every((names) => names.length === 2) && lists.genres!.every((names) => names.length === 1),
      );
      assert.ok(texts.album!.every((album) => album !== null));
    },
  },
  "08b_semicolon_points/tracks.csv": {
    out: 40,
    check: ({ texts }) => assert.ok(texts.title!.includes("Amber Anchor")),
  },
  "08b_semicolon_points/tracks.tsv": {
    out: 40,
    check: ({ texts }) => assert.ok(texts.title!.includes("Amber Anchor")),
  },
  "09_kaggle_zip/archive.zip": { out: 40, check: ({ texts }) => assert.ok(texts.title!.includes("Amber Anchor")) },
  "11_exportify_comma_artists/liked.csv": {
    out: 40,
    check: ({ lists }) => assert.equal(lists.artists!.filter((names) => names.length === 2).length, 20),
  },
  "15_excel_dates/spotify_songs.csv": {
    out: 40,
    check: ({ numbers }) => assert.ok(numbers.year!.every((year) => year >= 1980)),
  },
  "81_tiny_playlist/twelve.csv": {
    out: 8,
    check: ({ lists }) => assert.ok(lists.artists!.flat().includes("Lys & Ferrow")),
  },
};

for (const [file, { out, check }] of Object.entries(EXPECTED)) {
  Deno.test({
    name: `The case ${file}`,
    ignore: !existsSync(CASES),
    async fn() {
      const folder = mkdtempSync(join(tmpdir(), "segue-case-"));
      try {
        const account = await ingestFiles(folder, { files: [join(CASES, file)] });
        assert.equal(account.out, out);
        check(await readCatalog(join(folder, "tracks.parquet")));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  });
}
