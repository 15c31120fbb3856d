import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { buildSearchIndex, SearchIndex } from "../../lib/service/search.ts";
import { smallCollection } from "./small_world.ts";

function withIndex(
  use: (index: SearchIndex, titles: (string | null)[]) => void,
  catalog: Catalog = smallCollection().catalog,
): void {
  const folder = mkdtempSync(join(tmpdir(), "segue-search-"));
  buildSearchIndex(join(folder, "s.sqlite"), catalog);
  const index = new SearchIndex(join(folder, "s.sqlite"), catalog);
  try {
    use(index, catalog.texts.title!);
  } finally {
    index.close();
    rmSync(folder, { recursive: true });
  }
}

Deno.test("search() finds by beginnings, without case and accents, whole titles and the popular first", () => {
  withIndex((index, titles) => {
    assert.equal(index.search("cafe noir").tracks[0], 0);
    assert.equal(index.search("CAFÉ N").tracks[0], 0);
    assert.equal(index.search("ночь").tracks[0], 6);
    for (const text of ["o'clock", "O’Clock", "oclock"]) assert.equal(index.search(text).tracks[0], 5, text);
    assert.equal(index.search("memory lane artist 11").tracks[0], 11);
    for (const track of index.search("blue tr", 50).tracks) assert.match(titles[track]!, /^Blue Train/);
    assert.equal(index.search("run", 3).tracks.length, 3);
  });
});

Deno.test("search() finds a beginning in every word that has it, be they few or many; of a long text the first eight words count", () => {
  withIndex((index, titles) => {
    const words = titles.map((title, t) => `${title} artist ${t % 40}`.toLowerCase().split(/[^\p{L}\d]+/u));
    for (const beginning of ["1", "10", "18", "199", "2", "n", "ночь", "н"]) {
      const having = titles.flatMap((_, t) => words[t].some((word) => word.startsWith(beginning)) ? [t] : []);
      assert.ok(having.length > 0);
      const found = index.search(beginning, 100).tracks;
      assert.equal(found.length, Math.min(100, having.length), beginning);
      assert.ok(found.every((track) => having.includes(track)), beginning);
    }
    assert.equal(index.search("Memory Lane 11 artist 11 lane memory 11").tracks[0], 11);
    assert.equal(index.search("Memory Lane 11 artist 11 lane memory 11 and what nobody knows").tracks[0], 11);
  });
});

Deno.test("search() finds names with signs, and scripts without spaces, as people type them", () => {
  const asked: [string, string, ...string[]][] = [
    ["So What", "P!nk", "pink so what", "p!nk"],
    ["Praise The Lord", "A$AP Rocky", "asap rocky", "a$ap praise"],
    ["Sweet Child O' Mine", "Guns N' Roses", "guns n roses", "guns and roses", "guns n", "sweet child of mine"],
    ["The Boxer", "Simon & Garfunkel", "simon and garfunkel", "simon & garf", "simon garfunkel"],
    ["Thunderstruck", "AC/DC", "acdc", "ac/dc thunder"],
    ["Money Over Everything!!!", "$uicideboy$ Sons", "suicideboys sons"],
    ["Me and Giuliani", "!!!", "giuliani"],
    ["!!!", "Sleep", "!!!"],
    ["$uicideboy$", "Another", "suicideboys"],
    ["÷", "Ed Sheeran", "÷"],
    ["강남스타일", "싸이", "강남", "싸이 강남스타일"],
    ["夜に駆ける", "YOASOBI", "夜に"],
    ["दिल से रे", "A.R. Rahman", "दिल", "ar rahman"],
    ["Final Song", "MØ", "mo final"],
  ];
  const catalog: Catalog = {
    length: asked.length,
    numbers: { popularity: Float64Array.from(asked, (_, i) => 99 - i) },
    texts: { title: asked.map(([title]) => title) },
    lists: { artists: asked.map(([, artist]) => [artist]) },
  };
  withIndex((index) => {
    asked.forEach(([title, , ...texts], track) => {
      for (const text of texts) assert.equal(index.search(text).tracks[0], track, `${text} for ${title}`);
    });
  }, catalog);
});

Deno.test("search() mends misspelt words and says so; it finds nothing for nonsense", () => {
  withIndex((index) => {
    assert.deepEqual([index.search("wonderfull day").tracks[0], index.search("wonderfull day").corrected], [
      1,
      "wonderful day",
    ]);
    assert.equal(index.search("memori lnae").tracks.length > 0, true);
    assert.equal(index.search("memorylane").corrected, "memory lane");
    // Both words stand in other titles, but in none together.
    assert.deepEqual(index.search("run day").corrected, undefined);
    assert.equal(index.search("nigh drvie").corrected, "night drive");
    assert.deepEqual(index.search("xqzvwk"), { tracks: [] });
    assert.deepEqual(index.search("  …!?  "), { tracks: [] });
    assert.throws(() => index.search("a", 0), /Expected limit to be an integer in \[1, 100\] but found 0/);
  });
});

Deno.test("search() takes any text for words and never for query syntax", () => {
  withIndex((index) => {
    for (const text of ['"', "a OR b", "title:x", "NEAR(", "x*", "');DROP TABLE words;--", "^a - b"]) {
      assert.ok(Array.isArray(index.search(text).tracks));
    }
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      assert.ok(index.search(text).tracks.length <= 10);
    }));
  });
});
