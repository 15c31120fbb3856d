/**
 * The hybrid: the scores of several models are the terms of one utility, and their weights are estimated from choices
 * by the conditional logit.
 */
import { mean } from "d3-array";
import { type ConditionalLogit, fitConditionalLogit } from "../choice/conditional_logit.ts";
import { type Choice, collectChoices } from "../listening/choice_sets.ts";
import { expectInteger } from "../data/errors.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import { samplePlaylists } from "../sequence/ranking.ts";
import { type SequenceRecommender, topTracks } from "../sequence/recommender.ts";
import { historyOf, type SequenceSplit, targetOf } from "../sequence/split.ts";

/** A term of the hybrid's utility. */
export interface HybridTerm {
  /** Its name; SASRec's is `sequence`. */
  name: string;
  /** The model whose score it is. */
  model: SequenceRecommender;
  /** Standardise the score over the tracks that are not in the history (mean 0, standard deviation 1). */
  standardize?: boolean;
}

/** So many tracks drawn from the rest are alternatives. */
const DRAWN = 100;

/**
 * Estimates the weights of a hybrid on the validation targets: the target of each playlist is chosen among all tracks.
 * Of these, the best of every model and a uniform draw of the rest make up the choice set; the offset −log(chance of
 * being drawn) keeps the estimates consistent (McFadden 1978). The models must be fitted on the training part alone.
 *
 * @param options Most playlists, 2,000 by default; `top`, how many best tracks of every model are alternatives, 30 by
 * default; and the seed of the draws, 42 by default.
 * @throws {InputError} When a term does not vary or repeats another.
 */
export function fitHybrid(
  terms: readonly HybridTerm[],
  split: SequenceSplit,
  options: { playlists?: number; top?: number; seed?: number } = {},
): { model: SequenceRecommender; logit: ConditionalLogit } {
  const { seed = 42 } = options;
  const top = expectInteger("top", options.top ?? 30, 1);
  const tracks = split.trackIds.length;
  const wanted = samplePlaylists(split.userIds.length, options.playlists ?? 2000, seed);
  const random = seededRandom(seed, "hybrid");
  const columns = terms.map(() => new Float32Array(tracks));
  const choices = Array.from(wanted, (p): Choice => {
    const history = historyOf(split, p, "validation");
    const target = targetOf(split, p, "validation");
    fillColumns(terms, history, columns);
    const best = new Set(columns.flatMap((column) => [...topTracks(column, top, history)]));
    const out = new Set([...best, ...history]);
    const rest = tracks - out.size;
    const others = new Set<number>(out.has(target) ? [] : [target]);
    for (const wantedOthers = Math.min(DRAWN, rest); others.size < wantedOthers;) {
      const track = randomInteger(random, tracks);
      if (!out.has(track)) others.add(track);
    }
    const correction = others.size === 0 ? 0 : -Math.log(others.size / rest);
    const alternatives = [...best, ...others];
    return {
      values: Float64Array.from(alternatives.flatMap((track) => columns.map((column) => column[track]))),
      chosen: alternatives.indexOf(target),
      offset: alternatives.map((track) => others.has(track) ? correction : 0),
    };
  });
  const logit = fitConditionalLogit(collectChoices(terms.map(({ name }) => name), choices));
  const weights = logit.coefficients.map(({ estimate }) => estimate);
  return { logit, model: hybridRecommender(terms, weights) };
}

/** A hybrid with given weights, one a term: the score is Σ weight · score of the term. */
export function hybridRecommender(terms: readonly HybridTerm[], weights: readonly number[]): SequenceRecommender {
  const { tracks } = terms[0].model;
  const columns = terms.map(() => new Float32Array(tracks));
  return {
    name: "hybrid",
    tracks,
    score(history, out) {
      fillColumns(terms, history, columns);
      out.fill(0);
      columns.forEach((column, f) => {
        for (let t = 0; t < tracks; t++) out[t] += weights[f] * column[t];
      });
    },
  };
}

/** The weights of a fitted hybrid as a table, one row a term. */
export function weightTable(logit: ConditionalLogit): Record<string, string | number>[] {
  return logit.coefficients.map(({ feature, estimate, standardError, lower, upper, z }) => ({
    feature,
    weight: estimate,
    "standard error": standardError,
    "95 % interval": `[${lower.toFixed(3)}, ${upper.toFixed(3)}]`,
    z,
  }));
}

function fillColumns(terms: readonly HybridTerm[], history: Int32Array, columns: Float32Array[]): void {
  terms.forEach(({ model, standardize }, f) => {
    model.score(history, columns[f]);
    if (standardize) standardizeColumn(columns[f], history);
  });
}

function standardizeColumn(column: Float32Array, history: Int32Array): void {
  // d3 leaves out what is not a number.
  const rest = column.slice();
  for (const track of history) rest[track] = NaN;
  const center = mean(rest) ?? 0;
  const scale = 1 / Math.sqrt(Math.max(1e-12, mean(rest, (value) => (value - center) ** 2) ?? 0));
  for (let t = 0; t < column.length; t++) column[t] = (column[t] - center) * scale;
}
