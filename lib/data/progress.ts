/** Progress bars: on a terminal, for what takes over two seconds; none when piped. */
import type { SingleBar } from "cli-progress";
import { createRequire } from "node:module";
import process from "node:process";

/** A running progress bar. */
export interface Progress {
  /** Says how many units are done; `note` is a short text behind the bar, e.g. `"loss 0.31"`. */
  update(done: number, note?: string): void;
  /** Removes the bar. */
  stop(): void;
}

/**
 * Starts a progress bar on standard error. It shows itself once two seconds have passed, and never when standard error
 * is not a terminal.
 *
 * @param label What is being done, e.g. `"pca"`.
 */
export function startProgress(label: string, total: number): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const start = performance.now();
  let bar: SingleBar | undefined;
  return {
    update(done, note = "") {
      if (!bar && performance.now() - start > 2000) {
        // Loaded only where a bar is shown: most commands end before.
        const { Presets, SingleBar } = createRequire(import.meta.url)("cli-progress") as typeof import("cli-progress");
        const format = `${label} {bar} {percentage}% | {value}/{total} | {eta_formatted} left | {note}`;
        bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true }, Presets.shades_classic);
        bar.start(total, done, { note });
      }
      bar?.update(done, { note });
    },
    stop: () => bar?.stop(),
  };
}
