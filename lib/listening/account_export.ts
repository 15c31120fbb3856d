/**
 * One simulated listener's account export, in the form in which Spotify hands it out: what `segue history` reads can so
 * be tried without anybody's data.
 */
import { randomExponential, randomLogNormal } from "d3-random";
import { join } from "node:path";
import { type Random, randomInteger, sampleCategorical, seededRandom } from "../math/random.ts";
import { writeAtomic } from "../data/atomic.ts";
import { type Catalog, listsOf, textsOf } from "../catalog/catalog.ts";

/** What was written. */
export interface ListeningExport {
  /** The folder that was written to. */
  folder: string;
  /** Paths of the files, the history first, `YourLibrary.json` last. */
  files: string[];
  /** Entries whose track is not in the catalogue. */
  foreign: number;
  /** Entries whose track has another id than in the catalogue, but the same title and artist. */
  relinked: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Streams of music; the days that they span, and the day they end; tracks in the library, at most half the catalogue. */
const STREAMS = 6000;
const DAYS = 540;
const END = Date.UTC(2026, 0, 1);
const LIBRARY = 400;
/** Spotify cuts a history into files of about this many entries. */
const ENTRIES_PER_FILE = 16_000;
/** Share of streams whose track is not in the catalogue, whose id changed, and of entries that are podcasts. */
const FOREIGN = 0.04;
const RELINKED = 0.03;
const PODCASTS = 0.02;

/** An entry of the extended streaming history. */
type StreamEntry = Record<string, string | number | boolean | null>;

/**
 * Simulates a listener and writes the account export: `Streaming_History_Audio_<years>_<i>.json` and
 * `YourLibrary.json`.
 *
 * The listener likes one genre most and a few others, keeps a library of their tracks (popular ones rather than
 * others), and listens in sessions, mostly in the evening. In a session the library is shuffled, or an artist is heard,
 * or something new is tried; a track heard a short while ago is skipped more often. As in real exports, some streams
 * are of tracks that the catalogue lacks, some have another id than the catalogue, and some are podcasts.
 *
 * @param folder Folder to write to, `DIR/listening` by custom.
 * @param catalog The catalogue, with track_id, title and artists; genres, popularity and durations where it has them.
 * @param options The seed, 42 when left out: the same seed gives the same export.
 */
export function writeListeningExport(
  folder: string,
  catalog: Catalog,
  { seed = 42 }: { seed?: number } = {},
): ListeningExport {
  const random = seededRandom(seed, "listening");
  const taste = tasteWeights(catalog, random);
  const library = drawDistinct(taste, Math.min(LIBRARY, Math.max(1, Math.floor(catalog.length / 2))), random);
  const result: ListeningExport = { folder, files: [], foreign: 0, relinked: 0 };
  const entries: StreamEntry[] = [];
  const listener: Listener = { catalog, taste, library, random, lastEnd: new Map() };
  for (const start of sessionStarts(random)) {
    let at = start.at;
    const next = sessionPlan(listener);
    for (let s = 0; s < start.length; s++) {
      const { track, shuffle } = next(s);
      const entry = streamOf(listener, track, at, shuffle, s === 0);
      at = Date.parse(entry.ts as string);
      if (random() < FOREIGN) {
        entry.spotify_track_uri = `spotify:track:${foreignId(random)}`;
        entry.master_metadata_track_name = `Not in This Catalogue ${1 + randomInteger(random, 99)}`;
        result.foreign++;
      } else if (random() < RELINKED) {
        entry.spotify_track_uri = `spotify:track:${foreignId(random)}`;
        result.relinked++;
      }
      entries.push(entry);
    }
    if (random() < PODCASTS * 12) entries.push(podcast(at, random));
  }
  entries.sort((a, b) => String(a.ts) < String(b.ts) ? -1 : 1);
  for (let i = 0; i * ENTRIES_PER_FILE < entries.length; i++) {
    const part = entries.slice(i * ENTRIES_PER_FILE, (i + 1) * ENTRIES_PER_FILE);
    const years = new Set([part[0], part[part.length - 1]].map(({ ts }) => String(ts).slice(0, 4)));
    result.files.push(write(folder, `Streaming_History_Audio_${[...years].join("-")}_${i}.json`, part));
  }
  result.files.push(write(folder, "YourLibrary.json", libraryFile(catalog, library)));
  return result;
}

interface Listener {
  catalog: Catalog;
  /** How much the listener would like each track. */
  taste: Float64Array;
  library: number[];
  random: Random;
  /** When each track that was heard ended. */
  lastEnd: Map<number, number>;
}

/** How much the listener would like each track: by genre, one genre far more than the rest, and by popularity. */
function tasteWeights(catalog: Catalog, random: Random): Float64Array {
  const exponential = randomExponential.source(random)(1);
  const ofGenre = new Map<string, number>();
  const genres = catalog.lists.subgenres ?? catalog.lists.genres;
  const popularity = catalog.numbers.popularity;
  return Float64Array.from({ length: catalog.length }, (_, i) => {
    const genre = genres?.[i][0] ?? "";
    let liking = ofGenre.get(genre);
    if (liking === undefined) ofGenre.set(genre, liking = exponential() ** 3);
    return liking * (0.2 + (popularity?.[i] || 0) / 100) + 1e-9;
  });
}

/** Draws without repeats, by Efraimidis and Spirakis: the largest of u^(1/w). */
function drawDistinct(weights: Float64Array, count: number, random: Random): number[] {
  const keyed = Array.from(weights, (weight, i) => ({ i, key: Math.log(1 - random()) / weight }));
  return keyed.sort((a, b) => b.key - a.key).slice(0, count).map(({ i }) => i);
}

/** Sessions of about 13 tracks, evenings most, until the streams are used up; the last at the end of the span. */
function sessionStarts(random: Random): { at: number; length: number }[] {
  const exponential = randomExponential.source(random)(1 / 12);
  const lengths: number[] = [];
  for (let left = STREAMS; left > 0; left -= lengths[lengths.length - 1]) {
    lengths.push(Math.min(left, 1 + Math.round(exponential())));
  }
  // How often sessions start in each hour of the day: rarely at night, more at 8, most at 20.
  const byHour = Array.from(
    { length: 24 },
    (_, h) => h < 6 ? 0.1 : 1 + 2 * Math.exp(-(((h - 8) / 1.5) ** 2)) + 4 * Math.exp(-(((h - 20) / 2) ** 2)),
  );
  return lengths.map((length) => {
    const day = 1 + randomInteger(random, DAYS);
    const at = END - day * DAY + (sampleCategorical(byHour, random) + random()) * HOUR;
    return { at: Math.round(at), length };
  }).sort((a, b) => a.at - b.at);
}

/** What a session plays: the library shuffled, one artist, or something new from the whole catalogue. */
function sessionPlan(
  { catalog, taste, library, random }: Listener,
): (step: number) => { track: number; shuffle: boolean } {
  const kind = random();
  if (kind < 0.7) return () => ({ track: library[randomInteger(random, library.length)], shuffle: true });
  if (kind < 0.85) {
    const artist = listsOf(catalog, "artists")[library[randomInteger(random, library.length)]][0];
    const tracks = listsOf(catalog, "artists").flatMap((artists, i) => artists.includes(artist) ? [i] : []);
    return (step) => ({ track: tracks[step % tracks.length], shuffle: false });
  }
  const candidates = drawDistinct(taste, Math.min(30, catalog.length), random);
  return (step) => ({ track: candidates[step % candidates.length], shuffle: false });
}

function streamOf(listener: Listener, track: number, at: number, shuffle: boolean, first: boolean): StreamEntry {
  const { catalog, random, lastEnd } = listener;
  const duration = catalog.numbers.duration_ms?.[track] || 210_000;
  const since = (at - (lastEnd.get(track) ?? -Infinity)) / HOUR;
  const skipped = random() < 0.12 + 0.5 * 2 ** (-since / 24);
  const brokenOff = !skipped && random() < 0.03;
  const isCut = skipped || brokenOff;
  const heard = isCut ? Math.min(0.95 * duration, 1000 * randomLogNormal.source(random)(2.6, 1)()) : duration;
  const played = Math.round(heard);
  const ended = at + played + 1000;
  lastEnd.set(track, ended);
  return {
    ...entryOf(ended, played),
    master_metadata_track_name: textsOf(catalog, "title")[track],
    master_metadata_album_artist_name: listsOf(catalog, "artists")[track][0],
    master_metadata_album_album_name: catalog.texts.album?.[track] ?? null,
    spotify_track_uri: `spotify:track:${textsOf(catalog, "track_id")[track]}`,
    reason_start: first ? "clickrow" : shuffle ? "trackdone" : "fwdbtn",
    reason_end: skipped ? "fwdbtn" : brokenOff ? "logout" : "trackdone",
    shuffle,
    skipped,
  };
}

function podcast(at: number, random: Random): StreamEntry {
  const played = Math.round(600_000 + 1_800_000 * random());
  return {
    ...entryOf(at + played, played),
    episode_name: `Episode ${1 + randomInteger(random, 200)}`,
    episode_show_name: "A Made-up Podcast",
    spotify_episode_uri: `spotify:episode:${foreignId(random)}`,
  };
}

/** An entry with all that an export has, nothing of it said yet but when and how long. */
function entryOf(ended: number, played: number): StreamEntry {
  return {
    ts: new Date(ended).toISOString().replace(/\.\d+Z$/, "Z"),
    platform: "linux",
    ms_played: played,
    conn_country: "ZZ",
    ip_addr: "203.0.113.7",
    master_metadata_track_name: null,
    master_metadata_album_artist_name: null,
    master_metadata_album_album_name: null,
    spotify_track_uri: null,
    episode_name: null,
    episode_show_name: null,
    spotify_episode_uri: null,
    reason_start: "clickrow",
    reason_end: "trackdone",
    shuffle: false,
    skipped: false,
    offline: false,
    offline_timestamp: null,
    incognito_mode: false,
  };
}

function libraryFile(catalog: Catalog, library: number[]): Record<string, unknown> {
  const tracks = library.map((track) => ({
    artist: listsOf(catalog, "artists")[track][0],
    album: catalog.texts.album?.[track] ?? "",
    track: textsOf(catalog, "title")[track],
    uri: `spotify:track:${textsOf(catalog, "track_id")[track]}`,
  }));
  return { tracks, albums: [], shows: [], episodes: [], bannedTracks: [], artists: [], bannedArtists: [], other: [] };
}

function foreignId(random: Random): string {
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return Array.from({ length: 22 }, () => letters[randomInteger(random, letters.length)]).join("");
}

function write(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  writeAtomic(path, JSON.stringify(content, null, 2) + "\n");
  return path;
}
