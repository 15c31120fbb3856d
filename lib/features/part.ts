/**
 * Features of a part of the rows of a catalogue that ingest wrote: what a thread does.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Catalog, CatalogColumn } from "../catalog/catalog.ts";
import { readOwnNumbers } from "../storage/parquet_file.ts";
import { rowEncoder } from "./encode.ts";
import type { FeatureSpec } from "./spec.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { BLOCK, type CatalogStatistics, collectStatistics } from "./statistics.ts";
import { applyTransformTo, type Transform, TRANSFORMS, Z_FEATURES, type ZFeature } from "./transforms.ts";

/** Reads rows, keeps them, and counts them. */
export interface CountTask {
  kind: "count";
  path: string;
  columns: readonly CatalogColumn[];
  from: number;
  to: number;
}

/** Encodes the rows that were counted and writes them into a file that is there. */
export interface EncodeTask {
  kind: "encode";
  path: string;
  spec: FeatureSpec;
  /** Where in the file the first of the rows goes. */
  start: number;
}

/** What comes of a task. */
export interface PartAnswer {
  /** Of a count task: all statistics but the moments. */
  statistics?: CatalogStatistics;
  /** Of a count task: the spreads of the transformed values, block by block. */
  spreads?: Partial<Record<ZFeature, Spread[]>>;
}

const ROWS = 1 << 14;
const AS_IT_IS: Transform = { name: "none", offset: 0, reason: "transformed already" };

/**
 * A part.
 *
 * @returns A function that does its tasks, a count task first.
 */
export function partRunner(): (task: CountTask | EncodeTask) => PartAnswer {
  let catalog: Catalog = { length: 0, numbers: {}, texts: {}, lists: {} };
  return (task) => {
    if (task.kind === "count") {
      catalog = readPart(task);
      return countPart(catalog);
    }
    writePart(catalog, task);
    return {};
  };
}

/** The rows of a part; what is z-scored is transformed, in the dictionaries of the file where it has some. */
function readPart({ path, columns, from, to }: CountTask): Catalog {
  const change = (name: string, values: Float64Array) => {
    const transform = TRANSFORMS[name as ZFeature];
    if (transform) applyTransformTo(transform, values, 0, values.length, values);
  };
  return { length: to - from, numbers: readOwnNumbers(path, columns, { from, to, change })!, texts: {}, lists: {} };
}

function countPart({ length, numbers }: Catalog): PartAnswer {
  const spreads: PartAnswer["spreads"] = {};
  for (const name of Z_FEATURES) {
    const values = numbers[name];
    if (!values) continue;
    const count = Math.ceil(length / BLOCK);
    spreads[name] = Array.from({ length: count }, (_, b) => spreadOf(values.subarray(b * BLOCK, (b + 1) * BLOCK)));
  }
  const { key, mode, time_signature, year } = numbers;
  const others = Object.fromEntries(
    Object.entries({ key, mode, time_signature, year }).filter(([, values]) => values !== undefined),
  );
  return { spreads, statistics: collectStatistics({ length, numbers: others, texts: {}, lists: {} }) };
}

function writePart(catalog: Catalog, { path, spec, start }: EncodeTask): void {
  const width = spec.columns.length;
  const columns = spec.columns.map((column) => column.transform ? { ...column, transform: AS_IT_IS } : column);
  const encode = rowEncoder(catalog, { ...spec, columns });
  const rows = new Float32Array(ROWS * width);
  const file = openSync(path, "r+");
  try {
    for (let from = 0; from < catalog.length; from += ROWS) {
      const to = Math.min(catalog.length, from + ROWS);
      encode(rows.fill(0), from, to);
      const bytes = new Uint8Array(rows.buffer, 0, 4 * width * (to - from));
      for (let written = 0; written < bytes.length;) {
        written += writeSync(file, bytes, written, bytes.length - written, start + 4 * width * from + written);
      }
    }
  } finally {
    closeSync(file);
  }
}
