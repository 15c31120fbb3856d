/** The steps of the neighbour graph: what is done with one partition of its rows. */
import { deserialize, serialize } from "node:v8";
import { concatenate } from "../data/concatenate.ts";
import {
  type CellQueries,
  type CoarseCells,
  distancesToCells,
  inSample,
  isGuest,
  joinCell,
  mergeNearest,
  nearestRows,
  type NearRow,
} from "../graph/cells.ts";
import { type GraphPart, writeGraphPart } from "../graph/graph.ts";
import { type Matrix, matrix, takeRows, unitRows } from "../math/matrix.ts";
import { packedOf, rowsOf } from "./arrow.ts";
import { type MergedStep, mergedStep, type Step } from "./engine.ts";
import { matrixOf } from "./pca.ts";

/** Some rows of the matrix, with their numbers. */
export interface RowSample {
  rows: Int32Array;
  x: Matrix;
}

/** Step `graph.sample`: the rows of a sample. */
export const SAMPLE_STEP: MergedStep<RowSample> = mergedStep(
  async function* (tables, { share, seed }: { share: number; seed: number }) {
    for await (const table of tables) {
      const rows = table.numbers("row")!;
      const picked = Array.from(rows.keys()).filter((i) => inSample(rows[i], share, seed));
      yield { rows: Int32Array.from(picked, (i) => rows[i]), x: takeRows(matrixOf(table), picked) };
    }
  },
  (a, b) => {
    const rows = concatenate(Int32Array, [a.rows, b.rows]);
    return { rows, x: matrix(rows.length, a.x.columns, concatenate(Float32Array, [a.x.data, b.x.data])) };
  },
);

/** Step `graph.count`: how many rows of a partition are at home in each cell. */
export const COUNT_STEP: MergedStep<Int32Array> = mergedStep(async function* (tables, cells: CoarseCells) {
  for await (const table of tables) {
    const counts = new Int32Array(cells.scales.length);
    for (const home of homesOf(unitRows(matrixOf(table)), cells)) counts[home]++;
    yield counts;
  }
}, (a, b) => a.map((count, c) => count + b[c]));

/** What step `graph.nearest` is given: the queries, the rows wanted of each, and the cells. */
export interface NearestBroadcast {
  queries: CellQueries;
  k: number;
  cells: CoarseCells;
}

/** Step `graph.nearest`: the nearest rows of some queries among those of a partition. */
export const NEAREST_STEP: MergedStep<{ k: number; near: NearRow[][] }> = mergedStep(
  async function* (tables, { queries, k, cells }: NearestBroadcast) {
    for await (const table of tables) {
      yield { k, near: nearestRows(matrixOf(table), table.numbers("row")!, queries, k, cells) };
    }
  },
  (a, b) => ({ k: a.k, near: mergeNearest(a.near, b.near, a.k) }),
);

/** Step `graph.assign`: every row once for its cell and once for each cell where it is a guest. */
export const ASSIGN_STEP: Step = {
  output: { part: "int", guest: "int", row: "int", vector: "binary" },
  async *run(tables, broadcast) {
    const { cells, limit } = broadcast as { cells: CoarseCells; limit: number };
    const distances = new Float64Array(cells.scales.length);
    for await (const table of tables) {
      const x = matrixOf(table);
      const unit = unitRows(x);
      const rows = table.numbers("row")!;
      const part: number[] = [];
      const guest: number[] = [];
      const from: number[] = [];
      for (let i = 0; i < x.rows; i++) {
        const home = distancesToCells(unit, i, cells, distances);
        for (let c = 0; c < distances.length; c++) {
          if (c !== home && !isGuest(distances, home, c, cells, limit)) continue;
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
export interface CellCounts {
  /** Rows that those at home were compared with, in all. */
  compared: number;
  /** Rows of the cell, guests among them. */
  members: number;
  /** Rows at home that have the direction of another row before them. */
  duplicates: number;
  /** Rows of zeros at home. */
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

/** What step `graph.write` is given: of a graph of n rows and k neighbours the block, and where it goes. */
export interface WriteBroadcast {
  /** Folder that all machines see. */
  folder: string;
  n: number;
  k: number;
  blockRows: number;
  /** Rows whose neighbours the driver wants to see. */
  wanted: Int32Array;
}

/** What came of blocks of rows. */
export interface Written extends CellCounts {
  parts: GraphPart[];
  /** Neighbours of the rows wanted, by row. */
  neighbors: Map<number, Int32Array>;
}

/** Step `graph.write`: writes a block of rows. A partition is a block. */
export const WRITE_STEP: MergedStep<Written> = mergedStep(async function* (tables, broadcast: WriteBroadcast) {
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
  const similarities = packedOf(Float32Array, all, "similarities");
  const part = writeGraphPart(folder, first / blockRows, first, { offsets, indices, similarities }, n);
  const here = Array.from(wanted).filter((row) => row >= first && row < first + rows.length);
  yield {
    ...cells.reduce(addCells, { compared: 0, members: 0, duplicates: 0, zeroRows: 0 }),
    parts: [part],
    neighbors: new Map(here.map((row) => [row, indices.slice((row - first) * k, (row - first + 1) * k)])),
  };
}, (a, b) => ({
  ...addCells(a, b),
  parts: a.parts.concat(b.parts),
  neighbors: new Map([...a.neighbors, ...b.neighbors]),
}));

/** The cell in which each row is at home. */
export function homesOf(unit: Matrix, cells: CoarseCells): Int32Array {
  const distances = new Float64Array(cells.scales.length);
  return Int32Array.from(
    { length: unit.rows },
    (_, i) => distancesToCells(unit, i, cells, distances),
  );
}

function addCells(a: CellCounts, b: CellCounts): CellCounts {
  return {
    compared: a.compared + b.compared,
    members: a.members + b.members,
    duplicates: a.duplicates + b.duplicates,
    zeroRows: a.zeroRows + b.zeroRows,
  };
}
