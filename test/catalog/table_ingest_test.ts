/**
 * The quick way through the kernel beside the exact rules in SQL: the same account, the same rejects, the same tracks in
 * the same order, whatever the file.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { IngestAccount, IngestOptions } from "../../lib/catalog/ingest.ts";
import { ingestInSql } from "../../lib/catalog/sql_ingest.ts";
import { ingestTable } from "../../lib/catalog/table_ingest.ts";
import { LATIN_RANGE, OTHER_WORDS, plainLatin, TAKE_WORDS } from "../../lib/catalog/titles.ts";
import { bareTitle, plainText } from "../../lib/catalog/work.ts";
import { csvHeader, WORLD_FORMS, worldRows } from "../../lib/catalog/world/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/world/tracks.ts";
import { NUMERIC_COLUMNS } from "../../lib/catalog/catalog.ts";
import { readParquet, sqlText, withDuckDB } from "../../lib/storage/parquet.ts";
import { readOwnNumbers } from "../../lib/storage/parquet_file.ts";
import { csv, goodRow, HEADERS, id, type Row } from "./sources.ts";

type FormName = keyof typeof HEADERS;
const FORMS = Object.keys(HEADERS) as FormName[];

interface Outcome {
  account: IngestAccount;
  rejects: string;
  tracks: unknown[];
}

/** What one of the two ways makes of a file: its outcome, the message of its error, or nothing where it passes. */
async function outcome(
  way: (directory: string, options: IngestOptions) => Promise<IngestAccount | undefined>,
  directory: string,
  options: IngestOptions,
): Promise<Outcome | string | undefined> {
  mkdirSync(directory);
  let account: IngestAccount | undefined;
  try {
    account = await way(directory, options);
  } catch (error) {
    assert.equal((error as Error).name, "InputError", (error as Error).stack ?? "");
    return (error as Error).message;
  }
  if (!account) return undefined;
  const tracks = await withDuckDB(async (connection) => {
    const from = `FROM read_parquet(${sqlText(join(directory, "tracks.parquet"))})`;
    const types = await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE ${from})`);
    const rows = await connection.runAndReadAll(`SELECT * ${from}`);
    return [types.getRowsJson(), rows.getRowsJson()];
  });
  return { account, rejects: readFileSync(join(directory, "rejects.csv"), "utf8"), tracks };
}

/** Reads a file both ways and compares; returns what the quick way made of it. */
async function compare(
  content: string | Uint8Array,
  options: Omit<IngestOptions, "files"> = {},
): Promise<Outcome | string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "segue-table-"));
  try {
    const file = join(folder, "a.csv");
    writeFileSync(file, content);
    const quick = await outcome(ingestTable, join(folder, "quick"), { ...options, files: [file] });
    const exact = await outcome(ingestInSql, join(folder, "exact"), { ...options, files: [file] });
    if (quick !== undefined) assert.deepEqual(quick, exact);
    if (typeof quick === "object") {
      const path = join(folder, "quick", "tracks.parquet");
      assert.deepEqual(readOwnNumbers(path, NUMERIC_COLUMNS), await readParquet(path, NUMERIC_COLUMNS));
    }
    return quick;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
  ...["0", "1", "0.5", "1e-3", "7.09e-05", "0.30000000000000004", "0.1234567890123456789", "1e400", "00.5", ".5"],
  ...[
    "5.",
    "+0.5",
    "",
    " 0.5",
    "1_0",
    "nan",
    "NA",
    "inf",
    "0x1",
    "1e",
    "-1",
    "120",
    "121.00000000000001",
    "4.0",
    "3.5",
  ],
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

const form = fc.constantFrom(...FORMS);
const change = fc.record({ row: fc.nat(11), column: fc.nat(30), value: fc.nat(1000) });

Deno.test("Strange values in any column give the same by either way", async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(
      form,
      fc.array(change, { maxLength: 25 }),
      fc.constantFrom("impute" as const, "drop" as const),
      fc.boolean(),
      async (form, changes, onMissing, crlf) => {
        const rows = Array.from({ length: 12 }, (_, i): Row => ({ ...goodRow(form, i), tempo: 100 + i / 8 }));
        const columns = HEADERS[form].split(",").filter((name) => name !== "");
        for (const { row, column, value } of changes) {
          const name = columns[column % columns.length];
          const values = valuesFor(form, name);
          rows[row][name] = values[value % values.length];
        }
        const text = csv(form, rows);
        const ended = crlf ? text.replaceAll(/(?<!Two)\n/g, "\r\n") : text;
        if (await compare(ended, { onMissing }) === undefined) passed++;
      },
    ),
    { numRuns: 30 },
  );
  assert.ok(passed < 4, `the quick way was not taken ${passed} times`);
});

Deno.test("Damaged structure gives the same by either way", async () => {
  await fc.assert(
    fc.asyncProperty(
      form,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('"', ",", "\r", "\x00", '""', "\n", '"\n"', "\n\n", "\xff", "cut"),
      async (form, share, stray) => {
        const rows = TITLES.slice(0, 10).map((title, i) => {
          const row = goodRow(form, i + 1);
          row["track_name" in row ? "track_name" : "name"] = title;
          return row;
        });
        const bytes = new TextEncoder().encode(csv(form, rows));
        const at = Math.floor(share * bytes.length);
        const middle = stray === "cut" ? [] : Array.from(stray, (letter) => letter.charCodeAt(0));
        const tail = stray === "cut" ? bytes.subarray(Math.min(bytes.length, at + 40)) : bytes.subarray(at);
        await compare(Uint8Array.from([...bytes.subarray(0, at), ...middle, ...tail]));
      },
    ),
    { numRuns: 20 },
  );
});

for (const form of WORLD_FORMS) {
  Deno.test(`A dirty world of the ${form} form comes out the same by either way`, async () => {
    const artists = planArtists(1500, 7);
    const rows = [...worldRows(artists, worldTracks(artists, 7), form, 7)];
    const quick = await compare(gzipSync(csvHeader(form) + rows.join("")));
    assert.ok(typeof quick === "object" && quick.account.out > 1400 && quick.account.works.several > 50);
    const sampled = await compare(csvHeader(form) + rows.join(""), { tracks: 300, seed: 3 });
    assert.ok(typeof sampled === "object" && sampled.account.out === 300 && sampled.account.notSampled > 1000);
  });
}

Deno.test("A file large enough for threads comes out the same, and so does one with a line break in a title", async () => {
  const artists = planArtists(19_000, 3);
  const text = csvHeader("1.2M") + [...worldRows(artists, worldTracks(artists, 3), "1.2M", 3)].join("");
  assert.ok(text.length > 1 << 22);
  const folder = mkdtempSync(join(tmpdir(), "segue-table-"));
  try {
    const outcomes: unknown[] = [];
    const broken = text.replace(/,(?=[^,]*,[^,]*,[^,]*,\['[^']*'\],\['[^']*'\],1,1,)/, ',"Broken\n""title"",');
    for (const [name, content] of [["plain", text], ["broken", broken]]) {
      writeFileSync(join(folder, `${name}.csv`), content);
      for (const way of [ingestTable, ingestInSql]) {
        const directory = join(folder, `${name} ${way.name}`);
        outcomes.push(await outcome(way, directory, { files: [join(folder, `${name}.csv`)] }));
      }
    }
    assert.ok(outcomes[0]);
    assert.ok(JSON.stringify(outcomes[0]) === JSON.stringify(outcomes[1]), "the plain file differs");
    assert.ok(JSON.stringify(outcomes[2]) === JSON.stringify(outcomes[3]), "the broken file differs");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("Titles put together from marks and guests, and what SQL leaves of them, are the same works by either way", async () => {
  const part = fc.oneof(
    fc.constantFrom(...TAKE_WORDS, ...TAKE_WORDS.map((word) => word.toUpperCase()), ...OTHER_WORDS),
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
    { numRuns: 1500, seed: 5 },
  );
  const found = await withDuckDB((connection) =>
    connection.runAndReadAll(
      `SELECT trim(${bareTitle("t")}) FROM (SELECT unnest([${titles.map(sqlText).join(", ")}]) AS t)`,
    )
  );
  const bare = found.getRows().map(([title]) => String(title) || "x");
  assert.ok(bare.filter((title, i) => title !== titles[i]).length > 400);
  const rows = [...titles, ...bare].map((name, i) => ({ ...goodRow("1.2M", i), name }));
  const quick = await compare(csv("1.2M", rows));
  assert.ok(typeof quick === "object" && quick.account.works.several > 400);
});

Deno.test("Accented Latin letters become plain as SQL makes them", async () => {
  const [first, last] = LATIN_RANGE;
  const found = await withDuckDB((connection) =>
    connection.runAndReadAll(
      `SELECT ${plainText("x")} FROM (SELECT i, chr(i::INTEGER) AS x FROM range(${first}, ${
        last + 1
      }) t(i)) ORDER BY i`,
    )
  );
  assert.deepEqual(found.getRows().flat(), plainLatin());
});
