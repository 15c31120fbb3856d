/**
 * What the playlists need to know of every track, by column.
 *
 * @module
 */
import { AT } from "./calibration.ts";
import type { WorldArtists, WorldTrack } from "./tracks.ts";

/** The tracks of a world by column. */
export interface WorldTable {
  /** The artists. */
  artists: WorldArtists;
  /** Number of the first track of each artist, and the number of tracks at the end. */
  firstTrack: Int32Array;
  /** Main artist of each track. */
  artist: Int32Array;
  /** Album of each track. */
  album: Int32Array;
  /** First subgenre of each track. */
  subgenre: Uint8Array;
  /** Year of release. */
  year: Int16Array;
  /** Latent normal of the popularity. */
  appeal: Float32Array;
  /** 2 where drive lies above the middle of the catalogue, plus 1 where groove does. */
  mood: Uint8Array;
  /** Length, ms. */
  durationMs: Int32Array;
  /** Titles of tracks. */
  titles: string[];
  /** Titles of albums by album number. */
  albumTitles: string[];
}

/**
 * Passes tracks on and notes what the playlists need of each.
 *
 * @param artists The artists of the world.
 * @param tracks The tracks.
 * @param count Number of tracks.
 * @returns The table, filled once `through` has been read to its end.
 */
export function tabulate(
  artists: WorldArtists,
  tracks: Iterable<WorldTrack>,
  count: number,
): { table: WorldTable; through: Iterable<WorldTrack> } {
  const firstTrack = new Int32Array(artists.outputs.length + 1);
  artists.outputs.forEach((output, a) => firstTrack[a + 1] = firstTrack[a] + output);
  const table: WorldTable = {
    artists,
    firstTrack,
    artist: new Int32Array(count),
    album: new Int32Array(count),
    subgenre: new Uint8Array(count),
    year: new Int16Array(count),
    appeal: new Float32Array(count),
    mood: new Uint8Array(count),
    durationMs: new Int32Array(count),
    titles: [],
    albumTitles: [],
  };
  function* through() {
    for (const track of tracks) {
      const i = track.index;
      table.artist[i] = track.artists[0];
      table.album[i] = track.album;
      table.subgenre[i] = track.subgenres[0];
      table.year[i] = track.year;
      table.appeal[i] = track.appeal;
      table.mood[i] = 2 * (drive(track.audio) > 0 ? 1 : 0) + (groove(track.audio) > 0 ? 1 : 0);
      table.durationMs[i] = track.durationMs;
      table.titles.push(track.title);
      if (track.album === table.albumTitles.length) table.albumTitles.push(track.albumTitle);
      yield track;
    }
  }
  return { table, through: through() };
}

/** Energy and loudness against acousticness, in units of their spread, from the middle of the catalogue. */
function drive(audio: Float64Array): number {
  return (audio[AT.energy] - 0.7) / 0.18 + (audio[AT.loudness] + 6.6) / 3 - (audio[AT.acousticness] - 0.17) / 0.22;
}

/** Danceability and valence, in units of their spread, from the middle of the catalogue. */
function groove(audio: Float64Array): number {
  return (audio[AT.danceability] - 0.66) / 0.145 + (audio[AT.valence] - 0.51) / 0.233;
}
