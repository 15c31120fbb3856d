/** The options `--engine`, `--master` and `--executors` of the commands whose steps run on an engine. */
import { max, sum } from "d3-array";
import type { Engine } from "../spark/engine.ts";
import { openEngine } from "../spark/open.ts";
import { InputError } from "../data/errors.ts";
import { number, text, type ValuesOf } from "./shared.ts";

export const ENGINE = {
  engine: text("<name>", "spark (Apache Spark); in this process when left out"),
  master: text("<url>", "spark://HOST:PORT of a running cluster; --engine spark starts one here when left out"),
  executors: number("<number>", "executors of Spark (default: cores, at most 4)", { from: 1, to: 1000 }),
};

/**
 * Runs a step on the engine that was asked for and ends the engine, whatever happens.
 *
 * @param step Gets the engine; nothing when none was asked for, and the step runs in this process.
 * @returns What the step returns; what the engine cost, as `--json` tells it; and the same as a line below a text, e.g.
 *   `"\non spark: 24 tasks on 2 executors in 8.1 s, 1.2 MiB shuffled"`, empty without an engine.
 * @throws {InputError} When the options are wrong or the engine is not to be had.
 */
export async function onEngine<T>(
  { engine: name, master, executors }: ValuesOf<typeof ENGINE>,
  step: (engine?: Engine) => Promise<T>,
): Promise<{ result: T; costs: Record<string, unknown>; told: string }> {
  if (name === undefined) {
    if (master !== undefined || executors !== undefined) {
      throw new InputError(`Expected ${master !== undefined ? "--master" : "--executors"} with --engine only`);
    }
    return { result: await step(), costs: {}, told: "" };
  }
  if (name !== "spark") {
    throw new InputError(`Expected --engine to be spark but found '${name}'; leave it out to run in this process`);
  }
  const engine = openEngine({ engine: master ?? name, executors });
  try {
    return { result: await step(engine), ...costsOf(engine) };
  } finally {
    await engine.close();
  }
}

function costsOf({ executors, history }: Engine) {
  const tasks = sum(history, (job) => job.tasks);
  const seconds = sum(history, (job) => job.seconds);
  const shuffled = sum(history, (job) => job.shuffleBytes);
  return {
    costs: {
      engine: "spark",
      executors,
      tasks,
      engine_seconds: Number(seconds.toFixed(3)),
      shuffle_bytes: shuffled,
      peak_task_mib: Math.round(max(history, (job) => job.peakTaskMiB) ?? 0),
    },
    told: `\non spark: ${tasks} tasks on ${executors} executors in ${seconds.toFixed(1)} s, ` +
      `${(shuffled / 2 ** 20).toFixed(1)} MiB shuffled`,
  };
}
