/**
 * Features of a large catalogue that ingest wrote, on threads: each has a part of the rows, counts and encodes it. What
 * comes out is the same to the last bit as on one thread.
 *
 * @module
 */
import { closeSync, fdatasync, openSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { CatalogColumn } from "../catalog/catalog.ts";
import { noteHash, writeAtomicWith } from "../storage/atomic.ts";
import { npyHeader } from "../storage/npy.ts";
import { countOwnRows } from "../storage/parquet_file.ts";
import { hashFile } from "../storage/stages.ts";
import type { CountTask, EncodeTask, PartAnswer } from "./part.ts";
import { type FeatureSpec, makeFeatureSpec, type SpecOptions } from "./spec.ts";
import { BLOCK, mergeInOrder, mergeStatistics } from "./statistics.ts";
import { Z_FEATURES } from "./transforms.ts";

const MOST_THREADS = 8;
/** For fewer rows it does not pay to start threads. */
export const FEW_ROWS = 200_000;

/**
 * Encodes a catalogue on threads.
 *
 * @param path The catalogue.
 * @param columns Its columns that features are made of.
 * @param target The NPY file to write.
 * @param options Weights and limits.
 * @param fewest Fewest rows for which it is done.
 * @returns The specification; nothing, and nothing is written, where the file is of another make, has genres or few
 * rows.
 */
export async function encodeInThreads(
  path: string,
  columns: readonly CatalogColumn[],
  target: string,
  options: SpecOptions,
  fewest: number = FEW_ROWS,
): Promise<FeatureSpec | undefined> {
  const rows = countOwnRows(path, columns);
  const count = Math.max(2, Math.min(MOST_THREADS, availableParallelism()));
  if (rows === undefined || rows < fewest) return undefined;
  const share = BLOCK * Math.ceil(rows / count / BLOCK);
  const shares = Array.from({ length: Math.ceil(rows / share) }, (_, s) => ({
    from: s * share,
    to: Math.min(rows, (s + 1) * share),
  }));
  const workers = shares.map(() => new Worker(new URL("part_worker.ts", import.meta.url), { type: "module" }));
  try {
    const counted = await Promise.all(
      workers.map((worker, w) => ask(worker, { kind: "count", path, columns, ...shares[w] })),
    );
    const statistics = counted.map(({ statistics }) => statistics!).reduce(mergeStatistics);
    for (const name of Z_FEATURES) {
      const spreads = counted.map(({ spreads }) => spreads![name]);
      if (spreads[0]) statistics.moments[name] = mergeInOrder(spreads.flatMap((some) => some!));
    }
    const spec = makeFeatureSpec(statistics, options);
    const width = spec.columns.length;
    const header = npyHeader("<f4", [rows, width]);
    let hash = "";
    await writeAtomicWith(target, async (temporary) => {
      const file = openSync(temporary, "w");
      try {
        writeSync(file, header);
        await Promise.all(
          workers.map((worker, w) =>
            ask(worker, { kind: "encode", path: temporary, spec, start: header.length + 4 * width * shares[w].from })
          ),
        );
        // The disk writes while the hash is made.
        const synced = new Promise<void>((resolve, reject) =>
          fdatasync(file, (error) => error ? reject(error) : resolve())
        );
        hash = hashFile(temporary);
        await synced;
      } finally {
        closeSync(file);
      }
    });
    noteHash(target, hash);
    return spec;
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function ask(worker: Worker, task: CountTask | EncodeTask): Promise<PartAnswer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A thread of features failed: ${event.message}`));
    };
    worker.postMessage(task);
  });
}
