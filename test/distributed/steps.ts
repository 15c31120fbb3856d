import { bytesOf } from "../../lib/distributed/arrow.ts";
import type { Step, StepRegistry } from "../../lib/distributed/engine.ts";
import { JOIN_STEP } from "../../lib/distributed/graph.ts";
import { STEPS as OURS } from "../../lib/distributed/steps.ts";

const ROWS = { row: "int32", vector: "binary" } as const;

/** Yields its rows again, a table for each. */
const ECHO: Step = {
  output: ROWS,
  async *run(tables) {
    for await (const table of tables) {
      const vectors = table.packed("vector");
      const width = vectors.length / table.length;
      for (const [i, row] of table.numbers("row")!.entries()) {
        yield { row: [row], vector: [vectors.subarray(i * width, (i + 1) * width)] };
      }
    }
  },
};

/** The process ends in the middle of partition 1, the first time it is tried. */
const CRASH: Step = {
  output: ROWS,
  async *run(tables, broadcast, context) {
    let yielded = 0;
    for await (const columns of ECHO.run(tables, broadcast, context)) {
      yield columns;
      if (context.partition === 1 && context.attempt === 0 && ++yielded === 20) Deno.exit(3);
    }
  },
};

/** The join of a cell after a second and a half, so that there is time to kill someone half-way. */
const SLOW_JOIN: Step = {
  output: JOIN_STEP.output,
  async *run(tables, broadcast, context) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    yield* JOIN_STEP.run(tables, broadcast, context);
  },
};

/** A fault of the program, not of the input. */
const FAULT: Step = {
  output: ROWS,
  // deno-lint-ignore require-yield
  async *run() {
    await Promise.resolve();
    throw new TypeError("a fault of ours");
  },
};

/** What every partition was given and which it was. */
const TELL: Step = {
  output: { told: "text", numbers: "binary" },
  async *run(tables, { data, arrays }, { partition }) {
    let rows = 0;
    for await (const table of tables) rows += table.length;
    yield { told: [JSON.stringify({ data, partition, rows })], numbers: [bytesOf(arrays.numbers)] };
  },
};

/** The library's steps, the join slowed down, and those of the tests. */
export const STEPS: StepRegistry = {
  ...OURS,
  "graph.join": () => Promise.resolve(SLOW_JOIN),
  "test.echo": () => Promise.resolve(ECHO),
  "test.crash": () => Promise.resolve(CRASH),
  "test.fault": () => Promise.resolve(FAULT),
  "test.tell": () => Promise.resolve(TELL),
};
