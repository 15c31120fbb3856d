import { bytesOf } from "../../lib/spark/arrow.ts";
import type { Step, StepRegistry } from "../../lib/spark/engine.ts";
import { JOIN_STEP, WRITE_STEP } from "../../lib/spark/graph_steps.ts";
import { STEPS as OURS } from "../../lib/spark/steps.ts";

const ROWS = { row: "int", vector: "binary" } as const;

/** Yields its rows again, a table for each; the process ends in the middle of partition 1, the first time it is tried. */
const CRASH: Step = {
  output: ROWS,
  async *run(tables, _, { partition, attempt }) {
    let yielded = 0;
    for await (const table of tables) {
      const vectors = table.bytes("vector");
      for (const [i, row] of table.numbers("row")!.entries()) {
        yield { row: [row], vector: [vectors[i]] };
        if (partition === 1 && attempt === 0 && ++yielded === 20) Deno.exit(3);
      }
    }
  },
};

/** The join of a cell after a second and a half, so that there is time to kill someone half-way. */
const SLOW_JOIN: Step = {
  output: JOIN_STEP.output,
  async *run(...given) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    yield* JOIN_STEP.run(...given);
  },
};

/**
 * The process ends when block 1 is written, the first time it is tried: its part is there and nobody was told, and half of
 * another.
 */
const LOST_WRITE: Step = {
  output: WRITE_STEP.output,
  async *run(tables, broadcast, context) {
    for await (const columns of WRITE_STEP.run(tables, broadcast, context)) {
      if (context.partition === 1 && context.attempt === 0) {
        const { folder } = broadcast as { folder: string };
        Deno.writeTextFileSync(`${folder}/graph/part-00001.npz.${Deno.pid}.part`, "half");
        Deno.exit(3);
      }
      yield columns;
    }
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
  output: { told: "binary", numbers: "binary" },
  async *run(tables, broadcast, { partition }) {
    const { text, numbers } = broadcast as { text: string; numbers: Float64Array };
    let rows = 0;
    for await (const table of tables) rows += table.length;
    const told = JSON.stringify({ text, partition, rows });
    yield { told: [new TextEncoder().encode(told)], numbers: [bytesOf(numbers)] };
  },
};

/** The library's steps, those of the graph made to fail, and those of the tests. */
export const STEPS: StepRegistry = {
  ...OURS,
  "graph.join": () => Promise.resolve(SLOW_JOIN),
  "graph.write": () => Promise.resolve(LOST_WRITE),
  "test.crash": () => Promise.resolve(CRASH),
  "test.fault": () => Promise.resolve(FAULT),
  "test.tell": () => Promise.resolve(TELL),
};
