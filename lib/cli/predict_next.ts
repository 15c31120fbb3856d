/** `segue predict-next`: what the sequence model would play next. */
import { InputError } from "../data/errors.ts";
import { openPredictor } from "../sequence/predict.ts";
import { defineCommand, number, required, textTable } from "./shared.ts";

export default defineCommand({
  name: "predict-next",
  description: "The most probable next tracks after the given ones, by the trained SASRec.",
  example: "predict-next --data data/work/mpd --tracks 12,spotify:track:0UaMYEvWZi0ZqiDOoHU3YI -k 10",
  options: {
    data: required("<dir>", "data folder with a trained sasrec/"),
    tracks: required("<list>", "tracks so far, commas between them: track_id, URI, title or 'title · artist'"),
    k: number("<number>", "how many", { from: 1, standard: 10, short: "-k" }),
  },
  run: async ({ data, tracks, k }) => {
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
  },
});
