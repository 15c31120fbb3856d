/**
 * The neighbour graph on an engine: a sample gives coarse cells and tells how far a cell must look; every row is sent
 * to its cell and to those that must see it; cells are joined apart from each other.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { concatenate } from "../concatenate.ts";
import { expectInteger, expectNumber, InputError } from "../errors.ts";
import {
  coarseCellCount,
  type CoarseCells,
  distancesToCells,
  findNearest,
  guestNeed,
  inSample,
  isGuest,
  joinCell,
  makeCoarseCells,
  mergeNearest,
  type NearestRows,
  needForRecall,
  noNearest,
  unitRows,
} from "../graph/cells.ts";
import { expectEdgeCount, type NeighborGraph, writeGraph } from "../graph/graph.ts";
import type { KnnReport } from "../graph/knn.ts";
import type { GraphOfFile } from "../graph/stage.ts";
import { meanAndError } from "../graph/tuner.ts";
import { type Matrix, matrix, takeRows } from "../matrix.ts";
import { seededRandom, shuffleInPlace } from "../random.ts";
import { bytesOf, doublesOf, floatsOf, integersOf } from "./arrow.ts";
import { type Broadcast, type Engine, runAndMerge, type Source, type Step } from "./engine.ts";
import { matrixShape } from "./matrix_file.ts";
import { matrixOf } from "./pca.ts";

/** Options of {@linkcode distributedGraph}. */
export interface DistributedGraphOptions {
  /** Neighbours of each row, in [1, n − 1]. Default 50. */
  k?: number;
  /** Mean recall@k to reach, in (0, 1]. Default 0.99; 1 compares all pairs. */
  recall?: number;
  /** Seed of everything random. Default 42. */
  seed?: number;
  /** Rows at home in a coarse cell, about: a cell with its guests is what a task holds. Default 25,000. */
  cellRows?: number;
}

/** How a graph came about on an engine. */
export interface DistributedGraphReport extends KnnReport {
  /** Rows that the cells hold together, guests among them, over the number of rows. */
  replication: number;
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
const SAMPLE_ROWS = 4096;
const SAMPLE_A_CELL = 40;
const TUNE_SAMPLE = 512;
const CHECK_SAMPLE = 512;
const MOST_ROUNDS = 8;

/** Step `graph.sample`: the rows of a sample. */
export const SAMPLE_STEP: Step = {
  output: { row: "int32", vector: "binary" },
  async *run(tables, { data }) {
    const { share, seed } = data as { share: number; seed: number };
    for await (const table of tables) {
      const rows = table.numbers("row")!;
      const x = matrixOf(table);
      const picked = Array.from(rows.keys()).filter((i) => inSample(rows[i], share, seed));
      const row = picked.map((i) => rows[i]);
      yield { row, vector: { bytes: bytesOf(takeRows(x, picked).data), width: 4 * x.columns } };
    }
  },
};

/** Step `graph.nearest`: the nearest rows of some queries among those of a partition. */
export const NEAREST_STEP: Step = {
  output: { rows: "binary", similarities: "binary", needs: "binary" },
  async *run(tables, { data, arrays }) {
    const { k } = data as { k: number };
    const queries = arrays.queries as Float32Array;
    const queryRows = arrays.rows as Int32Array;
    const homes = arrays.homes as Int32Array;
    const cells = cellsOf(arrays);
    const found = noNearest(queryRows.length, k);
    let any = false;
    for await (const table of tables) {
      const unit = unitRows(matrixOf(table));
      const rows = table.numbers("row")!;
      const width = unit.length / rows.length;
      const places = new Map<number, { home: number; distances: Float64Array }>();
      const place = (i: number) => {
        let known = places.get(i);
        if (!known) {
          const distances = new Float64Array(cells.scales.length);
          places.set(i, known = { home: distancesToCells(unit, i * width, cells, distances), distances });
        }
        return known;
      };
      findNearest(found, queries, queryRows, unit, rows, (q, i) => {
        if (homes.length === 0) return 0;
        const { home, distances } = place(i);
        return guestNeed(distances, home, homes[q], cells);
      });
      any = true;
    }
    if (!any) return;
    const { rows, similarities, needs } = found;
    yield { rows: [bytesOf(rows)], similarities: [bytesOf(similarities)], needs: [bytesOf(needs)] };
  },
};

/** Step `graph.assign`: every row once for its cell and once for each cell where it is a guest. */
export const ASSIGN_STEP: Step = {
  output: { part: "int32", guest: "int32", row: "int32", vector: "binary" },
  async *run(tables, { data, arrays }) {
    const { limit } = data as { limit: number | null };
    const cells = cellsOf(arrays);
    const distances = new Float64Array(cells.scales.length);
    for await (const table of tables) {
      const x = matrixOf(table);
      const unit = unitRows(x);
      const rows = table.numbers("row")!;
      const part: number[] = [];
      const guest: number[] = [];
      const from: number[] = [];
      for (let i = 0; i < x.rows; i++) {
        const home = distancesToCells(unit, i * x.columns, cells, distances);
        for (let c = 0; c < distances.length; c++) {
          if (c !== home && limit !== null && !isGuest(distances, home, c, cells, limit)) continue;
          part.push(c);
          guest.push(c === home ? 0 : 1);
          from.push(i);
        }
      }
      const vector = { bytes: bytesOf(takeRows(x, from).data), width: 4 * x.columns };
      yield { part, guest, row: from.map((i) => rows[i]), vector };
    }
  },
};

/** Step `graph.join`: the neighbours of the rows that are at home in a cell. A partition is a cell. */
export const JOIN_STEP: Step = {
  output: {
    row: "int32",
    neighbors: "binary",
    similarities: "binary",
    compared: "float64",
    members: "int32",
    duplicates: "int32",
    zero_rows: "int32",
  },
  async *run(tables, { data }) {
    const options = data as { k: number; recall: number; seed: number };
    const parts: { rows: Int32Array; vectors: Uint8Array }[] = [];
    let homes = 0;
    for await (const table of tables) {
      homes += table.length - sumOf(table.numbers("guest")!);
      parts.push({ rows: Int32Array.from(table.numbers("row")!), vectors: table.packed("vector") });
    }
    if (homes === 0) return;
    const numbers = concatenate(Int32Array, parts.map(({ rows }) => rows));
    const vectors = floatsOf(concatenate(Uint8Array, parts.map(({ vectors }) => vectors)));
    const x = matrix(numbers.length, vectors.length / numbers.length, vectors);
    const cell = await joinCell(x, homes, numbers, options);
    const once = (value: number) => Int32Array.from({ length: homes }, (_, i) => i === 0 ? value : 0);
    const lists = (values: Int32Array | Float32Array) =>
      Array.from({ length: homes }, (_, i) => bytesOf(values.subarray(i * cell.k, (i + 1) * cell.k)));
    yield {
      row: numbers.subarray(0, homes),
      neighbors: lists(cell.neighbors),
      similarities: lists(cell.similarities),
      compared: new Float64Array(homes).fill(cell.compared),
      members: once(x.rows),
      duplicates: once(cell.duplicates),
      zero_rows: once(cell.zeroRows),
    };
  },
};

/**
 * Builds the neighbour graph of a matrix file on an engine. The recall is measured on a sample whose exact neighbours
 * are found by comparing it with all rows; when it falls short, cells look farther and the join is done again. The
 * driver holds the graph, 8 n k bytes.
 *
 * @param path NPY file of a matrix [n, d].
 * @param engine The engine.
 * @param options Neighbours, recall, seed, size of the cells.
 * @returns The graph and how it was made.
 * @throws {InputError} When the matrix is missing, cannot have k neighbours a row, would have more than 2³¹ − 1 edges,
 * or has a number that is not finite: the error names the row.
 */
export async function distributedGraph(
  path: string,
  engine: Engine,
  options: DistributedGraphOptions = {},
): Promise<{ graph: NeighborGraph; report: DistributedGraphReport }> {
  const { k = 50, recall = 0.99, seed = 42, cellRows = CELL_ROWS } = options;
  const { rows: n, columns } = matrixShape(path);
  if (n < 2) throw new InputError(`${path}: expected a matrix of at least 2 rows but found ${n}`);
  expectInteger("k", k, 1, n - 1);
  expectNumber("recall", recall, 0, 1);
  expectEdgeCount(n, k);
  const source: Source = { kind: "npy", path };
  const count = coarseCellCount(n, cellRows, CELLS_AN_EXECUTOR * engine.executors);
  const sample = await sampleOf(engine, source, n, Math.max(SAMPLE_ROWS, SAMPLE_A_CELL * count), seed);
  const unit = matrix(sample.x.rows, columns, unitRows(sample.x));
  const cells = await makeCoarseCells(unit, Math.min(count, unit.rows), seed);
  const cellCount = cells.scales.length;

  const picked = shuffleInPlace(Int32Array.from(sample.rows.keys()), seededRandom(seed, "queries"))
    .subarray(0, TUNE_SAMPLE + CHECK_SAMPLE);
  const cut = Math.floor(picked.length / 2);
  const exact = recall >= 1 || cellCount === 1;
  const queries = { x: takeRows(unit, picked), rows: Int32Array.from(picked, (i) => sample.rows[i]) };
  const truth = exact ? noNearest(0, k) : await nearestOf(engine, source, queries, k, cells);
  const tuning = part(truth, 0, cut);
  for (let asked = recall, round = 1;; asked += (1 - asked) / 3, round++) {
    // Guests cost more than a closer look within a cell: three quarters of what may be missed are missed for lack of them.
    const limit = exact ? null : needForRecall(tuning, asked + (1 - asked) / 4);
    const within = exact ? recall : 1 - (1 - asked) / 4;
    const found = await assignAndJoin(engine, source, cells, limit, { n, k, recall: within, seed });
    await completeShortRows(engine, path, source, cells, found, k);
    const { mean, error } = exact ? { mean: 1, error: 0 } : recallOf(found, truth, queries.rows, cut, k);
    if (mean < recall && round < MOST_ROUNDS) continue;
    return {
      graph: {
        nodeCount: n,
        offsets: Int32Array.from({ length: n + 1 }, (_, i) => i * k),
        indices: found.indices,
        similarities: found.similarities,
      },
      report: {
        rows: n,
        columns,
        k,
        recall_asked: recall,
        seed,
        method: exact ? "exact" : "cells",
        recall: Number(mean.toFixed(6)),
        recall_error: Number(error.toFixed(6)),
        recall_sample: exact ? 0 : picked.length - cut,
        cells: cellCount,
        compared: Math.round(found.compared / n),
        duplicates: found.duplicates,
        zero_rows: found.zeroRows,
        replication: found.members / n,
        assign_seconds: found.assignSeconds,
        join_seconds: found.joinSeconds,
        shuffle_bytes: found.shuffleBytes,
        peak_task_mib: found.peakTaskMiB,
      },
    };
  }
}

/**
 * Building the graph on an engine, for `graphStage`: `graph.npz` with the same recall as one machine's.
 *
 * @param engine The engine.
 * @param cellRows Rows at home in a coarse cell, about; 25,000 when left out.
 * @returns {@linkcode distributedGraphFile} on it.
 */
export function graphOn(engine: Engine, cellRows?: number): GraphOfFile {
  return (matrixFile, file, options) => distributedGraphFile(matrixFile, file, engine, { ...options, cellRows });
}

/**
 * Builds the neighbour graph of a matrix file on an engine and writes it as a SciPy CSR file.
 *
 * @param matrixFile NPY file of a matrix [n, d].
 * @param graphFile NPZ file to write.
 * @param engine The engine.
 * @param options Neighbours, recall, seed, size of the cells.
 * @returns How the graph was made; the file has it too, as the byte string `report`.
 * @throws {InputError} As {@linkcode distributedGraph}; then nothing is written.
 */
export async function distributedGraphFile(
  matrixFile: string,
  graphFile: string,
  engine: Engine,
  options: DistributedGraphOptions = {},
): Promise<DistributedGraphReport> {
  const { graph, report } = await distributedGraph(matrixFile, engine, options);
  writeGraph(graphFile, graph, { report: JSON.stringify(report) });
  return report;
}

/** What came of joining all cells. */
interface Found {
  indices: Int32Array;
  similarities: Float32Array;
  /** Rows whose cell had too few rows. */
  short: number[];
  compared: number;
  members: number;
  duplicates: number;
  zeroRows: number;
  assignSeconds: number;
  joinSeconds: number;
  shuffleBytes: number;
  peakTaskMiB: number;
}

async function assignAndJoin(
  engine: Engine,
  source: Source,
  cells: CoarseCells,
  limit: number | null,
  { n, k, recall, seed }: { n: number; k: number; recall: number; seed: number },
): Promise<Found> {
  const { tables, statistics } = await engine.run({
    name: "graph cells",
    source,
    steps: [
      { step: "graph.assign", broadcast: { data: { limit }, arrays: { ...cells } } },
      {
        step: "graph.join",
        broadcast: { data: { k, recall, seed } },
        shuffle: { partitions: cells.scales.length, order: ["guest", "row"] },
      },
    ],
    large: true,
  });
  const [assignSeconds, joinSeconds] = statistics.stepSeconds.slice(-2);
  const { shuffleBytes, peakTaskMiB } = statistics;
  const found: Found = {
    indices: new Int32Array(n * k),
    similarities: new Float32Array(n * k),
    short: [],
    ...{ compared: 0, members: 0, duplicates: 0, zeroRows: 0, assignSeconds, joinSeconds, shuffleBytes, peakTaskMiB },
  };
  const seen = new Uint8Array(n);
  let rows = 0;
  for await (const table of tables()) {
    const row = table.numbers("row")!;
    const neighbors = table.bytes("neighbors");
    const similarities = table.bytes("similarities");
    const total = (name: string) => sumOf(table.numbers(name)!);
    for (let i = 0; i < row.length; i++) {
      if (seen[row[i]]++) throw new Error(`Row ${row[i]} of the graph came twice`);
      const list = integersOf(neighbors[i]);
      found.indices.set(list, row[i] * k);
      found.similarities.set(floatsOf(similarities[i]), row[i] * k);
      if (list.length < k) found.short.push(row[i]);
    }
    rows += row.length;
    found.compared += total("compared");
    found.members += total("members");
    found.duplicates += total("duplicates");
    found.zeroRows += total("zero_rows");
  }
  if (rows !== n) throw new Error(`Expected ${n} rows of the graph but found ${rows}`);
  return found;
}

/** Rows in cells that are too small are compared with all rows: few, where there are any. */
async function completeShortRows(
  engine: Engine,
  path: string,
  source: Source,
  cells: CoarseCells,
  found: Found,
  k: number,
): Promise<void> {
  if (found.short.length === 0) return;
  const rows = Int32Array.from(found.short).sort();
  const x = readRows(path, rows);
  const nearest = await nearestOf(engine, source, { x: matrix(x.rows, x.columns, unitRows(x)), rows }, k, cells, false);
  rows.forEach((row, q) => {
    found.indices.set(nearest.rows.subarray(q * k, (q + 1) * k), row * k);
    found.similarities.set(nearest.similarities.subarray(q * k, (q + 1) * k), row * k);
  });
}

async function nearestOf(
  engine: Engine,
  source: Source,
  { x, rows }: { x: Matrix; rows: Int32Array },
  k: number,
  cells: CoarseCells,
  needs: boolean = true,
): Promise<NearestRows> {
  const distances = new Float64Array(cells.scales.length);
  const homes = needs
    ? Int32Array.from({ length: x.rows }, (_, q) => distancesToCells(x.data, q * x.columns, cells, distances))
    : new Int32Array(0);
  return await runAndMerge(
    engine,
    {
      name: "exact neighbours of a sample",
      source,
      steps: [{
        step: "graph.nearest",
        broadcast: { data: { k }, arrays: { queries: x.data, rows, homes, ...cells } },
      }],
    },
    (table) => {
      const [similarities, limits] = [table.bytes("similarities"), table.bytes("needs")];
      return table.bytes("rows").map((bytes, i): NearestRows => ({
        k,
        rows: integersOf(bytes.slice()),
        similarities: doublesOf(similarities[i].slice()),
        needs: doublesOf(limits[i].slice()),
      }));
    },
    mergeNearest,
  );
}

async function sampleOf(
  engine: Engine,
  source: Source,
  n: number,
  size: number,
  seed: number,
): Promise<{ x: Matrix; rows: Int32Array }> {
  const share = Math.min(1, size / n);
  const { tables } = await engine.run({
    name: "graph sample",
    source,
    steps: [{ step: "graph.sample", broadcast: { data: { share, seed } } }],
  });
  const parts: { rows: Int32Array; x: Matrix }[] = [];
  for await (const table of tables()) parts.push({ rows: Int32Array.from(table.numbers("row")!), x: matrixOf(table) });
  if (parts.length === 0) throw new InputError(`The matrix has too few rows for a sample of ${size} of ${n}`);
  const rows = concatenate(Int32Array, parts.map((piece) => piece.rows));
  const x = concatenate(Float32Array, parts.map((piece) => piece.x.data));
  return { rows, x: matrix(rows.length, parts[0].x.columns, x) };
}

function recallOf(found: Found, truth: NearestRows, rows: Int32Array, from: number, k: number) {
  return meanAndError(rows.length - from, (s) => {
    const q = from + s;
    const known = new Set(found.indices.subarray(rows[q] * k, rows[q] * k + k));
    let hits = 0;
    for (let e = q * k; e < q * k + k; e++) if (known.has(truth.rows[e])) hits++;
    return hits / k;
  });
}

function part({ k, rows, similarities, needs }: NearestRows, from: number, to: number): NearestRows {
  const [a, b] = [from * k, to * k];
  return { k, rows: rows.slice(a, b), similarities: similarities.slice(a, b), needs: needs.slice(a, b) };
}

function cellsOf(arrays: Required<Broadcast>["arrays"]): CoarseCells {
  return { centroids: arrays.centroids as Float32Array, scales: arrays.scales as Float32Array };
}

function readRows(path: string, rows: Int32Array): Matrix {
  const { columns, offset } = matrixShape(path);
  const x = matrix(rows.length, columns);
  const file = openSync(path, "r");
  try {
    rows.forEach((row, i) => readSync(file, bytesOf(x.data), i * columns * 4, columns * 4, offset + row * columns * 4));
  } finally {
    closeSync(file);
  }
  return x;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
