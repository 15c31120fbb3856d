/**
 * The self-join: the k nearest other rows of every row, all at once.
 *
 * k-means cells (Lloyd) put near rows together. The rows of a cell look, in groups, into the cells whose centroids are
 * nearest to each of them; a kernel scores 4 rows against 8 points at a time and touches a row's candidates only for
 * scores that reach its threshold. How many cells to look into is read off a sample whose exact neighbours are known.
 * More cells are cheaper than refining a graph by the neighbours of neighbours, which lie scattered over the memory.
 */
import { bisectLeft, mean, quantile } from "d3-array";
import { drawToFront, type Random, seededRandom } from "../math/random.ts";
import { type Matrix, matrix, squaredDistance } from "../math/matrix.ts";
import { makeCells } from "./join_cells.ts";
import {
  cellCountFor,
  CHECK_SAMPLE,
  EXACT_CELL,
  GROUP,
  JoinMemory,
  type JoinPlan,
  planMemory,
  TUNE_SAMPLE,
} from "./join_memory.ts";
import type { Layout, Reach } from "./kernel.ts";
import { type Directions, prepareDirections } from "./prepare.ts";
import { meanAndError } from "./recall.ts";
import { startThreads, type Threads } from "./threads.ts";

/** What the join is asked for. */
export interface JoinOptions {
  /** Neighbours of each row, in [1, n − 1]. */
  k: number;
  /** Mean recall@k to reach, in (0, 1]; 1 compares all pairs. */
  recall: number;
  /** Seed of the cells and of the samples. */
  seed: number;
  /** Threads; the graph does not depend on their number. */
  threads: number;
  /** All pairs are compared when rows × rows × columns (rounded up to a multiple of 4) is at most this. */
  exactCost: number;
  /**
   * Rows whose neighbours are wanted, from the first on; all when left out. The other rows are neighbours only, and the
   * graph has no rows for them.
   */
  queries?: number;
}

/** How the neighbours were found. */
export interface JoinReport {
  /** `"exact"` when all pairs were compared, `"cells"` when each row was compared with the points of near cells. */
  method: "exact" | "cells";
  /** Number of cells; 0 when exact. */
  cells: number;
  /** Mean number of rows that each row was compared with, as predicted on a sample; all others when exact. */
  compared: number;
  /** Mean recall@k on a sample against its exact neighbours; 1 when exact. */
  recall: number;
  /** Standard error of `recall`; 0 when exact. */
  recall_error: number;
  /** Rows of that sample; 0 when exact. */
  recall_sample: number;
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
  similarities: Float32Array;
  report: JoinReport;
}

/** The report of a search that compared all pairs. */
export function exactReport(compared: number): JoinReport {
  return { method: "exact", recall: 1, recall_error: 0, recall_sample: 0, cells: 0, compared };
}

/** Cells nearest to the home cell that every row looks into. */
const FIRST_CELLS = 4;

/** Finds the nearest neighbours of all rows of a matrix. */
export async function selfJoin(x: Matrix, options: JoinOptions): Promise<JoinResult> {
  const n = x.rows;
  const dimensions = Math.ceil(x.columns / 4) * 4;
  const plan = planMemory(n, dimensions, Math.min(options.k, n - 1));
  const threads = await startThreads(n * n * dimensions < 1e9 ? 1 : options.threads, plan.bytes, plan.layout);
  try {
    const memory = new JoinMemory(threads.memory.buffer, dimensions);
    const directions = prepareDirections(x, memory.rows(plan.layout.rows, n));
    return await new Join(threads, memory, plan, directions, options).run();
  } finally {
    threads.close();
  }
}

/** Rows of a sample, a view of the shared memory, and their exact neighbours, k a row. */
interface Sample {
  rows: Int32Array;
  neighbors: Int32Array;
}

/** One run of the join: the steps and what they share. */
class Join {
  private readonly count: number;
  /** Directions whose neighbours are wanted: the first ones, since directions are in the order of their first rows. */
  private readonly asked: number;
  private readonly k: number;
  private readonly random: Random;
  private layout: Layout;
  /** Cell of each row. */
  private cellOf: Int32Array = new Int32Array(0);

  constructor(
    private readonly threads: Threads,
    private readonly memory: JoinMemory,
    private readonly plan: JoinPlan,
    private readonly directions: Directions,
    private readonly options: JoinOptions,
  ) {
    this.count = directions.count;
    this.asked = directions.directionOf.subarray(0, options.queries).reduce((most, u) => Math.max(most, u + 1), 0);
    this.k = Math.min(options.k, this.count - 1);
    this.layout = { ...plan.layout, k: this.k };
    this.random = seededRandom(options.seed, "knn");
  }

  async run(): Promise<JoinResult> {
    const { recall, exactCost } = this.options;
    if (this.k < 1 || this.asked === 0) {
      return this.result({ ids: new Int32Array(0), similarities: new Float32Array(0) });
    }
    if (recall >= 1 || this.asked * this.count * this.layout.dimensions <= exactCost) return await this.exact();
    this.layout = { ...this.layout, cellCount: Math.min(cellCountFor(this.count), this.count) };
    this.cellOf = await makeCells(this.threads, this.memory, this.plan, this.layout, this.count, this.random);
    const tuning = await this.drawSample(TUNE_SAMPLE, 0);
    const checking = await this.drawSample(CHECK_SAMPLE, TUNE_SAMPLE);
    const ranks = this.homeRanks(tuning);
    for (let asked = recall;; asked += (1 - asked) / 3) {
      const reach = await this.cheapestReach(tuning, ranks, asked);
      if (!reach) return await this.exact();
      const { mean, error, compared } = await this.tryReach(checking, reach);
      if (mean < recall) continue;
      return this.result(await this.join(this.allGroups(), this.asked, "id", reach), {
        method: "cells",
        recall: mean,
        recall_error: error,
        recall_sample: checking.rows.length,
        cells: this.layout.cellCount,
        compared,
      });
    }
  }

  /**
   * For every neighbour of a sample: how many cells are nearer to the row's home cell than the neighbour's own cell.
   */
  private homeRanks({ rows, neighbors }: Sample): Float64Array {
    const { cellCount, centroids, dimensions } = this.layout;
    const centers = matrix(cellCount, dimensions, this.memory.rows(centroids, cellCount));
    const ranks = new Float64Array(neighbors.length);
    rows.forEach((member, s) => {
      const home = this.cellOf[member];
      const fromHome = Float64Array.from({ length: cellCount }, (_, c) => squaredDistance(centers, c, centers, home));
      const ascending = fromHome.slice().sort();
      for (let i = s * this.k; i < (s + 1) * this.k; i++) {
        ranks[i] = bisectLeft(ascending, fromHome[this.cellOf[neighbors[i]]]);
      }
    });
    return ranks;
  }

  /**
   * The cheaper of two rules with which a sample finds a recall by two standard errors; nothing when comparing all pairs
   * costs hardly more. By distance: a row spends less in dense places and more far out. By rank: all rows spend alike,
   * which is better where no place is denser than another.
   */
  private async cheapestReach(sample: Sample, ranks: Float64Array, recall: number): Promise<Reach | undefined> {
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
        const { mean, error, compared } = await this.tryReach(sample, rule(bound));
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
  private async tryReach({ rows, neighbors }: Sample, reach: Reach) {
    const alone = Int32Array.from([...rows].flatMap((row, s) => [rows.byteOffset + s * 4, 1, this.cellOf[row]]));
    const { ids, compared } = await this.join(alone, rows.length, "order", reach);
    const k = this.k;
    const recall = meanAndError(rows.length, (s) => {
      const known = new Set(ids.subarray(s * k, (s + 1) * k));
      return neighbors.subarray(s * k, (s + 1) * k).filter((id) => known.has(id)).length / k;
    });
    return { ...recall, compared: mean(compared)! };
  }

  private result(
    { ids, similarities }: Pick<JoinResult, "ids" | "similarities">,
    report: JoinReport = exactReport(this.count - 1),
  ): JoinResult {
    return { directions: this.directions, k: this.k, asked: this.asked, ids, similarities, report };
  }

  /** Every pair: rows in cells of consecutive ones, each row looks into all. O(n² d). */
  private async exact(): Promise<JoinResult> {
    this.layout = { ...this.layout, cellCount: Math.ceil(this.count / EXACT_CELL) };
    this.memory.fillCells(this.layout, Int32Array.from({ length: this.count }, (_, i) => Math.floor(i / EXACT_CELL)));
    return this.result(await this.join(this.allGroups(), this.asked, "id"));
  }

  /** All rows that are asked for in groups of one cell each; a cell has its rows in their order, so they come first. */
  private allGroups(): Int32Array {
    const { cellCount, cellBlocks, ids, groupSize } = this.layout;
    const firstBlock = this.memory.ints(cellBlocks, cellCount + 1);
    const order = this.memory.ints(ids, firstBlock[cellCount] * 8);
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

  private async drawSample(size: number, place: number): Promise<Sample> {
    const picked = drawToFront(
      Int32Array.from({ length: this.asked }, (_, i) => i),
      Math.min(size, this.asked),
      this.random,
    );
    const rows = this.memory.ints(this.plan.sample + place * 4, picked.length);
    rows.set(picked);
    const groups: number[] = [];
    for (let at = 0; at < rows.length; at += GROUP) {
      groups.push(rows.byteOffset + at * 4, Math.min(GROUP, rows.length - at), 0);
    }
    const { ids } = await this.join(Int32Array.from(groups), rows.length, "order");
    return { rows, neighbors: ids };
  }
}
