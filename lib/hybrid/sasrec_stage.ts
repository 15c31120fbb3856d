/**
 * Training SASRec on a data folder, and predicting from what was trained.
 *
 * @module
 */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../data/errors.ts";
import { writeParquet } from "../data/parquet.ts";
import { runStage, type StageReport } from "../data/stages.ts";
import { fitHybrid, type HybridTerm } from "./hybrid.ts";
import { type Interactions, readInteractions } from "../sequence/interactions.ts";
import { mpdStage } from "../sequence/mpd.ts";
import { evaluateNext, type NextTrackResult } from "../sequence/ranking.ts";
import type { SequenceRecommender } from "../sequence/recommender.ts";
import { loadSasrec, type SasrecModel, saveSasrec } from "../sequence/sasrec.ts";
import { serveSasrec } from "../sequence/serve.ts";
import { type SequenceSplit, type SplitOptions, splitPlaylists } from "../sequence/split.ts";
import { hybridTerms } from "./evidence.ts";
import { namesBeside, readTrackNames, type TrackName, type TrackNames } from "../sequence/track_names.ts";
import { type TrainingPoint, type TrainingResult, type TrainOptions, trainSasrec } from "../sequence/train.ts";

/** Options of {@linkcode sasrecStage}. */
export interface SasrecStageOptions extends SplitOptions, Omit<TrainOptions, "checkpoint" | "features"> {
  /** File of interactions to train on, in any form that {@linkcode readInteractions} takes; that of the folder if left out. */
  interactions?: string;
  /**
   * File of names of the tracks, in any form that {@linkcode readTrackNames} takes. With `interactions` that which lies
   * beside them is found (MovieLens' `movies.csv`, `movies.dat`, `u.item`); else it is `track_names.parquet` of the
   * folder.
   */
  names?: string;
  /** Go on from the checkpoint of a run that was cut off, where there is one. */
  resume?: boolean;
  /** Run even when up to date. */
  force?: boolean;
}

/** What a data folder holds for sequence models. */
export interface SequenceData {
  /** All interactions. */
  interactions: Interactions;
  /** The filtered playlists, split. */
  split: SequenceSplit;
  /** Names of the tracks. */
  names: TrackNames;
}

/**
 * Reads the interactions of a data folder; makes them first from its `playlists/` where only those are there.
 *
 * @param directory The data folder.
 * @param options Thresholds of the filters.
 * @returns Interactions, split, names.
 * @throws {InputError} When the folder holds neither interactions nor playlists.
 */
export async function loadSequenceData(directory: string, options: SplitOptions = {}): Promise<SequenceData> {
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
 * @param directory The data folder.
 * @param options Shape of the model, course of training, thresholds.
 * @returns What came of it: size of the data, course of training, test metrics.
 * @throws {InputError} When there are neither interactions nor playlists, or an option is out of range.
 */
export async function sasrecStage(directory: string, options: SasrecStageOptions = {}): Promise<StageReport> {
  const { resume = false, force, interactions: given, names: named, ...parameters } = options;
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
    parameters,
    outputs: [
      ...["sasrec/model.json", "sasrec/weights.bin", "sasrec/vocabulary.json"],
      ...(ownNames ? ["sasrec/names.parquet"] : []),
    ],
    force,
    async run() {
      // Names that cannot be read are told before the training, not after it.
      const names = await readTrackNames(found ?? "");
      const split = splitPlaylists(await readInteractions(source), parameters);
      const checkpoint = join(folder, "checkpoint.npz");
      if (!resume) rmSync(checkpoint, { force: true });
      const { model, curve, featureWeights: _, ...course } = await trainSasrec(split, { ...parameters, checkpoint });
      saveSasrec(model, folder);
      if (ownNames) await writeNames(join(folder, "names.parquet"), split.trackIds, names);
      else rmSync(join(folder, "names.parquet"), { force: true });
      rmSync(checkpoint, { force: true });
      const { recall, ndcg, mrr, coverage, popularityBias } = evaluateNext(serveSasrec(model), split, {
        k: Math.min(10, split.trackIds.length),
        seed: options.seed,
      });
      return {
        playlists: split.userIds.length,
        tracks: split.trackIds.length,
        trainingPositions: split.train.tracks.length,
        filterRounds: split.rounds,
        ...course,
        secondsPerEpoch: Number(course.secondsPerEpoch.toFixed(3)),
        curve: curve.map(rounded),
        test: { recall, ndcg, mrr, coverage, popularityBias },
      };
    },
  });
}

/** A model that the stage trained, as `sasrec/` holds it, and how its training went. */
export type TrainedSasrec = Pick<
  TrainingResult,
  "model" | "curve" | "steps" | "stepsPerEpoch" | "secondsPerEpoch" | "bestStep" | "note"
>;

/**
 * Runs {@linkcode sasrecStage} where it is not up to date, and loads what it made.
 *
 * @param directory The data folder.
 * @param options As of the stage.
 * @returns The model and the course of its training.
 * @throws {InputError} As the stage does.
 */
export async function trainedSasrec(directory: string, options: SasrecStageOptions = {}): Promise<TrainedSasrec> {
  const { facts } = await sasrecStage(directory, options);
  return { ...facts as unknown as Omit<TrainedSasrec, "model">, model: loadSasrec(join(directory, "sasrec")) };
}

/**
 * Ranks the test targets by the trained model and by what it has to beat: popularity, the Markov chain, item-kNN with
 * and without regard to time, and the hybrid of all, unless the data are too few or too regular to estimate its
 * weights.
 *
 * @param directory The data folder with a trained `sasrec/`.
 * @param options Interactions and thresholds that it was trained with, seed.
 * @returns Results on the same playlists.
 * @throws {InputError} When no model was trained, or it was trained on other data.
 */
export async function compareWithSimple(
  directory: string,
  options: Pick<SasrecStageOptions, "interactions" | "seed" | keyof SplitOptions> = {},
): Promise<NextTrackResult[]> {
  const { interactions: given = join(directory, "interactions.csv"), seed, ...thresholds } = options;
  const split = splitPlaylists(await readInteractions(given), thresholds);
  const { model, names } = await openModel(directory);
  const size = split.trackIds.length;
  if (model.trackIds.length !== size || model.trackIds.some((id, t) => id !== split.trackIds[t])) {
    throw new InputError(`${given}: expected the interactions that the model was trained on; train it again`);
  }
  const sequence = serveSasrec(model);
  const terms = hybridTerms(split, { sequence, names });
  const simple = terms.filter(({ feature }) => ["markov", "popularity", "itemKnn", "itemKnnRecent"].includes(feature));
  const models = [sequence, ...hybridOf(terms, split, seed), ...simple.map(({ model }) => model)];
  return models.map((one) => evaluateNext(one, split, { k: Math.min(10, size), seed }));
}

/** The hybrid; nothing where its weights have no finite estimate. */
function hybridOf(terms: HybridTerm[], split: SequenceSplit, seed?: number): SequenceRecommender[] {
  try {
    return [fitHybrid(terms, split, { top: 10, seed }).model];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

/** A track that was predicted, by name. */
export interface NamedPrediction extends Omit<TrackName, "album"> {
  /** `track_id` in `interactions.csv`. */
  trackId: string;
  /** Probability among all tracks of the vocabulary that are not in the history. */
  probability: number;
}

/** Answers requests for next tracks by name. */
export interface NextPredictor {
  /**
   * Takes a list of tracks apart at its commas, of which titles and ids may hold some themselves.
   *
   * @param list Tracks, each as its `track_id` in `interactions.csv`, URI, id within the URI, title, or
   * `title · artist`, commas between them.
   * @returns The tracks, each as long as possible: `"3,5"` are two, a title with a comma is one.
   * @throws {InputError} When a part is no track that the model knows, or there is none.
   */
  parse(list: string): string[];
  /**
   * The most probable next tracks.
   *
   * @param tracks Tracks so far, named likewise.
   * @param k How many.
   * @returns Best first.
   */
  predict(tracks: readonly string[], k: number): NamedPrediction[];
}

/**
 * Loads the model of a data folder for prediction.
 *
 * @param directory The data folder.
 * @returns The predictor.
 * @throws {InputError} When no model was trained.
 *
 * @example
 * ```ts ignore
 * const predictor = await openPredictor("data/work/mpd");
 * const next = predictor.predict(["spotify:track:0UaMYEvWZi0ZqiDOoHU3YI", "Toxic · Britney Spears"], 10);
 * ```
 */
export async function openPredictor(directory: string): Promise<NextPredictor> {
  const { model, names } = await openModel(directory);
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

/** The model and the names of its tracks: those that it was trained with, else the folder's. */
async function openModel(directory: string): Promise<{ model: SasrecModel; names: TrackNames }> {
  const model = loadSasrec(join(directory, "sasrec"));
  const own = join(directory, "sasrec", "names.parquet");
  return { model, names: await readTrackNames(existsSync(own) ? own : join(directory, "track_names.parquet")) };
}

/** Codes by URI, id within the URI, title and artist, title; of tracks of one name the most frequent one would be as good as any: the first. */
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
      `${directory}: expected interactions.csv or playlists/ here; make them with segue mpd or collection`,
    );
  }
  await mpdStage(directory);
}

function rounded(point: TrainingPoint): TrainingPoint {
  const values = Object.entries(point).map(([name, value]) => [name, Number(value.toPrecision(6))]);
  return Object.fromEntries(values);
}
