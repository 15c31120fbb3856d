/** The terms of the utility, in the order of every matrix of values and of every choice log. */
import { InputError } from "../../data/errors.ts";
import type { TrackIndex } from "../collection.ts";
import type { UserState } from "../state.ts";
import { clusterDiversity } from "./cluster_diversity.ts";
import { energyArc } from "./energy_arc.ts";
import { familiarity } from "./familiarity.ts";
import { feedback } from "./feedback.ts";
import { keyMatch } from "./key_match.ts";
import { recency } from "./recency.ts";
import { sameArtist } from "./same_artist.ts";
import { sequence } from "./sequence.ts";
import { similarity } from "./similarity.ts";
import type { Moment, Term, TermOptions } from "./term.ts";

/** All terms: those that every utility has, then the optional ones. A new term is a file and a line here. */
export const TERMS = [
  similarity,
  recency,
  sameArtist,
  keyMatch,
  clusterDiversity,
  sequence,
  familiarity,
  feedback,
  energyArc,
] as const;

/** Name of a term. */
export type TermName = typeof TERMS[number]["name"];

/** Name of a term that joins only if its weight is given. */
export type OptionalTermName = Extract<typeof TERMS[number], { optional: true }>["name"];

/** Name of a term that every utility has. */
export type BaseTermName = Exclude<TermName, OptionalTermName>;

/** The terms that every utility has. */
export const BASE_TERMS: readonly Term<BaseTermName>[] = TERMS.filter((term) => !term.optional) as Term<
  BaseTermName
>[];

/** Their names: the columns of a choice log. */
export const BASE_TERM_NAMES: readonly BaseTermName[] = BASE_TERMS.map(({ name }) => name);

const checked = new WeakSet<readonly Term[]>();

/**
 * Checks a list of terms, once.
 *
 * @throws {InputError} When two have one name, or one has the same value for all candidates.
 */
export function checkTerms(terms: readonly Term[]): readonly Term[] {
  if (checked.has(terms)) return terms;
  const names = new Set<string>();
  for (const { name, sameForAll } of terms) {
    if (names.has(name)) throw new InputError(`Expected each term once but found ${name} twice`);
    if (sameForAll) {
      throw new InputError(
        `Expected terms that differ between candidates but found ${name}, which the softmax cancels; ` +
          `multiply it with another term and enter the product`,
      );
    }
    names.add(name);
  }
  checked.add(terms);
  return terms;
}

/**
 * Computes terms for candidates. Cost O(c · f + m), independent of the size of the catalogue.
 *
 * @param terms The terms wanted, f of them, in order; {@linkcode BASE_TERMS} when left out.
 * @param similarities Cosine to the current track where it is known already (graph edges); used without steering.
 * @param out Where to write; a new array when left out.
 * @returns The values [c, f], row-major: `out`.
 * @throws {InputError} When a half-life is not above 0, `sequence` is wanted without a scorer, or the like.
 */
export function fillTerms(
  current: TrackIndex,
  state: UserState,
  candidates: Int32Array,
  options: TermOptions = {},
  terms: readonly Term[] = BASE_TERMS,
  similarities?: ArrayLike<number>,
  out: Float64Array = new Float64Array(candidates.length * terms.length),
): Float64Array {
  const moment: Moment = { current, state, collection: state.collection, candidates, similarities, options };
  for (let f = 0; f < terms.length; f++) terms[f].fill(moment, out, f, terms.length);
  return out;
}
