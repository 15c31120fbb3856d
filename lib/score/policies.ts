/**
 * The policies: the ways to choose the next track. A policy is an entry here and a line in {@linkcode POLICIES}; the
 * command line, the service and the comparison follow.
 */
import { InputError } from "../data/errors.ts";
import type { Random } from "../math/random.ts";
import { ditheredOrder, freshestOrder, vanillaOrder } from "./baselines.ts";
import type { TrackIndex } from "./collection.ts";
import { DEFAULT_RULES, type Rules } from "./rules.ts";
import type { UserState } from "./state.ts";
import { type Weights, ZERO_WEIGHTS } from "./weights.ts";

/**
 * A way to choose the next track. A policy with `order` puts the whole library in an order, and in a new one at its end;
 * any other walks from track to track and draws from the softmax of the utility.
 */
export interface Policy<Name extends string = string> {
  /** Its name, over the wire and on the command line. */
  name: Name;
  /** What people read. */
  label: string;
  /** How it chooses, in a line. */
  description: string;
  /** Of a walk: weights that are always its own; those of the session when left out. */
  weights?: Readonly<Weights>;
  /** Of a walk: temperature when none is given; 1 when left out. */
  temperature?: number;
  /** Of a walk: hard rules when none are given. */
  rules?: Rules;
  /**
   * Orders a library.
   *
   * @param options Half-life of a play in hours, and the time, in ms since 1970.
   */
  order?(
    library: ArrayLike<TrackIndex>,
    state: UserState,
    random: Random,
    options: { halfLife?: number; now: number },
  ): Int32Array;
  /** Of an order: true when each of the tracks that are left is equally likely; else a pick's probability is not known. */
  uniform?: boolean;
}

const segue: Policy<"segue"> = {
  name: "segue",
  label: "Segue",
  description: "the softmax of the utility under the weights and hard rules of the session",
  rules: DEFAULT_RULES,
};

/** At its temperature 0.1 of cosine is a factor e on the odds. */
const similarity: Policy<"similarity"> = {
  name: "similarity",
  label: "Similarity walk",
  description: "the softmax of the similarities to the current track and nothing else",
  weights: { ...ZERO_WEIGHTS, similarity: 1 },
  temperature: 0.1,
};

const vanilla: Policy<"vanilla"> = {
  name: "vanilla",
  label: "Vanilla shuffle",
  description: "every order of the library equally likely (Fisher–Yates)",
  order: (library, _state, random) => vanillaOrder(library, random),
  uniform: true,
};

const dithered: Policy<"dithered"> = {
  name: "dithered",
  label: "Dithered by artist",
  description: "the tracks of each artist laid out evenly (Spotify 2014)",
  order: (library, { collection }, random) => ditheredOrder(collection, library, random),
};

const freshest: Policy<"freshest"> = {
  name: "freshest",
  label: "Freshest of five",
  description: "of five shuffles the one with the least recently played tracks in front (Spotify 2025)",
  order: freshestOrder,
};

/** All policies. */
export const POLICIES = [segue, similarity, vanilla, dithered, freshest] as const;

/** Name of a policy. */
export type PolicyName = typeof POLICIES[number]["name"];

/** Their names. */
export const POLICY_NAMES = POLICIES.map(({ name }) => name) as [PolicyName, ...PolicyName[]];

/**
 * A policy by its name.
 *
 * @param policy The name, or the entry of a policy that is not in {@linkcode POLICIES}; `segue` by default.
 * @throws {InputError} When there is none of that name.
 */
export function policyOf(policy: PolicyName | Policy = "segue"): Policy {
  const found = typeof policy === "string" ? POLICIES.find(({ name }) => name === policy) : policy;
  if (!found) throw new InputError(`Expected policy to be one of ${POLICY_NAMES.join(", ")} but found '${policy}'`);
  return found;
}
