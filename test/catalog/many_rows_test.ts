/**
 * Ingest of many and of strange rows: each is found again in the tracks, merged or in rejects.csv, and rows that nothing
 * was done to come out unchanged.
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { plainText } from "../../lib/catalog/work.ts";
import { formNamed, FORMS } from "../../lib/catalog/forms.ts";
import { worldLines } from "../../lib/catalog/synthetic/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/synthetic/tracks.ts";
import { withDuckDB } from "../../lib/data/parquet.ts";
import { csv, goodRow, HEADERS, id, ingest, type Ingested, type Row } from "./sources.ts";

type FormName = keyof typeof HEADERS;
const NAMES = Object.keys(HEADERS) as FormName[];

const TITLES = [
  ...["Plain", "Comma, here", 'Quote "here"', "Two\nlines", "Ünïcode 東京", "Ça ira", "NA", "???", "&", "Don’t – stop"],
  ...[
    "Heroes - 2017 Remaster",
    "Heroes",
    "Heroes (feat. A & B)",
    "Heroes ft. B [Live]",
    "Heroes (with A)",
    "Tab\there",
  ],
  ...["Héroes - Acústico", "Heroes - Some Remix", "Re-Arranged - Radio Edit", " spaced ", "A - B - Mono", "Straße ﬁ"],
  ...["Album - Version", "Live", "Alive (Live at X-Y - Z)", "Song - Single Version - Edit", "x".repeat(1200)],
];
const LISTS: Record<FormName, string[]> = {
  tidytuesday: ["A & B", "A;B", " A", "NA", "Ænima", "['A']"],
  "114k": ["A;B", "A; B", ";A", "A;A", "['A']", "Beyoncé;A"],
  "1.2M": [
    ...["['A', \"B's\"]", "['A']", "['A' , 'B']", "[]", "['A\\\\n']", "['']", "['Ünï', 'B']", "[\"A, B\", 'C]']"],
    ...["A;B", "['A', 'A']", "[' A']", "['A'"],
  ],
  "586k": ["['A', 'B']", "['東京']", "['A', \"B's\"]"],
  "170k": ["['A']", "['Ø', 'B']"],
};
const NUMBERS = [
  ...["0", "1", "0.5", "1e-3", "7.09e-05", "0.30000000000000004", "0.1234567890123456789", "1e400", "00.5", ".5", "5."],
  ...["+0.5", "", " 0.5", "1_0", "nan", "NA", "inf", "0x1", "1e", "-1", "120", "121.00000000000001", "4.0", "3.5"],
  ...["9007199254740993", "1e22", "1e23", "200000", "200000.5", "1999", "0.0"],
];
const DATES = [
  "1999",
  "1999-02",
  "1999-02-29",
  "2000-02-29",
  "0000",
  "0000-00",
  "",
  "NA",
  "2019-13-01",
  "19x9",
  "1799",
];
const TRUTHS = ["True", "false", "TRUE", "1", "0", "1.0", "", "maybe", "NA"];

/** Values to try in a column; what stands in quotes in the file is up to csv(). */
function valuesFor(form: FormName, column: string): string[] {
  if (["track_name", "name", "album", "album_name", "track_album_name"].includes(column)) return TITLES;
  if (["artists", "track_artist", "artist_ids", "id_artists"].includes(column)) return LISTS[form];
  if (/release_date/.test(column)) return DATES;
  if (column === "explicit") return TRUTHS;
  if (["id", "track_id", "album_id", "track_album_id"].includes(column)) {
    return [id(1), id(2), "x", "", id(3) + " ", "NA"];
  }
  if (/genre|playlist/.test(column)) return ["rock", "pop", "", "NA", " x", "a;b"];
  return NUMBERS;
}

/** The values of each row by column, but for its work, which may be that of another row. */
function rowsOf({ catalog }: Ingested): Map<string, unknown> {
  const columns = Object.entries({ ...catalog.numbers, ...catalog.texts, ...catalog.lists });
  return new Map(catalog.texts.track_id!.map((trackId, i) => [
    trackId!,
    columns.filter(([name]) => name !== "work_id").map(([name, values]) => [name, values[i]]),
  ]));
}

const change = fc.record({ row: fc.nat(11), column: fc.nat(30), value: fc.nat(1000) });

Deno.test("Strange values in any column are taken or told, and the other rows stay as they are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...NAMES),
      fc.array(change, { maxLength: 25 }),
      fc.constantFrom("impute" as const, "drop" as const),
      fc.boolean(),
      async (form, changes, onMissing, crlf) => {
        const rows = Array.from({ length: 16 }, (_, i): Row => ({ ...goodRow(form, i + 10), tempo: 100 + i / 8 }));
        const whole = rowsOf(await ingest({ "a.csv": csv(form, rows) }));
        const columns = HEADERS[form].split(",").filter((name) => name !== "");
        for (const { row, column, value } of changes) {
          const name = columns[column % columns.length];
          const values = valuesFor(form, name);
          rows[row][name] = values[value % values.length];
        }
        const text = csv(form, rows);
        const found = await ingest({ "a.csv": crlf ? text.replaceAll(/(?<!Two)\n/g, "\r\n") : text }, { onMissing });
        const { rowsIn, out, merged, rejected } = found.account;
        assert.deepEqual([rowsIn, rowsIn - out - merged - rejected], [16, 0]);
        assert.equal(found.rejects.length, rejected);
        const lines = found.rejects.map((reject) => Number(reject.split(",")[1]));
        assert.deepEqual(lines, lines.toSorted((a, b) => a - b));
        const tracks = rowsOf(found);
        for (let i = 0; i < rows.length; i++) {
          if (!changes.some(({ row }) => row === i)) assert.deepEqual(tracks.get(id(i + 10)), whole.get(id(i + 10)));
        }
      },
    ),
    { numRuns: 20 },
  );
});

for (const form of FORMS) {
  Deno.test(`A dirty world of the ${form.name} form is accounted for, whole and as a sample`, async () => {
    const artists = planArtists(1500, 7);
    const text = [...worldLines(artists, worldTracks(artists, 7), form, 7)].join("");
    const { account } = await ingest({ "a.csv": gzipSync(text) });
    assert.ok(account.out > 1400 && account.works.several > 50);
    assert.equal(account.rowsIn, account.out + account.merged + account.rejected);
    const sampled = await ingest({ "a.csv": text }, { tracks: 300, seed: 3 });
    assert.ok(sampled.account.out === 300 && sampled.account.notSampled > 1000);
    const { rowsIn, rejected, merged, out, notSampled } = sampled.account;
    assert.deepEqual([rowsIn, rejected, merged, out + notSampled], [
      ...[account.rowsIn, account.rejected, account.merged, account.out],
    ]);
  });
}

Deno.test("A file that is read on several threads keeps its order, also with a line break in a title", async () => {
  const artists = planArtists(19_000, 3);
  const lines = [...worldLines(artists, worldTracks(artists, 3), formNamed("1.2M"), 3)];
  const text = lines.join("");
  assert.ok(text.length > 1 << 22);
  const plain = await ingest({ "a.csv": text });
  const ids = plain.catalog.texts.track_id!;
  const known = new Set(ids);
  assert.deepEqual(ids, lines.slice(1).map((line) => line.slice(0, 22)).filter((trackId) => known.has(trackId)));
  const broken = text.replace(/,(?=[^,]*,[^,]*,[^,]*,\['[^']*'\],\['[^']*'\],1,1,)[^,]*/, ',"Broken\n""title"""');
  const { account, catalog, rejects } = await ingest({ "a.csv": broken });
  assert.deepEqual(catalog.texts.track_id, ids);
  const changed = catalog.texts.title!.findIndex((title, i) => title !== plain.catalog.texts.title![i]);
  assert.equal(catalog.texts.title![changed], 'Broken "title"');
  const place = text.slice(0, text.indexOf(ids[changed]!)).split("\n").length;
  const further = (line: number) => line > place ? line + 1 : line;
  assert.deepEqual(
    rejects,
    plain.rejects.map((reject) => reject.replace(/^a\.csv,(\d+)/, (_, line) => `a.csv,${further(Number(line))}`)),
  );
  assert.deepEqual(account.reasons, plain.account.reasons);
});

Deno.test("Titles put together from marks of takes and guests share works", async () => {
  const marks = ["remastered", "live", "acoustic", "demo", "radio edit", "single version", "mono", "original mix"];
  const part = fc.oneof(
    fc.constantFrom(...marks, ...marks.map((word) => word.toUpperCase()), "remix", "vip", "cover"),
    fc.constantFrom(
      " - ",
      " (",
      ")",
      " [",
      "]",
      "-",
      " ",
      ".",
      "(",
      "_",
      "2011",
      "é",
      "É",
      "at Wembley",
      "Heroes",
      "X-Y",
    ),
    fc.constantFrom(
      " feat. ",
      " (feat. ",
      " ft ",
      " [FT. ",
      " featuring ",
      " (with ",
      "with.",
      "(Featuring A)",
      "feat",
    ),
  );
  const titles = fc.sample(
    fc.array(part, { minLength: 2, maxLength: 9 }).map((parts) => parts.join("").trim() || "x"),
    { numRuns: 3000, seed: 5 },
  );
  const { account } = await ingest({
    "a.csv": csv("1.2M", titles.map((name, i) => ({ ...goodRow("1.2M", i), name }))),
  });
  assert.ok(account.works.several > 100, `${account.works.several}`);
});

Deno.test("Accented Latin letters become plain as Unicode takes them apart", async () => {
  const [first, last] = [0xc0, 0x17f];
  const letters = Array.from({ length: last - first + 1 }, (_, i) => String.fromCharCode(first + i));
  const found = await withDuckDB((connection) =>
    connection.runAndReadAll(`SELECT ${plainText("x")} FROM (SELECT unnest([${letters.map((x) => `'${x}'`)}]) AS x)`)
  );
  const expected = letters.map((letter) => {
    if (!/\p{L}/u.test(letter)) return "";
    return letter === "İ" ? "i" : letter.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  });
  assert.deepEqual(found.getRows().flat(), expected);
});
