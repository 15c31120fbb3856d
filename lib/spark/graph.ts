/**
 * The neighbour graph on an engine: a sample gives coarse cells and tells how far a cell must look; every row is sent
 * to its cell and to those that must see it; cells are joined apart from each other; what is found goes to blocks of
 * rows, which the executors write as `graph/part-NNNNN.npz`. The driver holds none of it.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { coarseCellCount, type CoarseCells, makeCoarseCells, needForRecall } from "../graph/cells.ts";
import { expectEdgeCount, type GraphPart, writeGraphIndex } from "../graph/graph.ts";
import type { GraphOfFile } from "../graph/graph_stage.ts";
import { type KnnReport, usualNeighbors } from "../graph/knn.ts";
import { meanAndError } from "../graph/recall.ts";
import { takeRows, unitRows } from "../math/matrix.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { type Engine, runAndMerge, type Source } from "./engine.ts";
import {
  COUNT_STEP,
  homesOf,
  NEAREST_STEP,
  type NearestBroadcast,
  type RowSample,
  SAMPLE_STEP,
  WRITE_STEP,
  type WriteBroadcast,
} from "./graph_steps.ts";
import { matrixShape } from "./matrix_file.ts";

/** How a graph came about on an engine. */
export interface DistributedGraphReport extends KnnReport {
  /** Rows that the cells hold together, guests among them, over the number of rows. */
  replication: number;
  /** Files that the graph is in. */
  parts: number;
  /** Seconds of putting rows into cells in the last round, over all tasks. */
  assign_seconds: number;
  /** Seconds of joining the cells in that round, over all tasks. */
  join_seconds: number;
  /** Bytes shuffled in that round. */
  shuffle_bytes: number;
  /** Largest memory of a task, MiB. */
  peak_task_mib: number;
}

const CELL_ROWS = 25_000;
const CELLS_AN_EXECUTOR = 2;
const PART_ROWS = 100_000;
const SAMPLE_ROWS = 4096;
const SAMPLE_A_CELL = 40;
const TUNE_SAMPLE = 512;
const CHECK_SAMPLE = 512;
const MOST_ROUNDS = 8;

/**
 * Building the graph on an engine, for `graphStage`: `graph.json` and `graph/part-NNNNN.npz` in {@linkcode partsFolder},
 * which all machines see; an older graph there is replaced when the new one is whole. The recall is measured on a sample
 * whose exact neighbours are found by comparing it with all rows; when it falls short, cells look farther and the join is
 * done again.
 *
 * @param cellRows Rows at home in a coarse cell, about: a cell with its guests is what a task holds.
 * @returns What builds the graph of a matrix file. It throws an `InputError` when the matrix is missing, cannot have k
 * neighbours a row, or has a number that is not finite: the error names the row. Then nothing is written.
 */
export function graphOn(
  engine: Engine,
  cellRows: number = CELL_ROWS,
): (...given: Parameters<GraphOfFile>) => Promise<DistributedGraphReport> {
  return (path, file, options) => buildGraph(engine, path, partsFolder(file), options, cellRows);
}

async function buildGraph(
  engine: Engine,
  path: string,
  folder: string,
  { k: asked, recall, seed }: Parameters<GraphOfFile>[2],
  cellRows: number,
): Promise<DistributedGraphReport> {
  const { rows: n, columns } = matrixShape(path);
  const k = asked ?? usualNeighbors(n);
  if (n < 2) throw new InputError(`${path}: expected a matrix of at least 2 rows but found ${n}`);
  expectInteger("k", k, 1, n - 1);
  expectNumber("recall", recall, 0, 1);
  const blockRows = Math.min(PART_ROWS, Math.ceil(n / engine.executors));
  expectEdgeCount(blockRows, k);
  const count = coarseCellCount(n, cellRows, CELLS_AN_EXECUTOR * engine.executors);
  const made = mkdirSync(folder, { recursive: true });
  const staging = resolve(mkdtempSync(join(folder, ".segue-graph-")));
  try {
    const source: Source = { kind: "npy", path };
    const sample = await sampleOf(engine, source, n, Math.max(SAMPLE_ROWS, SAMPLE_A_CELL * count), seed);
    const unit = unitRows(sample.x);
    const coarse = await makeCoarseCells(unit, Math.min(count, unit.rows), seed);
    const cells = await withoutSmall(engine, source, coarse, k);
    const cellCount = cells.scales.length;
    const exact = recall >= 1;

    const picked = exact
      ? new Int32Array(0)
      : shuffleInPlace(Int32Array.from(sample.rows.keys()), seededRandom(seed, "queries"))
        .subarray(0, TUNE_SAMPLE + CHECK_SAMPLE);
    const cut = Math.floor(picked.length / 2);
    const wanted = Int32Array.from(picked, (i) => sample.rows[i]);
    const x = takeRows(unit, picked);
    const queries = { x, rows: wanted, homes: homesOf(x, cells) };
    const { near: truth } = exact ? { near: [] } : await runAndMerge(engine, {
      name: "exact neighbours of a sample",
      source,
      steps: [{ step: "graph.nearest", broadcast: { queries, k, cells } satisfies NearestBroadcast }],
    }, NEAREST_STEP.merge);
    const tuning = truth.slice(0, cut);

    for (let asked = recall, round = 1;; asked += (1 - asked) / 3, round++) {
      // Guests cost more than a closer look within a cell: three quarters of what may be missed are missed for lack of them.
      const limit = exact ? Infinity : needForRecall(tuning, asked + (1 - asked) / 4);
      const within = exact ? recall : 1 - (1 - asked) / 4;
      const found = await runAndMerge(engine, {
        name: "graph cells",
        source,
        steps: [
          { step: "graph.assign", broadcast: { cells, limit } },
          {
            step: "graph.join",
            broadcast: { k, recall: within, seed, blockRows },
            shuffle: { partitions: cellCount, order: ["guest", "row"] },
          },
          {
            step: "graph.write",
            broadcast: { folder: staging, n, k, blockRows, wanted } satisfies WriteBroadcast,
            shuffle: { partitions: Math.ceil(n / blockRows), order: ["row"] },
          },
        ],
      }, WRITE_STEP.merge);
      const { mean, error } = exact ? { mean: 1, error: 0 } : meanAndError(wanted.length - cut, (s) => {
        const known = new Set(found.neighbors.get(wanted[cut + s]));
        return truth[cut + s].filter(({ row }) => known.has(row)).length / k;
      });
      if (mean < recall && round < MOST_ROUNDS) continue;
      const { stepSeconds, shuffleBytes, peakTaskMiB } = engine.history.at(-1)!;
      const [assignSeconds, joinSeconds] = stepSeconds.slice(-3);
      const report: DistributedGraphReport = {
        rows: n,
        columns,
        k,
        recall_asked: recall,
        seed,
        method: exact ? "exact" : "cells",
        recall: Number(mean.toFixed(6)),
        recall_error: Number(error.toFixed(6)),
        recall_sample: wanted.length - cut,
        cells: cellCount,
        compared: Math.round(found.compared / n),
        duplicates: found.duplicates,
        zero_rows: found.zeroRows,
        replication: found.members / n,
        parts: found.parts.length,
        assign_seconds: assignSeconds,
        join_seconds: joinSeconds,
        shuffle_bytes: shuffleBytes,
        peak_task_mib: peakTaskMiB,
      };
      publish(staging, folder, { rows: n, k, report: { ...report } }, found.parts);
      return report;
    }
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * The folder that gets `graph.json` and `graph/` where one machine would write a file.
 *
 * @param file The file, or a folder.
 * @returns For `graph.npz` the folder that it would be in, for another `X.npz` the folder `X`, else the folder itself.
 */
export function partsFolder(file: string): string {
  return basename(file) === "graph.npz" ? dirname(file) : file.replace(/\.npz$/, "");
}

/** The parts take the place of an older graph: a reader finds either of them whole, or for a moment none. */
function publish(
  staging: string,
  folder: string,
  index: Parameters<typeof writeGraphIndex>[1],
  parts: readonly GraphPart[],
): void {
  const listed = new Set(parts.map(({ file }) => basename(file)));
  for (const name of readdirSync(join(staging, "graph"))) {
    // What a task that was killed has left half-written.
    if (!listed.has(name)) rmSync(join(staging, "graph", name));
  }
  rmSync(join(folder, "graph.json"), { force: true });
  rmSync(join(folder, "graph"), { recursive: true, force: true });
  renameSync(join(staging, "graph"), join(folder, "graph"));
  writeGraphIndex(folder, index, parts);
}

async function sampleOf(engine: Engine, source: Source, n: number, size: number, seed: number): Promise<RowSample> {
  const broadcast = { share: Math.min(1, size / n), seed };
  const job = { name: "graph sample", source, steps: [{ step: "graph.sample", broadcast }] };
  return await runAndMerge(engine, job, SAMPLE_STEP.merge);
}

/** Cells where more than k rows are at home, so that all of them find k neighbours; rows of others go to these. */
async function withoutSmall(engine: Engine, source: Source, cells: CoarseCells, k: number): Promise<CoarseCells> {
  const job = { name: "rows of the cells", source, steps: [{ step: "graph.count", broadcast: cells }] };
  const counts = await runAndMerge(engine, job, COUNT_STEP.merge);
  const large = Array.from(counts.keys()).filter((c) => counts[c] > k);
  if (large.length === 0) large.push(counts.indexOf(Math.max(...counts)));
  return { centroids: takeRows(cells.centroids, large), scales: Float32Array.from(large, (c) => cells.scales[c]) };
}
