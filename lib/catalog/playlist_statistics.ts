/** The statistics by which sets of playlists are set side by side. */
import { count, max, mean, median, rollup, sum } from "d3-array";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { readJson } from "../data/sources.ts";
import { type Catalog, textsOf } from "./catalog.ts";
import type { MpdSlice } from "./synthetic/mpd.ts";

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
  // Weighted sums of years apart, and their weights.
  const [nextYears, pairYears] = [{ sum: 0, weight: 0 }, { sum: 0, weight: 0 }];
  let [repeats, repeating, steps, sameArtist, sameAlbum, samePair] = [0, 0, 0, 0, 0, 0];
  for (const name of names) {
    const path = join(folder, name);
    for (const { tracks } of (readJson({ path, text: readFileSync(path, "utf8") }) as MpdSlice).playlists) {
      const n = tracks.length;
      lengths.push(n);
      for (const { track_uri } of tracks) counts.set(track_uri, (counts.get(track_uri) ?? 0) + 1);
      const distinct = new Set(tracks.map((track) => track.track_uri));
      for (const uri of distinct) inPlaylists.set(uri, (inPlaylists.get(uri) ?? 0) + 1);
      repeats += n - distinct.size;
      if (distinct.size < n) repeating++;
      const artists = rollup(tracks, (some) => some.length, ({ artist_uri }) => artist_uri);
      spread.push(artists.size / n);
      for (const count of artists.values()) samePair += count * (count - 1) / n;
      steps += n - 1;
      for (let t = 1; t < n; t++) {
        if (tracks[t].artist_uri === tracks[t - 1].artist_uri) sameArtist++;
        if (tracks[t].album_uri === tracks[t - 1].album_uri) sameAlbum++;
      }
      const years = tracks.map(({ track_uri }) => yearOf.get(track_uri) ?? NaN);
      const apart = years.slice(1).map((year, t) => Math.abs(year - years[t]));
      nextYears.sum += sum(apart);
      nextYears.weight += count(apart);
      const known = years.filter(Number.isFinite).sort((a, b) => a - b);
      if (known.length < 2) continue;
      pairYears.sum += meanDifference(known) * (known.length - 1);
      pairYears.weight += known.length - 1;
    }
  }
  const playlists = lengths.length;
  const positions = sum(lengths);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const slope = (from: number, to: number) => sorted.length < to ? NaN : logLogSlope(sorted.slice(from - 1, to), from);
  return {
    playlists,
    positions,
    statistics: {
      "mean length": positions / playlists,
      "median length": median(lengths)!,
      "positions that repeat a track": repeats / positions,
      "playlists with a repeat": repeating / playlists,
      "neighbours of one artist": sameArtist / steps,
      "pairs of one artist in a playlist": samePair / steps,
      "neighbours of one album": sameAlbum / steps,
      "different artists a position": mean(spread)!,
      "rank–frequency slope, ranks 10 to 100": slope(10, 100),
      "rank–frequency slope, ranks 100 to 5,000": slope(100, 5000),
      "playlists that hold the commonest track": max(inPlaylists.values())! / playlists,
      "years between neighbours": nextYears.sum / nextYears.weight,
      "years between any two of a playlist": pairYears.sum / pairYears.weight,
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
  return sum(ascending, (value, i) => (2 * i + 1 - n) * value) / (n * (n - 1) / 2);
}

/** Least squares of log count on log rank, with the sign turned. */
function logLogSlope(counts: readonly number[], firstRank: number): number {
  const x = counts.map((_, i) => Math.log(firstRank + i));
  const y = counts.map(Math.log);
  const [mx, my] = [mean(x)!, mean(y)!];
  return -sum(x, (value, i) => (value - mx) * (y[i] - my)) / sum(x, (value) => (value - mx) ** 2);
}
