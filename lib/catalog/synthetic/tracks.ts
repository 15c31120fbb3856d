/**
 * The tracks of the synthetic world, artist by artist, so that memory does not grow with their number beyond what the
 * caller keeps.
 *
 * Every latent normal of a track is √a·A + √b·B + √c·C with A drawn once for the artist, B once for the album and C for
 * the track, each with the correlation of the subgenre, and a, b, c the measured shares of variance.
 */
import { cumsum } from "d3-array";
import { randomNormal } from "d3-random";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { drawFrom, type Random, randomInteger, sampleCategorical, seededRandom } from "../../math/random.ts";
import {
  AT,
  COPULA_FEATURES,
  DATES,
  GENRES,
  latentToValue,
  type Subgenre,
  SUBGENRES,
  VARIANCE_SHARES,
} from "./calibration.ts";
import { identifier } from "./identifiers.ts";
import { artistName, fillPattern, trackTitle } from "./names.ts";

/** The artists of a world. */
export interface WorldArtists {
  /** Distinct invented names. */
  names: string[];
  /** Home subgenre of each, index into the subgenres. */
  subgenres: Uint8Array;
  /** Number of tracks of each. */
  outputs: Int32Array;
}

/** A track of the world. Tracks and albums are numbered from 0. */
export interface WorldTrack {
  index: number;
  id: string;
  /** Title with tags. */
  title: string;
  /** Numbers of its artists, the main one first. */
  artists: number[];
  album: number;
  albumTitle: string;
  /** Position in the album, from 1. */
  trackNumber: number;
  /** `YYYY-MM-DD`, `YYYY-MM`, `YYYY` or, where the source does not know, `0000`. */
  releaseDate: string;
  year: number;
  /** Subgenres it is listed under, the first is the one it was drawn from. */
  subgenres: number[];
  /** From 0 to 100. */
  popularity: number;
  /** Latent normal of the popularity. */
  appeal: number;
  durationMs: number;
  explicit: boolean;
  /** Danceability, energy, loudness (dB), speechiness, acousticness, instrumentalness, liveness, valence, tempo (BPM). */
  audio: Float64Array;
  /** C = 0. */
  key: number;
  /** 1 major, 0 minor. */
  mode: number;
  /** Beats a bar; 0 where the source does not know. */
  timeSignature: number;
  /** What it is of an earlier track of the same artist. */
  take: "original" | typeof TAKES[number]["take"];
}

/** Exponent of the power law of tracks an artist, from three tracks on. */
const OUTPUT_EXPONENT = 2.25;
const SINGLE_SHARE = 0.608;
const PAIR_SHARE = 0.16;
/** What a track may be of an earlier one of its artist, how often, and how much of its sound it keeps. */
const TAKES = [
  { take: "reissue", share: 0.6, kept: NaN },
  { take: "remaster", share: 0.14, kept: 0.97 },
  { take: "live", share: 0.08, kept: 0.6 },
  { take: "radio edit", share: 0.12, kept: 0.95 },
  { take: "acoustic", share: 0.06, kept: 0.6 },
] as const;
const TAKE_SHARE = 0.15;
/** Explicit tracks of each decade from 1950 on, as a factor on the share of the late 2010s. */
const EXPLICIT_BY_DECADE = [0, 0, 0.01, 0.1, 0.4, 0.4, 1, 1.6];
const LAST_DATE = "2020-01-16";

/**
 * Plans the artists of a number of tracks: home subgenres, numbers of tracks (61 % one, 16 % two, then a power law) and
 * distinct names. Their outputs add up to the number of tracks.
 */
export function planArtists(tracks: number, seed: number): WorldArtists {
  const random = seededRandom(seed, "artists");
  const largest = Math.max(3, Math.min(1000, Math.round(tracks / 200)));
  const tail = Float64Array.from({ length: largest + 1 }, (_, n) => n < 3 ? 0 : n ** -OUTPUT_EXPONENT);
  const cumulative = cumsum(tail);
  const weights = SUBGENRES.map((subgenre) => subgenre.weight);
  const names: string[] = [];
  const taken = new Set<string>();
  const subgenres: number[] = [];
  const outputs: number[] = [];
  for (let left = tracks; left > 0;) {
    const u = random();
    const size = u < SINGLE_SHARE ? 1 : u < SINGLE_SHARE + PAIR_SHARE ? 2 : drawFrom(cumulative, random);
    const subgenre = sampleCategorical(weights, random);
    let name = artistName(SUBGENRES[subgenre].genre, random);
    while (taken.has(name.toLowerCase())) name = artistName(SUBGENRES[subgenre].genre, random);
    taken.add(name.toLowerCase());
    names.push(name);
    subgenres.push(subgenre);
    outputs.push(Math.min(size, left));
    left -= Math.min(size, left);
  }
  return { names, subgenres: Uint8Array.from(subgenres), outputs: Int32Array.from(outputs) };
}

/** Makes the tracks one after another: artist by artist, album by album. */
export function* worldTracks(artists: WorldArtists, seed: number): Generator<WorldTrack> {
  const random = seededRandom(seed, "tracks");
  const normal = randomNormal.source(random)(0, 1);
  const n = COPULA_FEATURES.length;
  const scratch = new Float64Array(n);
  const draw = (subgenre: Subgenre, into: Float64Array) => {
    for (let f = 0; f < n; f++) scratch[f] = normal();
    for (let f = 0; f < n; f++) {
      let sum = 0;
      for (let g = 0; g <= f; g++) sum += subgenre.factor.get(f, g) * scratch[g];
      into[f] = sum;
    }
  };
  const [a, b, c] = [VARIANCE_SHARES.artist, VARIANCE_SHARES.album, VARIANCE_SHARES.track].map((s) => s.map(Math.sqrt));
  const byArtist = new Float64Array(n);
  const byAlbum = new Float64Array(n);
  const own = new Float64Array(n);
  const guests = guestTable(artists);
  let [index, album] = [0, 0];
  for (let artist = 0; artist < artists.names.length; artist++) {
    const home = SUBGENRES[artists.subgenres[artist]];
    draw(home, byArtist);
    const outspoken = normal();
    const earlier: WorldTrack[] = [];
    const titles = new Set<string>();
    for (let left = artists.outputs[artist]; left > 0; album++) {
      const size = Math.min(left, albumSize(random));
      left -= size;
      const subgenreIndex = random() < 0.85
        ? artists.subgenres[artist]
        : relatedSubgenre(artists.subgenres[artist], random);
      const subgenre = SUBGENRES[subgenreIndex];
      const genre = GENRES[subgenre.genreIndex];
      draw(subgenre, byAlbum);
      const yearLatent = a[AT.year] * byArtist[AT.year] + b[AT.year] * byAlbum[AT.year];
      const year = Math.round(latentToValue(subgenre.grids[AT.year], yearLatent));
      const releaseDate = dateIn(year, random);
      const albumOutspoken = normal();
      let albumTitle = trackTitle(genre.name, random);
      for (let number = 1; number <= size; number++) {
        draw(subgenre, own);
        const audio = new Float64Array(9);
        const latent = (f: number) => a[f] * byArtist[f] + b[f] * byAlbum[f] + c[f] * own[f];
        for (let f = 0; f < 9; f++) {
          const z = latent(f);
          audio[f] = f === AT.instrumentalness && z < subgenre.zeroBelow.instrumentalness
            ? 0
            : latentToValue(subgenre.grids[f], z);
        }
        if (random() < (genre.wholeTempo - 0.1) / 0.9) {
          audio[AT.tempo] = Math.round(audio[AT.tempo]) + (random() - 0.5) * 0.08;
        }
        const appeal = latent(AT.popularity);
        let title = trackTitle(genre.name, random);
        while (titles.has(title)) title = trackTitle(genre.name, random);
        const mode = random() < subgenre.major ? 1 : 0;
        const explicitShare = Math.min(0.9, genre.explicit * (EXPLICIT_BY_DECADE[Math.floor(year / 10) - 195] ?? 1));
        const track: WorldTrack = {
          index,
          id: identifier(seed, "track", index),
          title,
          artists: [artist],
          album,
          albumTitle,
          trackNumber: number,
          releaseDate,
          year,
          subgenres: [subgenreIndex],
          popularity: appeal < subgenre.zeroBelow.popularity
            ? 0
            : Math.round(latentToValue(subgenre.grids[AT.popularity], appeal)),
          appeal,
          durationMs: Math.round(latentToValue(subgenre.grids[AT.duration_ms], latent(AT.duration_ms))),
          explicit: 0.7 * outspoken + 0.5 * albumOutspoken + 0.51 * normal() < normalQuantile(explicitShare, 0, 1),
          audio,
          key: sampleCategorical(genre.keys[mode], random),
          mode,
          timeSignature: timeSignature(random),
          take: "original",
        };
        if (earlier.length > 0 && random() < TAKE_SHARE) {
          makeTake(track, earlier[randomInteger(random, earlier.length)], random);
        } else {
          titles.add(title);
          addGuests(track, artists, guests, random);
          track.title += tag(track, artists, guests, random);
          earlier.push(track);
        }
        if (size === 1 && random() < 0.6) track.albumTitle = albumTitle = title;
        addSubgenres(track, random);
        if (random() < 0.0023) silence(track);
        if (random() < 0.0001) track.releaseDate = "0000";
        for (let f = 0; f < 9; f++) {
          audio[f] = f === AT.loudness || f === AT.tempo ? round3(audio[f]) : significant3(audio[f]);
        }
        yield track;
        index++;
      }
    }
  }
}

/** Sizes of albums; with the many artists of one track the mean comes to about 1.6, as in the catalogues of playlists. */
function albumSize(random: Random): number {
  const u = random();
  if (u < 0.5) return 1;
  if (u < 0.68) return 2;
  if (u < 0.88) return 3 + randomInteger(random, 3);
  if (u < 0.97) return 6 + randomInteger(random, 5);
  return 11 + randomInteger(random, 8);
}

/** What stands behind some titles: remix, remaster, version, source. */
function tag(track: WorldTrack, artists: WorldArtists, guests: GuestTable, random: Random): string {
  const u = random();
  if (u < 0.06) return ` - ${artists.names[anyArtist(guests, track.subgenres[0], random)]} Remix`;
  if (u < 0.18 && track.year < 2000) {
    const year = 2002 + randomInteger(random, 18);
    return random() < 0.5 ? ` - Remastered ${year}` : ` - ${year} Remaster`;
  }
  if (u > 0.935) return fillPattern(" {titleTags}", random);
  return "";
}

/** Makes a track another take of an earlier one. */
function makeTake(track: WorldTrack, base: WorldTrack, random: Random): void {
  let u = random();
  const drawn = TAKES.find(({ share }) => (u -= share) < 0) ?? TAKES[0];
  const remasterYear = Math.min(2019, base.year + 8 + randomInteger(random, 30));
  const { take, kept } = drawn.take === "remaster" && base.year > 2008 ? TAKES[0] : drawn;
  track.take = take;
  const { artists, key, mode, timeSignature, explicit } = base;
  Object.assign(track, { artists, key, mode, timeSignature, explicit, subgenres: [base.subgenres[0]] });
  const keep = take === "reissue" ? (random() < 0.62 ? 1 : 0.99) : kept;
  for (let f = 0; f < 9; f++) track.audio[f] = keep * base.audio[f] + (1 - keep) * track.audio[f];
  track.audio[AT.tempo] = base.audio[AT.tempo];
  track.durationMs = base.durationMs + (keep === 1 ? 0 : Math.round((random() - 0.5) * 2000));
  track.title = base.title;
  if (take === "remaster") {
    track.audio[AT.loudness] = Math.min(0, track.audio[AT.loudness] + 2 + random());
    track.title += random() < 0.5 ? ` - Remastered ${remasterYear}` : ` - ${remasterYear} Remaster`;
  } else if (take === "live") {
    track.audio[AT.liveness] = 0.6 + 0.38 * random();
    track.title += random() < 0.5 ? " - Live" : fillPattern(" - Live at {livePlaces} {venues}", random);
  } else if (take === "radio edit") {
    track.durationMs = Math.round(Math.min(track.durationMs * 0.85, 180000 + 60000 * random()));
    track.title += " - Radio Edit";
  } else if (take === "acoustic") {
    track.audio[AT.acousticness] = 0.6 + 0.38 * random();
    track.audio[AT.energy] *= 0.6;
    track.title += random() < 0.5 ? " - Acoustic" : " (Acoustic Version)";
  }
}

/** Lists the track under further subgenres, as 11 % of tracks are. */
function addSubgenres(track: WorldTrack, random: Random): void {
  const u = random();
  const more = u < 0.888 ? 0 : u < 0.972 ? 1 : u < 0.99 ? 2 : 3;
  for (let i = 0; i < more; i++) {
    const next = relatedSubgenre(track.subgenres[0], random);
    if (!track.subgenres.includes(next)) track.subgenres.push(next);
  }
}

/** Another subgenre: of the same genre half of the time, else of a genre that shares tracks with it. */
function relatedSubgenre(subgenre: number, random: Random): number {
  const { genreIndex } = SUBGENRES[subgenre];
  const overlap = GENRES[genreIndex].overlap.map((share, g) => g === genreIndex ? 0 : share);
  const genre = random() < 0.5 ? genreIndex : sampleCategorical(overlap, random);
  const weights = SUBGENRES.map((other, s) => other.genreIndex === genre && s !== subgenre ? other.weight : 0);
  return sampleCategorical(weights, random);
}

/** What the sources write for a track without sound that could be analysed: tempo, danceability, … are all 0. */
function silence(track: WorldTrack): void {
  for (const f of [AT.tempo, AT.danceability, AT.speechiness, AT.valence]) track.audio[f] = 0;
  track.timeSignature = 0;
}

function timeSignature(random: Random): number {
  const u = random();
  return u < 0.888 ? 4 : u < 0.9727 ? 3 : u < 0.9908 ? 5 : 1;
}

/** A date in a year, by the measured shares of months, weekdays and precisions. */
function dateIn(year: number, random: Random): string {
  const yearOnly = DATES.yearOnly[String(year - year % 10)] ?? 0;
  const u = random();
  if (u < yearOnly) return String(year);
  const month = year >= 2020 ? 0 : sampleCategorical(DATES.months, random);
  const prefix = `${year}-${String(month + 1).padStart(2, "0")}`;
  if (u > 1 - 0.001) return prefix;
  if (year >= 1990 && year < 2010 && random() < 0.24) return `${year}-01-01`;
  const weekdays = DATES.weekdays[String(Math.min(2020, Math.max(1990, year - year % 5)))];
  const weekday = sampleCategorical(weekdays, random);
  const first = new Date(Date.UTC(year, month, 1)).getUTCDay();
  const start = 1 + ((weekday + 1) % 7 - first + 7) % 7;
  const weeks = Math.floor((new Date(Date.UTC(year, month + 1, 0)).getUTCDate() - start) / 7) + 1;
  const date = `${prefix}-${String(start + 7 * randomInteger(random, weeks)).padStart(2, "0")}`;
  return date > LAST_DATE ? LAST_DATE : date;
}

/** The artists of each subgenre, to draw guests from in proportion to their output. */
type GuestTable = { members: number[]; sums: Float64Array }[];

function guestTable(artists: WorldArtists): GuestTable {
  const members: number[][] = SUBGENRES.map(() => []);
  artists.subgenres.forEach((subgenre, artist) => members[subgenre].push(artist));
  return members.map((list) => ({ members: list, sums: cumsum(list, (artist) => artists.outputs[artist]) }));
}

function anyArtist(table: GuestTable, subgenre: number, random: Random): number {
  const { members, sums } = table[subgenre];
  return members.length === 0 ? 0 : members[drawFrom(sums, random)];
}

/** Gives a quarter of the tracks guests, named in the title a third of the time. */
function addGuests(track: WorldTrack, artists: WorldArtists, table: GuestTable, random: Random): void {
  const u = random();
  const count = u < 0.748 ? 0 : u < 0.925 ? 1 : u < 0.977 ? 2 : 3;
  for (let i = 0; i < count; i++) {
    const guest = anyArtist(table, track.subgenres[0], random);
    if (!track.artists.includes(guest)) track.artists.push(guest);
  }
  if (track.artists.length > 1 && random() < 0.33) track.title += ` (feat. ${artists.names[track.artists[1]]})`;
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
const significant3 = (value: number): number => value === 0 ? 0 : Number(value.toPrecision(3));
