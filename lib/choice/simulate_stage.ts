/**
 * The stage that simulates listeners over a data folder and writes their choice log.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { textsOf } from "../catalog/catalog.ts";
import { graphFileIn } from "../graph/graph.ts";
import { DEFAULT_WEIGHTS } from "../score/weights.ts";
import { type Collection, loadCollection } from "../score/collection.ts";
import { writeAtomic } from "../data/atomic.ts";
import { type Column, writeParquet } from "../data/parquet.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { type HistoryChoices, skipChoices } from "./history_choices.ts";
import { type ListenerOptions, simulateListeners } from "../listening/simulated_listeners.ts";
import type { ChoiceLog, ChoiceSets } from "../listening/choice_sets.ts";

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

/**
 * Writes a choice log as Parquet in long format: `choice_id, user_id, step, alternative, track_id, chosen`, the
 * features, then `sampling_offset` where the sets have an offset, and `skipped` where that is known.
 *
 * @param path The file to write.
 * @param collection The collection whose tracks the log names.
 * @param log The log.
 */
export async function writeChoices(path: string, collection: Collection, log: ChoiceLog): Promise<void> {
  const { sets, tracks, steps, users, skipped } = log;
  const { starts, offset } = sets;
  const { setOf, choice, user, chosen, features } = longColumns(sets, users);
  const ids = textsOf(collection.catalog, "track_id");
  const columns: Column[] = [
    choice,
    user,
    { name: "step", type: "int32", values: setOf.map((n) => steps[n]) },
    { name: "alternative", type: "int32", values: setOf.map((n, r) => r - starts[n]) },
    { name: "track_id", type: "text", values: Array.from(tracks, (track) => ids[track]) },
    chosen,
    ...features,
  ];
  if (offset) columns.push({ name: "sampling_offset", type: "float64", values: offset });
  if (skipped) columns.push({ name: "skipped", type: "int32", values: setOf.map((n) => skipped[n]) });
  await writeParquet(path, columns);
}

/**
 * Writes skips as a choice log in long format with the alternatives `keep` and `skip`: learn from it with
 * `--constants alternative --base skip`.
 *
 * @param path The file to write.
 * @param choices Choice sets from histories.
 * @throws {InputError} When no track was skipped, or all were.
 */
export async function writeSkips(path: string, choices: HistoryChoices): Promise<void> {
  const sets = skipChoices(choices);
  const { choice, user, chosen, features } = longColumns(sets, choices.users);
  await writeParquet(path, [
    choice,
    user,
    { name: "alternative", type: "text", values: Array.from(sets.alternative!, (code) => sets.alternatives![code]) },
    chosen,
    // The constant follows from the alternative.
    ...features.filter(({ name }) => !name.startsWith(`${sets.constantsName}:`)),
  ]);
}

/** Columns that every choice log has, and the choice set of each row. */
function longColumns({ starts, chosen, cluster, features, values }: ChoiceSets, users?: readonly string[]) {
  const rows = starts[chosen.length];
  const setOf = new Int32Array(rows);
  const isChosen = new Int32Array(rows);
  for (let n = 0; n < chosen.length; n++) {
    setOf.fill(n, starts[n], starts[n + 1]);
    isChosen[chosen[n]] = 1;
  }
  return {
    setOf,
    choice: { name: "choice_id", type: "int32", values: setOf } as Column,
    user: {
      name: "user_id",
      ...(users
        ? { type: "text", values: Array.from(setOf, (n) => users[cluster![n]]) }
        : { type: "int32", values: setOf.map((n) => cluster![n]) }),
    } as Column,
    chosen: { name: "chosen", type: "int32", values: isChosen } as Column,
    features: features.map((name, k): Column => ({
      name,
      type: "float64",
      values: Float64Array.from({ length: rows }, (_, r) => values[r * features.length + k]),
    })),
  };
}
