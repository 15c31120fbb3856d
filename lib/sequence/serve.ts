/** Serving SASRec: it answers one request at a time, without TensorFlow, in memory that is laid out once. */
import { expectInteger, InputError } from "../data/errors.ts";
import { arena } from "./kernel.ts";
import { BLOCK, layOutPrefilter } from "./prefilter.ts";
import { type SequenceRecommender, topTracks } from "./recommender.ts";
import { type SasrecModel, type SasrecWeights, weightShapes } from "./sasrec.ts";

/** A SASRec that answers requests. All throw InputError when the history is empty or holds an unknown code. */
export interface SasrecServer extends SequenceRecommender {
  /**
   * The k most probable next tracks, the history left out.
   *
   * @param history Track codes so far, at least one; the last `window` of them count.
   * @returns Best first, with the score (the logarithm of the probability up to a constant) and the probability among all
   * tracks that are not in the history. From {@linkcode PREFILTER_FROM} tracks on, the sum of the softmax uses 8-bit
   * scores for the tracks far below the best: this changes the third or fourth digit of the probability.
   * @throws {InputError} When k is out of range.
   */
  next(history: ArrayLike<number>, k: number): { track: number; score: number; probability: number }[];
  /** A copy of the hidden state [d] at the last position: its inner product with a track's embedding is the score. */
  hidden(history: ArrayLike<number>): Float32Array;
  /** What the last position attends to: for each block and head the weights of the last `window` tracks, of sum 1. */
  attention(history: ArrayLike<number>): Float32Array[][];
  /** Takes other weights of the same shape, e.g. after an epoch. */
  update(weights: SasrecWeights): void;
}

/** From so many tracks on, 8-bit scores are computed first to find the best tracks. */
export const PREFILTER_FROM = 8192;

/**
 * Lays out memory for a model and makes it answer. A request of n tracks costs O(n d² + n² d) for the hidden state and
 * O(tracks · d) for the scores. In a large vocabulary, embeddings of 8 bits a number find the few tracks that may be
 * among the best, and only these get exact scores; the answer is the same as that of the whole scan.
 *
 * @param prefilterFrom Size of the vocabulary from which on 8 bits are read first; Infinity: never.
 *
 * @example
 * ```ts ignore
 * const server = serveSasrec(loadSasrec("data/work/mpd/sasrec"));
 * const best = server.next([12, 7, 93], 10);
 * ```
 */
export function serveSasrec(
  model: Pick<SasrecModel, "config" | "weights">,
  prefilterFrom: number = PREFILTER_FROM,
): SasrecServer {
  const { config } = model;
  const { tracks, dimensions: d, blocks, heads, window } = config;
  const rows = Math.ceil(tracks / 4) * 4;
  const memory = arena();
  const at: Record<string, number> = {};
  for (const [weight, shape] of weightShapes(config)) {
    at[weight] = memory.take(weight === "items" ? rows * d : shape.reduce((product, axis) => product * axis, 1));
  }
  const [x, y, q, kv, inner] = [d, d, d, 2 * d, d].map((width) => memory.take(window * width));
  const chances = Array.from({ length: blocks }, () => memory.take(heads * window));
  const last = memory.take(d);
  const out = memory.take(Math.ceil(rows / BLOCK) * BLOCK);
  const makePrefilter = tracks >= prefilterFrom ? layOutPrefilter(memory, tracks, d) : undefined;
  const { buffer, kernel } = memory.instantiate();
  const items = new Float32Array(buffer, at.items, tracks * d);
  const positions = new Float32Array(buffer, at.positions, window * d);
  const input = new Float32Array(buffer, x, window * d);
  const scores = new Float32Array(buffer, out, tracks);
  const prefilter = makePrefilter?.(buffer, kernel, { table: at.items, query: last, out });

  function update(weights: SasrecWeights): void {
    for (const [weight, shape] of weightShapes(config)) {
      if (!weight.endsWith("/qkv")) {
        new Float32Array(buffer, at[weight], weights[weight].length).set(weights[weight]);
        continue;
      }
      // Queries are wanted of fewer positions than keys and values: the matrix is stored as [d, d] and [d, 2 d].
      const whole = new Float32Array(buffer, at[weight], shape[0] * shape[1]);
      for (let i = 0; i < d; i++) {
        const from = weights[weight].subarray(i * 3 * d, (i + 1) * 3 * d);
        whole.set(from.subarray(0, d), i * d);
        whole.set(from.subarray(d), d * d + i * 2 * d);
      }
    }
    prefilter?.refresh();
  }

  /** Leaves the last hidden state at `last`; returns how many tracks it looked at. */
  function run(history: ArrayLike<number>): number {
    const n = Math.min(history.length, window);
    if (n === 0) throw new InputError("Expected at least one track to go on from but found none");
    const scale = Math.sqrt(d);
    for (let i = 0; i < n; i++) {
      const track = history[history.length - n + i];
      if (!(track >= 0 && track < tracks)) {
        throw new InputError(`Expected a track code in [0, ${tracks - 1}] but found ${track}`);
      }
      for (let c = 0; c < d; c++) {
        input[i * d + c] = scale * items[track * d + c] + positions[(window - n + i) * d + c];
      }
    }
    const row = 4 * d;
    for (let b = 0; b < blocks; b++) {
      const w = (part: string) => at[`block${b}/${part}`];
      const first = b === blocks - 1 ? n - 1 : 0;
      kernel.layerNorm(x, w("norm1/gain"), w("norm1/bias"), y, n, d);
      kernel.dense(y + first * row, w("qkv"), 0, q, n - first, d, d, 0);
      kernel.dense(y, w("qkv") + d * row, 0, kv, n, d, 2 * d, 0);
      kernel.attend(q, row, kv, kv + row, 2 * row, heads, d / heads, first, n, x + first * row, chances[b]);
      kernel.layerNorm(x + first * row, w("norm2/gain"), w("norm2/bias"), y, n - first, d);
      kernel.dense(y, w("inner"), w("inner/bias"), inner, n - first, d, d, 1);
      kernel.dense(inner, w("outer"), w("outer/bias"), x + first * row, n - first, d, d, 2);
    }
    kernel.layerNorm(x + (n - 1) * row, at["norm/gain"], at["norm/bias"], last, 1, d);
    return n;
  }

  /** The best k after the last hidden state; leaves the scores at `out`, those of the history −Infinity. */
  function best(history: ArrayLike<number>, k: number): Int32Array {
    if (prefilter && k <= prefilter.most) return prefilter.top(k, history);
    kernel.scores(last, at.items, rows, d, out);
    for (let i = 0; i < history.length; i++) scores[history[i]] = -Infinity;
    return topTracks(scores, k, history);
  }

  update(model.weights);
  return {
    name: "SASRec",
    tracks,
    update,
    score(history, target) {
      run(history);
      kernel.scores(last, at.items, rows, d, out);
      target.set(scores);
    },
    next(history, k) {
      expectInteger("k", k, 1, tracks);
      run(history);
      const found = best(history, k);
      if (found.length === 0) return [];
      const largest = scores[found[0]];
      const sum = kernel.sumExp(out, tracks, rows, largest);
      return Array.from(found, (track) => ({
        track,
        score: scores[track],
        probability: Math.exp(scores[track] - largest) / sum,
      }));
    },
    hidden(history) {
      run(history);
      return new Float32Array(buffer, last, d).slice();
    },
    attention(history) {
      const n = run(history);
      return chances.map((at) =>
        Array.from({ length: heads }, (_, head) => new Float32Array(buffer, at + 4 * head * n, n).slice())
      );
    },
  };
}
