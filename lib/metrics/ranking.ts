/**
 * Metrics of rankings: where the track that came next stands among all tracks, and how a list continues a playlist.
 */
import type { MetricDescription } from "./metric.ts";

/** A metric of rankings: what it means, and how it is computed. In its label `@k` stands for the length of the list. */
export interface RankingMetric<Arguments extends unknown[], Name extends string = string>
  extends MetricDescription<Name> {
  /** Digits behind the point in tables, 4 when left out. */
  readonly digits?: number;
  /** Computes it for one playlist. */
  readonly of: (...given: Arguments) => number;
}

/** A metric of the rank of one target, from 1, and the length k of the list that is looked at. */
export type RankMetric<Name extends string = string> = RankingMetric<[rank: number, k: number], Name>;

/** A metric of a list, best first, and the distinct tracks that were hidden. */
export type ListMetric<Name extends string = string> = RankingMetric<
  [list: ArrayLike<number>, hidden: ReadonlySet<number>],
  Name
>;

/** The metrics of one target in a ranking. A new one is one entry: results and tables take it from here. */
export const RANK_METRICS: readonly RankMetric<"recall" | "ndcg" | "mrr">[] = [
  {
    name: "recall",
    label: "Recall@k",
    definition: "1 when the target is among the first k, else 0",
    range: [0, 1],
    better: "higher",
    source: "Cremonesi, Koren & Turrin, Performance of recommender algorithms on top-N tasks, RecSys 2010",
    of: (rank, k) => rank <= k ? 1 : 0,
  },
  {
    name: "ndcg",
    label: "NDCG@k",
    definition: "1 / log₂(rank + 1) within the first k, else 0",
    range: [0, 1],
    better: "higher",
    source: "Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002",
    of: (rank, k) => rank <= k ? gainAt(rank) : 0,
  },
  {
    name: "mrr",
    label: "MRR",
    definition: "1 / rank over the whole ranking",
    range: [0, 1],
    better: "higher",
    source: "Voorhees, The TREC-8 question answering track report, 1999",
    of: (rank) => 1 / rank,
  },
];

const CHALLENGE = "Chen, Lamere, Schedl & Zamani, RecSys Challenge 2018: Automatic Music Playlist Continuation";

/** The three metrics of the RecSys Challenge 2018, at the level of tracks, as its own evaluation computes them. */
export const CONTINUATION_METRICS: readonly ListMetric<"rPrecision" | "ndcg" | "clicks">[] = [
  {
    name: "rPrecision",
    label: "R-precision",
    definition: "share of the n hidden tracks that are among the first n of the list",
    range: [0, 1],
    better: "higher",
    source: CHALLENGE,
    of: (list, hidden) => hitsOf(list, hidden).filter((place) => place < hidden.size).length / hidden.size,
  },
  {
    name: "ndcg",
    label: "NDCG",
    definition: "sum of 1 / log₂(rank + 1) over the hidden tracks in the list, divided by that of the best order",
    range: [0, 1],
    better: "higher",
    source: CHALLENGE,
    of: (list, hidden) => {
      const ideal = Array.from({ length: Math.min(hidden.size, list.length) }, (_, place) => place);
      return gainsOf(hitsOf(list, hidden)) / gainsOf(ideal);
    },
  },
  {
    name: "clicks",
    label: "clicks",
    definition: "refreshes of a page of ten tracks until a hidden one shows; 51 when none does",
    range: [0, 51],
    better: "lower",
    source: CHALLENGE,
    digits: 2,
    of: (list, hidden) => {
      const [first] = hitsOf(list, hidden);
      return first === undefined ? 51 : Math.floor(first / 10);
    },
  },
];

/**
 * Rank of a track among all but those of the history, from 1. Equal scores share their ranks: the rank is
 * 1 + (tracks above it) + (other tracks equal to it) / 2.
 *
 * @param name Name of the model, for the error.
 * @throws {RangeError} When a score is not a number.
 */
export function rankOf(target: number, scores: Float32Array, history: Iterable<number>, name: string): number {
  const own = scores[target];
  let above = 0;
  let equal = 0;
  for (let t = 0; t < scores.length; t++) {
    if (scores[t] > own) above++;
    else if (scores[t] === own) equal++;
    else if (!(scores[t] < own)) {
      throw new RangeError(`${name} scored track ${t} as ${scores[t]}, target ${target} as ${own}`);
    }
  }
  for (const track of new Set(history)) {
    if (track === target) continue;
    if (scores[track] > own) above--;
    else if (scores[track] === own) equal--;
  }
  return 1 + above + (equal - 1) / 2;
}

function gainAt(rank: number): number {
  return 1 / Math.log2(rank + 1);
}

function gainsOf(places: readonly number[]): number {
  return places.reduce((sum, place) => sum + gainAt(place + 1), 0);
}

/** Places of the hidden tracks in the list, from 0, in ascending order. */
function hitsOf(list: ArrayLike<number>, hidden: ReadonlySet<number>): number[] {
  return Array.from(list).flatMap((track, place) => hidden.has(track) ? [place] : []);
}
