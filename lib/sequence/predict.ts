/** A trained model of a data folder: the names of its tracks, and predictions by name. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { loadSasrec, type SasrecModel } from "./sasrec.ts";
import { serveSasrec } from "./serve.ts";
import { readTrackNames, type TrackName, type TrackNames } from "./track_names.ts";

/**
 * Loads the model of a data folder with the names of its tracks: those that it was trained with
 * (`sasrec/names.parquet`), else those of the folder (`track_names.parquet`).
 *
 * @throws {InputError} When no model was trained, or it is not whole.
 */
export async function loadNamedModel(directory: string): Promise<{ model: SasrecModel; names: TrackNames }> {
  const model = loadSasrec(join(directory, "sasrec"));
  const own = join(directory, "sasrec", "names.parquet");
  return { model, names: await readTrackNames(existsSync(own) ? own : join(directory, "track_names.parquet")) };
}

/**
 * Loads the model of a data folder for prediction.
 *
 * @returns `parse` splits a list of tracks at its commas, unless a comma belongs to a title or an id; of several ways to
 * split it, it takes the one with the longest names. `predict` gives the k most probable next tracks, best first, with
 * their `track_id` in `interactions.csv` and their probability among all tracks of the vocabulary that are not in the
 * history. Both take a track by that id, URI, id within the URI, title, or `title · artist`, and throw InputError for
 * one that the model does not know.
 * @throws {InputError} When no model was trained.
 *
 * @example
 * ```ts ignore
 * const predictor = await openPredictor("data/work/mpd");
 * const next = predictor.predict(["spotify:track:0UaMYEvWZi0ZqiDOoHU3YI", "Toxic · Britney Spears"], 10);
 * ```
 */
export async function openPredictor(directory: string): Promise<{
  parse(list: string): string[];
  predict(
    tracks: readonly string[],
    k: number,
  ): (Omit<TrackName, "album"> & { trackId: string; probability: number })[];
}> {
  const { model, names } = await loadNamedModel(directory);
  const server = serveSasrec(model);
  const codes = new Map(model.trackIds.map((id, code) => [id, code]));
  const byName = nameIndex(names, codes);
  const codeOf = (text: string) => codes.get(text.trim()) ?? byName.get(text.trim().toLowerCase());
  const find = (text: string): number => {
    const code = codeOf(text);
    if (code !== undefined) return code;
    const wanted = text.trim();
    throw new InputError(
      names.byId.has(wanted)
        ? `Track '${wanted}' (${names.label(wanted)}) occurs too rarely to be in the model's vocabulary; give others`
        : `Expected a track_id, URI, title or 'title · artist' of the model's vocabulary but found '${wanted}'`,
    );
  };
  return {
    parse(list) {
      const pieces = list.split(",");
      const tracks: string[] = [];
      while (pieces.length > 0) {
        let count = pieces.length;
        while (count > 1 && codeOf(pieces.slice(0, count).join(",")) === undefined) count--;
        const text = pieces.splice(0, count).join(",").trim();
        if (text === "") continue;
        find(text);
        tracks.push(text);
      }
      return tracks;
    },
    predict(tracks, k) {
      return server.next(tracks.map(find), Math.min(k, server.tracks)).map(({ track, probability }) => {
        const trackId = model.trackIds[track];
        const { uri = null, title = null, artist = null } = names.byId.get(trackId) ?? {};
        return { trackId, uri, title, artist, probability };
      });
    },
  };
}

/** Codes by URI, id within the URI, title and artist, and title. Of several tracks with one name it is the first. */
function nameIndex(names: TrackNames, codes: Map<string, number>): Map<string, number> {
  const index = new Map<string, number>();
  const put = (key: string | null | undefined, code: number) => {
    if (key && !index.has(key.toLowerCase())) index.set(key.toLowerCase(), code);
  };
  for (const [id, { uri, title, artist }] of names.byId) {
    const code = codes.get(id);
    if (code === undefined) continue;
    put(uri, code);
    put(uri?.split(":").at(-1), code);
    put(artist && `${title} · ${artist}`, code);
    put(title, code);
  }
  return index;
}
