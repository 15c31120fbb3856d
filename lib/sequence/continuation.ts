/**
 * The task of the RecSys Challenge 2018: the end of a playlist is hidden, a model says how it goes on.
 * Chen, Lamere, Schedl & Zamani, RecSys Challenge 2018: Automatic Music Playlist Continuation.
 */
import { startProgress } from "../data/progress.ts";
import { CONTINUATION_METRICS, type ListMetric } from "../metrics/ranking.ts";
import { estimateOver, type MetricEstimate, samplePlaylists } from "./ranking.ts";
import { type SequenceRecommender, topTracks } from "./recommender.ts";
import { type SequenceSplit, splitAs, userPlaylists } from "./split.ts";

/** Share of a playlist that is given; at least one track is given and one hidden. */
const GIVEN = 0.5;
/** Length of the list that a model gives, as in the challenge; the vocabulary where that is smaller. */
const LENGTH = 500;

/** What came of continuing playlists: the metrics of {@linkcode CONTINUATION_METRICS}, means over playlists. */
export type ContinuationResult =
  & { name: string }
  & Record<typeof CONTINUATION_METRICS[number]["name"], MetricEstimate>;

/**
 * Splits off whole playlists for {@linkcode evaluateContinuation}: a model must not have seen the hidden part, so they
 * are left out of training altogether.
 *
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
 * Continues playlists that a model was not trained on: half of each is given, the other half is to be found.
 *
 * @param playlists Indices of playlists that were left out of training.
 * @param options Seed of the bootstrap, 42 by default, and the metrics.
 */
export function evaluateContinuation(
  model: SequenceRecommender,
  split: SequenceSplit,
  playlists: Int32Array,
  options: { seed?: number; metrics?: readonly ListMetric[] } = {},
): ContinuationResult {
  const { seed, metrics = CONTINUATION_METRICS } = options;
  const length = Math.min(LENGTH, model.tracks);
  const scores = new Float32Array(model.tracks);
  const progress = startProgress(`continuation by ${model.name}`, playlists.length);
  const values = Array.from(playlists, (p, i) => {
    const list = split.tracks.subarray(split.offsets[p], split.offsets[p + 1]);
    const cut = Math.min(list.length - 1, Math.max(1, Math.round(GIVEN * list.length)));
    model.score(list.subarray(0, cut), scores);
    progress.update(i);
    const found = topTracks(scores, length, list.subarray(0, cut));
    const hidden = new Set(list.subarray(cut));
    return metrics.map(({ of }) => of(found, hidden));
  });
  progress.stop();
  const estimates = metrics.map(({ name }, m) => [name, estimateOver(values.map((one) => one[m]), seed)]);
  return { name: model.name, ...Object.fromEntries(estimates) };
}
