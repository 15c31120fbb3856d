import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../lib/data/errors.ts";
import { readRatings } from "../../lib/listening/ratings.ts";
import { smallCollection } from "../score/small_worlds.ts";

const collection = smallCollection(
  ["Rain", "Sun", "Snow", "Wind", "Fog"].map((title) => ({ title, artists: ["Nina Vale"], vector: [1, 0] })),
);
const folder = mkdtempSync(join(tmpdir(), "segue-ratings-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

function read(name: string, text: string) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readRatings(collection, [path]);
}

/** A table of the five songs. */
const table = (ratings: string[], column = "Rating", sign = ",") =>
  [["Title", "Artist", column], ...["Rain", "Sun", "Snow", "Wind", "Fog"].map((t, i) => [t, "Nina Vale", ratings[i]])]
    .map((row) => row.join(sign)).join("\n");

const itunes = (ratings: number[]) =>
  `<?xml version="1.0"?><plist version="1.0"><dict><key>Tracks</key><dict>${
    ["Rain", "Sun", "Snow", "Wind", "Fog"].map((title, i) =>
      `<key>${i}</key><dict><key>Track ID</key><integer>${i}</integer><key>Name</key><string>${title}</string>` +
      `<key>Artist</key><string>Nina Vale</string>` +
      (ratings[i] > 0 ? `<key>Rating</key><integer>${ratings[i]}</integer>` : "") +
      (i === 4 ? "<key>Rating Computed</key><true/>" : "") + "</dict>"
    ).join("")
  }</dict></dict></plist>`;

Deno.test("four stars of five and more are likes, two and fewer dislikes, on every scale", () => {
  const cases: [name: string, text: string, likes: number[], dislikes: number[]][] = [
    ["stars.csv", table(["5", "4", "3", "2", "1"]), [0, 1], [3, 4]],
    ["halves.csv", table(["4.5", "3.5", "2.5", "2", "0"]), [0], [3]],
    ["comma.csv", table(["4,5", "3,5", "2,5", "2", ""], "Bewertung", ";"), [0], [3]],
    ["ten.csv", table(["10", "8", "7", "5", "4"], "My Rating"), [0, 1], [4]],
    ["signs.csv", table(["★★★★★", "★★★★☆", "★★★", "★★", ""], "Stars"), [0, 1], [3]],
    ["shares.csv", table(["5/5", "4 stars", "3/5", "1/5", "-"], "Note"), [0, 1], [3]],
    ["Library.xml", itunes([100, 80, 60, 40, 20]), [0, 1], [3]],
  ];
  for (const [name, text, likes, dislikes] of cases) {
    const found = read(name, text);
    assert.deepEqual([found.likes, found.dislikes], [likes, dislikes], name);
    assert.match(
      found.notes.at(-1)!,
      new RegExp(`: ${likes.length} liked .*, ${dislikes.length} disliked and left out`),
      name,
    );
  }
});

Deno.test("a file without ratings, and one whose scale cannot be told, are refused", () => {
  for (
    const [text, found] of [
      [table(["", "", "", "", ""]), "none"],
      [table(["1", "1", "1", "", ""]), "no other than 1"],
      [table(["500", "1", "1", "", ""]), "500"],
      ["Title,Artist\nRain,Nina Vale\n", "none"],
    ]
  ) {
    assert.throws(
      () => read("bad.csv", text),
      (error) =>
        error instanceof InputError && error.message.endsWith(`in a column rating or stars but found ${found}`),
      found,
    );
  }
});
