import assert from "node:assert/strict";
import { bareTitle, plainText } from "../../lib/catalog/work.ts";
import { sqlText, withDuckDB } from "../../lib/data/parquet.ts";

async function workTitles(titles: string[]): Promise<string[]> {
  return await withDuckDB(async (connection) => {
    const rows = titles.map((title, i) => `(${i}, ${sqlText(title)})`).join(", ");
    const found = await connection.runAndReadAll(
      `SELECT ${plainText("bare")} FROM (SELECT i, ${
        bareTitle("title")
      } AS bare FROM (VALUES ${rows}) t(i, title)) ORDER BY i`,
    );
    return found.getRows().map(([title]) => String(title));
  });
}

Deno.test("Takes of one work have one title", async () => {
  const takes: Record<string, string[]> = {
    heroes: [
      "Heroes",
      "Heroes - 2017 Remaster",
      "HEROES (Remastered 2017)",
      "Heroes [Live]",
      "Heroes - Live at Wembley",
    ],
    senorita: ["Señorita", "Senorita (feat. Somebody)", "Señorita - Radio Edit", "Señorita ft. Somebody [Live]"],
    dontstop: ["Don't Stop", "Don’t Stop", "Don't Stop - Live - Remastered", "Don't Stop (with Someone)"],
    ab: ["A - B", "A - B - Mono", "A - B (Original Mix)"],
    rearranged: ["Re-Arranged", "Re-Arranged - Radio Edit", "Re-Arranged (Re-Recorded)"],
    "東京": ["東京", "東京 (Live)"],
    rockandroll: ["Rock & Roll", "Rock and Roll"],
  };
  for (const [work, titles] of Object.entries(takes)) {
    assert.deepEqual(await workTitles(titles), titles.map(() => work));
  }
});

Deno.test("Titles of other works stay apart", async () => {
  const titles = [
    "Alive",
    "Live and Let Die",
    "Memories",
    "Memories - Some Remix",
    "Memories - Some Remix (Radio Edit)",
    "Part (1)",
    "Part (2)",
    "Deliverance (Delivered Mix)",
    "The Edit",
    "Demo",
  ];
  assert.equal(new Set(await workTitles(titles)).size, titles.length);
});
