/**
 * The cells of a join: k-means (Lloyd) on a sample, then the cell of every row; both in two levels, so that a row meets
 * few centroids.
 */
import { drawToFront, type Random } from "../math/random.ts";
import { type JoinMemory, type JoinPlan, TRAIN_PER_CELL } from "./join_memory.ts";
import type { Layout } from "./kernel.ts";
import { rowsByGroup } from "./prepare.ts";
import type { Threads } from "./threads.ts";

const TRAIN_ROUNDS = 5;
/** Rows of a group that meets the centroids near its centre. */
const NEAR_ROWS = 2048;

/**
 * Finds the cells and puts the rows into their blocks.
 *
 * @param layout The layout with the number of cells wanted.
 * @returns Cell of each row, a view of the memory.
 */
export async function makeCells(
  threads: Threads,
  memory: JoinMemory,
  plan: JoinPlan,
  layout: Layout,
  count: number,
  random: Random,
): Promise<Int32Array> {
  const d = layout.dimensions;
  const regions: Layout = {
    ...layout,
    cellCount: Math.round(2 * Math.sqrt(layout.cellCount)),
    centroids: plan.regions,
    centroidBlocks: plan.regionBlocks,
  };
  const cellOf = memory.ints(plan.cellOf, count);
  // The lists of members lie where the ids of the points come later.
  const members = memory.ints(layout.ids, count);

  const rows = memory.rows(layout.rows, count);
  const wanted = Math.min(plan.trainingRows, layout.cellCount * TRAIN_PER_CELL);
  const picked = drawToFront(Int32Array.from({ length: count }, (_, i) => i), wanted, random);
  const training = memory.rows(plan.training, picked.length);
  picked.forEach((row, t) => training.set(rows.subarray(row * d, (row + 1) * d), t * d));

  /** Groups of members, each with the centre of its region. */
  const groupsOf = (starts: ArrayLike<number>) => {
    const groups: number[] = [];
    for (let r = 0; r + 1 < starts.length; r++) {
      for (let from = starts[r]; from < starts[r + 1]; from += NEAR_ROWS) {
        const size = Math.min(NEAR_ROWS, starts[r + 1] - from);
        groups.push(members.byteOffset + from * 4, size, regions.centroids + r * d * 4);
      }
    }
    return Int32Array.from(groups);
  };
  const assign = (cells: Layout, row: number, groups: Int32Array, around: number) => {
    memory.fillCentroidBlocks(cells);
    return threads.run({ kind: "assign", layout: cells, row, groups, around, out: plan.cellOf });
  };
  /** The nearest of all regions, for the first rows. */
  const toRegions = (row: number, count: number) => {
    for (let i = 0; i < count; i++) members[i] = i;
    return assign(regions, row, groupsOf([0, count]), regions.cellCount);
  };
  /** Rows whose regions are known, in groups of one region each. */
  const regionGroups = (count: number) => {
    const found = rowsByGroup(cellOf.subarray(0, count), regions.cellCount);
    members.set(found.members);
    return groupsOf(found.starts);
  };
  /** The nearest of the cells near each group's centre. */
  const toCells = (row: number, groups: Int32Array) =>
    assign(layout, row, groups, Math.min(layout.cellCount, 32 + Math.ceil(layout.cellCount / 10)));
  /** Lloyd's rounds on the first rows of the sample. */
  const train = async ({ centroids: at, cellCount }: Layout, count: number, assigned: () => Promise<void>) => {
    const centroids = memory.rows(at, cellCount);
    centroids.set(training.subarray(0, centroids.length));
    for (let round = 0; round < TRAIN_ROUNDS; round++) {
      await assigned();
      moveCentroids(centroids, training, cellOf.subarray(0, count), d);
    }
  };

  const few = Math.min(picked.length, regions.cellCount * TRAIN_PER_CELL);
  await train(regions, few, () => toRegions(plan.training, few));
  await toRegions(plan.training, picked.length);
  const groups = regionGroups(picked.length);
  await train(layout, picked.length, () => toCells(plan.training, groups));
  await toRegions(layout.rows, count);
  await toCells(layout.rows, regionGroups(count));
  memory.fillCells(layout, cellOf);
  return cellOf;
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
