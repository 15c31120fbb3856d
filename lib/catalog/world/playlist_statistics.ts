/**
 * The statistics by which sets of playlists are set side by side.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { type Catalog, textsOf } from "../catalog.ts";
import type { MpdSlice } from "./mpd.ts";

/** Playlists in numbers. */
export interface PlaylistStatistics {
  /** Number of playlists. */
  playlists: number;
  /** Number of positions. */
  positions: number;
  /** The statistics by name, under the names of {@linkcode REFERENCE_PLAYLISTS}. */
  statistics: Record<string, number>;
  /** In how many positions each track stands, largest first. */
  counts: number[];
}

/**
 * Reads the slices of a folder, in the Million Playlist Dataset's form, and counts. One slice is in memory at a time.
 *
 * @param folder The folder, e.g. `data/work/synthetic-20000-42/playlists`.
 * @param catalog Where the tracks' years stand; without it, or without years in it, the statistics of years are NaN.
 * @returns The statistics.
 * @throws {InputError} When the folder holds no slice, or one that is not JSON.
 */
export function playlistStatistics(folder: string, catalog?: Catalog): PlaylistStatistics {
  const names = readdirSync(folder).filter((name) => /^mpd\.slice\.\d+-\d+\.json$/.test(name));
  if (names.length === 0) throw new InputError(`${folder}: has no mpd.slice.*.json; make some with segue world`);
  const counts = new Map<string, number>();
  const lengths: number[] = [];
  const spread: number[] = [];
  const inPlaylists = new Map<string, number>();
  const yearOf = yearsByUri(catalog);
  const [nextYears, pairYears] = [new Mean(), new Mean()];
  let [repeats, repeating, steps, sameArtist, sameAlbum, samePair] = [0, 0, 0, 0, 0, 0];
  for (const name of names) {
    for (const { tracks } of readSlice(join(folder, name)).playlists) {
      const n = tracks.length;
      lengths.push(n);
      for (const { track_uri } of tracks) counts.set(track_uri, (counts.get(track_uri) ?? 0) + 1);
      const distinct = new Set(tracks.map((track) => track.track_uri));
      for (const uri of distinct) inPlaylists.set(uri, (inPlaylists.get(uri) ?? 0) + 1);
      repeats += n - distinct.size;
      if (distinct.size < n) repeating++;
      const artists = new Map<string, number>();
      for (const { artist_uri } of tracks) artists.set(artist_uri, (artists.get(artist_uri) ?? 0) + 1);
      spread.push(artists.size / n);
      for (const count of artists.values()) samePair += count * (count - 1) / n;
      steps += n - 1;
      for (let t = 1; t < n; t++) {
        if (tracks[t].artist_uri === tracks[t - 1].artist_uri) sameArtist++;
        if (tracks[t].album_uri === tracks[t - 1].album_uri) sameAlbum++;
      }
      const years = tracks.map(({ track_uri }) => yearOf.get(track_uri) ?? NaN);
      for (let t = 1; t < n; t++) nextYears.add(Math.abs(years[t] - years[t - 1]), 1);
      const known = years.filter(Number.isFinite).sort((a, b) => a - b);
      pairYears.add(meanDifference(known), known.length - 1);
    }
  }
  lengths.sort((a, b) => a - b);
  const playlists = lengths.length;
  const positions = lengths.reduce((sum, n) => sum + n, 0);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const slope = (from: number, to: number) => sorted.length < to ? NaN : logLogSlope(sorted.slice(from - 1, to), from);
  return {
    playlists,
    positions,
    statistics: {
      "mean length": positions / playlists,
      "median length": (lengths[(playlists - 1) >> 1] + lengths[playlists >> 1]) / 2,
      "positions that repeat a track": repeats / positions,
      "playlists with a repeat": repeating / playlists,
      "neighbours of one artist": sameArtist / steps,
      "pairs of one artist in a playlist": samePair / steps,
      "neighbours of one album": sameAlbum / steps,
      "different artists a position": spread.reduce((sum, share) => sum + share, 0) / playlists,
      "rank–frequency slope, ranks 10 to 100": slope(10, 100),
      "rank–frequency slope, ranks 100 to 5,000": slope(100, 5000),
      "playlists that hold the commonest track": inPlaylists.values().reduce((most, n) => Math.max(most, n), 0) /
        playlists,
      "years between neighbours": nextYears.value,
      "years between any two of a playlist": pairYears.value,
    },
    counts: sorted,
  };
}

/** Years by `track_uri`, of the tracks that have one. */
function yearsByUri(catalog?: Catalog): Map<string, number> {
  const years = catalog?.numbers.year;
  if (!catalog || !years) return new Map();
  return new Map(textsOf(catalog, "track_id").map((id, i) => [`spotify:track:${id}`, years[i]]));
}

/** Mean absolute difference of two different entries of an ascending list, in O(n). */
function meanDifference(ascending: number[]): number {
  const n = ascending.length;
  return ascending.reduce((sum, value, i) => sum + (2 * i + 1 - n) * value, 0) / (n * (n - 1) / 2);
}

/** A weighted mean that passes over what is not a number. */
class Mean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight: number): void {
    if (Number.isNaN(value)) return;
    this.#sum += weight * value;
    this.#weight += weight;
  }

  get value(): number {
    return this.#sum / this.#weight;
  }
}

function readSlice(path: string): MpdSlice {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: expected JSON but found something else`);
  }
}

/** Least squares of log count on log rank, with the sign turned. */
function logLogSlope(counts: readonly number[], firstRank: number): number {
  const x = counts.map((_, i) => Math.log(firstRank + i));
  const y = counts.map(Math.log);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const products = x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return -products / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}
