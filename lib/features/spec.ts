/**
 * The feature specification: what each column of `X_raw.npy` means, how it was made, and how to undo it. It is
 * `features.json`.
 */
import { existsSync, readFileSync } from "node:fs";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { deviationOf } from "../math/spread.ts";
import { type CatalogStatistics, INDICATOR_GROUPS, type IndicatorGroup } from "./statistics.ts";
import { type Transform, TRANSFORMS, Z_FEATURES, type ZFeature } from "./transforms.ts";

/** Groups of columns that are weighted together. */
export type FeatureGroup = "audio" | "duration" | "key" | IndicatorGroup;

/** Weight of each group. */
export type GroupWeights = Record<FeatureGroup, number>;

/**
 * Default weights. A z-score has variance 1; the key pair, the mode and each indicator group are scaled to a total
 * variance of 1 as well, so a weight w gives a group the share w² × (its columns of variance 1) of the expected squared
 * distance. Audio has nine such columns. Genre and decade say what the signal does not, but a heavier weight makes the
 * graph fall apart into islands of one genre; the key is a matter of mixing rather than of likeness, and the score has
 * a term of its own for it; time signature is 4 nearly always, and its rare values would dominate.
 */
export const DEFAULT_GROUP_WEIGHTS: Readonly<GroupWeights> = {
  audio: 1,
  duration: 0.5,
  key: 0.5,
  mode: 0.5,
  time_signature: 0.25,
  decade: 1,
  genre: 1,
};

/** A column of `X_raw.npy`: x = weight · (t(value) − mean) / sd, and 0 where the value is missing. */
export interface FeatureColumn {
  /** Name, e.g. `"energy"`, `"key_cos"`, `"genre=rock"`. */
  name: string;
  /** The group it is weighted with. */
  group: FeatureGroup;
  /** A transformed number, a coordinate on the circle of fifths, or 1 when the track is of the category. */
  kind: "z-score" | "circle" | "indicator";
  /** Transform t of a z-score. */
  transform?: Transform;
  /** Category of an indicator: a genre, a decade, a time signature or a mode. */
  category?: string;
  /** Mean of t(value); for an indicator the share of its category; 0 on the circle. */
  mean: number;
  /** Standard deviation of t(value); for an indicator √Σ p(1 − p) over its group; 1 on the circle. */
  sd: number;
  /** Weight of its group. */
  weight: number;
}

/** What each column of `X_raw.npy` means, and how to undo it. */
export interface FeatureSpec {
  /** Version of this form. */
  version: 1;
  /** Tracks that the statistics come from. */
  tracks: number;
  /** The columns in the order of the matrix. */
  columns: FeatureColumn[];
  /** Weight of each group. */
  weights: GroupWeights;
  /** What was left out, and why. */
  dropped: { name: string; reason: string }[];
}

/** How to make a specification. */
export interface SpecOptions {
  /** Weights by group, over {@linkcode DEFAULT_GROUP_WEIGHTS}; a weight of 0 leaves the group out. */
  weights?: Partial<GroupWeights>;
  /** Most genres that get a column, the commonest first. Default 200. */
  maxGenres?: number;
}

/**
 * Makes the specification from the statistics of a catalogue.
 *
 * @throws {InputError} When a weight is negative or of an unknown group, or when no column is left.
 */
export function makeFeatureSpec(statistics: CatalogStatistics, options: SpecOptions = {}): FeatureSpec {
  const weights = { ...DEFAULT_GROUP_WEIGHTS, ...options.weights };
  for (const [group, weight] of Object.entries(weights)) {
    if (!(group in DEFAULT_GROUP_WEIGHTS)) {
      throw new InputError(
        `Expected a weight of one of ${Object.keys(DEFAULT_GROUP_WEIGHTS).join(", ")} but found '${group}'`,
      );
    }
    expectNumber(`weight ${group}`, weight, 0);
  }
  const maxGenres = expectInteger("max-genres", options.maxGenres ?? 200, 1);
  const dropped: FeatureSpec["dropped"] = [];
  const drop: Drop = (name, reason) => {
    dropped.push({ name, reason });
    return [];
  };
  const columns = [
    ...Z_FEATURES.flatMap((name) => zColumn(name, statistics, drop)),
    ...keyColumns(statistics, drop),
    ...INDICATOR_GROUPS.flatMap((group) => indicatorColumns(group, statistics, maxGenres, drop)),
  ].map((column) => ({ ...column, weight: weights[column.group] }));
  for (const group of Object.keys(DEFAULT_GROUP_WEIGHTS) as FeatureGroup[]) {
    if (weights[group] === 0) drop(group, "its weight is 0");
  }
  const kept = columns.filter(({ weight }) => weight > 0);
  if (kept.length === 0) {
    throw new InputError("No feature column is left: every feature is constant, missing or of weight 0");
  }
  return { version: 1, tracks: statistics.tracks, columns: kept, weights, dropped };
}

/**
 * Reads `features.json`.
 *
 * @throws {InputError} When the file is missing or is not a specification.
 */
export function readFeatureSpec(path: string): FeatureSpec {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; make it with segue features`);
  try {
    const spec = JSON.parse(readFileSync(path, "utf8"));
    if (spec.version === 1 && Array.isArray(spec.columns)) return spec;
  } catch {
    // Not JSON: the same advice.
  }
  throw new InputError(`${path}: expected a feature specification of version 1; make it again with segue features`);
}

type Unweighted = Omit<FeatureColumn, "weight">;

/** Notes what is left out, and why; no column comes of it. */
type Drop = (name: string, reason: string) => [];

const MISSING = "missing in every track";
const CONSTANT = "the same in every track";

function zColumn(name: ZFeature, { moments }: CatalogStatistics, drop: Drop): Unweighted[] {
  const found = moments[name];
  if (!found || found.count === 0) return drop(name, MISSING);
  const { mean } = found;
  const sd = deviationOf(found);
  if (!(sd > 1e-9 * Math.max(1, Math.abs(mean)))) return drop(name, CONSTANT);
  const group = name === "duration_ms" ? "duration" : "audio";
  return [{ name, group, kind: "z-score", transform: TRANSFORMS[name], mean, sd }];
}

function keyColumns({ keys }: CatalogStatistics, drop: Drop): Unweighted[] {
  if (keys === 0) return drop("key", MISSING);
  return ["key_cos", "key_sin"].map((name) => ({ name, group: "key", kind: "circle", mean: 0, sd: 1 }));
}

function indicatorColumns(
  group: IndicatorGroup,
  { categories }: CatalogStatistics,
  maxGenres: number,
  drop: Drop,
): Unweighted[] {
  const found = categories[group];
  if (!found || found.known === 0) return drop(group, MISSING);
  let names = Object.keys(found.counts);
  if (group === "genre") {
    names.sort((a, b) => found.counts[b] - found.counts[a] || (a < b ? -1 : 1));
    for (const name of names.splice(maxGenres)) {
      drop(`genre=${name}`, `not among the ${maxGenres} commonest genres`);
    }
  } else {
    names.sort((a, b) => Number(a) - Number(b));
    if (group === "mode") names = names.filter((name) => name === "1");
  }
  const share = (name: string) => found.counts[name] / found.known;
  const variance = names.reduce((sum, name) => sum + share(name) * (1 - share(name)), 0);
  if (!(variance > 0)) return drop(group, CONSTANT);
  return names.map((category) => ({
    name: group === "mode" ? "mode" : `${group}=${category}`,
    group,
    kind: "indicator",
    category,
    mean: share(category),
    sd: Math.sqrt(variance),
  }));
}
