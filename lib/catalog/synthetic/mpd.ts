/**
 * Playlists as the Million Playlist Dataset stores them: JSON files of 1,000 playlists each.
 * Format: the data set's README, https://www.aicrowd.com/challenges/spotify-million-playlist-dataset-challenge
 */
import { randomNormal } from "d3-random";
import { type Random, randomInteger, seededRandom } from "../../math/random.ts";
import { GENRES, SUBGENRES } from "./calibration.ts";
import { identifier } from "./identifiers.ts";
import { fillPattern } from "./names.ts";
import type { PlaylistDraft, PlaylistGenerator, Scene } from "./playlists.ts";
import type { WorldTable } from "./table.ts";

/** Playlists in a file. */
const SLICE_SIZE = 1000;

/** A file of playlists. */
export interface MpdSlice {
  /** What the file is. */
  info: { generated_on: string; slice: string; version: string };
  /** Its playlists, in the fields and the order of the data set's. */
  playlists: ReturnType<typeof describe>[];
}

/** The names of the files that hold a number of playlists: `mpd.slice.0-999.json`, `mpd.slice.1000-1999.json`, … */
export function sliceNames(count: number): string[] {
  return Array.from({ length: Math.ceil(count / SLICE_SIZE) }, (_, i) => `mpd.slice.${sliceRange(i)}.json`);
}

/**
 * The files of a number of playlists, each a name and the parts of its text, a playlist at a time. The drafts are taken
 * as the parts are read: read the files in order, each to its end.
 */
export function mpdSlices(
  drafts: Iterator<PlaylistDraft>,
  count: number,
  generator: PlaylistGenerator,
  table: WorldTable,
  seed: number,
): { name: string; parts: Generator<string> }[] {
  const random = seededRandom(seed, "names");
  function* parts(slice: number): Generator<string> {
    const info = { generated_on: "2020-02-01 00:00:00.000000", slice: sliceRange(slice), version: "v1" };
    yield `{"info": ${JSON.stringify(info)},\n"playlists": [`;
    for (let i = 0; i < Math.min(SLICE_SIZE, count - slice * SLICE_SIZE); i++) {
      const playlist = describe(drafts.next().value, generator, table, seed, random);
      yield (i === 0 ? "\n" : ",\n") + JSON.stringify(playlist);
    }
    yield "\n]}\n";
  }
  return sliceNames(count).map((name, slice) => ({ name, parts: parts(slice) }));
}

const sliceRange = (slice: number): string => `${slice * SLICE_SIZE}-${slice * SLICE_SIZE + SLICE_SIZE - 1}`;

/** A playlist in the fields of the data set. */
function describe(
  draft: PlaylistDraft,
  { scenes }: PlaylistGenerator,
  table: WorldTable,
  seed: number,
  random: Random,
) {
  const tracks = draft.tracks.map((i, pos) => ({
    pos,
    artist_name: table.artists.names[table.artist[i]],
    track_uri: `spotify:track:${identifier(seed, "track", i)}`,
    artist_uri: `spotify:artist:${identifier(seed, "artist", table.artist[i])}`,
    track_name: table.titles[i],
    album_uri: `spotify:album:${identifier(seed, "album", table.album[i])}`,
    duration_ms: table.durationMs[i],
    album_name: table.albumTitles[table.album[i]],
  }));
  const newest = Math.max(...draft.tracks.map((i) => table.year[i]));
  const earliest = Math.max(Date.UTC(2010, 11, 1), Date.UTC(newest, 0, 17)) / 86_400_000;
  const latest = Date.UTC(2020, 0, 31) / 86_400_000;
  const share = Math.sqrt(random());
  const name = playlistName(scenes[draft.theme[0]], random);
  return {
    name,
    collaborative: random() < 0.02 ? "true" : "false",
    pid: draft.pid,
    modified_at: 86_400 * Math.floor(earliest + share * (latest - earliest)),
    num_tracks: tracks.length,
    num_albums: new Set(draft.tracks.map((i) => table.album[i])).size,
    num_followers: Math.min(70_000, Math.floor((1 - random()) ** -0.9)),
    tracks,
    num_edits: 1 + Math.floor(Math.exp(1.9 + 1.2 * randomNormal.source(random)(0, 1)())),
    duration_ms: tracks.reduce((sum, track) => sum + track.duration_ms, 0),
    num_artists: new Set(draft.tracks.map((i) => table.artist[i])).size,
    ...(random() < 0.019 ? { description: `${name}, all of it` } : {}),
  };
}

/** A name in the manner of those people give: the theme's genre, mood or era, or nothing to do with it. */
function playlistName(scene: Scene, random: Random): string {
  const subgenre = SUBGENRES[scene.subgenre];
  const patterns = [
    GENRES[subgenre.genreIndex].name,
    subgenre.name,
    scene.drive ? "{livelyMoods}" : "{calmMoods}",
    scene.era === 3 ? "{newEras}" : "{oldEras}",
    "{playlistWords}",
  ];
  let name = fillPattern(patterns[randomInteger(random, 5)], random);
  if (random() < 0.5) name = `${fillPattern(patterns[2 + randomInteger(random, 3)], random)} ${name}`;
  const style = random();
  if (style < 0.3) return name;
  if (style < 0.9) return name.replace(/(^| )\p{L}/gu, (letter) => letter.toUpperCase());
  return style < 0.95 ? name.toUpperCase() : `${name} `;
}
