/**
 * `segue predict-next`: what the sequence model would play next.
 *
 * @module
 */
import type { Command } from "commander";
import { InputError } from "../errors.ts";
import { openPredictor } from "../sequence/stage.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  tracks: string;
  k: number;
}

/** @returns The command. */
export default function predictNext(): Command {
  const command = defineCommand(
    "predict-next",
    "The most probable next tracks after the given ones, by the trained SASRec.",
    "predict-next --data data/work/mpd --tracks 12,spotify:track:0UaMYEvWZi0ZqiDOoHU3YI -k 10",
  )
    .requiredOption("--data <dir>", "data folder with a trained sasrec/")
    .requiredOption("--tracks <list>", "tracks so far, commas between them: track_id, URI, title or 'title · artist'")
    .option("-k, --k <number>", "how many", numberOption("--k"), 10);
  return onRun<Options>(command, async ({ data, tracks, k }) => {
    if (tracks.replaceAll(",", "").trim() === "") {
      throw new InputError("Expected --tracks to name at least one track but found none");
    }
    const predictor = await openPredictor(data);
    const history = predictor.parse(tracks);
    const start = performance.now();
    const predictions = predictor.predict(history, k);
    const milliseconds = Number((performance.now() - start).toFixed(3));
    const rows = predictions.map(({ trackId, title, artist, probability }, rank) => [
      rank + 1,
      probability.toFixed(4),
      trackId,
      title ?? "",
      artist ?? "",
    ]);
    return {
      json: {
        tracks: history,
        milliseconds,
        predictions: predictions.map(({ trackId, ...rest }) => ({ track_id: trackId, ...rest })),
      },
      text: textTable([["rank", "probability", "track_id", "title", "artist"], ...rows]),
    };
  });
}
