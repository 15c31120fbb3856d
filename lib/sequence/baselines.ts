/** Simple models to compare every sequence model with: popularity, first-order Markov chain, item-kNN. */
import { bisectLeft } from "d3-array";
import type { Playlists } from "./interactions.ts";
import type { SequenceRecommender } from "./recommender.ts";
import { countTracks } from "./split.ts";

/**
 * Popularity: log((count + 1) / (positions + tracks)), the same for every history.
 *
 * @returns The model; its scores are log-probabilities.
 */
export function fitPopularity(train: Playlists, tracks: number): SequenceRecommender {
  const scores = popularityLogits(train, tracks);
  return { name: "popularity", tracks, score: (_, out) => out.set(scores) };
}

/**
 * First-order Markov chain with back-off to popularity by absolute discounting (Ney, Essen & Kneser 1994):
 *
 * P(j | i) = max(c_ij − D, 0) / c_i + (D n_i / c_i) P_pop(j), D = m₁ / (m₁ + 2 m₂)
 *
 * with c_ij how often j follows i, n_i the number of distinct followers of i, m₁ and m₂ the numbers of pairs seen once
 * and twice. Cost O(positions) to fit, O(tracks) a history.
 *
 * @returns The model; its scores are log-probabilities.
 */
export function fitMarkov(train: Playlists, tracks: number): SequenceRecommender {
  const pairs = sortedPairs(train, tracks);
  const popularity = popularityLogits(train, tracks).map(Math.exp);
  let [once, twice] = [0, 0];
  for (const { count } of distinct(pairs)) {
    if (count === 1) once++;
    else if (count === 2) twice++;
  }
  const discount = once === 0 ? 0.5 : Math.max(0.1, once / (once + 2 * twice));
  const logPopularity = popularity.map(Math.log);
  return {
    name: "Markov",
    tracks,
    score(history, out) {
      const last = history[history.length - 1];
      const [from, to] = [last, last + 1].map((track) => bisectLeft(pairs, track * tracks));
      if (from === to) return out.set(logPopularity);
      const total = to - from;
      const followers = [...distinct(pairs.subarray(from, to))];
      const backOff = discount * followers.length / total;
      const shift = Math.log(backOff);
      for (let t = 0; t < tracks; t++) out[t] = logPopularity[t] + shift;
      for (const { pair, count } of followers) {
        const t = pair % tracks;
        out[t] = Math.log(Math.max(count - discount, 0) / total + backOff * popularity[t]);
      }
    },
  };
}

/** So many tracks at the end of a history count in item-kNN. */
const WINDOW = 50;

/**
 * Item-kNN: Σ_h w_h cos(h, j) over the history, with cos the cosine of co-occurrence in playlists,
 * c_hj / √(c_h c_j), and all tracks neighbours of each other. The score is log(ε + that sum), ε = 10⁻⁴: the logarithm
 * does not change rankings, and in the hybrid independent evidence adds up on this scale.
 *
 * There is no matrix: with p the playlists, Σ_h w_h c_hj / √(c_h c_j) = Σ_p 1[j ∈ p] (Σ_{h ∈ p} w_h / √c_h) / √c_j. Cost
 * O(positions) to fit; a history costs the lengths of the playlists that share a track with it.
 *
 * @param options `halfLife`, in tracks from the end of the history, after which the weight w_h has halved: when left
 * out, all tracks count alike; and what the model is called.
 */
export function fitItemKnn(
  train: Playlists,
  tracks: number,
  options: { halfLife?: number; name?: string } = {},
): SequenceRecommender {
  const { halfLife = Infinity, name = "item-kNN" } = options;
  const counts = countTracks(train, tracks);
  const scale = Float64Array.from(counts, (count) => count > 0 ? 1 / Math.sqrt(count) : 0);
  const { starts, members } = playlistsByTrack(train, counts);
  const weight = new Float64Array(train.offsets.length - 1);
  const sums = new Float64Array(tracks);
  const floor = Math.log(1e-4);
  return {
    name,
    tracks,
    score(history, out) {
      const touched: number[] = [];
      const first = Math.max(0, history.length - WINDOW);
      for (let i = first; i < history.length; i++) {
        const h = history[i];
        const w = 2 ** (-(history.length - 1 - i) / halfLife) * scale[h];
        for (let e = starts[h]; e < starts[h + 1]; e++) {
          if (weight[members[e]] === 0) touched.push(members[e]);
          weight[members[e]] += w;
        }
      }
      sums.fill(0);
      for (const p of touched) {
        const w = weight[p];
        weight[p] = 0;
        for (let i = train.offsets[p]; i < train.offsets[p + 1]; i++) sums[train.tracks[i]] += w;
      }
      for (let t = 0; t < tracks; t++) out[t] = sums[t] === 0 ? floor : Math.log(1e-4 + sums[t] * scale[t]);
    },
  };
}

function popularityLogits(train: Playlists, tracks: number): Float32Array {
  const counts = countTracks(train, tracks);
  const total = train.tracks.length + tracks;
  return Float32Array.from(counts, (count) => Math.log((count + 1) / total));
}

/** Every pair of a track i and the one that follows it as i · tracks + follower, in ascending order. */
function sortedPairs({ offsets, tracks: sequence }: Playlists, tracks: number): Float64Array {
  const pairs: number[] = [];
  for (let p = 0; p + 1 < offsets.length; p++) {
    for (let i = offsets[p]; i + 1 < offsets[p + 1]; i++) pairs.push(sequence[i] * tracks + sequence[i + 1]);
  }
  return Float64Array.from(pairs).sort();
}

/** The distinct ones among sorted pairs, and how often each stands there. */
function* distinct(pairs: Float64Array): Generator<{ pair: number; count: number }> {
  for (let from = 0, to = 0; from < pairs.length; from = to) {
    while (pairs[to] === pairs[from]) to++;
    yield { pair: pairs[from], count: to - from };
  }
}

/** The playlists that hold each track. */
function playlistsByTrack(train: Playlists, counts: Int32Array): { starts: Int32Array; members: Int32Array } {
  const starts = new Int32Array(counts.length + 1);
  for (let t = 0; t < counts.length; t++) starts[t + 1] = starts[t] + counts[t];
  const at = starts.slice();
  const members = new Int32Array(train.tracks.length);
  for (let p = 0; p + 1 < train.offsets.length; p++) {
    for (let i = train.offsets[p]; i < train.offsets[p + 1]; i++) members[at[train.tracks[i]]++] = p;
  }
  return { starts, members };
}
