import assert from "node:assert/strict";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { findTrack, normalizeTitle } from "../../lib/catalog/find.ts";
import { InputError } from "../../lib/data/errors.ts";

const catalog: Catalog = {
  length: 6,
  numbers: { popularity: Float64Array.of(10, 80, 30, NaN, 50, 5) },
  texts: {
    track_id: ["id0", "id1", "id2", "id3", "id4", "id5"],
    title: ["Hello", "Hello", "Hello Again", "Don't Stop Me Now", "99 Red Balloons", "!!!"],
  },
  lists: { artists: [["Lionel Richie"], ["Adele"], ["Neil Diamond"], ["Queen"], ["Nena", "Goldfinger"], ["Chk"]] },
};

Deno.test("findTrack() takes an exact id before any title", () => {
  assert.equal(findTrack(catalog, "id3"), 3);
});

Deno.test("findTrack() takes an exact title, of several the most popular", () => {
  assert.equal(findTrack(catalog, "HELLO"), 1);
});

Deno.test("findTrack() reads title and artist in either order", () => {
  assert.equal(findTrack(catalog, "Hello - Lionel Richie"), 0);
  assert.equal(findTrack(catalog, "goldfinger – 99 red balloons"), 4);
  assert.equal(findTrack(catalog, "Hello by Adele"), 1);
});

Deno.test("findTrack() takes the only title that starts with or contains the text", () => {
  assert.equal(findTrack(catalog, "dont stop"), 3);
  assert.equal(findTrack(catalog, "red ball"), 4);
  assert.equal(findTrack(catalog, "!!!"), 5);
});

Deno.test("findTrack() names some of several matches, and the closest titles when nothing matches", () => {
  assert.throws(() => findTrack(catalog, "hell"), (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /'hell' matches 3 tracks, among them Hello by Adele/);
    return true;
  });
  assert.throws(
    () => findTrack(catalog, "don't stap me now"),
    /No track has the id or title .*closest are Don't Stop Me Now by Queen/,
  );
  assert.throws(() => findTrack(catalog, "  "), InputError);
});

Deno.test("normalizeTitle() drops case, accents and punctuation", () => {
  assert.equal(normalizeTitle("  Ágætis—Byrjun (2005)!"), "agaetis byrjun 2005");
  assert.equal(normalizeTitle("Don't Stop Believin’"), "dont stop believin");
  assert.equal(
    normalizeTitle("Simon & Garfunkel + P!nk, A$AP, $uicideboy$: 5$!"),
    "simon and garfunkel and pink asap suicideboys 5",
  );
  assert.deepEqual(["!!!", "&", "÷"].map(normalizeTitle), ["!!!", "&", "÷"]);
});
