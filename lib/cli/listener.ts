/** A listener's past as commands are given it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { applyHistory, readHistory } from "../listening/history.ts";
import { type SavedUserState, UserState } from "../score/state.ts";
import type { Collection } from "../score/collection.ts";

/**
 * Makes a listener from at most one saved state and any listening histories.
 *
 * @param paths What `segue history` or `segue shuffle --save` wrote, and files of {@linkcode HISTORY_FORMS}.
 * @throws {InputError} When a file is missing or of no known form, or there are two saved states.
 */
export function readState(collection: Collection, paths: readonly string[]): UserState {
  const saved = paths.filter(isSavedState);
  if (saved.length > 1) throw new InputError(`Expected one saved state but found ${saved.join(" and ")}`);
  const state = saved.length === 0
    ? new UserState(collection)
    : UserState.fromJSON(collection, JSON.parse(readFileSync(saved[0], "utf8")) as SavedUserState, {
      ignoreUnknown: true,
    });
  const histories = paths.filter((path) => !saved.includes(path));
  if (histories.length > 0) applyHistory(state, readHistory(histories));
  return state;
}

function isSavedState(path: string): boolean {
  return existsSync(path) && statSync(path).isFile() &&
    readFileSync(path, "utf8").slice(0, 200).includes('"segue-user-state"');
}
