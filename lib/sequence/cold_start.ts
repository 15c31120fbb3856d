/**
 * Cold start: can a track that stands in no playlist be recommended from what it sounds like? Tracks are held out of
 * all playlists, SASRec learns a map from audio features to embeddings on the others, and the held-out tracks are
 * ranked by the embeddings that the map gives them.
 */
import { expectNumber, InputError } from "../data/errors.ts";
import { cosine, type Matrix, row, takeRows } from "../math/matrix.ts";
import { randomInteger, seededRandom, shuffleInPlace } from "../math/random.ts";
import { rankOf } from "../metrics/ranking.ts";
import { estimateOver, type MetricEstimate } from "./ranking.ts";
import type { SequenceRecommender } from "./recommender.ts";
import { serveSasrec } from "./serve.ts";
import { type SequenceSplit, splitAs, userPlaylists } from "./split.ts";
import { trainSasrec } from "./train.ts";
import type { TrainOptions } from "./training_plan.ts";

/**
 * Measures cold start.
 *
 * @param features Features of every track [tracks, f], standardised.
 * @returns How many tracks were held out, and how many places of them predicted; the share of places whose track is among
 * the first k of the held-out tracks, by the model, by the cosine of the features to the track before, and by chance;
 * the share among the first k of all tracks; and the model over all tracks of the split.
 * @throws {InputError} When features and tracks differ in number, or too little is left to train on.
 */
export async function evaluateColdStart(
  split: SequenceSplit,
  features: Matrix,
  options: {
    /** Share of the tracks that are held out, in [0, 0.5], 0.1 by default. */
    share?: number;
    /** Most places of held-out tracks that are predicted, 2,000 by default. */
    places?: number;
    /** Length of the list, 10 by default. */
    k?: number;
    /** Course of training. */
    training?: Omit<TrainOptions, "features">;
    /** Seed of the choice of tracks and places, 42 by default. */
    seed?: number;
  } = {},
): Promise<
  & { coldTracks: number; places: number; chance: number; model: SequenceRecommender }
  & Record<"amongCold" | "byCosine" | "amongAll", MetricEstimate>
> {
  const { k = 10, seed = 42 } = options;
  const tracks = split.trackIds.length;
  if (features.rows !== tracks) {
    throw new InputError(`Expected features of ${tracks} tracks but found ${features.rows}`);
  }
  const random = seededRandom(seed, "cold start");
  const order = shuffleInPlace(Int32Array.from({ length: tracks }, (_, t) => t), random);
  const coldCount = Math.max(2, Math.round(expectNumber("share", options.share ?? 0.1, 0, 0.5) * tracks));
  const cold = order.slice(0, coldCount).sort();
  const warm = order.slice(coldCount).sort();
  const code = new Int32Array(tracks);
  warm.forEach((track, c) => code[track] = c);
  cold.forEach((track, c) => code[track] = warm.length + c);
  const { model, featureWeights } = await trainSasrec(warmSplit(split, code, warm), {
    seed,
    ...options.training,
    features: takeRows(features, warm),
  });
  const d = model.config.dimensions;
  const items = new Float32Array(tracks * d);
  items.set(model.weights.items);
  for (let c = 0; c < cold.length; c++) {
    for (let f = 0; f < features.columns; f++) {
      const x = features.data[cold[c] * features.columns + f];
      for (let j = 0; j < d; j++) items[(warm.length + c) * d + j] += x * featureWeights![f * d + j];
    }
  }
  const server = serveSasrec({ config: { ...model.config, tracks }, weights: { ...model.weights, items } });
  const places = coldPlaces(split, code, warm.length, options.places ?? 2000, random);
  const scores = new Float32Array(tracks);
  const name = "SASRec with audio features";
  const ranks = places.map(({ history, target }) => {
    server.score(history, scores);
    const last = warm[history[history.length - 1]];
    const near = Float32Array.from(cold, (track) => cosine(row(features, last), row(features, track)));
    return {
      amongCold: rankOf(target - warm.length, scores.subarray(warm.length), [], name),
      byCosine: rankOf(target - warm.length, near, [], name),
      amongAll: rankOf(target, scores, history, name),
    };
  });
  const recall = (of: keyof typeof ranks[number]) => estimateOver(ranks.map((rank) => rank[of] <= k ? 1 : 0), seed);
  return {
    coldTracks: cold.length,
    places: places.length,
    amongCold: recall("amongCold"),
    byCosine: recall("byCosine"),
    amongAll: recall("amongAll"),
    chance: Math.min(1, k / cold.length),
    model: {
      name,
      tracks,
      score(history, out) {
        server.score(history.map((track) => code[track]), scores);
        for (let t = 0; t < tracks; t++) out[t] = scores[code[t]];
      },
    },
  };
}

/** The playlists without the held-out tracks, those with at least 5 tracks left. */
function warmSplit(split: SequenceSplit, code: Int32Array, warm: Int32Array): SequenceSplit {
  const lists = userPlaylists(split).map(({ user, list }) => (
    { user, list: list.map((track) => code[track]).filter((track) => track < warm.length) }
  )).filter(({ list }) => list.length >= 5);
  if (lists.length === 0) {
    throw new InputError("Expected playlists to train on without the held-out tracks, found none");
  }
  const trackIds = Array.from(warm, (track) => split.trackIds[track]);
  return splitAs({ ...split, trackIds }, lists);
}

/** A sample of the places of held-out tracks that have at least three other tracks before them. */
function coldPlaces(
  split: SequenceSplit,
  code: Int32Array,
  warmCount: number,
  most: number,
  random: () => number,
): { history: Int32Array; target: number }[] {
  const places: { history: Int32Array; target: number }[] = [];
  let seen = 0;
  for (let p = 0; p < split.userIds.length; p++) {
    const history: number[] = [];
    for (let i = split.offsets[p]; i < split.offsets[p + 1]; i++) {
      const track = code[split.tracks[i]];
      if (track < warmCount) history.push(track);
      else if (history.length >= 3) {
        // Reservoir sampling: every place is kept with the same chance.
        const slot = seen++ < most ? places.length : randomInteger(random, seen);
        if (slot < most) places[slot] = { history: Int32Array.from(history.slice(-200)), target: track };
      }
    }
  }
  if (places.length === 0) throw new InputError("Expected held-out tracks behind at least three others but found none");
  return places;
}
