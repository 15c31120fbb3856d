/**
 * The stage that simulates listeners over a data folder and writes their choice log.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { textsOf } from "../catalog/catalog.ts";
import { FEATURES } from "../shuffle/features.ts";
import { DEFAULT_WEIGHTS } from "../shuffle/weights.ts";
import { loadShuffleWorld, type ShuffleWorld } from "../shuffle/world.ts";
import { writeAtomic } from "../storage/atomic.ts";
import { type Column, writeParquet } from "../storage/parquet.ts";
import { runStage, type StageReport } from "../storage/stages.ts";
import { type ListenerOptions, type SimulatedChoices, simulateListeners } from "./listeners.ts";

/** Options of {@linkcode simulateStage}. */
export interface SimulateStageOptions extends ListenerOptions {
  /** Run even when the log is up to date. */
  force?: boolean;
}

/**
 * Stage `choices`: simulates listeners over the tracks of a data folder. Writes `choices.parquet` (long format, one row
 * an alternative: `choice_id, user_id, step, alternative, track_id, chosen`, then one column a feature) and
 * `choices_truth.json` (the true weights and everything else the log was made with).
 *
 * @param directory The data folder; needs tracks, embedding and graph, and clusters where there are any.
 * @param options As of {@linkcode simulateListeners}.
 * @returns The report; its facts count listeners, choices and rows.
 * @throws {InputError} When a file is missing or an option is out of range.
 */
export async function simulateStage(directory: string, options: SimulateStageOptions = {}): Promise<StageReport> {
  const { force, ...settings } = options;
  const optional = ["clusters.npy", "embedding.json"].filter((file) => existsSync(join(directory, file)));
  return await runStage(directory, {
    name: "choices",
    inputs: ["tracks.parquet", "graph.npz", ...optional],
    parameters: { ...settings },
    outputs: ["choices.parquet", "choices_truth.json"],
    force,
    async run() {
      const world = await loadShuffleWorld(directory);
      const choices = simulateListeners(world, settings);
      await writeChoices(join(directory, "choices.parquet"), world, choices);
      const truth = {
        weights: settings.weights ?? DEFAULT_WEIGHTS,
        temperature: settings.temperature ?? 1,
        spread: settings.spread ?? {},
        noise: settings.noise ?? 0,
        seed: settings.seed ?? 42,
      };
      writeAtomic(join(directory, "choices_truth.json"), JSON.stringify(truth, null, 2) + "\n");
      const { sets, tracks, listenerWeights } = choices;
      const listeners = listenerWeights.length / FEATURES.length;
      return { listeners, choices: sets.chosen.length, rows: tracks.length, ...truth };
    },
  });
}

/**
 * Writes a choice log as Parquet in long format.
 *
 * @param path The file to write.
 * @param world The world whose tracks the log names.
 * @param choices The log.
 */
export async function writeChoices(path: string, world: ShuffleWorld, choices: SimulatedChoices): Promise<void> {
  const { sets, tracks, steps } = choices;
  const { starts, chosen, cluster, features, values } = sets;
  const rows = tracks.length;
  const ids = textsOf(world.catalog, "track_id");
  const choiceId = new Int32Array(rows);
  const userId = new Int32Array(rows);
  const step = new Int32Array(rows);
  const alternative = new Int32Array(rows);
  const isChosen = new Int32Array(rows);
  for (let n = 0; n < chosen.length; n++) {
    for (let r = starts[n]; r < starts[n + 1]; r++) {
      choiceId[r] = n;
      userId[r] = cluster![n];
      step[r] = steps[n];
      alternative[r] = r - starts[n];
    }
    isChosen[chosen[n]] = 1;
  }
  const columns: Column[] = [
    { name: "choice_id", type: "int32", values: choiceId },
    { name: "user_id", type: "int32", values: userId },
    { name: "step", type: "int32", values: step },
    { name: "alternative", type: "int32", values: alternative },
    { name: "track_id", type: "text", values: Array.from(tracks, (track) => ids[track]) },
    { name: "chosen", type: "int32", values: isChosen },
    ...features.map((name, k): Column => ({
      name,
      type: "float64",
      values: Float64Array.from({ length: rows }, (_, r) => values[r * features.length + k]),
    })),
  ];
  await writeParquet(path, columns);
}
