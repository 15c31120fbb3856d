/** Scenarios of the comparison: who listens, to which library, when, and from which starts. */
import { ascending, permute } from "d3-array";
import { randomNormal } from "d3-random";
import type { Catalog } from "../catalog/catalog.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { takeRows } from "../math/matrix.ts";
import { type Random, randomInteger, seededRandom, shuffleInPlace } from "../math/random.ts";
import { BASE_TERM_NAMES } from "../score/terms/registry.ts";
import { type Weights, ZERO_WEIGHTS } from "../score/weights.ts";
import { type Collection, type CollectionParts, createCollection, restrictCollection } from "../score/collection.ts";
import { knownnessOf } from "../metrics/exposure.ts";

/** Kind of a library: tracks of one genre; of any; 40 tracks; or half of them by one artist. */
export type LibraryKind = "one genre" | "broad" | "tiny" | "one artist";

export const LIBRARY_KINDS: readonly LibraryKind[] = ["one genre", "broad", "tiny", "one artist"];

/** When someone listens: all in one sitting, a session a day, or a longer session a week. */
export type ListeningPattern = "binge" | "daily" | "weekly";

export const LISTENING_PATTERNS: readonly ListeningPattern[] = ["binge", "daily", "weekly"];

/** Sessions of a pattern, plays of each, and hours from one to the next; 200 plays in all. */
export const PATTERN_SESSIONS: Readonly<Record<ListeningPattern, { sessions: number; plays: number; hours: number }>> =
  {
    binge: { sessions: 1, plays: 200, hours: 0 },
    daily: { sessions: 10, plays: 20, hours: 24 },
    weekly: { sessions: 8, plays: 25, hours: 168 },
  };

/**
 * The simulated listeners' weights: mean and standard deviation of independent normal distributions. They are an
 * assumption of ours, made different from the hand-set weights on purpose: these people mind repeats more and keys
 * less, and about one in ten of them dislikes likeness (a weight of similarity below 0).
 */
export const LISTENER_WEIGHTS: Readonly<Record<"mean" | "spread", Readonly<Weights>>> = {
  mean: { ...ZERO_WEIGHTS, similarity: 5, recency: 6, sameArtist: -0.5, keyMatch: 0.3, clusterDiversity: 1.5 },
  spread: { ...ZERO_WEIGHTS, similarity: 4, recency: 2, sameArtist: 1, keyMatch: 0.3, clusterDiversity: 1 },
};

/** Standard deviation of a listener's liking of single tracks, in units of utility: what no policy can know. */
const PERSONAL_LIKING = 1;

/** Tracks of a tiny library. */
const TINY = 40;
/** Genres and artists that the narrow libraries are drawn from: the largest ones. */
const LARGEST_GENRES = 6;
const LARGEST_ARTISTS = 20;
/** Share that the favourite artist has in a library of the kind "one artist", where the catalogue allows it. */
const FAVOURITE_SHARE = 0.5;
/** The first session of everyone: a Monday evening. */
const FIRST_SESSION = Date.UTC(2026, 0, 5, 18);
const MS_PER_HOUR = 3_600_000;

/** One simulated listener with a library of their own, ready to be played to. It can be sent to a worker. */
export interface Scenario extends Omit<CollectionParts, "graph"> {
  /** Number of the listener. */
  listener: number;
  /** Kind of the library. */
  library: LibraryKind;
  /** Listening pattern. */
  pattern: ListeningPattern;
  /** The genre or the artist that the library is about; empty for the other kinds. */
  about: string;
  /** Tracks of the library, as rows of the whole catalogue, ascending. Row i of everything below is `tracks[i]`. */
  tracks: Int32Array;
  /** Probability of each track being heard anywhere in the collection, see {@linkcode knownnessOf}. */
  knownness: Float64Array;
  /** First track of each session, as a row of the library. */
  starts: Int32Array;
  /** When each session starts, in ms since 1970. */
  times: Float64Array;
  /** Seed of each session: the same for every policy. */
  seeds: Int32Array;
  /** Plays of a session. */
  plays: number;
  /** The listener's own weights. */
  weights: Weights;
  /** The listener's liking of each track, in units of utility. */
  liking: Float64Array;
}

/**
 * Draws one listener. Listeners 0, 1, 2, … go round the 12 cells of library kind × listening pattern; each has a
 * library, starts, seeds and weights of their own, drawn from the seed and the number alone: listener 5 is the same
 * person whether 6 or 1,000 are drawn.
 *
 * @param options Tracks of a library that is not tiny, 300 by default, fewer in a small catalogue; seed, 42 by default.
 * @throws {InputError} When the catalogue has fewer than 20 tracks.
 */
export function drawScenario(
  collection: Collection,
  listener: number,
  { librarySize = 300, seed = 42 }: { librarySize?: number; seed?: number } = {},
): Scenario {
  expectInteger("listener", listener, 0);
  expectInteger("librarySize", librarySize, 20);
  if (collection.library.length < 20) {
    throw new InputError(
      `Expected a catalogue of at least 20 tracks to draw from but found ${collection.library.length}`,
    );
  }
  // The name of the stream stays: with another all listeners would be others.
  const random = seededRandom(seed, `tournament listener ${listener}`);
  const library = LIBRARY_KINDS[listener % LIBRARY_KINDS.length];
  const pattern = LISTENING_PATTERNS[Math.floor(listener / LIBRARY_KINDS.length) % LISTENING_PATTERNS.length];
  const { tracks, about } = drawLibrary(collection, library, librarySize, random);
  const { sessions, plays, hours } = PATTERN_SESSIONS[pattern];
  const normal = randomNormal.source(random)(0, 1);
  const weights = { ...LISTENER_WEIGHTS.mean };
  for (const name of BASE_TERM_NAMES) weights[name] += LISTENER_WEIGHTS.spread[name] * normal();
  const { knownness } = tablesOf(collection);
  return {
    listener,
    library,
    pattern,
    about,
    tracks,
    catalog: takeTracks(collection.catalog, tracks),
    embedding: takeRows(collection.embedding, tracks),
    clusters: collection.clusterCount > 0 ? tracks.map((track) => collection.clusters[track]) : undefined,
    knownness: Float64Array.from(tracks, (track) => knownness[track]),
    starts: Int32Array.from({ length: sessions }, () => randomInteger(random, tracks.length)),
    times: Float64Array.from({ length: sessions }, (_, s) => FIRST_SESSION + s * hours * MS_PER_HOUR),
    seeds: Int32Array.from({ length: sessions }, () => randomInteger(random, 2 ** 31)),
    plays,
    weights,
    liking: Float64Array.from(tracks, () => PERSONAL_LIKING * normal()),
  };
}

/**
 * The collection of one listener: their library alone, with exact neighbours within it.
 *
 * @returns A collection whose track i is row i of the library.
 */
export function scenarioCollection(scenario: Scenario): Promise<Collection> {
  const n = scenario.catalog.length;
  const edges = { offsets: new Int32Array(n + 1), indices: new Int32Array(0), similarities: new Float32Array(0) };
  const collection = createCollection({ ...scenario, graph: { nodeCount: n, ...edges } });
  return restrictCollection(collection, collection.library);
}

function drawLibrary(
  collection: Collection,
  kind: LibraryKind,
  size: number,
  random: Random,
): { tracks: Int32Array; about: string } {
  const all = collection.library;
  if (kind === "broad") return { tracks: sample(all, size, random), about: "" };
  if (kind === "tiny") return { tracks: sample(all, TINY, random), about: "" };
  const groups = tablesOf(collection)[kind];
  const [name, tracks] = groups[randomInteger(random, groups.length)];
  if (kind === "one genre") return { tracks: sample(tracks, size, random), about: name };
  const favourites = sample(tracks, Math.round(size * FAVOURITE_SHARE), random);
  // The rest of a library whose favourite has few tracks shrinks with them, so that the artist stays its half.
  const rest = Math.max(TINY, Math.round(favourites.length / FAVOURITE_SHARE)) - favourites.length;
  const others = sample(all, Math.min(all.length, rest + favourites.length), random)
    .filter((track) => !favourites.includes(track)).subarray(0, rest);
  return { tracks: Int32Array.from([...favourites, ...others]).sort(), about: name };
}

/** What all listeners of a collection are drawn from. */
interface Tables {
  knownness: Float64Array;
  "one genre": [name: string, tracks: Int32Array][];
  "one artist": [name: string, tracks: Int32Array][];
}

const tablesOfCollection = new WeakMap<Collection, Tables>();

/** How well known each track is, and the largest genres (without genres: clusters) and artists, found once. O(n). */
function tablesOf(collection: Collection): Tables {
  let tables = tablesOfCollection.get(collection);
  if (tables) return tables;
  const { artists, clusters, catalog } = collection;
  const { genres } = catalog.lists;
  const artistsOf = (track: number) =>
    Array.from(artists.codes.subarray(artists.offsets[track], artists.offsets[track + 1]), (a) => artists.names[a]);
  const genresOf = (track: number) => genres ? [...new Set(genres[track])] : [`cluster ${clusters[track] ?? 0}`];
  tables = {
    knownness: knownnessOf(collection.trackCount, catalog.numbers.popularity),
    "one genre": largestGroups(collection.library, genresOf, LARGEST_GENRES),
    "one artist": largestGroups(collection.library, artistsOf, LARGEST_ARTISTS),
  };
  tablesOfCollection.set(collection, tables);
  return tables;
}

function largestGroups(tracks: Int32Array, namesOf: (track: number) => string[], count: number) {
  const members = new Map<string, number[]>();
  for (const track of tracks) {
    for (const name of namesOf(track)) members.set(name, members.get(name) ?? []).get(name)!.push(track);
  }
  return [...members].sort(([a, x], [b, y]) => y.length - x.length || ascending(a, b)).slice(0, count)
    .map(([name, own]): [string, Int32Array] => [name, Int32Array.from(own)]);
}

/** Some distinct tracks, ascending; all of them when there are fewer. O(size) expected for size well below n. */
function sample(tracks: Int32Array, size: number, random: Random): Int32Array {
  if (size * 2 >= tracks.length) return shuffleInPlace(tracks.slice(), random).subarray(0, size).slice().sort();
  const drawn = new Set<number>();
  while (drawn.size < size) drawn.add(tracks[randomInteger(random, tracks.length)]);
  return Int32Array.from(drawn).sort();
}

/** Rows of a catalogue. */
function takeTracks({ numbers, texts, lists }: Catalog, rows: Int32Array): Catalog {
  const take = <V>(columns: Partial<Record<string, V>>, pick: (column: V) => V) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, pick(column!)]));
  return {
    length: rows.length,
    numbers: take(numbers, (column) => Float64Array.from(permute(column, rows))),
    texts: take(texts, (column) => permute(column, rows)),
    lists: take(lists, (column) => permute(column, rows)),
  };
}
