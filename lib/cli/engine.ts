/**
 * The options `--engine`, `--master` and `--executors` of the commands whose steps run on an engine.
 *
 * @module
 */
import { type Engine, openEngine } from "../distributed/engine.ts";
import { InputError } from "../errors.ts";
import { number, text } from "./shared.ts";

/** What was asked for. */
export interface EngineChoice {
  /** `spark`; without it a step runs in this process. */
  engine?: string;
  /** Master of a running cluster. */
  master?: string;
  /** Executors. */
  executors?: number;
}

/** What an engine cost, as `--json` tells it. */
export interface EngineCosts extends Record<string, unknown> {
  /** Name of the engine. */
  engine: "spark";
  /** Executors. */
  executors: number;
  /** Partitions worked on. */
  tasks: number;
  /** Wall-clock seconds of the jobs, without starting and ending the engine. */
  engine_seconds: number;
  /** Bytes that changed partitions. */
  shuffle_bytes: number;
  /** Largest memory of a task, MiB. */
  peak_task_mib: number;
}

/** The options. */
export const ENGINE = {
  engine: text("<name>", "spark (Apache Spark); in this process when left out"),
  master: text("<url>", "spark://HOST:PORT of a running cluster; --engine spark starts one here when left out"),
  executors: number("<number>", "executors of Spark (default: cores, at most 4)"),
};

/**
 * Opens the engine that was asked for, uses it and ends it, whatever happens.
 *
 * @param choice What was asked for.
 * @param use Gets the engine.
 * @returns What `use` returns and what it cost; nothing when no engine was asked for.
 * @throws {InputError} When the options are wrong or the engine is not to be had.
 */
export async function onEngine<T>(
  choice: EngineChoice,
  use: (engine: Engine) => Promise<T>,
): Promise<{ result: T; costs: EngineCosts } | undefined> {
  const { engine: name, master, executors } = choice;
  if (name === undefined) {
    if (master !== undefined || executors !== undefined) {
      throw new InputError(`Expected ${master !== undefined ? "--master" : "--executors"} with --engine only`);
    }
    return undefined;
  }
  if (name !== "spark") {
    throw new InputError(`Expected --engine to be spark but found '${name}'; leave it out to run in this process`);
  }
  const engine = openEngine({ engine: master ?? name, executors });
  try {
    const result = await use(engine);
    return { result, costs: costsOf(engine) };
  } finally {
    await engine.close();
  }
}

/**
 * What an engine cost in a sentence.
 *
 * @param costs The costs.
 * @returns For example `"on spark: 24 tasks on 2 executors in 8.1 s, 1.2 MiB shuffled"`.
 */
export function describeCosts(costs: EngineCosts): string {
  const { engine, executors, tasks, engine_seconds, shuffle_bytes } = costs;
  const shuffled = (shuffle_bytes / 2 ** 20).toFixed(1);
  return `on ${engine}: ${tasks} tasks on ${executors} executors in ${
    engine_seconds.toFixed(1)
  } s, ${shuffled} MiB shuffled`;
}

function costsOf({ executors, history }: Engine): EngineCosts {
  const sum = (value: (job: Engine["history"][number]) => number) =>
    history.reduce((total, job) => total + value(job), 0);
  return {
    engine: "spark",
    executors,
    tasks: sum(({ tasks }) => tasks),
    engine_seconds: Number(sum(({ seconds }) => seconds).toFixed(3)),
    shuffle_bytes: sum(({ shuffleBytes }) => shuffleBytes),
    peak_task_mib: Math.round(Math.max(0, ...history.map(({ peakTaskMiB }) => peakTaskMiB))),
  };
}
