/** Worker threads that answer every message with one. */

/**
 * Starts worker threads.
 *
 * @param count How many; one is none, since the thread at hand does as much.
 */
export function startWorkers(module: URL, count: number): Worker[] {
  return Array.from({ length: count < 2 ? 0 : count }, () => new Worker(module, { type: "module" }));
}

/**
 * Sends a worker a message and waits for its answer; one message at a time.
 *
 * @throws {Error} When the worker fails.
 */
export function askWorker<Answer>(worker: Worker, message: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A worker thread failed: ${event.message}`));
    };
    worker.postMessage(message);
  });
}
