/** The core: P(next | current track, listener). */
import { expectNumber, InputError } from "../data/errors.ts";
import { type CandidateOptions, findCandidates } from "./candidates.ts";
import { Distribution } from "./distribution.ts";
import type { UserState } from "./state.ts";
import { fillTerms } from "./terms/registry.ts";
import type { Term, TermOptions } from "./terms/term.ts";
import { termsOf, weightOf, type Weights } from "./weights.ts";
import { expectTrack, type TrackIndex } from "./collection.ts";

/** What a recommendation depends on besides track, listener and weights. */
export interface RecommendOptions extends CandidateOptions, TermOptions {
  /** Temperature T of the softmax in [0, ∞], 1 by default: 0 takes the best candidate, ∞ any of them. */
  temperature?: number;
  /** All terms there are; {@linkcode TERMS} when left out. */
  terms?: readonly Term[];
}

/**
 * P(next | current, state): the hard rules choose the candidates among the neighbours of the current track, then
 *
 * u(j | i, s) = Σ_f w_f · x_f(i, j, s), P(j) = exp(u_j / T) / Σ_k exp(u_k / T)
 *
 * with the terms of {@linkcode TERMS}. It is a function of its arguments alone: no clock and no random source
 * is read, and the state is not changed. Cost O(k) for k neighbours, whatever the size of the catalogue; it allocates
 * the distribution it returns and nothing else.
 *
 * @param state The listener, and through `state.collection` the catalogue.
 * @param weights The weights; {@linkcode DEFAULT_WEIGHTS} to start with. All 0 gives the uniform distribution.
 * @returns The distribution over at least one candidate. A catalogue of one track recommends that track again, and says
 * in `relaxed` that the rule `sameTrack` is broken.
 * @throws {InputError} When the track does not exist, a weight is missing or not finite, or an option is out of range.
 */
export function recommendNext(
  current: TrackIndex,
  state: UserState,
  weights: Weights,
  options: RecommendOptions = {},
): Distribution {
  expectTrack(state.collection, current, "current");
  const terms = termsOf(weights, options.terms);
  checkOptions(state, options);
  const found = findCandidates(current, state, options);
  const values = fillTerms(current, state, found.tracks, options, terms, found.similarities);
  const vector = new Float64Array(terms.length);
  for (let f = 0; f < vector.length; f++) vector[f] = weightOf(weights, terms[f].name)!;
  const { now = state.now, temperature = 1 } = options;
  return new Distribution(current, state, now, found, terms, values, vector, temperature);
}

function checkOptions(state: UserState, options: RecommendOptions): void {
  if (options.now !== undefined) expectNumber("now", options.now);
  if (options.clock !== undefined && options.clock !== "hours" && options.clock !== "plays") {
    throw new InputError(`Expected clock to be hours or plays but found ${options.clock}`);
  }
  for (const track of options.toward ?? []) expectTrack(state.collection, track, "toward");
  for (const track of options.away ?? []) expectTrack(state.collection, track, "away");
  if (options.targetEnergy !== undefined) expectNumber("targetEnergy", options.targetEnergy, 0, 1);
}
