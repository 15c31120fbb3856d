/**
 * The playlists of the synthetic world: a known process, so that what a model learns can be held against the truth.
 *
 * Every track lies in a **scene**: its subgenre, its era (before 1980, 1995, 2010, later), its drive (energy and
 * loudness against acousticness) and its groove (danceability and valence), each of the two above or below the
 * catalogue's middle: 24 × 4 × 2 × 2 scenes, of which many are empty. A playlist has a length L (log-normal), a
 * **theme** (two anchor scenes, the second a neighbour of the first), and habits: one in four sticks to artists, one in
 * two repeats tracks. At position t, with x the previous track:
 *
 * 1. with probability `repeat` an earlier track of the playlist comes again, in playlists with that habit;
 * 2. with probability `sameArtist` a track of x's artist follows (half of the time the next one of the album); with
 *    probability `returnArtist` one of the artist of some earlier track of the playlist;
 * 3. with probability `successor` one of x's three fixed successors follows, with chances 0.6, 0.25 and 0.15: tracks of
 *    x's scene that are drawn once and for all from the seed and the number of x;
 * 4. otherwise a scene is chosen: with probability `stay` that of x; with probability `advance` the one after it on a
 *    fixed cycle through the scenes of the genre; with probability `anywhere` any; else one that the theme draws, by the
 *    first anchor's affinities at the start of the playlist and by the second's at its end (**drift**). From that scene
 *    a track is drawn in proportion to its popularity. If its year lies d years from the playlist's first track and e
 *    years from x, it is taken with probability a + (1 − a) exp(−d/`own` − e/`step`); if not, scene and track are drawn
 *    again. So playlists keep to a time, and neighbours even more.
 *
 * The chance of a track within its scene follows a power law with a flat head, w = (u + u₀)^−1 with u the track's rank
 * over the number of tracks, as in the Million Playlist Dataset: counts fall off with an exponent of about 2.
 */
import { bisectLeft, cumsum } from "d3-array";
import { randomNormal } from "d3-random";
import { drawFrom, type Random, randomInteger, sampleCategorical, seededRandom } from "../../math/random.ts";
import { GENRES, SUBGENRES } from "./calibration.ts";
import type { WorldTable } from "./table.ts";

/** Parameters of the process. Probabilities are per position; a step that is not possible falls through to the next. */
export const PLAYLIST_PROCESS = {
  /** Mean and standard deviation of the logarithm of the length; shortest and longest. */
  length: { logMean: 3.95, logSd: 0.95, shortest: 5, longest: 250 },
  /** Share of playlists that repeat tracks, and how often an earlier track then comes again. */
  repeating: { share: 0.5, repeat: 0.034 },
  /** Share of playlists that stick to artists, and how often the artist goes on in those and in the others. */
  artists: { share: 0.25, sameArtist: 0.5, otherwise: 0.07 },
  /** The next track of the album follows, when the artist goes on. */
  nextOfAlbum: 0.5,
  /** The artist of an earlier track comes again, in playlists that stick to artists and in the others. */
  returnArtist: { sticking: 0.3, otherwise: 0.08 },
  /** A fixed successor follows, with these shares. */
  successor: 0.1,
  successorShares: [0.6, 0.25, 0.15],
  /** The scene stays, moves on along its genre's cycle, or is any. */
  stay: 0.06,
  advance: 0.08,
  anywhere: 0.05,
  /** Scales, in years, of the distance from the first track and from the previous one, and the share taken at any. */
  years: { own: 12, step: 9, atAnyDistance: 0.03 },
  /** Factors of a theme's affinity between two scenes: a match multiplies, a mismatch does not. */
  affinity: {
    sameSubgenre: 2.5,
    sameGenre: 9,
    relatedGenre: 30,
    sameEra: 30,
    nextEra: 4,
    sameDrive: 14,
    sameGroove: 9,
  },
  /** First years of the second, third and fourth era. */
  eras: [1980, 1995, 2010],
  /** Part of the latent popularity that the catalogue's popularity explains; the rest is chance. */
  popularityLoading: 0.68,
  /** Part that the artist's number of tracks explains. */
  outputLoading: 0.3,
  /** Share of all positions that the most listed track takes: it sets u₀. */
  topShare: 0.0007,
  /** How often genres are the theme of a playlist. */
  genreShares: { pop: 0.342, rock: 0.201, rap: 0.199, "r&b": 0.131, latin: 0.086, edm: 0.041 } as Record<
    string,
    number
  >,
};

/** A set of tracks that go together. */
export interface Scene {
  /** Index into the subgenres. */
  subgenre: number;
  /** 0 to 3, see {@linkcode PLAYLIST_PROCESS}. */
  era: number;
  /** 1 more driving than the middle of the catalogue, else 0. */
  drive: number;
  /** 1 more danceable and cheerful than the middle of the catalogue, else 0. */
  groove: number;
  members: Int32Array;
  /** Running sums of their weights. */
  sums: Float64Array;
}

/** A playlist before it is given names. */
export interface PlaylistDraft {
  /** Number of the playlist, from 0. */
  pid: number;
  /** Anchor scenes at its start and its end. */
  theme: [start: number, end: number];
  /** Track numbers in order. */
  tracks: number[];
}

/** What draws the playlists of one world. */
export type PlaylistGenerator = ReturnType<typeof playlistGenerator>;

/**
 * Prepares what draws the playlists of a world.
 *
 * @returns The scenes, of which some may be empty in a small world; the scene of each track and the next of each on its
 * genre's cycle; the rank offset u₀ of the popularity law; the three fixed successors of a track, not necessarily
 * distinct; and what draws a number of playlists.
 */
export function playlistGenerator(table: WorldTable, seed: number) {
  const n = table.artist.length;
  const { weights, flatHead } = popularityWeights(table, seed);
  const sceneOf = assignScenes(table);
  const scenes = gatherScenes(sceneOf, weights);
  const nextScene = sceneCycles(scenes, seed);
  const totals = scenes.map((scene) => scene.sums.at(-1) ?? 0);
  const themes = scenes.map((scene) => cumsum(scenes, (other, o) => totals[o] * affinity(scene, other)));
  const starts = cumsum(startWeights(scenes, totals));
  const fromScene = (scene: number, random: Random) => scenes[scene].members[drawFrom(scenes[scene].sums, random)];
  const successors = (track: number) => {
    const random = cheapRandom(seed, track);
    return PLAYLIST_PROCESS.successorShares.map(() => fromScene(sceneOf[track], random));
  };

  function drawOne(length: number, theme: [number, number], random: Random): number[] {
    const process = PLAYLIST_PROCESS;
    const tracks: number[] = [];
    const played = new Set<number>();
    const ofArtist = (artist: number): number | undefined => {
      const first = table.firstTrack[artist];
      const count = table.firstTrack[artist + 1] - first;
      for (let attempt = 0; attempt < 4; attempt++) {
        const track = first + randomInteger(random, count);
        if (!played.has(track)) return track;
      }
    };
    const sticks = random() < process.artists.share;
    const sameArtist = sticks ? process.artists.sameArtist : process.artists.otherwise;
    const returnArtist = sticks ? process.returnArtist.sticking : process.returnArtist.otherwise;
    const repeat = random() < process.repeating.share ? process.repeating.repeat : 0;
    const follow = (previous: number): number | undefined => {
      let u = random();
      if ((u -= sameArtist) < 0) {
        const onAlbum = previous + 1 < n && table.album[previous + 1] === table.album[previous];
        return onAlbum && random() < process.nextOfAlbum ? previous + 1 : ofArtist(table.artist[previous]);
      }
      if ((u -= returnArtist) < 0) return ofArtist(table.artist[tracks[randomInteger(random, tracks.length)]]);
      if ((u -= process.successor) < 0) {
        return successors(previous)[sampleCategorical(process.successorShares, random)];
      }
    };
    const chooseScene = (previous: number): number => {
      let u = random();
      if ((u -= process.stay) < 0) return sceneOf[previous];
      if ((u -= process.advance) < 0) return nextScene[sceneOf[previous]];
      if ((u -= process.anywhere) < 0) return drawFrom(starts, random);
      return drawFrom(themes[theme[random() < tracks.length / length ? 1 : 0]], random);
    };
    const { own, step, atAnyDistance } = process.years;
    const inItsTime = (track: number, previous: number): boolean => {
      const fromOwn = Math.abs(table.year[track] - table.year[tracks[0]]);
      const fromPrevious = Math.abs(table.year[track] - table.year[previous]);
      return random() < atAnyDistance + (1 - atAnyDistance) * Math.exp(-fromOwn / own - fromPrevious / step);
    };
    const next = (): number => {
      if (tracks.length === 0) return fromScene(theme[0], random);
      const previous = tracks[tracks.length - 1];
      const following = follow(previous);
      if (following !== undefined && !played.has(following)) return following;
      for (let attempt = 0; attempt < 60; attempt++) {
        const track = fromScene(chooseScene(previous), random);
        if (!played.has(track) && inItsTime(track, previous)) return track;
      }
      return randomInteger(random, n);
    };
    while (tracks.length < length) {
      const again = tracks.length > 2 && random() < repeat;
      const track = again ? tracks[randomInteger(random, tracks.length)] : next();
      tracks.push(track);
      played.add(track);
    }
    return tracks;
  }

  function* draw(count: number): Generator<PlaylistDraft> {
    const random = seededRandom(seed, "playlists");
    const normal = randomNormal.source(random)(0, 1);
    const { logMean, logSd, shortest, longest } = PLAYLIST_PROCESS.length;
    const longestHere = Math.min(longest, Math.floor(n / 2));
    for (let pid = 0; pid < count;) {
      const length = Math.round(Math.exp(logMean + logSd * normal()));
      if (length < shortest || length > longestHere) continue;
      const start = drawFrom(starts, random);
      const theme: [number, number] = [start, drawFrom(themes[start], random)];
      const tracks = drawOne(length, theme, random);
      if (new Set(tracks.map((i) => table.artist[i])).size < 3) continue;
      if (new Set(tracks.map((i) => table.album[i])).size < 2) continue;
      yield { pid: pid++, theme, tracks };
    }
  }
  return { scenes, sceneOf, nextScene, flatHead, successors, draw };
}

/**
 * The chance of each track within its scene: a power law over its rank in latent popularity. The flat head u₀ solves
 * u₀⁻¹ / (n ln(1/u₀)) = topShare, so that the most listed track takes the same share in a small world as in a large
 * one.
 */
function popularityWeights(table: WorldTable, seed: number): { weights: Float64Array; flatHead: number } {
  const n = table.appeal.length;
  const random = seededRandom(seed, "popularity");
  const normal = randomNormal.source(random)(0, 1);
  const { popularityLoading, outputLoading, topShare } = PLAYLIST_PROCESS;
  const chance = Math.sqrt(1 - popularityLoading ** 2 - outputLoading ** 2);
  const output = standardLogOutput(table);
  const latent = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    latent[i] = popularityLoading * table.appeal[i] + outputLoading * output[table.artist[i]] + chance * normal();
  }
  const ordered = latent.slice().sort();
  let flatHead = 0.01;
  for (let step = 0; step < 30; step++) {
    flatHead = Math.min(0.3, 1 / (topShare * n * Math.log(1 / flatHead)));
  }
  const weights = latent.map((value) => 1 / ((n - 1 - bisectLeft(ordered, value)) / n + flatHead));
  return { weights, flatHead };
}

/** Logarithm of each artist's number of tracks, standardised over the tracks. */
function standardLogOutput(table: WorldTable): Float64Array {
  const logs = Float64Array.from(table.artists.outputs, Math.log);
  let [sum, squares] = [0, 0];
  for (const artist of table.artist) {
    sum += logs[artist];
    squares += logs[artist] ** 2;
  }
  const n = table.artist.length;
  const sd = Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 1e-12));
  return logs.map((value) => (value - sum / n) / sd);
}

function assignScenes(table: WorldTable): Uint16Array {
  return Uint16Array.from(table.subgenre, (s, i) => {
    const era = PLAYLIST_PROCESS.eras.filter((first) => table.year[i] >= first).length;
    return 16 * s + 4 * era + table.mood[i];
  });
}

function gatherScenes(sceneOf: Uint16Array, weights: Float64Array): Scene[] {
  const sizes = new Int32Array(16 * SUBGENRES.length);
  for (const scene of sceneOf) sizes[scene]++;
  const members = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  sceneOf.forEach((scene, i) => members[scene][sizes[scene]++] = i);
  return members.map((list, scene) => ({
    subgenre: scene >> 4,
    era: (scene >> 2) & 3,
    drive: (scene >> 1) & 1,
    groove: scene & 1,
    members: list,
    sums: cumsum(list, (i) => weights[i]),
  }));
}

/** A random cycle through the scenes of each genre that have tracks. */
function sceneCycles(scenes: Scene[], seed: number): number[] {
  const random = seededRandom(seed, "cycles");
  const next = scenes.map((_, s) => s);
  for (let g = 0; g < GENRES.length; g++) {
    const cycle: number[] = [];
    scenes.forEach((scene, s) => {
      if (SUBGENRES[scene.subgenre].genreIndex !== g || scene.members.length === 0) return;
      cycle.splice(randomInteger(random, cycle.length + 1), 0, s);
    });
    cycle.forEach((scene, i) => next[scene] = cycle[(i + 1) % cycle.length]);
  }
  return next;
}

function affinity(a: Scene, b: Scene): number {
  const factors = PLAYLIST_PROCESS.affinity;
  const [ga, gb] = [SUBGENRES[a.subgenre].genreIndex, SUBGENRES[b.subgenre].genreIndex];
  const genre = a.subgenre === b.subgenre
    ? factors.sameGenre * factors.sameSubgenre
    : ga === gb
    ? factors.sameGenre
    : factors.relatedGenre * GENRES[ga].overlap[gb];
  const apart = Math.abs(a.era - b.era);
  return genre * (apart === 0 ? factors.sameEra : apart === 1 ? factors.nextEra : 1) *
    (a.drive === b.drive ? factors.sameDrive : 1) * (a.groove === b.groove ? factors.sameGroove : 1);
}

/** Scenes in proportion to their popularity within a genre, genres by their share as themes. */
function startWeights(scenes: Scene[], totals: number[]): number[] {
  const byGenre = GENRES.map((_, g) =>
    scenes.reduce((sum, scene, s) => sum + (SUBGENRES[scene.subgenre].genreIndex === g ? totals[s] : 0), 0)
  );
  return scenes.map((scene, s) => {
    const g = SUBGENRES[scene.subgenre].genreIndex;
    return totals[s] === 0 ? 0 : PLAYLIST_PROCESS.genreShares[GENRES[g].name] * totals[s] / byGenre[g];
  });
}

/** A short stream of uniform numbers that costs nothing to start (mulberry32), one for each track. */
function cheapRandom(seed: number, index: number): Random {
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
