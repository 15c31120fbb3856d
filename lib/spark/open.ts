/** Opening the engine that a command or a notebook asks for. */
import { expectInteger, InputError } from "../data/errors.ts";
import type { Engine } from "./engine.ts";

/**
 * Opens Apache Spark. The cluster starts with the first job, which fails when Spark is not installed.
 *
 * @param options `engine` is `"spark"`, for a cluster that is started here, or the master of a running one,
 * `"spark://HOST:PORT"`; `executors` are as many as the machine has cores, at most 4, when left out.
 * @returns The engine; to be closed.
 * @throws {InputError} When an option is wrong.
 */
export function openEngine(
  { engine: name, executors = Math.min(4, navigator.hardwareConcurrency) }: { engine: string; executors?: number },
): Engine {
  expectInteger("executors", executors, 1, 1000);
  if (name !== "spark" && !/^spark:\/\/[^\s/]+:\d+$/.test(name)) {
    throw new InputError(
      `Expected the engine to be spark or spark://HOST:PORT but found '${name}'; without an engine the step runs in ` +
        "this process",
    );
  }
  let opened: Promise<Engine> | undefined;
  let engine: Engine | undefined;
  const open = async () => {
    const { sparkEngine } = await import("./spark.ts");
    return engine = await sparkEngine({ master: name === "spark" ? undefined : name, executors });
  };
  return {
    executors,
    get history() {
      return engine?.history ?? [];
    },
    run: async (job) => await (await (opened ??= open())).run(job),
    close: async () => await engine?.close(),
  };
}
