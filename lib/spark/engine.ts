/**
 * Steps beyond one machine: partition functions that Apache Spark runs on the machines of a cluster.
 *
 * A *job* takes rows from a source, cut into partitions, through one step or more. Between steps rows may change
 * partitions: the column `part` of what a step yields says where each goes. What the last step yields is the result,
 * which a merge (an associative function at the driver) sums up or which is put together row by row.
 */
import { deserialize, serialize } from "node:v8";
import { InputError } from "../data/errors.ts";
import type { RowColumns, RowSchema, RowTable } from "./arrow.ts";

/** What the rows of a job are. */
export type Source =
  /** Rows of a Parquet file: the columns named, those that are there, and `row`, their number in the file. */
  | { kind: "parquet"; path: string; columns: readonly string[]; by?: string }
  /** Rows of a float32 matrix: `row` and `vector`, its bytes. */
  | { kind: "npy"; path: string }
  /** So many partitions of one row: `item`, its number. */
  | { kind: "items"; count: number };

/** A step of a job. */
export interface StepCall {
  /** Name in the registry, e.g. `"pca.moments"`. */
  step: string;
  /** What every partition is given: anything that `node:v8` serializes, typed arrays among it. */
  broadcast?: unknown;
  /** For a second step: rows of equal `part` come together in one partition of so many, in the order of these columns. */
  shuffle?: { partitions: number; order: readonly string[] };
}

/** Rows, partitions and steps. */
export interface Job {
  /** Name, for reports. */
  name: string;
  source: Source;
  steps: readonly StepCall[];
  /** Folder that all machines see, for a result that may be larger than memory: it is written there, then read. */
  staging?: string;
  /** The source is read again by later jobs: keep its partitions. */
  keep?: boolean;
}

/** What a job cost. */
export interface JobStatistics {
  /** Name of the job. */
  job: string;
  /** Wall-clock seconds. */
  seconds: number;
  /** Partitions that were worked on, over all steps. */
  tasks: number;
  /** Seconds of each step, over all tasks; what came before the first step stands before them. */
  stepSeconds: number[];
  /** Bytes that changed partitions between steps. */
  shuffleBytes: number;
  /** Largest resident memory of a worker process, MiB. */
  peakTaskMiB: number;
}

/** Runs jobs: Apache Spark, or what stands in for it in tests. */
export interface Engine {
  /** Executors of the cluster. */
  readonly executors: number;
  /** Costs of the jobs so far. */
  readonly history: readonly JobStatistics[];
  /**
   * Runs a job.
   *
   * @returns The tables of the result, in the order of the partitions, to be read once.
   * @throws {InputError} When a step throws one; it names the file and the row.
   */
  run(job: Job): Promise<AsyncIterable<RowTable>>;
  /** Ends workers and cluster. */
  close(): Promise<void>;
}

/** Which partition a step works on. */
export interface PartitionContext {
  /** Number of the partition. */
  partition: number;
  /** How often it was tried before. */
  attempt: number;
}

/** A partition function. */
export interface Step {
  /** Columns of what it yields. */
  readonly output: RowSchema;
  /**
   * Works on a partition. A partition may be tried again, elsewhere and at the same time: only what one attempt yields
   * counts, and a file that it writes is whole at once or has the same bytes at the same places.
   */
  run(rows: AsyncIterable<RowTable>, broadcast: unknown, context: PartitionContext): AsyncIterable<RowColumns>;
}

/** A step whose partitions come to one value each, which {@linkcode runAndMerge} merges. */
export interface MergedStep<T> extends Step {
  /** Merges two values; associative. */
  merge(this: void, a: T, b: T): T;
}

/** Steps by name; a step is loaded when it is first run. */
export type StepRegistry = Readonly<Record<string, () => Promise<Step>>>;

/** Why a step failed. */
export interface Failure {
  message: string;
  /** The user's input is at fault, not the program. */
  input: boolean;
}

/**
 * Makes a {@linkcode MergedStep}.
 *
 * @param merge Merges two values; associative.
 */
export function mergedStep<T, Broadcast = undefined>(
  values: (rows: AsyncIterable<RowTable>, broadcast: Broadcast) => AsyncIterable<T>,
  merge: (a: T, b: T) => T,
): MergedStep<T> {
  return {
    merge,
    output: { value: "binary" },
    async *run(rows, broadcast) {
      const total = await mergeAll(values(rows, broadcast as Broadcast), merge);
      if (total !== undefined) yield { value: [serialize(total)] };
    },
  };
}

/**
 * Runs a job whose last step is a {@linkcode mergedStep} and merges what its partitions come to.
 *
 * @throws {InputError} When the source has no rows.
 */
export async function runAndMerge<T>(engine: Engine, job: Job, merge: (a: T, b: T) => T): Promise<T> {
  const tables = await engine.run(job);
  const values = async function* () {
    for await (const table of tables) for (const bytes of table.bytes("value")) yield deserialize(bytes) as T;
  };
  const total = await mergeAll(values(), merge);
  if (total !== undefined) return total;
  const where = job.source.kind === "items" ? job.name : job.source.path;
  throw new InputError(`${where}: expected at least one row but found none`);
}

async function mergeAll<T>(values: AsyncIterable<T>, merge: (a: T, b: T) => T): Promise<T | undefined> {
  let total: T | undefined;
  for await (const value of values) total = total === undefined ? value : merge(total, value);
  return total;
}
