/** The sampled softmax: which tracks a step looks at, and the correction of their logits. */
import { bisectRight, cumsum, sum } from "d3-array";
import { seededRandom } from "../math/random.ts";

/**
 * Candidates are the n labels of the batch and S tracks drawn with probabilities q ∝ count^0.75. With f the share of a
 * track among all occurrences, it is a candidate with the chance π = 1 − exp(−S q − n f). Then −log π corrects the
 * logits s (Bengio & Senécal 2008; Yi et al. 2019): the sum of e^(s − log π) over the candidates has the expectation of
 * the sum of e^s over all tracks.
 *
 * @returns Draws the candidates of a step, which the seed and the number of the step determine: `tracks`, distinct; the row
 * in `tracks` of each label; and the log-Q correction `bias`, −log π. Cost O(S log tracks + n).
 */
export function candidateSampler(counts: Int32Array, seed: number) {
  const weights = Float64Array.from(counts, (count) => Math.max(count, 1) ** 0.75);
  const sums = cumsum(weights);
  const last = counts.length - 1;
  const total = sums[last];
  const occurrences = sum(counts);
  const rowOf = new Int32Array(counts.length).fill(-1);
  return (count: number, labels: Int32Array, step: number) => {
    const random = seededRandom(seed, `sasrec candidates ${step}`);
    const tracks: number[] = [];
    const add = (track: number) => {
      if (rowOf[track] < 0) rowOf[track] = tracks.push(track) - 1;
    };
    for (const label of labels) add(label);
    for (let s = 0; s < count; s++) add(bisectRight(sums, random() * total, 0, last));
    const rows = labels.map((label) => rowOf[label]);
    const bias = Float32Array.from(tracks, (track) => {
      const expected = count * weights[track] / total + labels.length * counts[track] / occurrences;
      return -Math.log(-Math.expm1(-expected));
    });
    for (const track of tracks) rowOf[track] = -1;
    return { tracks: Int32Array.from(tracks), rows, bias };
  };
}
