/**
 * Full ranking of the vocabulary, and what it says of a model, with its uncertainty.
 *
 * @module
 */
import { expectInteger, InputError } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import { randomInteger, seededRandom, shuffleInPlace } from "../math/random.ts";
import { type SequenceRecommender, topTracks } from "./recommender.ts";
import { historyOf, type SequenceSplit, type SplitPart, targetOf } from "./split.ts";

/** A number with its bootstrap interval. */
export interface MetricEstimate {
  /** The estimate. */
  value: number;
  /** Lower end of the 95 % interval. */
  lower: number;
  /** Upper end of the 95 % interval. */
  upper: number;
}

/** Options of {@linkcode evaluateNext}. */
export interface EvaluateOptions {
  /** Which target is predicted, `"test"` by default. */
  part?: SplitPart;
  /** Length of the list that recall, NDCG, coverage and popularity bias look at, 10 by default. */
  k?: number;
  /** Most playlists to look at, a seeded sample beyond; 10,000 by default. */
  playlists?: number;
  /** Seed of sample and bootstrap, 42 by default. */
  seed?: number;
  /** Changes the history before the model sees it, e.g. shuffles it; must keep its tracks. */
  transform?: (history: Int32Array, playlist: number) => Int32Array;
}

/** What came of ranking the vocabulary for every playlist. */
export interface NextTrackResult {
  /** Name of the model. */
  name: string;
  /** Length of the list. */
  k: number;
  /** Playlists looked at. */
  playlists: Int32Array;
  /** Rank of the target in each, from 1; ties count half. */
  ranks: Float64Array;
  /** Share of targets within the first k. */
  recall: MetricEstimate;
  /** Mean of 1 / log₂(rank + 1) within the first k, else 0. */
  ndcg: MetricEstimate;
  /** Mean of 1 / rank over the whole ranking. */
  mrr: MetricEstimate;
  /** Share of the vocabulary that stands in at least one list. It has no interval: a resample holds fewer lists. */
  coverage: number;
  /** Mean training count of the recommended tracks over that of the targets: 1 is no bias. */
  popularityBias: MetricEstimate;
  /** Median milliseconds of one scoring and ranking. */
  milliseconds: number;
}

const RESAMPLES = 1000;

/**
 * Ranks the whole vocabulary for every playlist, the history left out, and finds the target in the ranking.
 * Equal scores share their ranks: a target has the rank 1 + (tracks above it) + (other tracks equal to it) / 2.
 *
 * @param model The model.
 * @param split The data.
 * @param options Target, list length, sample.
 * @returns Ranks and metrics with bootstrap 95 % intervals over playlists.
 * @throws {Error} When the model gives a score that is not a number.
 */
export function evaluateNext(
  model: SequenceRecommender,
  split: SequenceSplit,
  options: EvaluateOptions = {},
): NextTrackResult {
  const { part = "test", k = 10, seed = 42, transform } = options;
  expectInteger("k", k, 1, split.trackIds.length);
  const wanted = samplePlaylists(split.userIds.length, options.playlists ?? 10000, seed);
  const ranks = new Float64Array(wanted.length);
  const popularity = new Float64Array(wanted.length);
  const targets = new Float64Array(wanted.length);
  const times = new Float64Array(wanted.length);
  const shown = new Uint8Array(split.trackIds.length);
  const scores = new Float32Array(model.tracks);
  const progress = startProgress(`ranking by ${model.name}`, wanted.length);
  for (let w = 0; w < wanted.length; w++) {
    const history = historyOf(split, wanted[w], part);
    const target = targetOf(split, wanted[w], part);
    const start = performance.now();
    model.score(transform ? transform(history, wanted[w]) : history, scores);
    ranks[w] = rankOf(target, scores, history, model.name);
    const top = topTracks(scores, k, history);
    times[w] = performance.now() - start;
    for (const track of top) {
      shown[track] = 1;
      popularity[w] += split.counts[track] / top.length;
    }
    targets[w] = split.counts[target];
    if (w % 64 === 0) progress.update(w);
  }
  progress.stop();
  const { recall, ndcg, mrr } = rankMetrics(ranks, k, seed);
  return {
    name: model.name,
    k,
    playlists: wanted,
    ranks,
    recall,
    ndcg,
    mrr,
    coverage: shown.reduce((sum, one) => sum + one, 0) / shown.length,
    popularityBias: bootstrap(popularity, seed, targets),
    milliseconds: times.sort()[times.length >> 1],
  };
}

/**
 * Recall, NDCG and MRR of ranks, with bootstrap intervals.
 *
 * @param ranks Rank of each target, from 1.
 * @param k Length of the list.
 * @param seed Seed of the bootstrap.
 * @returns The three metrics.
 */
export function rankMetrics(
  ranks: Float64Array,
  k: number,
  seed: number = 42,
): Pick<NextTrackResult, "recall" | "ndcg" | "mrr"> {
  return {
    recall: bootstrap(ranks.map((rank) => rank <= k ? 1 : 0), seed),
    ndcg: bootstrap(ranks.map((rank) => gain(rank, k)), seed),
    mrr: bootstrap(ranks.map((rank) => 1 / rank), seed),
  };
}

/**
 * Compares two models on the same playlists (paired bootstrap).
 *
 * @param a The model.
 * @param b What it is compared with.
 * @param seed Seed of the bootstrap.
 * @returns Differences in recall and NDCG, a minus b.
 * @throws {InputError} When the two were not evaluated on the same playlists.
 */
export function compareResults(
  a: NextTrackResult,
  b: NextTrackResult,
  seed: number = 42,
): Pick<NextTrackResult, "recall" | "ndcg"> {
  if (a.k !== b.k || a.playlists.length !== b.playlists.length || a.playlists.some((p, i) => p !== b.playlists[i])) {
    throw new InputError(`Expected ${a.name} and ${b.name} to be evaluated on the same playlists with the same k`);
  }
  const difference = (of: (rank: number) => number) =>
    bootstrap(a.ranks.map((rank, i) => of(rank) - of(b.ranks[i])), seed);
  return {
    recall: difference((rank) => rank <= a.k ? 1 : 0),
    ndcg: difference((rank) => gain(rank, a.k)),
  };
}

/**
 * A mean over playlists, or a ratio of two means, with its bootstrap percentile interval (Efron & Tibshirani 1993,
 * 13.3), 1,000 resamples.
 *
 * @param values One value a playlist.
 * @param seed Seed of the resampling.
 * @param over Of a ratio, the values of the denominator; 1 each when left out.
 * @returns The mean of all playlists, or the ratio, with its 95 % interval.
 */
export function bootstrap(values: ArrayLike<number>, seed: number = 42, over?: ArrayLike<number>): MetricEstimate {
  const count = values.length;
  const random = seededRandom(seed, "bootstrap");
  const ratio = (pick: (i: number) => number) => {
    let above = 0;
    let below = 0;
    for (let i = 0; i < count; i++) {
      const p = pick(i);
      above += values[p];
      below += over ? over[p] : 1;
    }
    return below === 0 ? 0 : above / below;
  };
  const value = ratio((i) => i);
  const resampled = Float64Array.from({ length: RESAMPLES }, () => ratio(() => randomInteger(random, count))).sort();
  const [lower, upper] = [Math.floor(0.025 * RESAMPLES), Math.ceil(0.975 * RESAMPLES) - 1].map((b) => resampled[b]);
  return { value, lower, upper };
}

/**
 * A seeded sample of playlists.
 *
 * @param count Number of playlists.
 * @param most Most playlists wanted.
 * @param seed Seed of the sample.
 * @returns Indices in ascending order; all of them when there are no more than wanted.
 */
export function samplePlaylists(count: number, most: number, seed: number): Int32Array {
  const all = Int32Array.from({ length: count }, (_, p) => p);
  return count <= most ? all : shuffleInPlace(all, seededRandom(seed, "evaluated playlists")).slice(0, most).sort();
}

/**
 * Rank of a track among all but those of the history, from 1; ties count half.
 *
 * @param target The track.
 * @param scores Score of each track.
 * @param history Tracks left out.
 * @param name What the model is called.
 * @returns The rank.
 * @throws {Error} When a score is not a number.
 */
export function rankOf(target: number, scores: Float32Array, history: Iterable<number>, name: string): number {
  const own = scores[target];
  let above = 0;
  let equal = 0;
  for (let t = 0; t < scores.length; t++) {
    if (scores[t] > own) above++;
    else if (scores[t] === own) equal++;
    else if (!(scores[t] < own)) {
      throw new Error(`${name} scored track ${t} as ${scores[t]}, target ${target} as ${own}`);
    }
  }
  const passed = new Set<number>();
  for (const track of history) {
    if (track === target || passed.has(track)) continue;
    passed.add(track);
    if (scores[track] > own) above--;
    else if (scores[track] === own) equal--;
  }
  return 1 + above + (equal - 1) / 2;
}

function gain(rank: number, k: number): number {
  return rank <= k ? 1 / Math.log2(rank + 1) : 0;
}
