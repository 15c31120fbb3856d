/**
 * `segue choices`: a choice log from real histories, to learn one's own weights from.
 *
 * @module
 */
import type { Command } from "commander";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { historyChoices, type ListenerHistory } from "../choice/history_choices.ts";
import { writeChoices, writeSkips } from "../choice/stage.ts";
import { InputError } from "../errors.ts";
import { applyHistory, readHistory } from "../shuffle/history.ts";
import { readLibrary } from "../shuffle/library.ts";
import { type SavedUserState, UserState } from "../shuffle/state.ts";
import { loadShuffleWorld, type ShuffleWorld } from "../shuffle/world.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  liked?: string;
  out: string;
  skips?: string;
  near: number;
  far: number;
  gap: number;
  seed: number;
}

/** @returns The command. */
export default function choices(): Command {
  const command = defineCommand(
    "choices",
    "Build choice sets from real histories: the next play against sampled tracks of the listener's library.",
    "choices state.json --data data/work/small --out my_choices.parquet\n" +
      "  $ deno task segue train-choice-model --logs my_choices.parquet --out weights.json",
  )
    .argument(
      "<histories...>",
      "one a listener: what segue history wrote, or an export of Spotify, Last.fm, ListenBrainz",
    )
    .requiredOption("--data <dir>", "data folder with the tracks")
    .option("--liked <file>", "tracks the listener likes beyond those played: ids, CSV, YourLibrary.json, M3U8, JSPF")
    .requiredOption("--out <file>", "Parquet file to write")
    .option(
      "--skips <file>",
      "Parquet file for the second outcome: whether the track that came next was kept or skipped",
    )
    .option("--near <number>", "rows of a set drawn from the 50 most similar tracks", numberOption("--near"), 20)
    .option("--far <number>", "rows of a set drawn from the rest of the library", numberOption("--far"), 20)
    .option("--gap <hours>", "longest time between starts within a session, hours", numberOption("--gap"), 0.5)
    .option("--seed <number>", "seed of the sampling", numberOption("--seed"), 42);
  return onRun<Options>(command, async (options, files) => {
    const { data, out, skips, near, far, gap, seed } = options;
    const world = await loadShuffleWorld(data);
    const liked = options.liked === undefined ? [] : readLibrary(world, options.liked).tracks;
    const histories = files.map((path): ListenerHistory => ({
      user: basename(path),
      state: readState(world, path),
      liked,
    }));
    const built = await historyChoices(world, histories, { near, far, sessionGap: gap, seed });
    await writeChoices(out, world, built);
    if (skips !== undefined) await writeSkips(skips, built);
    const skipped = built.skipped.reduce((sum, value) => sum + value, 0);
    const facts = {
      listeners: histories.length,
      choices: built.steps.length,
      rows: built.tracks.length,
      left_out: built.leftOut,
      skipped,
    };
    return {
      json: { out, skips: skips ?? null, ...facts },
      text: textTable([
        ["wrote", out],
        ...Object.entries(facts).map(([name, n]) => [name.replace("_", " "), String(n)]),
      ]),
    };
  });
}

function readState(world: ShuffleWorld, path: string): UserState {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  if (statSync(path).isFile()) {
    const text = readFileSync(path, "utf8");
    if (text.slice(0, 200).includes('"segue-user-state"')) {
      return UserState.fromJSON(world, JSON.parse(text) as SavedUserState, { ignoreUnknown: true });
    }
  }
  const state = new UserState(world);
  applyHistory(state, readHistory([path]));
  return state;
}
