/**
 * `segue shuffle`: a playlist that walks the song graph.
 *
 * @module
 */
import type { Command } from "commander";
import { findTrack } from "../catalog/find.ts";
import { POLICIES, type PolicyName, Session } from "../shuffle/session.ts";
import { UserState } from "../shuffle/state.ts";
import { loadShuffleWorld } from "../shuffle/world.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  from?: string;
  n: number;
  policy: string;
  temperature?: number;
  seed: number;
}

/** The command. */
export default function shuffle(): Command {
  const command = defineCommand(
    "shuffle",
    "Make a playlist: a walk on the song graph that remembers what was played.",
    'shuffle --data data/work/small --from "Title" -n 15 --policy segue --seed 7',
  )
    .requiredOption("--data <dir>", "data folder with tracks.parquet, graph.npz and the embedding")
    .option("--from <text>", "first track: title, 'title - artist' or id (default: drawn at random)")
    .option("-n, --n <number>", "number of tracks", numberOption("--n"), 30)
    .option("--policy <name>", POLICIES.join(", "), "segue")
    .option("--temperature <t>", "0 always takes the best candidate, inf any", numberOption("--temperature"))
    .option("--seed <s>", "the same seed gives the same playlist", numberOption("--seed"), 42);
  return onRun<Options>(command, async ({ data, from, n, policy, temperature, seed }) => {
    const world = await loadShuffleWorld(data);
    const { catalog } = world;
    const session = new Session(new UserState(world), {
      policy: policy as PolicyName,
      from: from === undefined ? undefined : findTrack(catalog, from),
      count: n,
      temperature,
      seed,
    });
    const rows = session.run().map(({ step, track, probability }) => ({
      place: step + 1,
      track_id: catalog.texts.track_id![track],
      title: catalog.texts.title![track],
      artists: catalog.lists.artists![track].join(", "),
      probability,
    }));
    return {
      json: { policy, seed, tracks: rows },
      text: textTable([
        ["#", "title", "artists", "probability"],
        ...rows.map((r) => [r.place, r.title ?? "", r.artists, r.probability?.toFixed(3) ?? "–"]),
      ]),
    };
  });
}
