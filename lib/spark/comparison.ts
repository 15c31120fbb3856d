/** The comparison of policies on an engine: a partition is a batch of listeners. */
import { type ListenerJob, measurePolicies } from "../evaluation/comparison_worker.ts";
import type { ComparisonRunner } from "../evaluation/runner.ts";
import { type SequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import type { RunMeasures } from "../metrics/measure.ts";
import { type Engine, mergedStep, runAndMerge, type Step } from "./engine.ts";

const LISTENERS_A_TASK = 4;

interface Play {
  jobs: ListenerJob[];
  sequence: SequenceTerm | undefined;
}

type Played = { listener: number; measures: RunMeasures[] }[];

/** Step `comparison.play`: what was measured of the listeners of a batch. */
export const PLAY_STEP: Step = mergedStep(async function* (tables, { jobs, sequence }: Play) {
  const serve = sequence && serveSequenceTerm(sequence);
  for await (const table of tables) {
    for (const batch of table.numbers("item")!) {
      const first = batch * LISTENERS_A_TASK;
      for (const [i, job] of jobs.slice(first, first + LISTENERS_A_TASK).entries()) {
        yield [{ listener: first + i, measures: await measurePolicies(job, serve) }];
      }
    }
  }
}, joined);

/**
 * A runner on an engine. Listeners are drawn here, so the comparison is the same as on threads.
 *
 * @param engine The engine; it is not closed.
 * @param sequence The sequence model, when a policy has the sequence term.
 * @returns The runner, for the options of `comparePolicies`.
 */
export function engineRunner(engine: Engine, sequence?: SequenceTerm): ComparisonRunner {
  return {
    async run(label, count, jobOf) {
      const broadcast: Play = { jobs: Array.from({ length: count }, (_, listener) => jobOf(listener)), sequence };
      const source = { kind: "items", count: Math.ceil(count / LISTENERS_A_TASK) } as const;
      const job = { name: label, source, steps: [{ step: "comparison.play", broadcast }] };
      const played = await runAndMerge(engine, job, joined);
      return played.sort((a, b) => a.listener - b.listener).map(({ measures }) => measures);
    },
    close() {},
  };
}

function joined(a: Played, b: Played): Played {
  return a.concat(b);
}
