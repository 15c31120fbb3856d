/** Who does the work of a comparison: threads of this process, or an engine. */
import { startProgress } from "../data/progress.ts";
import { type SequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import { askWorker, startWorkers } from "../math/workers.ts";
import type { RunMeasures } from "../metrics/measure.ts";
import type { Metric } from "../metrics/metric.ts";
import { type ListenerJob, measurePolicies } from "./comparison_worker.ts";

/** Who does the work of a comparison. */
export interface ComparisonRunner {
  /**
   * Plays to every listener and measures what was played.
   *
   * @returns For every listener what was measured, an entry a policy.
   */
  run(label: string, count: number, jobOf: (listener: number) => ListenerJob): Promise<RunMeasures[][]>;
  /** Ends the workers. */
  close(): void;
}

/**
 * A runner on worker threads; each takes the next listener when it is free.
 *
 * @param workers Number of threads; with 1 the work is done on this thread.
 * @param sequence The sequence model, when a policy has the sequence term.
 * @param metrics Metrics other than those of the registry, for the work on this thread: a worker knows only those.
 */
export function threadRunner(workers: number, sequence?: SequenceTerm, metrics?: readonly Metric[]): ComparisonRunner {
  const threads = startWorkers(new URL("comparison_worker.ts", import.meta.url), workers);
  if (sequence) { for (const thread of threads) thread.postMessage(sequence); }
  const serve = threads.length === 0 && sequence ? serveSequenceTerm(sequence) : undefined;
  const askers = threads.length > 0
    ? threads.map((thread) => (job: ListenerJob) => askWorker<RunMeasures[]>(thread, job))
    : [(job: ListenerJob) => measurePolicies(job, serve, metrics)];
  return {
    async run(label, count, jobOf) {
      const bar = startProgress(label, count);
      const measures: RunMeasures[][] = [];
      let [next, done] = [0, 0];
      try {
        await Promise.all(askers.map(async (ask) => {
          while (next < count) {
            const listener = next++;
            measures[listener] = await ask(jobOf(listener));
            bar.update(++done);
          }
        }));
      } finally {
        bar.stop();
      }
      return measures;
    },
    close() {
      for (const thread of threads) thread.terminate();
    },
  };
}
