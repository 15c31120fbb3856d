/**
 * The neighbour graph on an engine: a sample gives coarse cells and tells how far a cell must look; every row is sent
 * to its cell and to those that must see it; cells are joined apart from each other; what is found goes to blocks of
 * rows, which the executors write as `graph/part-NNNNN.npz`. The driver holds none of it.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import {
  type CellQueries,
  coarseCellCount,
  type CoarseCells,
  distancesToCells,
  inSample,
  isGuest,
  joinCell,
  makeCoarseCells,
  mergeNearest,
  nearestRows,
  type NearRow,
  needForRecall,
} from "../graph/cells.ts";
import { expectEdgeCount, type GraphPart, writeGraphIndex, writeGraphPart } from "../graph/graph.ts";
import type { KnnReport } from "../graph/knn.ts";
import type { GraphOfFile } from "../graph/graph_stage.ts";
import { meanAndError } from "../graph/join.ts";
import { type Matrix, matrix, takeRows, unitRows } from "../math/matrix.ts";
import { seededRandom, shuffleInPlace } from "../math/random.ts";
import { packedOf, rowsOf } from "./arrow.ts";
import { type Engine, mergedStep, runAndMerge, type Source, type Step } from "./engine.ts";
import { matrixShape } from "./matrix_file.ts";
import { matrixOf } from "./pca.ts";

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

/** Some rows of the matrix. */
interface Sample {
  rows: Int32Array;
  x: Matrix;
}

/** Step `graph.sample`: the rows of a sample. */
export const SAMPLE_STEP: Step = mergedStep(
  async function* (tables, { share, seed }: { share: number; seed: number }) {
    for await (const table of tables) {
      const rows = table.numbers("row")!;
      const picked = Array.from(rows.keys()).filter((i) => inSample(rows[i], share, seed));
      yield { rows: Int32Array.from(picked, (i) => rows[i]), x: takeRows(matrixOf(table), picked) };
    }
  },
  mergeSamples,
);

/** Step `graph.count`: how many rows of a partition are at home in each cell. */
export const COUNT_STEP: Step = mergedStep(async function* (tables, cells: CoarseCells) {
  for await (const table of tables) {
    const counts = new Int32Array(cells.scales.length);
    for (const home of homesOf(unitRows(matrixOf(table)), cells)) counts[home]++;
    yield counts;
  }
}, addCounts);

/** What step `graph.nearest` is given. */
interface NearestBroadcast {
  queries: CellQueries;
  k: number;
  cells: CoarseCells;
}

/** Step `graph.nearest`: the nearest rows of some queries among those of a partition. */
export const NEAREST_STEP: Step = mergedStep(
  async function* (tables, { queries, k, cells }: NearestBroadcast) {
    for await (const table of tables) yield nearestRows(matrixOf(table), table.numbers("row")!, queries, k, cells);
  },
  (a, b, { k }) => mergeNearest(a, b, k),
);

/** Step `graph.assign`: every row once for its cell and once for each cell where it is a guest. */
export const ASSIGN_STEP: Step = {
  output: { part: "int", guest: "int", row: "int", vector: "binary" },
  async *run(tables, broadcast) {
    const { cells, limit } = broadcast as { cells: CoarseCells; limit: number | null };
    const distances = new Float64Array(cells.scales.length);
    for await (const table of tables) {
      const x = matrixOf(table);
      const unit = unitRows(x);
      const rows = table.numbers("row")!;
      const part: number[] = [];
      const guest: number[] = [];
      const from: number[] = [];
      for (let i = 0; i < x.rows; i++) {
        const home = distancesToCells(unit.data, i * x.columns, cells, distances);
        for (let c = 0; c < distances.length; c++) {
          if (c !== home && limit !== null && !isGuest(distances, home, c, cells, limit)) continue;
          part.push(c);
          guest.push(c === home ? 0 : 1);
          from.push(i);
        }
      }
      yield { part, guest, row: from.map((i) => rows[i]), vector: rowsOf(takeRows(x, from).data, from.length) };
    }
  },
};

/** What is counted of a cell. */
interface CellCounts {
  compared: number;
  members: number;
  duplicates: number;
  zeroRows: number;
}

/**
 * Step `graph.join`: the neighbours of the rows that are at home in a cell, bound for the block of each row. A partition
 * is a cell; its first row carries its {@linkcode CellCounts}.
 */
export const JOIN_STEP: Step = {
  output: { part: "int", row: "int", neighbors: "binary", similarities: "binary", cell: "binary" },
  async *run(tables, broadcast) {
    const { blockRows, ...options } = broadcast as { k: number; recall: number; seed: number; blockRows: number };
    const all = await Array.fromAsync(tables);
    const guests = all.flatMap((table) => Array.from(table.numbers("guest")!));
    const homes = guests.filter((guest) => guest === 0).length;
    if (homes === 0) return;
    const numbers = concatenate(Int32Array, all.map((table) => table.numbers("row")!));
    const vectors = packedOf(Float32Array, all, "vector");
    const x = matrix(numbers.length, vectors.length / numbers.length, vectors);
    const { neighbors, similarities, compared, duplicates, zeroRows } = await joinCell(x, homes, numbers, options);
    const counts: CellCounts = { compared: compared * homes, members: x.rows, duplicates, zeroRows };
    const row = numbers.subarray(0, homes);
    yield {
      part: row.map((row) => Math.floor(row / blockRows)),
      row,
      neighbors: rowsOf(neighbors, homes),
      similarities: rowsOf(similarities, homes),
      cell: Array.from(row, (_, i) => i === 0 ? serialize(counts) : new Uint8Array(0)),
    };
  },
};

/** What step `graph.write` is given. */
interface WriteBroadcast {
  /** Folder that all machines see. */
  folder: string;
  n: number;
  k: number;
  blockRows: number;
  /** Rows whose neighbours the driver wants to see. */
  wanted: Int32Array;
}

/** What came of blocks of rows. */
interface Written extends CellCounts {
  parts: GraphPart[];
  neighbors: Map<number, Int32Array>;
}

/** Step `graph.write`: writes a block of rows. A partition is a block. */
export const WRITE_STEP: Step = mergedStep(async function* (tables, broadcast: WriteBroadcast) {
  const { folder, n, k, blockRows, wanted } = broadcast;
  const all = await Array.fromAsync(tables);
  if (all.length === 0) return;
  const rows = concatenate(Int32Array, all.map((table) => table.numbers("row")!));
  const first = rows[0] - rows[0] % blockRows;
  const wrong = rows.findIndex((row, i) => row !== first + i);
  if (wrong >= 0 || rows.length !== Math.min(blockRows, n - first)) {
    throw new Error(`Row ${first + (wrong >= 0 ? wrong : rows.length)} of the graph is missing, or one came twice`);
  }
  const indices = packedOf(Int32Array, all, "neighbors");
  const offsets = Int32Array.from({ length: rows.length + 1 }, (_, i) => i * k);
  const cells = all.flatMap((table) => table.bytes("cell")).filter((bytes) => bytes.length > 0)
    .map((bytes) => deserialize(bytes) as CellCounts);
  const cosines = packedOf(Float32Array, all, "similarities");
  const part = writeGraphPart(folder, first / blockRows, first, offsets, indices, cosines, n);
  const here = Array.from(wanted).filter((row) => row >= first && row < first + rows.length);
  yield {
    ...cells.reduce(addCells, { compared: 0, members: 0, duplicates: 0, zeroRows: 0 }),
    parts: [part],
    neighbors: new Map(here.map((row) => [row, indices.slice((row - first) * k, (row - first + 1) * k)])),
  } as Written;
}, mergeWritten);

/**
 * Building the graph on an engine, for `graphStage`: `graph.json` and `graph/part-NNNNN.npz` in {@linkcode partsFolder},
 * which all machines see; an older graph there is replaced when the new one is whole. The recall is measured on a sample
 * whose exact neighbours are found by comparing it with all rows; when it falls short, cells look farther and the join is
 * done again.
 *
 * @param engine The engine.
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
  { k, recall, seed }: Parameters<GraphOfFile>[2],
  cellRows: number,
): Promise<DistributedGraphReport> {
  const { rows: n, columns } = matrixShape(path);
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
    const truth = exact ? [] : await runAndMerge(engine, {
      name: "exact neighbours of a sample",
      source,
      steps: [{
        step: "graph.nearest",
        broadcast: { queries: { x, rows: wanted, homes: homesOf(x, cells) }, k, cells } satisfies NearestBroadcast,
      }],
    }, (a: NearRow[][], b: NearRow[][]) => mergeNearest(a, b, k));
    const tuning = truth.slice(0, cut);

    for (let asked = recall, round = 1;; asked += (1 - asked) / 3, round++) {
      // Guests cost more than a closer look within a cell: three quarters of what may be missed are missed for lack of them.
      const limit = exact ? null : needForRecall(tuning, asked + (1 - asked) / 4);
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
      }, mergeWritten);
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

async function sampleOf(engine: Engine, source: Source, n: number, size: number, seed: number): Promise<Sample> {
  const broadcast = { share: Math.min(1, size / n), seed };
  const job = { name: "graph sample", source, steps: [{ step: "graph.sample", broadcast }] };
  const sample = await runAndMerge(engine, job, mergeSamples);
  if (sample.rows.length > 0) return sample;
  throw new InputError(`The matrix has too few rows for a sample of ${size} of ${n}`);
}

/** Cells where more than k rows are at home, so that all of them find k neighbours; rows of others go to these. */
async function withoutSmall(engine: Engine, source: Source, cells: CoarseCells, k: number): Promise<CoarseCells> {
  const job = { name: "rows of the cells", source, steps: [{ step: "graph.count", broadcast: cells }] };
  const counts = await runAndMerge(engine, job, addCounts);
  const large = Array.from(counts.keys()).filter((c) => counts[c] > k);
  if (large.length === 0) large.push(counts.indexOf(Math.max(...counts)));
  const centroids = matrix(counts.length, cells.centroids.length / counts.length, cells.centroids);
  return { centroids: takeRows(centroids, large).data, scales: Float32Array.from(large, (c) => cells.scales[c]) };
}

function homesOf(unit: Matrix, cells: CoarseCells): Int32Array {
  const distances = new Float64Array(cells.scales.length);
  return Int32Array.from(
    { length: unit.rows },
    (_, i) => distancesToCells(unit.data, i * unit.columns, cells, distances),
  );
}

function mergeSamples(a: Sample, b: Sample): Sample {
  const rows = concatenate(Int32Array, [a.rows, b.rows]);
  return { rows, x: matrix(rows.length, a.x.columns, concatenate(Float32Array, [a.x.data, b.x.data])) };
}

function addCounts(a: Int32Array, b: Int32Array): Int32Array {
  return a.map((count, c) => count + b[c]);
}

function addCells(a: CellCounts, b: CellCounts): CellCounts {
  return {
    compared: a.compared + b.compared,
    members: a.members + b.members,
    duplicates: a.duplicates + b.duplicates,
    zeroRows: a.zeroRows + b.zeroRows,
  };
}

function mergeWritten(a: Written, b: Written): Written {
  return {
    ...addCells(a, b),
    parts: a.parts.concat(b.parts),
    neighbors: new Map([...a.neighbors, ...b.neighbors]),
  };
}
