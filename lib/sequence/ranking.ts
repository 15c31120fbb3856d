/** How well a model ranks the track that came next among all tracks, with the uncertainty over playlists. */
import { expectInteger, InputError } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import { bootstrapRatio, type IntervalEnds } from "../math/bootstrap.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { coverageOf } from "../metrics/exposure.ts";
import { RANK_METRICS, type RankMetric, rankOf } from "../metrics/ranking.ts";
import { type SequenceRecommender, topTracks } from "./recommender.ts";
import { historyOf, type SequenceSplit, type SplitPart, targetOf } from "./split.ts";

/** A number with its 95 % bootstrap interval. */
export type MetricEstimate = IntervalEnds & { value: number };

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
  /** The metrics of the target's rank. */
  metrics?: readonly RankMetric[];
}

/** The metrics of {@linkcode RANK_METRICS}: means over playlists. */
export type RankEstimates = Record<typeof RANK_METRICS[number]["name"], MetricEstimate>;

/** What came of ranking the vocabulary for every playlist. */
export interface NextTrackResult extends RankEstimates {
  /** Name of the model. */
  name: string;
  /** Length of the list. */
  k: number;
  /** Playlists looked at. */
  playlists: Int32Array;
  /** Rank of the target in each, from 1; ties count half. */
  ranks: Float64Array;
  /** Share of the vocabulary that stands in at least one list. It has no interval: a resample holds fewer lists. */
  coverage: number;
  /** Mean training count of the recommended tracks over that of the targets: 1 is no bias. */
  popularityBias: MetricEstimate;
  /** Median milliseconds of one scoring and ranking. */
  milliseconds: number;
}

/**
 * Ranks the whole vocabulary for every playlist, the history left out, and finds the target in the ranking.
 *
 * @throws {InputError} When k is not in [1, tracks].
 * @throws {RangeError} When the model gives a score that is not a number.
 */
export function evaluateNext(
  model: SequenceRecommender,
  split: SequenceSplit,
  options: EvaluateOptions = {},
): NextTrackResult {
  const { part = "test", k = 10, seed = 42, transform, metrics } = options;
  expectInteger("k", k, 1, split.trackIds.length);
  const wanted = samplePlaylists(split.userIds.length, options.playlists ?? 10000, seed);
  const [ranks, popularity, targets, times] = Array.from({ length: 4 }, () => new Float64Array(wanted.length));
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
  return {
    name: model.name,
    k,
    playlists: wanted,
    ranks,
    ...rankMetrics(ranks, k, seed, metrics),
    coverage: coverageOf(shown),
    popularityBias: estimateOver(popularity, seed, targets),
    milliseconds: times.sort()[times.length >> 1],
  };
}

/**
 * Metrics of ranks, with bootstrap intervals.
 *
 * @param ranks Rank of each target, from 1.
 */
export function rankMetrics(
  ranks: Float64Array,
  k: number,
  seed: number = 42,
  metrics: readonly RankMetric[] = RANK_METRICS,
): RankEstimates {
  const estimates = metrics.map(({ name, of }) => [name, estimateOver(ranks.map((rank) => of(rank, k)), seed)]);
  return Object.fromEntries(estimates);
}

/**
 * Compares two models on the same playlists (paired bootstrap).
 *
 * @returns Differences in the metrics, a minus b.
 * @throws {InputError} When the two were not evaluated on the same playlists.
 */
export function compareResults(a: NextTrackResult, b: NextTrackResult, seed: number = 42): RankEstimates {
  if (a.k !== b.k || a.playlists.length !== b.playlists.length || a.playlists.some((p, i) => p !== b.playlists[i])) {
    throw new InputError(`Expected ${a.name} and ${b.name} to be evaluated on the same playlists with the same k`);
  }
  const differences = RANK_METRICS.map(({ name, of }) => {
    const values = a.ranks.map((rank, i) => of(rank, a.k) - of(b.ranks[i], a.k));
    return [name, estimateOver(values, seed)];
  });
  return Object.fromEntries(differences);
}

/**
 * A mean over playlists, or a ratio of two means, with its plain percentile interval by the bootstrap.
 *
 * @param over The values of the denominator, for a ratio; 1 each when left out.
 * @returns The mean of all playlists, or the ratio, with its 95 % interval.
 */
export function estimateOver(values: ArrayLike<number>, seed: number = 42, over?: ArrayLike<number>): MetricEstimate {
  const options = { random: seededRandom(seed, "bootstrap"), plain: true };
  const { estimate: value, lower, upper } = bootstrapRatio(values, over, options);
  return { value, lower, upper };
}

/**
 * A seeded sample of playlists.
 *
 * @returns Indices in ascending order; all of them when there are no more than wanted.
 */
export function samplePlaylists(count: number, most: number, seed: number): Int32Array {
  const all = Int32Array.from({ length: count }, (_, p) => p);
  return count <= most ? all : shuffleInPlace(all, seededRandom(seed, "evaluated playlists")).slice(0, most).sort();
}
