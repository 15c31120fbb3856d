/**
 * The sequence term of the tournament: SASRec's view of what may follow a listener's plays.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { textsOf } from "../catalog/catalog.ts";
import { readTrackNames } from "../sequence/interactions.ts";
import { loadSasrec, type SasrecConfig, type SasrecWeights } from "../sequence/sasrec.ts";
import { serveSasrec } from "../sequence/serve.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import type { SequenceModel } from "./play.ts";

/** A trained SASRec whose tracks are known by their ids in the catalogue. It can be sent to a worker. */
export interface SequenceTerm {
  /** Shape of the model. */
  config: SasrecConfig;
  /** Its weights. */
  weights: SasrecWeights;
  /** `track_id` in the catalogue of each track code of the model. */
  trackIds: readonly string[];
}

/**
 * Loads the sequence model of a data folder, if one was trained there.
 *
 * @param directory The data folder.
 * @returns The model, or `undefined` without `sasrec/model.json`.
 * @throws {InputError} When the model is there but not whole.
 */
export async function loadSequenceTerm(directory: string): Promise<SequenceTerm | undefined> {
  if (!existsSync(join(directory, "sasrec", "model.json"))) return undefined;
  const { config, weights, trackIds } = loadSasrec(join(directory, "sasrec"));
  const names = await readTrackNames(join(directory, "track_names.parquet"));
  const catalogId = (id: string) => names.uris[names.rows.get(id) ?? -1]?.split(":").at(-1) ?? id;
  return { config, weights, trackIds: trackIds.map(catalogId) };
}

/**
 * Makes a sequence model ready to score the candidates of a world: the inner product of the hidden state after the
 * listener's last plays with the embedding of the candidate, the log-probability up to a constant. A candidate that the
 * model does not know gets the mean of those it knows, which is 0 once the scores are standardised; when it knows none of
 * the plays, all get 0. Cost O(window² d) a call and O(d) a candidate.
 *
 * @param term The model.
 * @returns Makes the scorers of a world's listeners.
 */
export function serveSequenceTerm(term: SequenceTerm): (world: ShuffleWorld) => SequenceModel {
  const server = serveSasrec(term);
  const { dimensions: d, window } = term.config;
  const { items } = term.weights;
  const codeOf = new Map(term.trackIds.map((id, code) => [id, code]));
  return (world) => {
    const codes = Int32Array.from(textsOf(world.catalog, "track_id"), (id) => codeOf.get(id!) ?? -1);
    return (state) => (candidates, out) => {
      const history: number[] = [];
      for (let p = state.playCount - 1; p >= 0 && history.length < window; p--) {
        const code = codes[state.playedTrack(p)];
        if (code >= 0) history.unshift(code);
      }
      out.fill(0);
      if (history.length === 0) return;
      const hidden = server.hidden(history);
      let sum = 0;
      let known = 0;
      candidates.forEach((track, c) => {
        const code = codes[track];
        if (code < 0) return;
        for (let k = 0; k < d; k++) out[c] += hidden[k] * items[code * d + k];
        sum += out[c];
        known++;
      });
      candidates.forEach((track, c) => {
        if (codes[track] < 0 && known > 0) out[c] = sum / known;
      });
    };
  };
}
