/** Diversity and coherence of a run of plays, from embeddings and clusters. */
import { pairs, quantile, range } from "d3-array";
import { cosine, type Matrix, row } from "../math/matrix.ts";
import { shannonEntropy } from "../math/shares.ts";
import { eachSession, expectPlays, meanOfKnown, type Metric, type Run } from "./metric.ts";

const cosines = { range: [-1, 1], unit: "cosine", better: "higher" } as const;

export const similarity: Metric<"similarity"> = {
  ...{ ...cosines, name: "similarity", label: "Coherence", shown: "overview" },
  definition: "Mean cosine similarity of consecutive plays",
  ofSessions: (run) => eachSession(run, (plays) => meanOfKnown(consecutiveSimilarities(plays, run.embedding))),
  ofRun: (run) => meanOfKnown(runSimilarities(run)),
};

export const roughest: Metric<"roughest"> = {
  ...{ ...cosines, name: "roughest", label: "Roughest transitions", shown: "tables" },
  definition: "5 % quantile of the similarity of consecutive plays",
  ofRun: (run) => quantile(runSimilarities(run), 0.05)!,
};

export const diversity: Metric<"diversity"> = {
  ...{ name: "diversity", label: "Variety", range: [0, 2], better: "higher", shown: "overview" },
  definition: "Intra-list diversity: mean pairwise 1 − cosine",
  source: "Ziegler et al. 2005",
  ofSessions: (run) => eachSession(run, (plays) => intraListDiversity(plays, run.embedding)),
};

export const clusterEntropy: Metric<"clusterEntropy"> = {
  ...{ name: "clusterEntropy", label: "Cluster entropy", range: [0, Infinity], unit: "nats", better: "higher" },
  definition: "Entropy −Σ p ln p of the plays over clusters",
  source: "Shani & Gunawardana 2011",
  shown: "sentences",
  ofSessions: (run) =>
    eachSession(
      run,
      (plays) => run.clusterCount > 0 ? shannonEntropy(clusterShares(plays, run.clusters, run.clusterCount)) : NaN,
    ),
};

/** Similarities of consecutive plays of a run; the step from one session to the next is left out. */
export function runSimilarities(run: Run): number[] {
  return range(0, run.plays.length, run.sessionPlays).flatMap((from) =>
    Array.from(consecutiveSimilarities(run.plays.subarray(from, from + run.sessionPlays), run.embedding))
  );
}

/**
 * Cosine similarity of each play to the play before it. Range [−1, 1]; a zero embedding has similarity 0 to all.
 *
 * @param plays Track indices in the order in which they were played, at least 2.
 * @throws {RangeError} When there are fewer than 2 plays, or a play is not a track index.
 */
export function consecutiveSimilarities(plays: ArrayLike<number>, embedding: Matrix): Float64Array {
  expectPlays(plays, embedding.rows, 2);
  return Float64Array.from(pairs(Array.from(plays), (a, b) => cosine(row(embedding, a), row(embedding, b))));
}

/**
 * Intra-list diversity: the mean of 1 − cosine over all pairs of plays (Ziegler et al., Improving recommendation lists
 * through topic diversification, WWW 2005). Range [0, 2]: 0 when all plays are one track, 1 when they are unrelated.
 * Cost O(plays × d), for the sum over pairs is (‖Σ u‖² − Σ ‖u‖²) / 2 with u the unit vectors.
 *
 * @param plays Track indices, in any order, at least 2.
 * @throws {RangeError} When there are fewer than 2 plays, or a play is not a track index.
 */
export function intraListDiversity(plays: ArrayLike<number>, embedding: Matrix): number {
  expectPlays(plays, embedding.rows, 2);
  const sum = new Float64Array(embedding.columns);
  let squares = 0;
  for (let p = 0; p < plays.length; p++) {
    const vector = row(embedding, plays[p]);
    let length = 0;
    for (const value of vector) length += value * value;
    if (length === 0) continue;
    squares++;
    for (let d = 0; d < sum.length; d++) sum[d] += vector[d] / Math.sqrt(length);
  }
  let total = 0;
  for (const value of sum) total += value * value;
  const pairCount = plays.length * (plays.length - 1) / 2;
  return 1 - (total - squares) / 2 / pairCount;
}

/**
 * Shares of plays in each cluster.
 *
 * @param plays Track indices, at least one.
 * @param clusters Cluster of every track of the catalogue, in [0, clusterCount).
 * @returns Shares that sum to 1.
 * @throws {RangeError} When there is no play, a play is not a track index, or a cluster is out of range.
 */
export function clusterShares(
  plays: ArrayLike<number>,
  clusters: ArrayLike<number>,
  clusterCount: number,
): Float64Array {
  expectPlays(plays, clusters.length);
  const shares = new Float64Array(clusterCount);
  for (let p = 0; p < plays.length; p++) {
    const cluster = clusters[plays[p]];
    if (!(cluster >= 0 && cluster < clusterCount)) {
      throw new RangeError(`Expected cluster of track ${plays[p]} in [0, ${clusterCount - 1}] but found ${cluster}`);
    }
    shares[cluster] += 1 / plays.length;
  }
  return shares;
}
