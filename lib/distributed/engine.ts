/**
 * One step, two engines: partition functions that run on the cores of this machine or on Apache Spark.
 *
 * A *job* takes rows from a source, cut into partitions, through one step or more. Between steps rows may change
 * partitions: the column `part` of what a step yields says where each goes. What the last step yields is the result,
 * which a merge (an associative function at the driver) sums up or which is put together row by row.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { expectInteger, InputError } from "../errors.ts";
import type { RowColumns, RowSchema, RowTable } from "./arrow.ts";

/** What the rows of a job are. */
export type Source =
  /** Rows of a Parquet file: the columns named, those that are there, and `row`, their number in the file. */
  | { kind: "parquet"; path: string; columns: readonly string[]; by?: string }
  /** Rows of a float32 matrix: `row` and `vector`, its bytes. */
  | { kind: "npy"; path: string }
  /** Texts, a partition each: `item`, its number, and `value`. */
  | { kind: "items"; items: readonly string[] };

/** What every partition is given: plain data and typed arrays. */
export interface Broadcast {
  /** Anything that JSON holds. */
  data?: unknown;
  /** Numbers by name. */
  arrays?: Record<string, Float32Array | Float64Array | Int32Array>;
}

/** A step of a job. */
export interface StepCall {
  /** Name in the registry, e.g. `"pca.moments"`. */
  step: string;
  /** What every partition is given. */
  broadcast?: Broadcast;
  /** For a second step: rows of equal `part` come together in one partition of so many, in the order of these columns. */
  shuffle?: { partitions: number; order: readonly string[] };
}

/** Rows, partitions and steps. */
export interface Job {
  /** Name, for reports. */
  name: string;
  /** Where the rows come from. */
  source: Source;
  /** Into how many partitions the source is cut; four an executor when left out. */
  partitions?: number;
  /** The steps, in their order. */
  steps: readonly StepCall[];
  /** The result may be larger than memory: it is written to a folder before it is read. */
  large?: boolean;
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
  /** Seconds of each step, over all tasks; on Spark what came before the first step stands before them. */
  stepSeconds: number[];
  /** Bytes that changed partitions between steps. */
  shuffleBytes: number;
  /** Largest resident memory of a worker process, MiB. */
  peakTaskMiB: number;
}

/** The result of a job. */
export interface JobResult {
  /** The tables, in the order of the partitions. To be read once. */
  tables(): AsyncIterable<RowTable>;
  /** What it cost. */
  statistics: JobStatistics;
}

/** Runs jobs. */
export interface Engine {
  /** Which engine it is. */
  readonly name: "local" | "spark";
  /** Worker processes, or executors of the cluster. */
  readonly executors: number;
  /** Costs of the jobs so far. */
  readonly history: readonly JobStatistics[];
  /**
   * Runs a job.
   *
   * @param job The job.
   * @returns Its result.
   * @throws {InputError} When a step throws one; it names the file and the row.
   */
  run(job: Job): Promise<JobResult>;
  /** Ends workers and cluster. */
  close(): Promise<void>;
}

/** Where a partition comes from, for a step that names it in an error. */
export interface PartitionContext {
  /** Number of the partition. */
  partition: number;
  /** How often it was tried before. */
  attempt: number;
}

/** A partition function: written once, run by any engine, without effects beside what it yields. */
export interface Step {
  /** Columns of what it yields. */
  readonly output: RowSchema;
  /**
   * Works on a partition. A partition may be tried again, elsewhere and at the same time: only what one attempt yields
   * counts.
   *
   * @param rows The rows of the partition, in tables.
   * @param broadcast What every partition is given.
   * @param context Which partition it is.
   * @returns Tables.
   */
  run(
    rows: AsyncIterable<RowTable>,
    broadcast: Required<Broadcast>,
    context: PartitionContext,
  ): AsyncIterable<RowColumns>;
}

/** Steps by name; a step is loaded when it is first run. */
export type StepRegistry = Readonly<Record<string, () => Promise<Step>>>;

/** Which engine to open. */
export interface EngineOptions {
  /** `"local"` (default) or `"spark"`. */
  engine?: "local" | "spark";
  /** Spark: master of a running cluster, `spark://host:port`; one is started on this machine when left out. */
  master?: string;
  /** Worker processes or executors; as many as the machine has cores, at most 4, when left out. */
  executors?: number;
  /** Spark: memory of an executor, e.g. `"2g"`. */
  memory?: string;
  /** Module whose `STEPS` are the steps; the library's own when left out. */
  steps?: URL;
}

/**
 * Opens an engine. Workers and cluster start with the first job, which fails when Spark is wanted and not installed.
 *
 * @param options Which one; the local one by default.
 * @returns The engine; to be closed.
 * @throws {InputError} When an option is wrong.
 *
 * @example
 * ```ts ignore
 * const engine = openEngine({ engine: "spark", executors: 2 });
 * try {
 *   await graphStage("data/work/small", { k: 50 }, graphOn(engine));
 * } finally {
 *   await engine.close();
 * }
 * ```
 */
export function openEngine(options: EngineOptions = {}): Engine {
  const { engine: name = "local", master, memory, steps = new URL("steps.ts", import.meta.url) } = options;
  const executors = expectInteger("executors", options.executors ?? Math.min(4, availableParallelism()), 1, 1000);
  if (name !== "local" && name !== "spark") {
    throw new InputError(`Expected the engine to be local or spark but found '${name}'`);
  }
  if (master !== undefined && name === "local") throw new InputError("Expected a master with the engine spark only");
  if (master !== undefined && !/^spark:\/\/[^\s/]+:\d+$/.test(master)) {
    throw new InputError(`Expected the master to be spark://HOST:PORT but found '${master}'`);
  }
  let opened: Promise<Engine> | undefined;
  let engine: Engine | undefined;
  const open = async () => {
    engine = name === "local"
      ? (await import("./local.ts")).localEngine({ executors, steps })
      : await (await import("./spark.ts")).sparkEngine({ master, executors, memory, steps });
    return engine;
  };
  return {
    name,
    executors,
    get history() {
      return engine?.history ?? [];
    },
    run: async (job) => await (await (opened ??= open())).run(job),
    close: async () => await engine?.close(),
  };
}

/**
 * Runs a job and merges what its partitions yield.
 *
 * @param engine The engine.
 * @param job The job.
 * @param read Reads the parts of a table.
 * @param merge Merges two parts; associative.
 * @returns The merged parts.
 * @throws {InputError} When the source has no rows.
 */
export async function runAndMerge<T>(
  engine: Engine,
  job: Job,
  read: (table: RowTable) => T[],
  merge: (a: T, b: T) => T,
): Promise<T> {
  const { tables } = await engine.run(job);
  let total: T | undefined;
  for await (const table of tables()) {
    for (const part of read(table)) total = total === undefined ? part : merge(total, part);
  }
  if (total === undefined) {
    const where = job.source.kind === "items" ? job.name : job.source.path;
    throw new InputError(`${where}: expected at least one row but found none`);
  }
  return total;
}
