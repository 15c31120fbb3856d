import assert from "node:assert/strict";
import fc from "fast-check";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { matchTracks, type TrackReference } from "../../lib/catalog/match.ts";

/** A catalogue of tracks written as `title | artist; artist | popularity`. */
function catalogOf(...tracks: string[]): Catalog {
  const rows = tracks.map((track) => track.split(" | "));
  return {
    length: rows.length,
    numbers: { popularity: Float64Array.from(rows, ([, , popularity = "0"]) => Number(popularity)) },
    texts: { track_id: rows.map((_, i) => `id${i}`), title: rows.map(([title]) => title) },
    lists: { artists: rows.map(([, artists]) => artists.split("; ")) },
  };
}

const catalog = catalogOf(
  "Grind | Kid Relile | 90",
  "Grind | Kid Relile; Lerum Havoc | 10",
  "Harbour | Ossel & Brant | 5",
  "Harbour | Ossel | 50",
  "Winter Sun | Tyne, the Weaver",
  "Pale Field | Foldon",
  "Pale Field - Remastered 2011 | Sigma Yandton",
  "夜の庭 | 青い鳥",
);

Deno.test("a joined credit is found by the whole, then its first artist, then the others", () => {
  const cases: [artist: string, title: string, row: number][] = [
    ["Kid Relile feat. Lerum Havoc", "Grind", 1],
    ["Kid Relile", "Grind", 0],
    ["Lerum Havoc", "Grind", 1],
    ["Kid Relile ft. Somebody New", "Grind", 0],
    ["Kid Relile, Lerum Havoc", "GRIND", 1],
    ["Lerum Havoc x Kid Relile", "Grind", 1],
    ["Ossel & Brant", "Harbour", 2],
    ["Ossel and Brant", "Harbour", 2],
    ["Ossel & New One", "Harbour", 3],
    ["Tyne, the Weaver", "Winter Sun", 4],
    ["Tyne, The Weaver featuring Kid Relile", "Winter Sun", 4],
    ["New One & Foldon", "Pale Field", 5],
    ["Sigma Yandton feat. Foldon", "Pale Field", 5],
    ["Sigma Yandton feat. New One", "Pale Field", 6],
    ["青い鳥 feat. Foldon", "夜の庭", 7],
    ["New One", "Grind", -1],
    ["New One & Another", "Grind", -1],
  ];
  const matches = matchTracks(catalog, cases.map(([artist, title]) => ({ artist, title })));
  assert.deepEqual(matches.map(({ track }) => track), cases.map(([, , row]) => row));
});

Deno.test("artists that a source names one by one are not taken apart", () => {
  const by = (reference: TrackReference) => matchTracks(catalog, [reference])[0].track;
  assert.equal(by({ title: "Harbour", artists: ["Ossel & Brant"] }), 2);
  assert.equal(by({ title: "Harbour", artist: "Ossel & Brant feat. Ossel", artists: ["Ossel & Brant", "Ossel"] }), 2);
  assert.equal(by({ title: "Grind", artists: ["Somebody", "Lerum Havoc"] }), 1);
  assert.equal(by({ title: "Harbour", artists: [] }), -1);
});

Deno.test("every way to join the artists of a track finds it", () => {
  const names = fc.uniqueArray(
    fc.constantFrom("Vela", "Ossel & Brant", "Tyne, the Weaver", "Ünder", "DJ X", "4 Doors"),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const signs = fc.constantFrom(", ", " & ", " x ", " + ", " / ", " and ", " with ", "; ", " feat. ", " ft. ");
  fc.assert(fc.property(names, signs, (artists, sign) => {
    const world = catalogOf(`A Song | ${artists.join("; ")}`, ...artists.map((name) => `Other | ${name}`));
    const [{ track, by }] = matchTracks(world, [{ title: "a song", artist: artists.join(sign) }]);
    assert.deepEqual({ track, by }, { track: 0, by: "title" });
  }));
});
