/** The weights of the utility, their defaults, and the familiar–discover slider. */
import { expectNumber, InputError } from "../data/errors.ts";
import { BASE_TERMS, type BaseTermName, checkTerms, type OptionalTermName, TERMS } from "./terms/registry.ts";
import type { Term } from "./terms/term.ts";

/**
 * Weights of the utility u(j | i, s) = Σ_f w_f · x_f(i, j, s) by the names of the terms in {@linkcode TERMS}: a number
 * for each base term, and for an optional one a number to let it join. A weight is in units of log-odds: raising x_f by
 * 1 multiplies the odds of a candidate by exp(w_f) at temperature 1.
 */
export type Weights = Record<BaseTermName, number> & Partial<Record<OptionalTermName, number>>;

/** Weights of 0 for every base term. */
export const ZERO_WEIGHTS: Readonly<Weights> = weightsOf(BASE_TERMS, () => 0);

/** Hand-set weights, before any are learned. The entry of each term says what its own means. */
export const DEFAULT_WEIGHTS: Readonly<Weights> = weightsOf(BASE_TERMS, ({ weight }) => weight.value);

/** Weights of a session when none are given: the defaults, and likes and skips count. */
export const SESSION_WEIGHTS: Readonly<Weights> = sessionWeights(TERMS);

/** The default weights of the base terms, and of the optional ones that every session has. */
export function sessionWeights(terms: readonly Term[]): Readonly<Weights> {
  const used = terms.filter(({ optional, weight }) => !optional || weight.inSessions);
  return weightsOf(used, ({ weight }) => weight.value);
}

/**
 * The familiar–discover slider, mapped to weights. With t = 2·discover − 1 in [−1, 1] it moves the given weights by
 *
 * | weight | change | familiar (0) | middle (0.5) | discover (1) |
 * |---|---|---|---|---|
 * | similarity | × (1 − t/2) | 12 | 8 | 4 |
 * | recency | × (1 + t) | 0 | 4 | 8 |
 * | sameArtist | − 1.5 t | 0.5 | −1 | −2.5 |
 * | clusterDiversity | × (1 + t) | 0 | 1 | 2 |
 * | familiarity | − 2 t | 2 | 0 | −2 |
 *
 * (the columns on the right: from {@linkcode DEFAULT_WEIGHTS}), as the entries of the terms say; the rest stay.
 *
 * @param discover Position of the slider in [0, 1]: 0 familiar, 0.5 the given weights as they are, 1 discover.
 * @param weights The weights of the middle position.
 * @throws {InputError} When `discover` is not in [0, 1].
 */
export function weightsForDiscovery(
  discover: number,
  weights: Weights = DEFAULT_WEIGHTS,
  terms: readonly Term[] = TERMS,
): Weights {
  const t = 2 * expectNumber("discover", discover, 0, 1) - 1;
  if (t === 0) return { ...weights };
  const moved = terms.flatMap((term) =>
    term.discover ? [[term.name, term.discover(weightOf(weights, term.name) ?? 0, t)]] : []
  );
  return { ...weights, ...Object.fromEntries(moved) };
}

/** The weight of a term by its name, which may be one that only a longer list of terms has. */
export function weightOf(weights: Readonly<Weights>, name: string): number | undefined {
  return (weights as Readonly<Record<string, number | undefined>>)[name];
}

/**
 * The terms that weights speak of: the base terms, and the optional ones that have a weight.
 *
 * @returns Terms in the order of the columns of a matrix of values.
 * @throws {InputError} `Expected weight recency to be a finite number but found NaN`, or when the terms are not valid.
 */
export function termsOf(weights: Readonly<Weights>, terms: readonly Term[] = TERMS): readonly Term[] {
  return checkTerms(terms).filter(({ name, optional }) => {
    const weight = weightOf(weights, name);
    if (weight === undefined && optional) return false;
    if (typeof weight === "number" && Number.isFinite(weight)) return true;
    throw new InputError(`Expected weight ${name} to be a finite number but found ${weight}`);
  });
}

/**
 * Checks weights: that of every base term is there, and every one that is there is finite.
 *
 * @throws {InputError} As {@linkcode termsOf}.
 */
export function checkWeights(weights: Weights): Weights {
  termsOf(weights);
  return weights;
}

function weightsOf(terms: readonly Term[], weight: (term: Term) => number): Readonly<Weights> {
  return Object.freeze(Object.fromEntries(terms.map((term) => [term.name, weight(term)])) as Weights);
}
