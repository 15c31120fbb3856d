/** The options of `segue shuffle`, read into what the library takes. */
import { findTrack } from "../catalog/find.ts";
import { nameFinder, type NameKind, splitKnown } from "../catalog/names.ts";
import { readWeights as readChoiceWeights } from "../choice/weights_file.ts";
import { InputError } from "../data/errors.ts";
import { TERMS } from "../score/terms/registry.ts";
import { POLICY_NAMES, type PolicyName } from "../score/policies.ts";
import { type Cap, DEFAULT_RULES, type Rules } from "../score/rules.ts";
import type { ArcPoint, SessionOptions } from "../score/session.ts";
import { SESSION_WEIGHTS, type Weights } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import { names, negated, number, oneOf, readNumber, seed, splitNames, text, texts, type ValuesOf } from "./shared.ts";

/** The options of `segue shuffle` that make the playlist: its recipe. */
export const RECIPE = {
  from: text("<text>", "first track: title, 'title - artist' or id (default: drawn at random)"),
  toward: texts("<text...>", "tracks to lean towards: their embeddings are added"),
  away: texts("<text...>", "tracks to lean away from: their embeddings are subtracted"),
  after: texts("<file>", "playlist to go on from: its last track is the one before, all of it counts as just played"),
  by: oneOf(["track", "album"], "what is shuffled: track, or album for whole albums in their order", "track"),
  n: number("<number>", "number of tracks (default: 30)", { from: 1, short: "-n" }),
  minutes: number("<m>", "length in minutes instead of a number of tracks", { real: true, above: 0 }),
  policy: text("<name>", POLICY_NAMES.join(", "), "segue"),
  temperature: number("<t>", "0 always takes the best candidate, Infinity any", { real: true, from: 0, to: Infinity }),
  seed: seed("the same seed gives the same playlist"),
  weights: text("<text>", "'similarity=8,recency=4', or a weights.json of train-choice-model"),
  discover: number("<d>", "0 familiar … 0.5 as the weights are … 1 discover", { real: true, from: 0, to: 1 }),
  arc: text("<text>", "energy over the session, '0:0.3,0.6:0.9,1:0.4'"),
  halfLife: number("<h>", "half-life of recency, in hours or plays", { real: true, above: 0 }),
  clock: text("<name>", "clock of recency: hours or plays"),
  liked: texts("<file>", "restrict the graph to a library: playlist, table, YourLibrary.json, ids; see data/README.md"),
  ratings: texts("<file>", "ratings (CSV, Library.xml): 4 of 5 stars or more are likes, 2 or less are left out"),
  history: texts("<file...>", "what was played: files that segue history reads, or a saved state"),
  now: text("<time>", "when the playlist starts, ISO 8601 (default: now, or when the history ends)"),
  rules: negated("no hard rules but those named here"),
  repeat: text("<n>", "no track within n plays, or 'all': none before all have played"),
  repeatWork: number("<n>", "no take of the same song within n plays", { from: 1 }),
  artistCap: text("<m/n>", "at most m of an artist among n tracks in a row, e.g. 1/3"),
  albumCap: text("<m/n>", "at most m of an album among n tracks in a row"),
  tempoJump: number("<x>", "largest change of tempo in percent", { real: true, from: 0 }),
  genres: texts("<a,b>", "only these genres or subgenres"),
  excludeGenres: texts("<a,b>", "none of these genres or subgenres"),
  years: text("<a-b>", "only these years, e.g. 1990-1999"),
  duration: text("<a-b>", "only tracks of this many seconds, e.g. 120-360"),
  speechiness: number("<x>", "largest speechiness, 0.66 leaves spoken word out", { real: true, from: 0, to: 1 }),
  explicit: negated("no explicit tracks"),
  excludeArtists: texts("<a,b>", "none of these artists; a name with commas is known by the catalogue"),
  excludeWords: names("<a,b>", "no titles with one of these words, e.g. live,remix,christmas"),
};

/** What the options say, or a playlist file that carries its recipe. */
export type ShuffleRecipe = Partial<ValuesOf<typeof RECIPE>>;

/**
 * Reads a recipe into the options of a session.
 *
 * @returns What `new Session` takes; the start is left to the caller.
 * @throws {InputError} When an option cannot be read.
 */
export function sessionOptions(collection: Collection, recipe: ShuffleRecipe): SessionOptions {
  const find = (text: string) => findTrack(collection.catalog, text);
  if (recipe.n !== undefined && recipe.minutes !== undefined) {
    throw new InputError("Expected either -n or --minutes but found both");
  }
  return {
    policy: recipe.policy as PolicyName,
    from: when(recipe.from, find),
    toward: recipe.toward?.map(find),
    away: recipe.away?.map(find),
    by: recipe.by,
    count: recipe.n,
    minutes: recipe.minutes,
    temperature: recipe.temperature,
    seed: recipe.seed,
    weights: when(recipe.weights, readWeights),
    discover: recipe.discover,
    arc: when(recipe.arc, readArc),
    halfLife: recipe.halfLife,
    clock: recipe.clock as "hours" | "plays" | undefined,
    rules: readRules(collection, recipe),
  };
}

/** The rules that are named, over the default rules of the policy `segue`; undefined when there are none to set. */
function readRules(collection: Collection, recipe: ShuffleRecipe): Rules | undefined {
  const named: Rules = {
    repeatTrack: when(recipe.repeat, (repeat) => repeat === "all" ? "all" : readNumber(repeat, "--repeat")),
    repeatWork: recipe.repeatWork,
    artist: when(recipe.artistCap, (cap) => readCap("--artist-cap", cap)),
    album: when(recipe.albumCap, (cap) => readCap("--album-cap", cap)),
    tempoJump: recipe.tempoJump,
    genres: namesOf("genre", collection, recipe.genres),
    excludedGenres: namesOf("genre", collection, recipe.excludeGenres),
    years: when(recipe.years, (years) => readPair("--years", years, "-", RANGE)),
    duration: when(recipe.duration, (seconds) => readPair("--duration", seconds, "-", RANGE)),
    speechiness: recipe.speechiness,
    explicit: recipe.explicit === false ? false : undefined,
    excludedArtists: namesOf("artist", collection, recipe.excludeArtists),
    excludedWords: recipe.excludeWords,
  };
  const rules = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  if (recipe.rules === false || recipe.policy !== "segue") return rules;
  const usual: Rules = recipe.by === "album" ? { ...DEFAULT_RULES, repeatTrack: "all" } : DEFAULT_RULES;
  return { ...usual, ...rules };
}

/** The genres or artists that an option names: each value whole where the catalogue knows it, else parted at commas. */
function namesOf(kind: NameKind, collection: Collection, typed: string[] | undefined): string[] | undefined {
  if (typed === undefined) return undefined;
  const find = nameFinder(kind, collection[`${kind}s`].names);
  return splitKnown(typed, (name) => find(name).length > 0);
}

/** The form of a range on the command line. */
const RANGE = "a range such as 1990-1999";

function when<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

/** `similarity=8,recency=4` over the defaults, or the estimates in a file. */
function readWeights(text: string): Weights {
  return text.endsWith(".json")
    ? readChoiceWeights(text)
    : readWeightList(text, SESSION_WEIGHTS, TERMS.map((term) => term.name));
}

/**
 * Reads weights such as `similarity=8,recency=4`.
 *
 * @throws {InputError} When a part has no such name, or no number.
 */
export function readWeightList(text: string, standard: Weights, names: readonly string[]): Weights {
  const weights: Record<string, number> = { ...standard };
  for (const part of splitNames(text)) {
    const [name, value] = part.split("=").map((side) => side.trim());
    if (!names.includes(name) || value === undefined) {
      throw new InputError(
        `Expected --weights to be name=number,… with names ${names.join(", ")}, or a file, but found '${part}'`,
      );
    }
    weights[name] = readNumber(value, `weight ${name}`);
  }
  return weights as unknown as Weights;
}

function readArc(text: string): ArcPoint[] {
  return text.split(",").map((point) => {
    const [progress, energy, ...rest] = point.split(":").map(Number);
    if (rest.length > 0 || !Number.isFinite(progress) || !Number.isFinite(energy)) {
      throw new InputError(`Expected --arc to be points progress:energy such as 0:0.3,1:0.9 but found '${point}'`);
    }
    return [progress, energy] as const;
  });
}

function readCap(name: string, text: string): Cap {
  const [most, window] = readPair(name, text, "/", "m/n such as 1/3");
  return { most, window };
}

function readPair(name: string, text: string, between: "/" | "-", form: string): [number, number] {
  const [first, second, ...rest] = text.split(between);
  if (rest.length > 0 || !/^\d+$/.test(first) || !/^\d+$/.test(second)) {
    throw new InputError(`Expected ${name} to be ${form} but found '${text}'`);
  }
  return [Number(first), Number(second)];
}
