import assert from "node:assert/strict";
import { type Form, formNamed, FORMS, recogniseForm } from "../../lib/catalog/forms.ts";
import { worldLines } from "../../lib/catalog/synthetic/forms.ts";
import { planArtists, worldTracks } from "../../lib/catalog/synthetic/tracks.ts";
import { HEADERS, ingest } from "./sources.ts";

Deno.test("every form is told by its own header, and those of the public files are as the files have them", () => {
  for (const form of FORMS) {
    assert.equal(recogniseForm("a.csv", form.header.split(",")).name, form.name);
    if (form.name in HEADERS) assert.equal(form.header, HEADERS[form.name as keyof typeof HEADERS]);
  }
});

Deno.test("a form is one entry: files of it are read, the world is written in it, and messages name it", async () => {
  const audio =
    "danceability,energy,loudness,speechiness,acousticness,instrumentalness,liveness,valence,tempo,key,mode";
  const columns = { track_id: "ref", title: "song", artists: "who", genres: "tag", duration_ms: "ms" };
  const form: Form = {
    ...formNamed("114k"),
    name: "new",
    header: `ref,song,who,tag,ms,${audio}`,
    signature: ["ref", "who"],
    columns: { ...columns, ...Object.fromEntries(audio.split(",").map((name) => [name, name])) },
    lists: "semicolon",
  };
  const forms = [form, ...FORMS];
  const row = `${"a".repeat(22)},Song,A;B,rock;pop,180000,0.5,0.5,-7,0.1,0.1,0,0.1,0.5,120,0,1\n`;
  const read = await ingest({ "a.csv": `${form.header}\n${row}` }, { forms });
  assert.deepEqual([read.account.files[0].form, read.account.out], ["new", 1]);
  assert.deepEqual([read.catalog.lists.artists, read.catalog.lists.genres], [[["A", "B"]], [["rock", "pop"]]]);
  assert.deepEqual(read.catalog.numbers.duration_ms, Float64Array.of(180000));
  const artists = planArtists(200, 1);
  const world = await ingest({ "a.csv": [...worldLines(artists, worldTracks(artists, 1), form, 1)].join("") }, {
    forms,
  });
  assert.deepEqual([world.account.files[0].form, world.account.out], ["new", 200]);
  assert.ok(world.catalog.lists.artists!.some((names) => names.length > 1));
  assert.throws(
    () => recogniseForm("a.csv", ["x"], {}, forms),
    /known forms: new, segue, tidytuesday, 114k, 232k, 1\.2M/,
  );
  assert.throws(() => formNamed("none", forms), /Expected a form of catalogue \(new, segue, .*\) but found 'none'/);
});
