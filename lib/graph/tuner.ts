/**
 * Choosing which cells a row must look into so that a recall is reached, from a sample with known neighbours.
 *
 * @module
 */
import type { Reach } from "./kernel.ts";

/** Rows, centroids and the points of each cell. */
export interface CellView {
  dimensions: number;
  k: number;
  /** Row-major [n, dimensions]. */
  rows: Float32Array;
  /** Row-major [cells, dimensions]. */
  centroids: Float32Array;
  /** First block of 8 points of each cell. */
  firstBlock: Int32Array;
  /** Row of each point, −1 for padding. */
  ids: Int32Array;
}

/** A choice and what it costs. */
export interface Choice {
  reach: Reach;
  /** Mean number of points a row is compared with. */
  compared: number;
}

/** Cells nearest to the home cell that every row looks into. */
const FIRST_CELLS = 4;

/**
 * What a sample says about two rules. By rank: look into the P cells whose centroids are nearest to the row. By
 * distance: look into the cells with |q − c|² ≤ |q − c*|² + τ r², c* the nearest centroid, r the distance to the k-th
 * neighbour in the first cells; it spends less on rows in dense places and more on rows far out. For each true
 * neighbour of the sample the smallest P and τ that find it are known, so the recall of any P and τ is, too.
 */
export class Tuner {
  private readonly size: number;
  private readonly cellSizes: Int32Array;
  /** Smallest P and τ that find each neighbour of the sample, and the rank of its cell seen from the home centroid. */
  private readonly ranks: Float64Array;
  private readonly reaches: Float64Array;
  private readonly homeRanks: Float64Array;
  /** For each row of the sample: squared distance from it and from its home centroid to each centroid, r², |q − c*|². */
  private readonly fromRow: Float64Array[] = [];
  private readonly fromHome: Float64Array[] = [];
  private readonly radius: Float64Array;
  private readonly nearest: Float64Array;

  /**
   * @param view Rows and cells.
   * @param sample Row numbers.
   * @param neighbors Their k nearest, one row after another.
   * @param cellOf Cell of each row.
   */
  constructor(private readonly view: CellView, sample: Int32Array, neighbors: Int32Array, cellOf: Int32Array) {
    const { k, centroids, dimensions: d, firstBlock, rows } = view;
    this.size = sample.length;
    this.cellSizes = Int32Array.from(
      { length: firstBlock.length - 1 },
      (_, c) => (firstBlock[c + 1] - firstBlock[c]) * 8,
    );
    this.ranks = new Float64Array(sample.length * k);
    this.reaches = new Float64Array(sample.length * k);
    this.homeRanks = new Float64Array(sample.length * k);
    this.radius = new Float64Array(sample.length);
    this.nearest = new Float64Array(sample.length);
    for (let s = 0; s < sample.length; s++) {
      const row = rows.subarray(sample[s] * d, sample[s] * d + d);
      const home = cellOf[sample[s]];
      const fromRow = distancesTo(row, centroids);
      const fromHome = distancesTo(centroids.subarray(home * d, home * d + d), centroids);
      this.fromRow.push(fromRow);
      this.fromHome.push(fromHome);
      this.nearest[s] = fromRow.reduce((a, b) => Math.min(a, b));
      this.radius[s] = this.firstRadius(row, fromHome);
      const seen = new Map<number, { rank: number; homeRank: number }>();
      for (let i = s * k; i < s * k + k; i++) {
        const cell = cellOf[neighbors[i]];
        let ranks = seen.get(cell);
        if (!ranks) seen.set(cell, ranks = { rank: rankOf(fromRow, cell), homeRank: rankOf(fromHome, cell) });
        const first = ranks.homeRank < FIRST_CELLS;
        this.homeRanks[i] = ranks.homeRank;
        this.ranks[i] = first ? 0 : ranks.rank + 1;
        this.reaches[i] = first ? 0 : (fromRow[cell] - this.nearest[s]) / this.radius[s];
      }
    }
  }

  /**
   * The cheaper rule that reaches a recall by two standard errors on the sample.
   *
   * @param recall The recall.
   * @returns The rule and its cost.
   */
  choose(recall: number): Choice {
    const probes = Math.max(1, Math.ceil(smallestNeed(this.ranks, this.view.k, recall)));
    const reach = smallestNeed(this.reaches, this.view.k, recall) * 1.0001;
    const byRank = this.choice(this.ranks, probes, { probes, reach: 0 }, (s) => sorted(this.fromRow[s])[probes - 1]);
    const byReach = this.choice(
      this.reaches,
      reach,
      { probes: 0, reach },
      (s) => this.nearest[s] + reach * this.radius[s],
    );
    return byRank.compared < byReach.compared ? byRank : byReach;
  }

  private choice(
    needs: Float64Array,
    bound: number,
    rule: { probes: number; reach: number },
    farthest: (s: number) => number,
  ): Choice {
    // One found neighbour in 2000 may lie in a cell that is far from the home cell: looking so far out is not worth it.
    const homeRanks = this.homeRanks.filter((_, i) => needs[i] <= bound).sort();
    const farthestCell = homeRanks[Math.floor((homeRanks.length - 1) * 0.9995)];
    const around = Math.min(this.cellSizes.length, Math.ceil(Math.max(farthestCell, FIRST_CELLS) * 1.05) + 8);
    let compared = 0;
    for (let s = 0; s < this.size; s++) {
      const limit = farthest(s);
      const home = sorted(this.fromHome[s]);
      const [inFirst, inSight] = [home[Math.min(home.length, FIRST_CELLS) - 1], home[around - 1]];
      for (let c = 0; c < this.cellSizes.length; c++) {
        const fromHome = this.fromHome[s][c];
        if (fromHome <= inFirst || (fromHome <= inSight && this.fromRow[s][c] <= limit)) compared += this.cellSizes[c];
      }
    }
    return { reach: { first: FIRST_CELLS, around, ...rule }, compared: compared / this.size };
  }

  /** Squared distance to the k-th nearest point of the first cells, the row itself left out. */
  private firstRadius(row: Float32Array, fromHome: Float64Array): number {
    const { k, firstBlock, ids, rows } = this.view;
    const limit = sorted(fromHome)[Math.min(fromHome.length, FIRST_CELLS) - 1];
    const found: number[] = [];
    for (let c = 0; c < fromHome.length; c++) {
      if (fromHome[c] > limit) continue;
      for (let p = firstBlock[c] * 8; p < firstBlock[c + 1] * 8; p++) {
        if (ids[p] >= 0) found.push(squaredDistance(row, rows, ids[p] * row.length));
      }
    }
    found.sort((a, b) => a - b);
    return found.length > k ? Math.max(found[k], 1e-30) : Infinity;
  }
}

/**
 * The smallest bound on the needs of a sample's neighbours that reaches a mean recall by two standard errors.
 *
 * @param needs Needs of the neighbours, k a row of the sample.
 * @param k Neighbours of a row.
 * @param recall The recall.
 * @returns The bound; the largest need when none reaches the recall.
 */
export function smallestNeed(needs: Float64Array, k: number, recall: number): number {
  const values = needs.slice().sort();
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { mean, error } = meanAndError(needs.length / k, (s) => {
      let found = 0;
      for (let i = s * k; i < s * k + k; i++) if (needs[i] <= values[middle]) found++;
      return found / k;
    });
    if (mean - 2 * error >= recall) high = middle;
    else low = middle + 1;
  }
  return values[low];
}

/**
 * Mean of a sample and its standard error.
 *
 * @param count Size of the sample.
 * @param value Value of each element.
 * @returns Mean, and standard deviation over √count.
 */
export function meanAndError(count: number, value: (s: number) => number): { mean: number; error: number } {
  let sum = 0;
  let squares = 0;
  for (let s = 0; s < count; s++) {
    const v = value(s);
    sum += v;
    squares += v * v;
  }
  const mean = sum / count;
  return { mean, error: Math.sqrt(Math.max(0, squares / count - mean * mean) / count) };
}

function squaredDistance(a: Float32Array, rows: Float32Array, at: number): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) {
    const difference = a[j] - rows[at + j];
    sum += difference * difference;
  }
  return sum;
}

function distancesTo(a: Float32Array, rows: Float32Array): Float64Array {
  const distances = new Float64Array(rows.length / a.length);
  for (let c = 0; c < distances.length; c++) distances[c] = squaredDistance(a, rows, c * a.length);
  return distances;
}

/** How many distances are smaller than that of cell c. */
function rankOf(distances: Float64Array, c: number): number {
  let rank = 0;
  for (let i = 0; i < distances.length; i++) if (distances[i] < distances[c]) rank++;
  return rank;
}

function sorted(values: Float64Array): Float64Array {
  return values.slice().sort();
}
