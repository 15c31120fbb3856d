/** The tracks of the synthetic world as columns: what the playlists need to know of them. */
import { cumsum } from "d3-array";
import { AT } from "./calibration.ts";
import type { WorldArtists, WorldTrack } from "./tracks.ts";

/** The tracks of a world, one column a property. Row i is track i. */
export interface WorldTable {
  artists: WorldArtists;
  /** Number of the first track of each artist, and the number of tracks at the end. */
  firstTrack: Int32Array;
  /** Main artist of each track. */
  artist: Int32Array;
  album: Int32Array;
  /** First subgenre of each track. */
  subgenre: Uint8Array;
  year: Int16Array;
  /** Latent normal of the popularity. */
  appeal: Float32Array;
  /** 2 where {@linkcode drive} is positive, plus 1 where {@linkcode groove} is. */
  mood: Uint8Array;
  durationMs: Int32Array;
  titles: string[];
  /** Titles of albums by album number. */
  albumTitles: string[];
}

/**
 * Makes an empty table, and a function that enters one track. The table is ready when every track has been entered, in
 * order.
 */
export function trackTable(artists: WorldArtists, count: number): {
  table: WorldTable;
  enter: (track: WorldTrack) => void;
} {
  const table: WorldTable = {
    artists,
    firstTrack: Int32Array.from([0, ...cumsum(artists.outputs)]),
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
  const enter = (track: WorldTrack) => {
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
  };
  return { table, enter };
}

/** How driving a track sounds: energy and loudness minus acousticness, each as standard deviations from its mean. */
function drive(audio: Float64Array): number {
  return (audio[AT.energy] - 0.7) / 0.18 + (audio[AT.loudness] + 6.6) / 3 - (audio[AT.acousticness] - 0.17) / 0.22;
}

/** How well one dances to it: danceability plus valence, each as standard deviations from its mean. */
function groove(audio: Float64Array): number {
  return (audio[AT.danceability] - 0.66) / 0.145 + (audio[AT.valence] - 0.51) / 0.233;
}
