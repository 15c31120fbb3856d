import assert from "node:assert/strict";
import { type MpdSlice, mpdSlices, sliceNames } from "../../../lib/catalog/synthetic/mpd.ts";
import { PLAYLIST_PROCESS, type PlaylistDraft, playlistGenerator } from "../../../lib/catalog/synthetic/playlists.ts";
import { trackTable, type WorldTable } from "../../../lib/catalog/synthetic/table.ts";
import { planArtists, worldTracks } from "../../../lib/catalog/synthetic/tracks.ts";

function makeTable(count: number, seed: number): WorldTable {
  const artists = planArtists(count, seed);
  const { table, enter } = trackTable(artists, count);
  for (const track of worldTracks(artists, seed)) enter(track);
  assert.equal(table.titles.length, count);
  return table;
}

const table = makeTable(20000, 42);
const world = playlistGenerator(table, 42);
const drafts = [...world.draw(1500)];

Deno.test("lengths are log-normal within 5 and 250, like those of MPD's first slice", () => {
  const lengths = drafts.map((draft) => draft.tracks.length).sort((a, b) => a - b);
  assert.ok(lengths[0] >= 5 && lengths.at(-1)! <= 250);
  const mean = lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
  const median = lengths[lengths.length >> 1];
  assert.ok(Math.abs(mean - 67.5) < 7, `mean ${mean}`);
  assert.ok(Math.abs(median - 50) < 6, `median ${median}`);
});

Deno.test("neighbours share an artist as often as measured (15 to 21 %), far more often than after a shuffle", () => {
  const artistOf = (track: number) => table.artist[track];
  const adjacent = adjacentShare(drafts, artistOf);
  const anyPair = pairShare(drafts, artistOf);
  assert.ok(adjacent > 0.15 && adjacent < 0.21, `adjacent ${adjacent}`);
  assert.ok(anyPair > 0.015 && anyPair < 0.055, `any pair of a playlist ${anyPair}`);
  const albums = adjacentShare(drafts, (track) => table.album[track]);
  assert.ok(albums > 0.05 && albums < 0.13, `album ${albums}`);
});

Deno.test("repeats take 1.4 to 1.7 % of positions, give or take, and stand in a good third of the playlists", () => {
  const positions = drafts.reduce((sum, { tracks }) => sum + tracks.length, 0);
  const repeats = drafts.reduce((sum, { tracks }) => sum + tracks.length - new Set(tracks).size, 0);
  const any = drafts.filter(({ tracks }) => new Set(tracks).size < tracks.length).length / drafts.length;
  assert.ok(repeats / positions > 0.011 && repeats / positions < 0.02, `${repeats / positions}`);
  assert.ok(any > 0.3 && any < 0.45, `${any}`);
});

Deno.test("tracks of a playlist share genre and era more often than tracks of the catalogue", () => {
  const genre = (track: number) => table.subgenre[track] >> 2;
  assert.ok(pairShare(drafts, genre) > 0.3);
  assert.ok(adjacentShare(drafts, genre) > pairShare(drafts, genre) + 0.05);
});

Deno.test("neighbours are about four years apart (measured 3.8), closer than any two of a playlist (measured 5.3)", () => {
  const yearOf = (track: number) => table.year[track];
  let [step, steps, apart, pairs] = [0, 0, 0, 0];
  for (const { tracks } of drafts) {
    for (let t = 1; t < tracks.length; t++, steps++) step += Math.abs(yearOf(tracks[t]) - yearOf(tracks[t - 1]));
    const middle = tracks.length >> 1;
    for (let t = 0; t < middle; t++, pairs++) apart += Math.abs(yearOf(tracks[t]) - yearOf(tracks[t + middle]));
  }
  assert.ok(Math.abs(step / steps - 3.8) < 0.6, `${step / steps}`);
  assert.ok(apart / pairs > step / steps + 0.8 && apart / pairs < 6.5, `${apart / pairs}`);
});

Deno.test("popularity has a flat head and a power-law body", () => {
  const counts = new Map<number, number>();
  for (const { tracks } of drafts) for (const track of tracks) counts.set(track, (counts.get(track) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const slope = (from: number, to: number) => Math.log(sorted[from - 1] / sorted[to - 1]) / Math.log(to / from);
  assert.ok(slope(10, 100) > 0.1 && slope(10, 100) < 0.35, `head ${slope(10, 100)} (measured 0.21)`);
  assert.ok(slope(100, 5000) > 0.45 && slope(100, 5000) < 0.8, `body ${slope(100, 5000)} (measured 0.65)`);
});

Deno.test("a fixed successor follows its track far more often than chance would have it", () => {
  let [hits, pairs] = [0, 0];
  for (const { tracks } of drafts) {
    for (let t = 1; t < tracks.length; t++, pairs++) if (world.successors(tracks[t - 1]).includes(tracks[t])) hits++;
  }
  assert.ok(hits / pairs > 0.5 * PLAYLIST_PROCESS.successor, `${hits / pairs}`);
  assert.deepEqual(world.successors(17), world.successors(17));
});

Deno.test("the cycle of scenes stays within a genre and passes every scene that has tracks once", () => {
  const live = world.scenes.flatMap((scene, s) => scene.members.length > 0 ? [s] : []);
  assert.deepEqual(live.map((s) => world.nextScene[s]).sort((a, b) => a - b), live);
  for (const s of live) {
    assert.equal(world.scenes[world.nextScene[s]].subgenre >> 2, world.scenes[s].subgenre >> 2);
  }
});

Deno.test("slices have MPD's fields, in its order, and count right", () => {
  const few = playlistGenerator(table, 5);
  const slices = mpdSlices(few.draw(1003), 1003, few, table, 5).map(({ name, parts }) => ({
    name,
    slice: JSON.parse([...parts].join("")) as MpdSlice,
  }));
  assert.deepEqual(slices.map(({ name }) => name), ["mpd.slice.0-999.json", "mpd.slice.1000-1999.json"]);
  assert.deepEqual(sliceNames(1003), slices.map(({ name }) => name));
  assert.deepEqual(slices.map(({ slice }) => slice.playlists.length), [1000, 3]);
  assert.deepEqual(Object.keys(slices[0].slice), ["info", "playlists"]);
  assert.deepEqual(Object.keys(slices[0].slice.info), ["generated_on", "slice", "version"]);
  assert.equal(slices[1].slice.info.slice, "1000-1999");
  const fields =
    "name collaborative pid modified_at num_tracks num_albums num_followers tracks num_edits duration_ms " +
    "num_artists";
  const all = slices.flatMap(({ slice }) => slice.playlists);
  all.forEach((playlist, pid) => {
    const { description, ...rest } = playlist;
    assert.deepEqual(Object.keys(rest), fields.split(" "));
    assert.ok(description === undefined || typeof description === "string");
    assert.equal(playlist.pid, pid);
    assert.ok(["true", "false"].includes(playlist.collaborative));
    assert.equal(playlist.modified_at % 86400, 0);
    assert.equal(playlist.num_tracks, playlist.tracks.length);
    assert.equal(playlist.num_albums, new Set(playlist.tracks.map((track) => track.album_uri)).size);
    assert.equal(playlist.num_artists, new Set(playlist.tracks.map((track) => track.artist_uri)).size);
    assert.equal(playlist.duration_ms, playlist.tracks.reduce((sum, track) => sum + track.duration_ms, 0));
    assert.ok(playlist.num_followers >= 1 && playlist.num_artists >= 3 && playlist.num_albums >= 2);
    playlist.tracks.forEach((track, pos) => {
      assert.deepEqual(
        Object.keys(track),
        "pos artist_name track_uri artist_uri track_name album_uri duration_ms album_name".split(" "),
      );
      assert.equal(track.pos, pos);
      assert.match(track.track_uri, /^spotify:track:[0-9A-Za-z]{22}$/);
      assert.match(track.artist_uri, /^spotify:artist:[0-9A-Za-z]{22}$/);
      assert.match(track.album_uri, /^spotify:album:[0-9A-Za-z]{22}$/);
    });
  });
});

Deno.test("a world of 100 tracks has playlists too", () => {
  const small = playlistGenerator(makeTable(100, 1), 1);
  const lists = [...small.draw(20)];
  assert.equal(lists.length, 20);
  assert.ok(lists.every(({ tracks }) => tracks.length >= 5 && tracks.length <= 50));
});

function adjacentShare(lists: PlaylistDraft[], key: (track: number) => number): number {
  let [same, pairs] = [0, 0];
  for (const { tracks } of lists) {
    for (let t = 1; t < tracks.length; t++, pairs++) if (key(tracks[t]) === key(tracks[t - 1])) same++;
  }
  return same / pairs;
}

/** Share of pairs of positions with the same key, weighted like adjacent pairs: what a shuffle would give. */
function pairShare(lists: PlaylistDraft[], key: (track: number) => number): number {
  let [same, pairs] = [0, 0];
  for (const { tracks } of lists) {
    const n = tracks.length;
    const counts = new Map<number, number>();
    for (const track of tracks) counts.set(key(track), (counts.get(key(track)) ?? 0) + 1);
    for (const count of counts.values()) same += count * (count - 1) / n;
    pairs += n - 1;
  }
  return same / pairs;
}
