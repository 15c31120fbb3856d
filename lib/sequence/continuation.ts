/**
 * The task of the RecSys Challenge 2018: the end of a playlist is hidden, a model says how it goes on.
 * Chen, Lamere, Schedl & Zamani, RecSys Challenge 2018: Automatic Music Playlist Continuation.
 *
 * @module
 */
import { startProgress } from "../data/progress.ts";
import { bootstrap, type MetricEstimate, samplePlaylists } from "./ranking.ts";
import { type SequenceRecommender, topTracks } from "./recommender.ts";
import { type SequenceSplit, splitAs, userPlaylists } from "./split.ts";

/** Share of a playlist that is given; at least one track is given and one hidden. */
const GIVEN = 0.5;
/** Length of the list that a model gives, as in the challenge; the vocabulary where that is smaller. */
const LENGTH = 500;

/** What came of continuing playlists. */
export interface ContinuationResult {
  /** Name of the model. */
  name: string;
  /** Share of the hidden tracks among the first (number hidden) of the list, in [0, 1]. */
  rPrecision: MetricEstimate;
  /** Discounted gain over the list, relative to the ideal order, in [0, 1]. */
  ndcg: MetricEstimate;
  /** Refreshes of a page of ten until a hidden track shows, in [0, 51]; 51 when none does. */
  clicks: MetricEstimate;
}

/**
 * Splits off whole playlists for {@linkcode evaluateContinuation}: a model must not have seen the hidden part, so they
 * are left out of training altogether.
 *
 * @param split The data.
 * @param count How many playlists to leave out.
 * @param seed Seed of the choice.
 * @returns Indices of the playlists left out, and the split without them.
 */
export function holdOutPlaylists(
  split: SequenceSplit,
  count: number,
  seed: number = 42,
): { heldOut: Int32Array; rest: SequenceSplit } {
  const heldOut = samplePlaylists(split.userIds.length, count, seed);
  const out = new Set(heldOut);
  return { heldOut, rest: splitAs(split, userPlaylists(split).filter((_, p) => !out.has(p))) };
}

/**
 * Continues playlists that a model was not trained on: half of each is given, the other half is to be told.
 *
 * @param model The model.
 * @param split The data that holds the playlists.
 * @param playlists Indices of playlists that were left out of training.
 * @param options Seed of the bootstrap, 42 by default.
 * @returns R-precision, NDCG and clicks with bootstrap 95 % intervals.
 */
export function evaluateContinuation(
  model: SequenceRecommender,
  split: SequenceSplit,
  playlists: Int32Array,
  options: { seed?: number } = {},
): ContinuationResult {
  const length = Math.min(LENGTH, model.tracks);
  const scores = new Float32Array(model.tracks);
  const progress = startProgress(`continuation by ${model.name}`, playlists.length);
  const metrics = Array.from(playlists, (p, i) => {
    const list = split.tracks.subarray(split.offsets[p], split.offsets[p + 1]);
    const cut = Math.min(list.length - 1, Math.max(1, Math.round(GIVEN * list.length)));
    model.score(list.subarray(0, cut), scores);
    progress.update(i);
    return continuationMetrics(topTracks(scores, length, list.subarray(0, cut)), list.subarray(cut));
  });
  progress.stop();
  const estimate = (name: keyof typeof metrics[number]) => bootstrap(metrics.map((one) => one[name]), options.seed);
  return {
    name: model.name,
    rPrecision: estimate("rPrecision"),
    ndcg: estimate("ndcg"),
    clicks: estimate("clicks"),
  };
}

/**
 * The challenge's three metrics of one list, at the level of tracks, as its evaluation computes them:
 * R-precision = |first |G| ∩ G| / |G|; NDCG = DCG / IDCG with gains 1 / log₂(rank + 1), the ideal having all of G
 * first; clicks = ⌊(rank of the first hit − 1) / 10⌋, 51 without a hit.
 *
 * @param list What a model gave, best first.
 * @param hidden The hidden tracks G, distinct.
 * @returns The three metrics.
 */
export function continuationMetrics(
  list: ArrayLike<number>,
  hidden: ArrayLike<number>,
): { rPrecision: number; ndcg: number; clicks: number } {
  const wanted = new Set(Array.from(hidden));
  let early = 0;
  let gain = 0;
  let first = -1;
  for (let i = 0; i < list.length; i++) {
    if (!wanted.has(list[i])) continue;
    if (i < wanted.size) early++;
    gain += 1 / Math.log2(i + 2);
    if (first < 0) first = i;
  }
  let ideal = 0;
  for (let i = 0; i < Math.min(wanted.size, list.length); i++) ideal += 1 / Math.log2(i + 2);
  return { rPrecision: early / wanted.size, ndcg: gain / ideal, clicks: first < 0 ? 51 : Math.floor(first / 10) };
}
