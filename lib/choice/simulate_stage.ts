/** The stage that simulates listeners over a data folder and writes their choice log. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { graphFileIn } from "../graph/graph.ts";
import { DEFAULT_WEIGHTS } from "../score/weights.ts";
import { loadCollection } from "../score/collection.ts";
import { writeAtomic } from "../data/atomic.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { type ListenerOptions, simulateListeners } from "../listening/simulated_listeners.ts";
import { writeChoices } from "./write_choices.ts";

/**
 * Stage `choices`: simulates listeners over the tracks of a data folder. Writes `choices.parquet` (long format, one row
 * an alternative: `choice_id, user_id, step, alternative, track_id, chosen`, then one column a feature) and
 * `choices_truth.json` (the true weights and everything else the log was made with).
 *
 * @param directory The data folder; needs tracks, embedding and graph, and clusters where there are any.
 * @param options As of {@linkcode simulateListeners}; with `force` it runs even when the log is up to date.
 * @returns The report; its facts count listeners, choices and rows.
 * @throws {InputError} When a file is missing or an option is out of range.
 */
export async function simulateStage(
  directory: string,
  { force, ...settings }: ListenerOptions & { force?: boolean } = {},
): Promise<StageReport> {
  const optional = ["clusters.npy", "embedding.json"].filter((file) => existsSync(join(directory, file)));
  return await runStage(directory, {
    name: "choices",
    inputs: ["tracks.parquet", graphFileIn(directory), ...optional],
    parameters: { past: "log-uniform", ...settings },
    outputs: ["choices.parquet", "choices_truth.json"],
    force,
    async run() {
      const collection = await loadCollection(directory);
      const choices = simulateListeners(collection, settings);
      await writeChoices(join(directory, "choices.parquet"), collection, choices);
      const truth = {
        weights: settings.weights ?? DEFAULT_WEIGHTS,
        temperature: settings.temperature ?? 1,
        spread: settings.spread ?? {},
        noise: settings.noise ?? 0,
        seed: settings.seed ?? 42,
      };
      writeAtomic(join(directory, "choices_truth.json"), JSON.stringify(truth, null, 2) + "\n");
      const { cluster, chosen } = choices.sets;
      return { listeners: cluster!.at(-1)! + 1, choices: chosen.length, rows: choices.tracks.length, ...truth };
    },
  });
}
