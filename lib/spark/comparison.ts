/**
 * The tournament of shuffles on an engine: a partition is a batch of listeners.
 *
 * @module
 */
import type { RunMeasures } from "../evaluation/metrics.ts";
import { type SequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import type { TournamentCrew, TournamentJob } from "../evaluation/comparison.ts";
import { measurePolicies } from "../evaluation/comparison_worker.ts";
import { type Engine, mergedStep, runAndMerge, type Step } from "./engine.ts";

const LISTENERS_A_TASK = 4;

interface Play {
  jobs: TournamentJob[];
  sequence: SequenceTerm | undefined;
}

type Played = { listener: number; measures: RunMeasures[] }[];

/** Step `tournament.play`: what was measured of the listeners of a batch. */
export const PLAY_STEP: Step = mergedStep(async function* (tables, { jobs, sequence }: Play) {
  const serve = sequence && serveSequenceTerm(sequence);
  for await (const table of tables) {
    for (const batch of table.numbers("item")!) {
      const first = batch * LISTENERS_A_TASK;
      for (const [i, { scenario, policies }] of jobs.slice(first, first + LISTENERS_A_TASK).entries()) {
        yield [{ listener: first + i, measures: await measurePolicies(scenario, policies, serve) }];
      }
    }
  }
}, joined);

/**
 * A crew that plays on an engine. Listeners are drawn here, so the tournament is the same as on threads.
 *
 * @param engine The engine; it is not closed.
 * @param sequence The sequence model, when a policy has the sequence term.
 * @returns The crew, for the options of `runTournament`.
 */
export function engineCrew(engine: Engine, sequence?: SequenceTerm): TournamentCrew {
  return {
    async play(label, count, draw) {
      const broadcast: Play = { jobs: Array.from({ length: count }, (_, listener) => draw(listener)), sequence };
      const source = { kind: "items", count: Math.ceil(count / LISTENERS_A_TASK) } as const;
      const job = { name: label, source, steps: [{ step: "tournament.play", broadcast }] };
      const played = await runAndMerge(engine, job, joined);
      return played.sort((a, b) => a.listener - b.listener).map(({ measures }) => measures);
    },
    dismiss() {},
  };
}

function joined(a: Played, b: Played): Played {
  return a.concat(b);
}
