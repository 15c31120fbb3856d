/**
 * Stages of the pipeline: each reads files, writes files, and leaves an entry in `manifest.json`. A stage whose entry
 * still matches its inputs and parameters is not run again.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, readSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { InputError } from "./errors.ts";
import { writeAtomic } from "./atomic.ts";
import { withFile } from "./npy.ts";

/** Version of the file formats and algorithms; a change of it makes every stage run again. */
export const PIPELINE_VERSION = "0.3.0";

/** Bytes of a file that are hashed at once. */
const HASHED_AT_ONCE = 1 << 22;

/** What every stage can be told. */
export interface Rerun {
  /** Run even when up to date. */
  force?: boolean;
}

/** What a stage does. File names are relative to the data folder unless absolute. */
export interface StageDefinition extends Rerun {
  /** Name in the manifest, e.g. `"features"`. */
  name: string;
  /** Files it reads. */
  inputs: string[];
  /** Everything else its outputs depend on, the seed included. */
  parameters: Record<string, unknown>;
  /** Files it writes. */
  outputs: string[];
  /** Does the work; returns facts worth keeping in the manifest (counts, recall, …). */
  run: () => Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** An entry of `manifest.json`. */
export interface ManifestEntry {
  /** SHA-256 of every input, by name. */
  inputs: Record<string, string>;
  /** The stage's parameters. */
  parameters: Record<string, unknown>;
  /** Size, SHA-256 and time of last change (ms since 1970) of every output, by name. */
  outputs: Record<string, { bytes: number; sha256: string; modified?: number }>;
  /** Versions of pipeline and Deno. */
  versions: Record<string, string>;
  /** Wall-clock seconds of the run that made the outputs. */
  seconds: number;
  /** Peak resident memory of the process at the end of that run, MiB. */
  peakMemoryMiB: number;
  /** What `run` returned. */
  facts: Record<string, unknown>;
}

/** What came of a stage; after a run that was not needed, what its manifest entry says. */
export interface StageReport extends Pick<ManifestEntry, "seconds" | "peakMemoryMiB" | "facts"> {
  /** Name of the stage. */
  stage: string;
  /** True when nothing had to be done. */
  upToDate: boolean;
}

/**
 * Runs a stage unless its manifest entry shows that its outputs are up to date.
 *
 * @param directory The data folder, e.g. `data/work/synthetic-20000-42`.
 * @throws {InputError} When an input is missing, naming the file.
 */
export async function runStage(directory: string, stage: StageDefinition): Promise<StageReport> {
  const locate = (file: string) => isAbsolute(file) ? file : join(directory, file);
  for (const file of stage.inputs) {
    if (!existsSync(locate(file))) {
      throw new InputError(
        `${locate(file)}: no such file; stage ${stage.name} needs it, run the stage before it first`,
      );
    }
    if (statSync(locate(file)).isDirectory()) {
      throw new InputError(`${locate(file)}: expected a file but found a folder`);
    }
  }
  const known = readManifest(directory);
  const hashInputs = async () =>
    Object.fromEntries(
      await Promise.all(
        stage.inputs.map(async (file) => [file, knownHash(known, file, locate(file)) ?? await hashLater(locate(file))]),
      ),
    );
  const parameters = JSON.parse(JSON.stringify(stage.parameters));
  const versions = { segue: PIPELINE_VERSION };
  const entry = known[stage.name];
  // A stage that runs in any case runs while its inputs are hashed.
  const inputs = entry && !stage.force ? await hashInputs() : undefined;
  const matches = inputs &&
    JSON.stringify([entry.inputs, entry.parameters, entry.versions.segue]) ===
      JSON.stringify([inputs, parameters, versions.segue]) &&
    stage.outputs.every((file) =>
      existsSync(locate(file)) && statSync(locate(file)).size === entry.outputs[file]?.bytes
    );
  if (matches) {
    const { seconds, peakMemoryMiB, facts } = entry;
    return { stage: stage.name, upToDate: true, seconds, peakMemoryMiB, facts };
  }
  const start = performance.now();
  const [ran, hashes] = await Promise.all([stage.run(), inputs ?? hashInputs()]);
  const facts = JSON.parse(JSON.stringify(ran));
  const seconds = Math.round(performance.now() - start) / 1000;
  const peakMemoryMiB = peakMemory();
  const outputs = Object.fromEntries(
    stage.outputs.map((file) => {
      const { size, mtimeMs } = statSync(locate(file));
      return [file, { bytes: size, sha256: hashFile(locate(file)), modified: mtimeMs }];
    }),
  );
  const manifest = readManifest(directory);
  manifest[stage.name] = { inputs: hashes, parameters, outputs, versions, seconds, peakMemoryMiB, facts };
  writeAtomic(join(directory, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  return { stage: stage.name, upToDate: false, seconds, peakMemoryMiB, facts };
}

/**
 * Reads the manifest of a data folder.
 *
 * @returns Entries by stage name; empty when there is no manifest.
 * @throws {InputError} When the manifest is not JSON.
 */
export function readManifest(directory: string): Record<string, ManifestEntry> {
  const path = join(directory, "manifest.json");
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: expected JSON but found something else; delete the file to run the stages again`);
  }
}

/**
 * SHA-256 of a file, read in pieces: the size of the file does not matter.
 *
 * @returns 64 hexadecimal digits.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function hashFile(path: string): string {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(HASHED_AT_ONCE);
  withFile(path, (file) => {
    for (let count; (count = readSync(file, chunk)) > 0;) hash.update(chunk.subarray(0, count));
  });
  return hash.digest("hex");
}

/** The hash of a file that a stage has written and that has not been touched since, by size and time of change. */
function knownHash(manifest: Record<string, ManifestEntry>, file: string, path: string): string | undefined {
  const { size, mtimeMs } = statSync(path);
  for (const { outputs } of Object.values(manifest)) {
    const output = outputs[file];
    if (output?.modified === mtimeMs && output.bytes === size) return output.sha256;
  }
}

/** As {@linkcode hashFile}, with turns for others between the pieces. */
async function hashLater(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: HASHED_AT_ONCE })) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Peak resident memory of this process so far.
 *
 * @returns MiB, rounded; the current resident memory where the system does not tell the peak.
 */
export function peakMemory(): number {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak) return Math.round(Number(peak[1]) / 1024);
  } catch {
    // Only Linux tells the peak; elsewhere the present value stands in.
  }
  return Math.round(process.memoryUsage().rss / 1048576);
}
