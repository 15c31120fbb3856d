/**
 * `segue history`: what a listener has played, from the exports of the services.
 *
 * @module
 */
import type { Command } from "commander";
import { applyHistory, readHistory } from "../shuffle/history.ts";
import { UserState } from "../shuffle/state.ts";
import { loadShuffleWorld } from "../shuffle/world.ts";
import { writeAtomic } from "../storage/atomic.ts";
import { defineCommand, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  out?: string;
}

/** The command. */
export default function history(): Command {
  const command = defineCommand(
    "history",
    "Read a listening history: Spotify's account export, Last.fm as CSV, ListenBrainz as JSON.",
    "history my_spotify_data.zip --data data/work/small --out state.json",
  )
    .argument("<files...>", "files, folders or zip archives")
    .requiredOption("--data <dir>", "data folder whose tracks are looked for")
    .option("--out <file>", "write the listener's state, for segue shuffle --history");
  return onRun<Options>(command, async ({ data, out }, files) => {
    const state = new UserState(await loadShuffleWorld(data));
    const read = readHistory(files);
    const report = applyHistory(state, read);
    if (out !== undefined) writeAtomic(out, JSON.stringify(state) + "\n");
    const { notMusic, undated, duplicates } = read;
    const { matchedBy, period, mostUnmatched } = report;
    return {
      json: { files: read.files, notMusic, undated, duplicates, ...report, out },
      text: [
        textTable([["file", "form", "entries"], ...read.files.map((f) => [f.path, f.form, f.entries])]),
        "",
        textTable([
          ["", ""],
          ["plays", report.plays],
          ["skips", report.skips],
          ["neither", report.neither],
          ["different tracks", report.tracks],
          ["found by id", matchedBy.id],
          ["found by title and artist", matchedBy.title],
          ["found as another take", matchedBy.work],
          ["not in the catalogue", report.unmatched],
          ["not music", notMusic],
          ["without a time", undated],
          ["in two files", duplicates],
        ]).trimStart(),
        `from ${period?.[0] ?? "–"} to ${period?.[1] ?? "–"}`,
        ...(mostUnmatched.length === 0 ? [] : [
          "",
          textTable([
            ["not in the catalogue", "entries"],
            ...mostUnmatched.map(({ title, artist, entries }) => [`${title} by ${artist}`, entries]),
          ]),
        ]),
        ...(out === undefined ? [] : ["", `wrote ${out} with ${state.eventCount} events`]),
      ].join("\n"),
    };
  });
}
