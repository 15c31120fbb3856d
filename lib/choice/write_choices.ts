/** Choice logs as Parquet files in long format, one row an alternative. */
import { textsOf } from "../catalog/catalog.ts";
import { type Column, writeParquet } from "../data/parquet.ts";
import type { ChoiceLog, ChoiceSets } from "../listening/choice_sets.ts";
import type { Collection } from "../score/collection.ts";
import { type HistoryChoices, skipChoices } from "./history_choices.ts";

/**
 * Writes a choice log as Parquet in long format: `choice_id, user_id, step, alternative, track_id, chosen`, the
 * features, then `sampling_offset` where the sets have an offset.
 */
export async function writeChoices(path: string, collection: Collection, log: ChoiceLog): Promise<void> {
  const { sets, tracks, steps, users } = log;
  const { starts, offset } = sets;
  const { setOf, choice, user, chosen, features } = longColumns(sets, users);
  const ids = textsOf(collection.catalog, "track_id");
  await writeParquet(path, [
    choice,
    user,
    { name: "step", type: "int32", values: setOf.map((n) => steps[n]) },
    { name: "alternative", type: "int32", values: setOf.map((n, r) => r - starts[n]) },
    { name: "track_id", type: "text", values: Array.from(tracks, (track) => ids[track]) },
    chosen,
    ...features,
    ...offset ? [{ name: "sampling_offset", type: "float64", values: offset } as const] : [],
  ]);
}

/**
 * Writes skips as a choice log in long format with the alternatives `keep` and `skip`: learn from it with
 * `--constants alternative --base skip`.
 *
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
  const setOf = new Int32Array(starts[chosen.length]);
  chosen.forEach((_, n) => setOf.fill(n, starts[n], starts[n + 1]));
  const integers = (name: string, values: Int32Array): Column => ({ name, type: "int32", values });
  return {
    setOf,
    choice: integers("choice_id", setOf),
    user: users
      ? { name: "user_id", type: "text", values: Array.from(setOf, (n) => users[cluster![n]]) } as const
      : integers("user_id", setOf.map((n) => cluster![n])),
    chosen: integers("chosen", setOf.map((n, r) => chosen[n] === r ? 1 : 0)),
    features: features.map((name, k): Column => ({
      name,
      type: "float64",
      values: Float64Array.from(setOf, (_, r) => values[r * features.length + k]),
    })),
  };
}
