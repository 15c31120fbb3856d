/** The contract that every next-track model keeps, whatever is behind it. */

/** A model that says, for a playlist so far, how well each track of the vocabulary would come next. */
export interface SequenceRecommender {
  /** What the model is called in tables. */
  readonly name: string;
  /** Size of the vocabulary. */
  readonly tracks: number;
  /**
   * Scores the whole vocabulary. Higher is better; only the order matters to rankings, and where a score is a
   * log-probability it says so. It is a function of the history alone: no randomness, nothing kept between calls.
   *
   * @param history Track codes so far in order, at least one; codes in [0, tracks).
   * @param out Where to write, length `tracks`; every element is set to a finite number.
   */
  score(history: Int32Array, out: Float32Array): void;
}

/**
 * The best tracks under scores, the history left out.
 *
 * @returns At most k track codes, best first; of equal scores the smaller code first. Cost O(n + n log k) at worst.
 */
export function topTracks(scores: Float32Array, k: number, exclude: ArrayLike<number> = []): Int32Array {
  const best = new Int32Array(k);
  const values = new Float64Array(k);
  let count = 0;
  const excluded = new Set<number>(Array.from(exclude));
  for (let t = 0; t < scores.length; t++) {
    const score = scores[t];
    if (count === k && score <= values[k - 1]) continue;
    if (excluded.has(t)) continue;
    let place = count < k ? count++ : k - 1;
    for (; place > 0 && values[place - 1] < score; place--) {
      values[place] = values[place - 1];
      best[place] = best[place - 1];
    }
    values[place] = score;
    best[place] = t;
  }
  return best.subarray(0, count);
}
