/** Threads over one shared memory: web workers where there are any, else the thread at hand. */
import { InputError } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import { askWorker, startWorkers } from "../math/workers.ts";
import type { ThreadStart } from "./join_worker.ts";
import { compileKernel, type Layout, pieceCount, scratchBytes, type Task, taskRunner } from "./kernel.ts";

/** A shared memory and the threads that work on it. */
export interface Threads {
  readonly memory: WebAssembly.Memory;
  /**
   * Runs a task on all threads. Its result does not depend on their number.
   *
   * @param label Name of the progress bar; none when left out.
   */
  run(task: Task, label?: string): Promise<void>;
  close(): void;
}

/**
 * Makes the memory and starts the threads.
 *
 * @param count Number of threads; 1 works on the thread at hand.
 * @param bytes Bytes of memory that the caller lays out, from 0 on; the scratch of the threads comes behind.
 * @param layout The largest layout that a task will have.
 * @throws {InputError} When the memory would exceed 4 GiB.
 */
export async function startThreads(count: number, bytes: number, layout: Layout): Promise<Threads> {
  const module = compileKernel();
  const tiny = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
  const scratch = scratchBytes(module, tiny, layout);
  const start = Math.ceil(bytes / 64) * 64;
  const gibibytes = (start + count * scratch) / 2 ** 30;
  if (gibibytes > 4) {
    throw new InputError(
      `Expected a matrix whose neighbour join fits into 4 GiB but found one that needs ${gibibytes.toFixed(1)} GiB; ` +
        "reduce its dimensions first, e.g. with segue pca",
    );
  }
  const memory = new WebAssembly.Memory({
    initial: Math.max(16, Math.ceil((start + count * scratch) / 65536)),
    maximum: 65536,
    shared: true,
  });
  const next = new Int32Array(new SharedArrayBuffer(4));
  const workers = startWorkers(new URL("join_worker.ts", import.meta.url), count);
  await Promise.all(workers.map((worker, t) => {
    return askWorker(worker, { module, memory, next, scratch: start + t * scratch } satisfies ThreadStart);
  }));
  const here = workers.length === 0 ? taskRunner(module, memory, next, start) : undefined;
  return {
    memory,
    async run(task, label) {
      Atomics.store(next, 0, 0);
      if (here) return here(task);
      const bar = label === undefined ? undefined : startProgress(label, pieceCount(task));
      const timer = bar && setInterval(() => bar.update(Math.min(pieceCount(task), Atomics.load(next, 0))), 250);
      try {
        await Promise.all(workers.map((worker) => askWorker(worker, task)));
      } finally {
        clearInterval(timer);
        bar?.stop();
      }
    },
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}
