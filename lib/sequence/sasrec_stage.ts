/** Training SASRec on a data folder. */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../data/errors.ts";
import { writeParquet } from "../data/parquet.ts";
import { RANK_METRICS } from "../metrics/ranking.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import type { TrainingPoint } from "./early_stopping.ts";
import { type Interactions, readInteractions } from "./interactions.ts";
import { mpdStage } from "./read_mpd.ts";
import { evaluateNext } from "./ranking.ts";
import { loadSasrec, saveSasrec } from "./sasrec.ts";
import { serveSasrec } from "./serve.ts";
import { type SequenceSplit, type SplitOptions, splitPlaylists } from "./split.ts";
import { namesBeside, readTrackNames, type TrackNames } from "./track_names.ts";
import { type TrainingResult, trainSasrec } from "./train.ts";
import type { TrainOptions } from "./training_plan.ts";

/** Options of {@linkcode sasrecStage}. */
export interface SasrecStageOptions extends SplitOptions, Omit<TrainOptions, "checkpoint" | "features"> {
  /** File of interactions to train on, in any form that {@linkcode readInteractions} takes; the folder's by default. */
  interactions?: string;
  /** Which columns of `interactions` are user, track and time, where that cannot be told. */
  columns?: string;
  /**
   * File of names of the tracks, in any form that {@linkcode readTrackNames} takes. When left out, it is what lies beside
   * `interactions` (MovieLens' `movies.csv`, `movies.dat`, `u.item`), or else `track_names.parquet` of the folder.
   */
  names?: string;
  /** Go on from the checkpoint of a run that was cut off, where there is one. */
  resume?: boolean;
  /** Run even when up to date. */
  force?: boolean;
}

/**
 * Reads the interactions of a data folder; if it has only `playlists/`, makes them first from these.
 *
 * @throws {InputError} When the folder holds neither interactions nor playlists.
 */
export async function loadSequenceData(
  directory: string,
  options: SplitOptions = {},
): Promise<{ interactions: Interactions; split: SequenceSplit; names: TrackNames }> {
  await ensureInteractions(directory);
  const interactions = await readInteractions(join(directory, "interactions.csv"));
  const names = await readTrackNames(join(directory, "track_names.parquet"));
  return { interactions, split: splitPlaylists(interactions, options), names };
}

/**
 * The stage that trains SASRec on `interactions.csv` (or another file) and writes `sasrec/` (`model.json`,
 * `weights.bin`, `vocabulary.json`, `names.parquet` where interactions or names were given, and `checkpoint.npz` while
 * it runs).
 *
 * @returns What came of it: size of the data, course of training, test metrics.
 * @throws {InputError} When there are neither interactions nor playlists, or an option is out of range.
 */
export async function sasrecStage(directory: string, options: SasrecStageOptions = {}): Promise<StageReport> {
  const { resume = false, force, interactions: given, names: named, columns, ...parameters } = options;
  if (given === undefined) await ensureInteractions(directory);
  const source = given === undefined ? join(directory, "interactions.csv") : resolve(given);
  if (!existsSync(source)) throw new InputError(`${given}: no such file; give a file of user_id,track_id,timestamp`);
  if (named !== undefined && !existsSync(named)) {
    throw new InputError(`${named}: no such file; give a file of track_id,title, MovieLens' movies.dat or u.item`);
  }
  const found = named ?? (given === undefined ? undefined : namesBeside(source));
  const ownNames = given !== undefined || found !== undefined;
  const folder = join(directory, "sasrec");
  return await runStage(directory, {
    name: "sasrec",
    inputs: [given === undefined ? "interactions.csv" : source, ...(found === undefined ? [] : [resolve(found)])],
    parameters: { ...parameters, columns },
    outputs: [
      ...["sasrec/model.json", "sasrec/weights.bin", "sasrec/vocabulary.json"],
      ...(ownNames ? ["sasrec/names.parquet"] : []),
    ],
    force,
    async run() {
      // Names are read before the training, so that a bad file is reported at once.
      const names = await readTrackNames(found ?? "");
      const interactions = await readInteractions(source, columns);
      const split = splitPlaylists(interactions, parameters);
      const checkpoint = join(folder, "checkpoint.npz");
      if (!resume) rmSync(checkpoint, { force: true });
      const { model, curve, featureWeights: _, ...course } = await trainSasrec(split, { ...parameters, checkpoint });
      saveSasrec(model, folder);
      if (ownNames) await writeNames(join(folder, "names.parquet"), split.trackIds, names);
      else rmSync(join(folder, "names.parquet"), { force: true });
      rmSync(checkpoint, { force: true });
      const k = Math.min(10, split.trackIds.length);
      const test = evaluateNext(serveSasrec(model), split, { k, seed: options.seed });
      const { coverage, popularityBias } = test;
      return {
        playlists: split.userIds.length,
        tracks: split.trackIds.length,
        columns: interactions.columns,
        trainingPositions: split.train.tracks.length,
        filterRounds: split.rounds,
        ...course,
        secondsPerEpoch: Number(course.secondsPerEpoch.toFixed(3)),
        curve: curve.map(rounded),
        test: {
          ...Object.fromEntries(RANK_METRICS.map(({ name }) => [name, test[name]])),
          coverage,
          popularityBias,
        },
      };
    },
  });
}

/**
 * Runs {@linkcode sasrecStage} where it is not up to date, and loads what it made.
 *
 * @throws {InputError} As the stage does.
 */
export async function trainedSasrec(
  directory: string,
  options: SasrecStageOptions = {},
): Promise<Omit<TrainingResult, "featureWeights">> {
  const { facts } = await sasrecStage(directory, options);
  return { ...facts as unknown as Omit<TrainingResult, "model">, model: loadSasrec(join(directory, "sasrec")) };
}

/** Names of the vocabulary alone, so that they stay with the model. */
async function writeNames(path: string, trackIds: readonly string[], names: TrackNames): Promise<void> {
  const columns = (["uri", "title", "artist", "album"] as const).map((of) => ({
    name: of === "uri" ? "track_uri" : of,
    type: "text" as const,
    values: trackIds.map((id) => names.byId.get(id)?.[of] ?? null),
  }));
  await writeParquet(path, [{ name: "track_id", type: "text", values: [...trackIds] }, ...columns]);
}

async function ensureInteractions(directory: string): Promise<void> {
  if (existsSync(join(directory, "interactions.csv"))) return;
  if (!existsSync(join(directory, "playlists"))) {
    throw new InputError(
      `${directory}: expected interactions.csv or playlists/ here; make them with segue mpd or segue world`,
    );
  }
  await mpdStage(directory);
}

function rounded(point: TrainingPoint): TrainingPoint {
  const values = Object.entries(point).map(([name, value]) => [name, Number(value.toPrecision(6))]);
  return Object.fromEntries(values);
}
