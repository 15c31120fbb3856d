/**
 * Next-track models that use what tracks are, not which playlists hold them: artist or album, release year, the
 * similarity of the sound, the time-aware score. They are {@linkcode SequenceRecommender}s as the others, so that one
 * table can compare all.
 */
import { max, min } from "d3-array";
import { codesOf } from "../catalog/catalog.ts";
import { type Matrix, matrix, row, unitRows } from "../math/matrix.ts";
import { BASE_TERMS, fillTerms } from "../score/terms/registry.ts";
import { UserState } from "../score/state.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";
import type { SequenceRecommender } from "../sequence/recommender.ts";
import type { TrackNames } from "../sequence/track_names.ts";

/** Time from the start of a track to the start of the next: 3.5 minutes. */
const TRACK_MS = 210_000;

/**
 * Affinity of a track j to the recent history: log(ε + Σ_h w_h near(code_h, code_j) / Σ_h w_h) over the tracks h of the
 * history whose code is known, with ε = 0.01, w_h = 2^(−age / halfLife), and age the number of tracks after h. With
 * artists as codes it says how much of the recent history is by the track's artist.
 *
 * @param codes Code of each track; −1 where it is not known.
 * @param halfLife Half-life in tracks, 3 by default.
 * @param near How near two codes are, from 0 to 1; when left out, 1 if they are the same.
 * @returns The model. Cost O(tracks + history), with `near` O(tracks + codes · history).
 */
export function affinityRecommender(
  name: string,
  codes: Int32Array,
  halfLife: number = 3,
  near?: (a: number, b: number) => number,
): SequenceRecommender {
  const sums = new Float64Array((max(codes) ?? -1) + 1);
  return {
    name,
    tracks: codes.length,
    score(history, out) {
      sums.fill(0);
      let total = 0;
      for (let i = 0; i < history.length; i++) {
        const own = codes[history[i]];
        if (own < 0) continue;
        const w = 2 ** (-(history.length - 1 - i) / halfLife);
        total += w;
        if (near) sums.forEach((_, code) => sums[code] += w * near(code, own));
        else sums[own] += w;
      }
      const logs = sums.map((sum) => Math.log(0.01 + (total === 0 ? 0 : sum / total)));
      const floor = Math.log(0.01);
      for (let t = 0; t < codes.length; t++) out[t] = codes[t] < 0 ? floor : logs[codes[t]];
    },
  };
}

/**
 * Nearness of release years: {@linkcode affinityRecommender} with exp(−|year_h − year_j| / scale).
 *
 * @param years Release year of each track; NaN where it is not known.
 * @param scale Years over which nearness falls to 1 / e, 8 by default.
 * @param halfLife Half-life in tracks, 5 by default.
 */
export function eraRecommender(years: Float64Array, scale: number = 8, halfLife: number = 5): SequenceRecommender {
  const first = min(years) ?? 0;
  const codes = Int32Array.from(years, (year) => Number.isFinite(year) ? Math.round(year - first) : -1);
  return affinityRecommender("era", codes, halfLife, (a, b) => Math.exp(-Math.abs(a - b) / scale));
}

/** Codes of a name that tracks share, for {@linkcode affinityRecommender}; −1 where the name is not known. */
export function nameCodes(trackIds: readonly string[], names: TrackNames, of: "artists" | "albums"): Int32Array {
  return codesOf(trackIds.map((id) => {
    const { artist, album } = names.byId.get(id) ?? {};
    // Albums of one name by different artists are different albums.
    return of === "artists" ? artist : album && `${artist}\n${album}`;
  }));
}

/**
 * Rows of the catalogue that tracks of playlists stand for: by the id within the URI.
 *
 * @returns A row a track, −1 where the catalogue lacks it.
 */
export function catalogRows(trackIds: readonly string[], names: TrackNames, collection: Collection): Int32Array {
  return Int32Array.from(trackIds, (id) => {
    const uri = names.byId.get(id)?.uri ?? id;
    return collection.indexOf(uri.split(":").at(-1)!) ?? collection.indexOf(uri) ?? -1;
  });
}

/**
 * Features of the tracks of playlists, for SASRec with side information.
 *
 * @param features Features of the catalogue's tracks [n, f], standardised.
 * @returns One row a track [tracks, f]; zeros, the mean, where the catalogue lacks it.
 */
export function playlistFeatures(features: Matrix, rows: Int32Array): Matrix {
  const data = new Float32Array(rows.length * features.columns);
  rows.forEach((r, t) => {
    if (r >= 0) data.set(row(features, r), t * features.columns);
  });
  return matrix(rows.length, features.columns, data);
}

/**
 * The similarity graph as a next-track model: the cosine to the last track that the catalogue holds. That is the order
 * of the graph's edges, and also ranks the tracks that have no edge. With a half-life it is the cosine to the weighted
 * sum of the history's unit vectors.
 *
 * @param options `halfLife` of the weights of the history, in tracks; when left out, the last track alone counts. And
 * what the model is called, `"similarity graph"` by default.
 * @returns The model; tracks that the catalogue lacks score −1. Cost O(tracks · d).
 */
export function similarityRecommender(
  collection: Collection,
  rows: Int32Array,
  options: { halfLife?: number; name?: string } = {},
): SequenceRecommender {
  const { halfLife, name = "similarity graph" } = options;
  const d = collection.embedding.columns;
  const unit = unitRows(playlistFeatures(collection.embedding, rows)).data;
  const query = new Float32Array(d);
  return {
    name,
    tracks: rows.length,
    score(history, out) {
      query.fill(0);
      let weight = 1;
      for (let i = history.length - 1; i >= 0 && weight > 1e-6; i--) {
        if (rows[history[i]] >= 0) {
          for (let c = 0; c < d; c++) query[c] += weight * unit[history[i] * d + c];
          if (halfLife === undefined) break;
        }
        if (halfLife !== undefined) weight *= 2 ** (-1 / halfLife);
      }
      const length = Math.hypot(...query) || 1;
      for (let t = 0; t < rows.length; t++) {
        let dot = 0;
        for (let c = 0; c < d; c++) dot += query[c] * unit[t * d + c];
        out[t] = rows[t] < 0 ? -1 : dot / length;
      }
    },
  };
}

/** State of a listener who has just played these rows of the catalogue, 3.5 minutes each, and the time at the end. */
export function replay(collection: Collection, tracks: readonly number[]): { state: UserState; now: number } {
  const state = new UserState(collection);
  tracks.forEach((track, i) => state.play(track, i * TRACK_MS));
  return { state, now: tracks.length * TRACK_MS };
}

/**
 * The time-aware score as a next-track model: the utility of every track after the history was played, 3.5 minutes a
 * track. With one weight it is that term of the utility.
 *
 * @param options Weights of the utility, the hand-set ones by default (a term without a weight is left out); what the
 * model is called, `"time-aware score"` by default; and the score of tracks that the catalogue lacks, by default far
 * below all others.
 */
export function timeAwareRecommender(
  collection: Collection,
  rows: Int32Array,
  options: { weights?: Partial<Weights>; name?: string; missing?: number } = {},
): SequenceRecommender {
  const { weights = DEFAULT_WEIGHTS, name = "time-aware score", missing = -1e6 } = options;
  const terms = BASE_TERMS.filter(({ name }) => weights[name] !== undefined);
  const known = Int32Array.from(rows.keys()).filter((t) => rows[t] >= 0);
  const candidates = known.map((t) => rows[t]);
  const values = new Float64Array(known.length * terms.length);
  return {
    name,
    tracks: rows.length,
    score(history, out) {
      out.fill(missing);
      const played = Array.from(history, (t) => rows[t]).filter((r) => r >= 0);
      if (played.length === 0) return;
      const { state, now } = replay(collection, played);
      fillTerms(played.at(-1)!, state, candidates, { now }, terms, undefined, values);
      const utilities = linearUtilities(values, terms.map((term) => weights[term.name]!));
      known.forEach((t, c) => out[t] = utilities[c]);
    },
  };
}
