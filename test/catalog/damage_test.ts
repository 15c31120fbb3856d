/**
 * A fuzz test: whatever is done to a good file, each row of it comes through unchanged, is in rejects.csv, or the file is
 * refused in one line; no value ever changes in silence.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { csv, goodRow, HEADERS, id, ingest, type Ingested, type Row } from "./sources.ts";

type FormName = keyof typeof HEADERS;
const FORMS = Object.keys(HEADERS) as FormName[];
const AUDIO = ["danceability", "energy", "loudness", "speechiness", "acousticness", "liveness", "valence", "tempo"];
const ROWS = 8;

/** Rows that differ in every feature, with titles that need care. */
function rowsOf(form: FormName): Row[] {
  const titles = ["Plain", "Comma, here", 'Quote "here"', "Two\nlines", "Ünïcode 東京", "NA", "None", "feat. Nobody"];
  return titles.map((title, i) => {
    const row = goodRow(form, i + 1);
    row["track_name" in row ? "track_name" : "name"] = form === "tidytuesday" && title === "NA" ? "N A" : title;
    for (const [f, name] of AUDIO.entries()) row[name] = Number(row[name]) * (1 - 0.03 * i) - 0.001 * f;
    return row;
  });
}

/** Every value of every row as ingest gives it for the undamaged file. */
const TRUTH = new Map<FormName, Map<string, [string, unknown][]>>();

async function truth(form: FormName): Promise<Map<string, [string, unknown][]>> {
  if (!TRUTH.has(form)) TRUTH.set(form, fingerprints(await ingest({ "a.csv": csv(form, rowsOf(form)) })));
  return TRUTH.get(form)!;
}

function fingerprints({ catalog }: Ingested): Map<string, [string, unknown][]> {
  return new Map(catalog.texts.track_id!.map((trackId, i) => {
    const values = Object.entries({ ...catalog.numbers, ...catalog.texts, ...catalog.lists })
      .map(([name, column]): [string, unknown] => [name, column[i]]);
    return [trackId!, values.filter(([, value]) => value !== null && !Number.isNaN(value))];
  }));
}

/** Ingests a damaged file and checks what must hold whatever the damage. */
async function survives(
  form: FormName,
  content: string | Uint8Array,
  touched: string[] = [],
  headerWhole = true,
): Promise<void> {
  let found: Ingested;
  try {
    found = await ingest({ "a.csv": content });
  } catch (error) {
    assert.ok(error instanceof InputError, `expected an InputError but found ${error}`);
    assert.doesNotMatch(error.message, /\n/);
    return;
  }
  const { account, rejects } = found;
  assert.equal(account.rowsIn, account.out + account.merged + account.rejected);
  assert.equal(rejects.length, account.rejected);
  const expected = await truth(form);
  const columns = { ...found.catalog.numbers, ...found.catalog.texts, ...found.catalog.lists };
  for (const [trackId, values] of fingerprints(found)) {
    if (touched.includes(trackId)) continue;
    // A damaged header may cost an optional column, which the account then names; what is there must be right.
    const there = headerWhole ? expected.get(trackId)! : expected.get(trackId)!.filter(([name]) => name in columns);
    assert.deepEqual(values, there, `row ${trackId} changed in silence`);
  }
}

const form = fc.constantFrom(...FORMS);

Deno.test("A nonsense number in any feature is rejected, and no other row changes", async () => {
  const nonsense = fc.constantFrom(
    "1e9",
    "-1e9",
    "NaN",
    "inf",
    "-inf",
    "",
    " ",
    "x",
    "0.5.5",
    "1,5",
    "0x1",
    "1e",
    "null",
  );
  await fc.assert(
    fc.asyncProperty(form, fc.nat(ROWS - 1), fc.constantFrom(...AUDIO), nonsense, async (form, i, name, value) => {
      const rows = rowsOf(form);
      rows[i][name] = value;
      const { account, rejects, catalog } = await ingest({ "a.csv": csv(form, rows) });
      assert.deepEqual([account.rowsIn, account.out, account.rejected], [ROWS, ROWS - 1, 1]);
      assert.ok(rejects[0].includes(id(i + 1)) && rejects[0].includes(name), rejects[0]);
      assert.ok(!catalog.texts.track_id!.includes(id(i + 1)));
    }),
    { numRuns: 15 },
  );
});

Deno.test("A file cut anywhere gives whole rows, rejects, or one error", async () => {
  await fc.assert(
    fc.asyncProperty(form, fc.double({ min: 0, max: 1, noNaN: true }), async (form, share) => {
      const text = csv(form, rowsOf(form));
      const cut = Math.floor(share * text.length);
      // A cut inside the last field of a row cannot be told from a shorter value; that row alone is not compared.
      const whole = text.slice(0, cut);
      const last = rowsOf(form).findLastIndex((_, i) => whole.includes(id(i + 1)));
      await survives(form, whole, [id(last + 1)]);
    }),
    { numRuns: 20 },
  );
});

Deno.test("A line cut out of the middle, doubled, or broken in two changes no other row", async () => {
  await fc.assert(
    fc.asyncProperty(
      form,
      fc.nat(ROWS),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom("cut", "break", "double", "header"),
      async (form, l, share, kind) => {
        const lines = csv(form, rowsOf(form)).split("\n");
        const at = Math.floor(share * lines[l].length);
        const [head, tail] = [lines[l].slice(0, at), lines[l].slice(at)];
        const changed = {
          cut: [head],
          break: [head, tail],
          double: [lines[l], lines[l]],
          header: [lines[0], lines[l]],
        };
        const text = [...lines.slice(0, l), ...changed[kind], ...lines.slice(l + 1)].join("\n");
        const touched = rowsOf(form).map((_, i) => id(i + 1)).filter((trackId) => lines[l].includes(trackId));
        // A cut or break inside the last field leaves a shorter value that cannot be told, and row 4 has a line break of
        // its own, inside which anything is text; nothing else may pass.
        await survives(form, text, [id(4), ...(share > 0.9 || kind === "double" ? touched : [])], l > 0);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("A stray quote, comma, carriage return or NUL anywhere changes no value in silence", async () => {
  await fc.assert(
    fc.asyncProperty(
      form,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('"', ",", "\r", "\x00", '""', "\n", '"\n"'),
      async (form, share, stray) => {
        const text = csv(form, rowsOf(form));
        const at = Math.floor(share * text.length);
        const damaged = text.slice(0, at) + stray + text.slice(at);
        // Inside a quoted field a comma, a line break or a doubled quote is text: that row may differ, no other.
        const before = rowsOf(form).map((_, i) => text.lastIndexOf("\n", text.indexOf(id(i + 1))));
        const row = before.findLastIndex((start) => start < at);
        await survives(form, damaged, [id(row + 1)], row >= 0);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("Other encodings give the same tracks", async () => {
  for (const form of FORMS) {
    const text = csv(form, rowsOf(form));
    for (const content of [text, "\ufeff" + text]) {
      assert.deepEqual(fingerprints(await ingest({ "a.csv": Buffer.from(content, "utf16le") })), await truth(form));
    }
    const western = text.replaceAll("東京", "é");
    const read = fingerprints(await ingest({ "a.csv": Buffer.from(western, "latin1") }));
    assert.deepEqual(read, fingerprints(await ingest({ "a.csv": western })));
    assert.deepEqual(fingerprints(await ingest({ "a.csv": "\ufeff" + text })), await truth(form));
    const crlf = text.replaceAll("\n", "\r\n").replace("Two\r\nlines", "Two\nlines");
    assert.deepEqual(fingerprints(await ingest({ "a.csv": crlf })), await truth(form));
  }
});

Deno.test("Random bytes are refused in one line", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await assert.rejects(() => ingest({ "a.csv": bytes }), InputError);
    }),
    { numRuns: 25 },
  );
});
