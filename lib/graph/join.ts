/**
 * The self-join: the k nearest other rows of every row, all at once.
 *
 * k-means cells (Lloyd) put near rows together. The rows of a cell look, in groups, into the cells whose centroids are
 * nearest to each of them; a kernel scores 4 rows against 8 points at a time and touches a row's candidates only for
 * scores that reach its threshold. How many cells to look into is read off a sample whose exact neighbours are known.
 *
 * More cells are cheaper than a round of refinement by the neighbours of neighbours. On 200,000 clustered rows of 16
 * dimensions, k = 50, cells bring the recall from 0.957 to 0.992 by comparing each row with 2,444 instead of 1,532
 * points, which lie one behind the other, in 1.7 seconds of processor time. Refining the graph of 0.957 to the same
 * recall looks all 2,500 neighbours of neighbours of each row up, and scores 657 of them, all scattered over the
 * memory; the lists of the 10 nearest neighbours alone bring it to 0.983 only.
 *
 * @module
 */
import { bisectLeft, deviation, mean, quantile } from "d3-array";
import { type Random, randomInteger, seededRandom } from "../math/random.ts";
import type { Matrix } from "../math/matrix.ts";
import type { Layout, Reach } from "./kernel.ts";
import { type Directions, prepareDirections } from "./prepare.ts";
import { startThreads, type Threads } from "./threads.ts";

/** What the join is asked for. */
export interface JoinOptions {
  k: number;
  recall: number;
  seed: number;
  threads: number;
  /** Rows times rows times dimensions up to which all pairs are compared. */
  exactCost: number;
  /** Rows of the matrix, from the first on, whose neighbours are wanted; all when left out. */
  queries?: number;
}

/** Neighbours of every direction. */
export interface JoinResult {
  directions: Directions;
  /** Neighbours of a direction: `k` of the options, or all others when there are fewer. */
  k: number;
  /** Directions that have a result: those of the rows asked for, from the first on. */
  asked: number;
  /** Neighbours, k a direction, nearest first. */
  ids: Int32Array;
  /** Their cosines. */
  similarities: Float32Array;
  /** `"exact"` or `"cells"`. */
  method: "exact" | "cells";
  /** Number of cells, 0 when exact. */
  cells: number;
  /** Mean number of points that a row was compared with, as predicted on the sample; all when exact. */
  compared: number;
  /** Mean recall of the sample, its standard error and size; 1, 0 and 0 when exact. */
  recall: number;
  recallError: number;
  recallSample: number;
}

const GROUP = 128;
const TUNE_SAMPLE = 512;
const CHECK_SAMPLE = 1024;
const TRAIN_PER_CELL = 40;
const TRAIN_ROUNDS = 5;
const EXACT_CELL = 512;
const NEAR_ROWS = 2048;
/** Cells nearest to the home cell that every row looks into. */
const FIRST_CELLS = 4;

/**
 * Finds the nearest neighbours of all rows of a matrix.
 *
 * @param x The matrix [n, d], finite.
 * @param options What is asked for.
 * @returns Neighbours among the distinct directions of the matrix.
 */
export async function selfJoin(x: Matrix, options: JoinOptions): Promise<JoinResult> {
  const n = x.rows;
  const dimensions = Math.ceil(x.columns / 4) * 4;
  const plan = planMemory(n, dimensions, Math.min(options.k, n - 1));
  const threads = await startThreads(n * n * dimensions < 1e9 ? 1 : options.threads, plan.bytes, plan.layout);
  try {
    const directions = prepareDirections(x, new Float32Array(threads.memory.buffer, plan.layout.rows, n * dimensions));
    return await new Join(threads, plan, directions, options).run();
  } finally {
    threads.close();
  }
}

interface Plan {
  layout: Layout;
  /** Rows of the k-means sample. */
  training: number;
  trainingRows: number;
  /** Centroids of the coarse cells, as rows and as blocks. */
  regions: number;
  regionBlocks: number;
  /** Cell of each row, i32. */
  cellOf: number;
  /** Members of the sample groups, i32. */
  sample: number;
  bytes: number;
}

/** Number of k-means cells for n rows. */
function cellCountFor(n: number): number {
  return Math.max(16, Math.round(4 * Math.sqrt(n)));
}

/** Lays out the memory for n directions; the true number may be smaller. */
function planMemory(n: number, dimensions: number, k: number): Plan {
  let at = 0;
  const take = (bytes: number) => {
    const offset = at;
    at = Math.ceil((at + bytes) / 64) * 64;
    return offset;
  };
  const cellCount = Math.max(cellCountFor(n), Math.ceil(n / EXACT_CELL));
  const points = Math.ceil(n / 8) * 8 + 8 * cellCount;
  const training = Math.min(n, cellCountFor(n) * TRAIN_PER_CELL);
  const layout: Layout = {
    dimensions,
    k,
    cellCount,
    groupSize: GROUP,
    capacity: 3 * k + 32,
    rows: take((n + 4) * dimensions * 4),
    cellBlocks: take((cellCount + 1) * 4),
    blocks: take(points * (dimensions + 1) * 4),
    ids: take(points * 4),
    centroids: take((cellCount + 8) * dimensions * 4),
    centroidBlocks: take((cellCount + 8) * (dimensions + 1) * 4),
  };
  const trainingRows = take((training + 4) * dimensions * 4);
  const regions = take((2 * Math.ceil(Math.sqrt(cellCount)) + 16) * dimensions * 4);
  const regionBlocks = take((2 * Math.ceil(Math.sqrt(cellCount)) + 16) * (dimensions + 1) * 4);
  const cellOf = take((Math.max(n, training) + 4) * 4);
  const sample = take((TUNE_SAMPLE + CHECK_SAMPLE) * 4);
  return { layout, training, trainingRows, regions, regionBlocks, cellOf, sample, bytes: at };
}

/** One run of the join: the steps and what they share. */
class Join {
  private readonly count: number;
  /** Directions whose neighbours are wanted: the first ones, since directions are in the order of their first rows. */
  private readonly asked: number;
  private readonly k: number;
  private readonly dimensions: number;
  private readonly rows: Float32Array;
  private readonly random: Random;
  private layout: Layout;

  constructor(
    private readonly threads: Threads,
    private readonly plan: Plan,
    private readonly directions: Directions,
    private readonly options: JoinOptions,
  ) {
    this.count = directions.count;
    this.asked = directions.directionOf.subarray(0, options.queries).reduce((most, u) => Math.max(most, u + 1), 0);
    this.k = Math.min(options.k, this.count - 1);
    this.dimensions = directions.dimensions;
    this.layout = { ...plan.layout, k: this.k };
    this.rows = this.floats(plan.layout.rows, this.count * this.dimensions);
    this.random = seededRandom(options.seed, "knn");
  }

  async run(): Promise<JoinResult> {
    if (this.k < 1 || this.asked === 0) return this.result(new Int32Array(0), new Float32Array(0));
    if (this.options.recall >= 1 || this.asked * this.count * this.dimensions <= this.options.exactCost) {
      return await this.exact();
    }
    const cellOf = await this.makeCells();
    const tuning = this.sampleRows(TUNE_SAMPLE, 0);
    const checking = this.sampleRows(CHECK_SAMPLE, TUNE_SAMPLE);
    const truth = (await this.exactNeighbors(tuning)).ids;
    const checked = (await this.exactNeighbors(checking)).ids;
    const ranks = this.homeRanks(tuning, truth, cellOf);
    for (let asked = this.options.recall;; asked += (1 - asked) / 3) {
      const reach = await this.cheapestReach(tuning, truth, cellOf, ranks, asked);
      if (!reach) return await this.exact();
      const { mean, error, compared } = await this.tryReach(checking, checked, cellOf, reach);
      if (mean >= this.options.recall) {
        const found = await this.join(this.allGroups(), this.asked, "id", reach);
        return {
          ...this.result(found.ids, found.similarities),
          method: "cells",
          cells: this.layout.cellCount,
          compared,
          recall: mean,
          recallError: error,
          recallSample: checking.length,
        };
      }
    }
  }

  /**
   * For every neighbour of a sample: how many cells are nearer to the row's home cell than the neighbour's own cell.
   */
  private homeRanks(sample: Int32Array, neighbors: Int32Array, cellOf: Int32Array): Float64Array {
    const { cellCount, centroids } = this.layout;
    const centers = this.floats(centroids, cellCount * this.dimensions);
    const ranks = new Float64Array(neighbors.length);
    sample.forEach((member, s) => {
      const fromHome = distancesFrom(centers, this.dimensions, cellOf[member]);
      const ascending = fromHome.slice().sort();
      for (let i = s * this.k; i < s * this.k + this.k; i++) {
        ranks[i] = bisectLeft(ascending, fromHome[cellOf[neighbors[i]]]);
      }
    });
    return ranks;
  }

  /**
   * The cheaper of two rules with which a sample finds a recall by two standard errors; nothing when comparing all pairs
   * costs hardly more. By distance: a row spends less in dense places and more far out. By rank: all rows spend alike,
   * which is better where no place is denser than another.
   */
  private async cheapestReach(
    sample: Int32Array,
    neighbors: Int32Array,
    cellOf: Int32Array,
    ranks: Float64Array,
    recall: number,
  ): Promise<Reach | undefined> {
    // One missed neighbour in 20 may lie in a cell that is far from the home cell: looking so far out is not worth it.
    const farthest = quantile(ranks, 1 - (1 - recall) / 20)!;
    const around = Math.min(this.layout.cellCount, Math.ceil(Math.max(farthest, FIRST_CELLS) * 1.05) + 8);
    const rules: { most: number; rule: (bound: number) => Reach }[] = [
      { most: 64, rule: (bound) => ({ first: FIRST_CELLS, probes: 0, reach: bound, around }) },
      { most: 1, rule: (bound) => ({ first: FIRST_CELLS, probes: Math.ceil(bound * around), reach: 0, around }) },
    ];
    let best: { reach?: Reach; compared: number } = { compared: 0.6 * this.count };
    for (const { most, rule } of rules) {
      // The smallest bound that is enough: by doubling, then by bisection to within 3 %.
      let [low, high] = [0, 2 * most];
      let bound = 1 / 4;
      while (bound <= most && bound > 1e-4 && high - low > 0.03 * high) {
        const { mean, error, compared } = await this.tryReach(sample, neighbors, cellOf, rule(bound));
        const enough = mean - 2 * error >= recall;
        if (enough && compared < best.compared) best = { reach: rule(bound), compared };
        if (enough || compared >= best.compared) high = bound;
        else low = bound;
        bound = high > most ? 2 * bound : (low + high) / 2;
      }
    }
    return best.reach;
  }

  /** What a sample of rows finds: what a row finds does not depend on the other rows of its group. */
  private async tryReach(sample: Int32Array, exact: Int32Array, cellOf: Int32Array, reach: Reach) {
    const alone = Int32Array.from([...sample].flatMap((row, s) => [sample.byteOffset + s * 4, 1, cellOf[row]]));
    const { ids, compared } = await this.join(alone, sample.length, "order", reach);
    return { ...this.recallOf(exact, ids), compared: mean(compared)! };
  }

  private result(ids: Int32Array, similarities: Float32Array): JoinResult {
    return {
      directions: this.directions,
      k: this.k,
      asked: this.asked,
      ids,
      similarities,
      method: "exact",
      cells: 0,
      compared: this.count - 1,
      recall: 1,
      recallError: 0,
      recallSample: 0,
    };
  }

  /** Every pair: rows in cells of consecutive ones, each row looks into all. O(n² d). */
  private async exact(): Promise<JoinResult> {
    this.layout = { ...this.layout, cellCount: Math.ceil(this.count / EXACT_CELL) };
    this.fillCells(Int32Array.from({ length: this.count }, (_, i) => Math.floor(i / EXACT_CELL)));
    const found = await this.join(this.allGroups(), this.asked, "id");
    return this.result(found.ids, found.similarities);
  }

  /** k-means on a sample, then the cell of every row; both in two levels, so that a row meets few centroids. */
  private async makeCells(): Promise<Int32Array> {
    const d = this.dimensions;
    const cellCount = Math.min(cellCountFor(this.count), this.count);
    const regions = Math.round(2 * Math.sqrt(cellCount));
    this.layout = { ...this.layout, cellCount };
    const picked = this.pick(Math.min(this.plan.training, cellCount * TRAIN_PER_CELL), this.count);
    const training = this.floats(this.plan.trainingRows, picked.length * d);
    for (let t = 0; t < picked.length; t++) training.set(this.rows.subarray(picked[t] * d, picked[t] * d + d), t * d);
    const { trainingRows } = this.plan;

    const coarse = {
      ...this.layout,
      cellCount: regions,
      centroids: this.plan.regions,
      centroidBlocks: this.plan.regionBlocks,
    };
    const few = Math.min(picked.length, regions * TRAIN_PER_CELL);
    const centers = this.floats(coarse.centroids, regions * d);
    centers.set(training.subarray(0, regions * d));
    for (let round = 0; round < TRAIN_ROUNDS; round++) {
      await this.assignFirst(coarse, trainingRows, few);
      moveCentroids(centers, training, this.ints(this.plan.cellOf, few), d);
    }

    const centroids = this.floats(this.layout.centroids, cellCount * d);
    centroids.set(training.subarray(0, cellCount * d));
    await this.assignFirst(coarse, trainingRows, picked.length);
    const trainingGroups = this.regionGroups(coarse, picked.length);
    for (let round = 0; round < TRAIN_ROUNDS; round++) {
      await this.assignNear(trainingRows, trainingGroups);
      moveCentroids(centroids, training, this.ints(this.plan.cellOf, picked.length), d);
    }
    await this.assignFirst(coarse, this.layout.rows, this.count);
    await this.assignNear(this.layout.rows, this.regionGroups(coarse, this.count));
    const cellOf = this.ints(this.plan.cellOf, this.count);
    this.fillCells(cellOf);
    return cellOf;
  }

  /** The nearest of all centroids of a layout, for the first rows. */
  private assignFirst(layout: Layout, row: number, count: number): Promise<void> {
    const members = this.ints(this.layout.ids, count);
    const groups: number[] = [];
    for (let i = 0; i < count; i++) {
      members[i] = i;
      if (i % NEAR_ROWS === 0) {
        groups.push(members.byteOffset + i * 4, Math.min(NEAR_ROWS, count - i), layout.centroids);
      }
    }
    return this.assign(layout, row, Int32Array.from(groups), layout.cellCount);
  }

  /** The nearest of the centroids near each group's centre. */
  private assignNear(row: number, groups: Int32Array): Promise<void> {
    const around = Math.min(this.layout.cellCount, 32 + Math.ceil(this.layout.cellCount / 10));
    return this.assign(this.layout, row, groups, around);
  }

  private assign(layout: Layout, row: number, groups: Int32Array, around: number): Promise<void> {
    this.fillCentroidBlocks(layout);
    return this.threads.run({ kind: "assign", layout, row, groups, around, out: this.plan.cellOf });
  }

  /** Rows by region, in groups. Their list lies where the ids of the points come later. */
  private regionGroups(coarse: Layout, count: number): Int32Array {
    const regionOf = this.ints(this.plan.cellOf, count);
    const start = new Int32Array(coarse.cellCount + 1);
    for (let i = 0; i < count; i++) start[regionOf[i] + 1]++;
    for (let r = 0; r < coarse.cellCount; r++) start[r + 1] += start[r];
    const members = this.ints(this.layout.ids, count);
    const next = start.slice();
    for (let i = 0; i < count; i++) members[next[regionOf[i]]++] = i;
    const groups: number[] = [];
    for (let r = 0; r < coarse.cellCount; r++) {
      for (let from = start[r]; from < start[r + 1]; from += NEAR_ROWS) {
        const size = Math.min(NEAR_ROWS, start[r + 1] - from);
        groups.push(this.layout.ids + from * 4, size, coarse.centroids + r * this.dimensions * 4);
      }
    }
    return Int32Array.from(groups);
  }

  private fillCentroidBlocks({ cellCount, centroids, centroidBlocks }: Layout): void {
    const padded = Math.ceil(cellCount / 8) * 8;
    const order = Int32Array.from({ length: padded }, (_, c) => c < cellCount ? c : -1);
    this.fillBlocks(this.floats(centroids, cellCount * this.dimensions), order, centroidBlocks);
  }

  /** Puts the rows into blocks, cell after cell, each cell on blocks of its own. */
  private fillCells(cellOf: Int32Array): void {
    const { cellCount, cellBlocks, ids, blocks } = this.layout;
    const firstBlock = this.ints(cellBlocks, cellCount + 1).fill(0);
    const sizes = new Int32Array(cellCount);
    for (let i = 0; i < cellOf.length; i++) sizes[cellOf[i]]++;
    for (let c = 0; c < cellCount; c++) firstBlock[c + 1] = firstBlock[c] + Math.ceil(sizes[c] / 8);
    const order = this.ints(ids, firstBlock[cellCount] * 8).fill(-1);
    const next = Int32Array.from(firstBlock, (block) => block * 8);
    for (let i = 0; i < cellOf.length; i++) order[next[cellOf[i]]++] = i;
    this.fillBlocks(this.rows, order, blocks);
  }

  /** Rows as the kernel's blocks of 8; −1 in `order` is padding. */
  private fillBlocks(rows: Float32Array, order: Int32Array, to: number): void {
    const d = this.dimensions;
    const out = this.floats(to, order.length * (d + 1));
    for (let p = 0; p < order.length; p++) {
      let at = (p >> 3) * 8 * (d + 1) + (p & 7);
      const bias = at;
      if (order[p] < 0) {
        for (let j = 0; j <= d; j++, at += 8) out[at] = 0;
        out[bias] = -3e38;
        continue;
      }
      const row = order[p] * d;
      let norm = 0;
      for (let j = 0; j < d; j++) {
        const value = rows[row + j];
        norm += value * value;
        out[at += 8] = value;
      }
      out[bias] = -norm / 2;
    }
  }

  /** All rows that are asked for in groups of one cell each; a cell has its rows in their order, so they come first. */
  private allGroups(): Int32Array {
    const { cellCount, cellBlocks, ids, groupSize } = this.layout;
    const firstBlock = this.ints(cellBlocks, cellCount + 1);
    const order = this.ints(ids, firstBlock[cellCount] * 8);
    const groups: number[] = [];
    for (let c = 0; c < cellCount; c++) {
      let end = firstBlock[c + 1] * 8;
      while (end > firstBlock[c] * 8 && (order[end - 1] < 0 || order[end - 1] >= this.asked)) end--;
      const size = end - firstBlock[c] * 8;
      // Even shares, so that no group is left with a few rows.
      const parts = Math.ceil(size / groupSize);
      for (let g = 0; g < parts; g++) {
        const from = Math.floor(size * g / parts);
        groups.push(ids + (firstBlock[c] * 8 + from) * 4, Math.floor(size * (g + 1) / parts) - from, c);
      }
    }
    return Int32Array.from(groups);
  }

  private async join(groups: Int32Array, count: number, place: "id" | "order", reach?: Reach) {
    const ids = new Int32Array(new SharedArrayBuffer(count * this.k * 4));
    const similarities = new Float32Array(new SharedArrayBuffer(count * this.k * 4));
    const compared = new Float64Array(new SharedArrayBuffer(groups.length / 3 * 8));
    await this.threads.run(
      { kind: "join", layout: this.layout, groups, reach, place, ids, similarities, compared },
      place === "id" ? "graph" : undefined,
    );
    return { ids, similarities, compared };
  }

  /** Distinct random rows among the first, in random order. */
  private pick(count: number, among: number): Int32Array {
    const rows = Int32Array.from({ length: among }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + randomInteger(this.random, rows.length - i);
      const row = rows[i];
      rows[i] = rows[j];
      rows[j] = row;
    }
    return rows.slice(0, count);
  }

  private sampleRows(count: number, from: number): Int32Array {
    const picked = this.pick(Math.min(count, this.asked), this.asked);
    const sample = this.ints(this.plan.sample + from * 4, picked.length);
    sample.set(picked);
    return sample;
  }

  private exactNeighbors(sample: Int32Array) {
    const groups: number[] = [];
    for (let at = 0; at < sample.length; at += GROUP) {
      groups.push(sample.byteOffset + at * 4, Math.min(GROUP, sample.length - at), 0);
    }
    return this.join(Int32Array.from(groups), sample.length, "order");
  }

  /** Share of the sample's k nearest that were found. */
  private recallOf(exact: Int32Array, found: Int32Array): { mean: number; error: number } {
    const k = this.k;
    return meanAndError(exact.length / k, (s) => {
      const known = new Set(found.subarray(s * k, s * k + k));
      let hits = 0;
      for (let i = s * k; i < s * k + k; i++) if (known.has(exact[i])) hits++;
      return hits / k;
    });
  }

  private floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.threads.memory.buffer, offset, length);
  }

  private ints(offset: number, length: number): Int32Array {
    return new Int32Array(this.threads.memory.buffer, offset, length);
  }
}

/** Moves each centroid to the mean of its rows; one without rows stays. */
function moveCentroids(centroids: Float32Array, rows: Float32Array, cells: Int32Array, d: number): void {
  const sums = new Float64Array(centroids.length);
  const sizes = new Int32Array(centroids.length / d);
  for (let i = 0; i < cells.length; i++) {
    sizes[cells[i]]++;
    for (let j = 0; j < d; j++) sums[cells[i] * d + j] += rows[i * d + j];
  }
  for (let c = 0; c < sizes.length; c++) {
    if (sizes[c] === 0) continue;
    for (let j = 0; j < d; j++) centroids[c * d + j] = sums[c * d + j] / sizes[c];
  }
}

/** Squared distances of one row to all. */
function distancesFrom(rows: Float32Array, d: number, from: number): Float64Array {
  return Float64Array.from({ length: rows.length / d }, (_, r) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (rows[r * d + j] - rows[from * d + j]) ** 2;
    return sum;
  });
}

/**
 * Mean of a sample and its standard error.
 *
 * @param count Size of the sample.
 * @param value Value of each element.
 * @returns Mean, and standard deviation over √count.
 */
export function meanAndError(count: number, value: (s: number) => number): { mean: number; error: number } {
  const values = Float64Array.from({ length: count }, (_, s) => value(s));
  return { mean: mean(values)!, error: (deviation(values) ?? 0) / Math.sqrt(count) };
}
