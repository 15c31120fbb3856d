/**
 * The options of `segue shuffle`, read into what the library takes.
 *
 * @module
 */
import type { Command } from "commander";
import { findTrack } from "../catalog/find.ts";
import { readWeights as readChoiceWeights } from "../choice/weights_file.ts";
import { InputError } from "../errors.ts";
import { FEATURES, OPTIONAL_FEATURES } from "../shuffle/features.ts";
import type { Cap, Rules } from "../shuffle/rules.ts";
import { type ArcPoint, DEFAULT_RULES, POLICIES, type PolicyName, type SessionOptions } from "../shuffle/session.ts";
import { SESSION_WEIGHTS, type Weights } from "../shuffle/weights.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import { numberOption } from "./shared.ts";

/** The options of `segue shuffle` that make the playlist: its recipe. */
export interface ShuffleRecipe {
  from?: string;
  toward?: string[];
  away?: string[];
  n?: number;
  minutes?: number;
  policy: string;
  temperature?: number;
  seed: number;
  weights?: string;
  discover?: number;
  arc?: string;
  halfLife?: number;
  clock?: string;
  liked?: string;
  history?: string[];
  now?: string;
  rules?: boolean;
  repeat?: string;
  repeatWork?: number;
  artistCap?: string;
  albumCap?: string;
  tempoJump?: number;
  genres?: string;
  excludeGenres?: string;
  years?: string;
  duration?: string;
  speechiness?: number;
  explicit?: boolean;
  excludeArtists?: string;
}

/**
 * Adds the options of a recipe to a command.
 *
 * @param command The command.
 * @returns The command.
 */
export function addShuffleOptions(command: Command): Command {
  return command
    .option("--from <text>", "first track: title, 'title - artist' or id (default: drawn at random)")
    .option("--toward <text...>", "tracks to lean towards: their embeddings are added")
    .option("--away <text...>", "tracks to lean away from: their embeddings are subtracted")
    .option("-n, --n <number>", "number of tracks (default: 30)", numberOption("--n"))
    .option("--minutes <m>", "length in minutes instead of a number of tracks", numberOption("--minutes"))
    .option("--policy <name>", POLICIES.join(", "), "segue")
    .option("--temperature <t>", "0 always takes the best candidate, Infinity any", numberOption("--temperature"))
    .option("--seed <s>", "the same seed gives the same playlist", numberOption("--seed"), 42)
    .option("--weights <text>", "'similarity=8,recency=4', or a weights.json of train-choice-model")
    .option("--discover <d>", "0 familiar … 0.5 as the weights are … 1 discover", numberOption("--discover"))
    .option("--arc <text>", "energy over the session, '0:0.3,0.6:0.9,1:0.4'")
    .option("--half-life <h>", "half-life of recency, in hours or plays", numberOption("--half-life"))
    .option("--clock <name>", "clock of recency: hours or plays")
    .option("--liked <file>", "restrict the graph to a library: ids, CSV, YourLibrary.json, M3U8, JSPF")
    .option("--history <file...>", "what was played: exports of Spotify, Last.fm, ListenBrainz, or a saved state")
    .option("--now <time>", "when the playlist starts, ISO 8601 (default: now, or when the history ends)")
    .option("--no-rules", "no hard rules but those named here")
    .option("--repeat <n>", "no track within n plays, or 'all': none before all have played")
    .option("--repeat-work <n>", "no take of the same song within n plays", numberOption("--repeat-work"))
    .option("--artist-cap <m/n>", "at most m of an artist among n tracks in a row, e.g. 1/3")
    .option("--album-cap <m/n>", "at most m of an album among n tracks in a row")
    .option("--tempo-jump <x>", "largest change of tempo in percent", numberOption("--tempo-jump"))
    .option("--genres <a,b>", "only these genres or subgenres")
    .option("--exclude-genres <a,b>", "none of these genres or subgenres")
    .option("--years <a-b>", "only these years, e.g. 1990-1999")
    .option("--duration <a-b>", "only tracks of this many seconds, e.g. 120-360")
    .option("--speechiness <x>", "largest speechiness, 0.66 leaves spoken word out", numberOption("--speechiness"))
    .option("--no-explicit", "no explicit tracks")
    .option("--exclude-artists <a,b>", "none of these artists");
}

/**
 * Reads a recipe into the options of a session.
 *
 * @param world The world, for the titles.
 * @param recipe The options.
 * @returns What `new Session` takes; the start is left to the caller.
 * @throws {InputError} When an option cannot be read.
 */
export function sessionOptions(world: ShuffleWorld, recipe: ShuffleRecipe): SessionOptions {
  const find = (text: string) => findTrack(world.catalog, text);
  if (recipe.n !== undefined && recipe.minutes !== undefined) {
    throw new InputError("Expected either -n or --minutes but found both");
  }
  return {
    policy: recipe.policy as PolicyName,
    from: recipe.from === undefined ? undefined : find(recipe.from),
    toward: recipe.toward?.map(find),
    away: recipe.away?.map(find),
    count: recipe.n,
    minutes: recipe.minutes,
    temperature: recipe.temperature,
    seed: recipe.seed,
    weights: recipe.weights === undefined ? undefined : readWeights(recipe.weights),
    discover: recipe.discover,
    arc: recipe.arc === undefined ? undefined : readArc(recipe.arc),
    halfLife: recipe.halfLife,
    clock: recipe.clock as "hours" | "plays" | undefined,
    rules: readRules(recipe),
  };
}

/** The rules that are named, over the default rules of the policy `segue`; undefined when there are none to set. */
function readRules(recipe: ShuffleRecipe): Rules | undefined {
  const named: Rules = {
    repeatTrack: recipe.repeat === undefined
      ? undefined
      : recipe.repeat === "all"
      ? "all"
      : numberOption("--repeat")(recipe.repeat),
    repeatWork: recipe.repeatWork,
    artist: recipe.artistCap === undefined ? undefined : readCap("--artist-cap", recipe.artistCap),
    album: recipe.albumCap === undefined ? undefined : readCap("--album-cap", recipe.albumCap),
    tempoJump: recipe.tempoJump,
    genres: readList(recipe.genres),
    excludedGenres: readList(recipe.excludeGenres),
    years: recipe.years === undefined ? undefined : readRange("--years", recipe.years),
    duration: recipe.duration === undefined ? undefined : readRange("--duration", recipe.duration),
    speechiness: recipe.speechiness,
    explicit: recipe.explicit === false ? false : undefined,
    excludedArtists: readList(recipe.excludeArtists),
  };
  const rules = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  if (recipe.rules === false || recipe.policy !== "segue") return rules;
  return { ...DEFAULT_RULES, ...rules };
}

/** `similarity=8,recency=4` over the defaults, or the estimates in a file. */
function readWeights(text: string): Weights {
  if (text.endsWith(".json")) return readChoiceWeights(text);
  const weights: Record<string, number> = { ...SESSION_WEIGHTS };
  const names: readonly string[] = [...FEATURES, ...OPTIONAL_FEATURES];
  for (const part of text.split(",")) {
    const [name, value] = part.split("=").map((side) => side.trim());
    if (!names.includes(name) || value === undefined) {
      throw new InputError(
        `Expected --weights to be a file or name=number with names ${names.join(", ")}, found '${part}'`,
      );
    }
    weights[name] = numberOption(`weight ${name}`)(value);
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
  const [most, window] = /^(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (most === undefined) throw new InputError(`Expected ${name} to be m/n such as 1/3 but found '${text}'`);
  return { most, window };
}

function readRange(name: string, text: string): [number, number] {
  const [low, high] = /^(\d+)-(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (low === undefined) throw new InputError(`Expected ${name} to be a range such as 1990-1999 but found '${text}'`);
  return [low, high];
}

function readList(text: string | undefined): string[] | undefined {
  return text?.split(",").map((name) => name.trim()).filter((name) => name !== "");
}
