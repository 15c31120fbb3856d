/** SASRec beside the simple models and the hybrid, on the data that it was trained on. */
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { readInteractions } from "../sequence/interactions.ts";
import { loadNamedModel } from "../sequence/predict.ts";
import { evaluateNext, type NextTrackResult } from "../sequence/ranking.ts";
import type { SequenceRecommender } from "../sequence/recommender.ts";
import type { SasrecStageOptions } from "../sequence/sasrec_stage.ts";
import { serveSasrec } from "../sequence/serve.ts";
import { type SequenceSplit, type SplitOptions, splitPlaylists } from "../sequence/split.ts";
import { hybridTerms } from "./evidence.ts";
import { fitHybrid, type HybridTerm } from "./hybrid.ts";

/**
 * Ranks the test targets by the trained model and by what it has to beat: popularity, the Markov chain, item-kNN with
 * and without regard to time, and the hybrid of all, unless the data are too few or too regular to estimate its
 * weights.
 *
 * @param options Interactions and thresholds that it was trained with, seed.
 * @throws {InputError} When no model was trained, or it was trained on other data.
 */
export async function compareWithSimple(
  directory: string,
  options: Pick<SasrecStageOptions, "interactions" | "columns" | "seed" | keyof SplitOptions> = {},
): Promise<NextTrackResult[]> {
  const { interactions: given = join(directory, "interactions.csv"), columns, seed, ...thresholds } = options;
  const split = splitPlaylists(await readInteractions(given, columns), thresholds);
  const { model, names } = await loadNamedModel(directory);
  const size = split.trackIds.length;
  if (model.trackIds.length !== size || model.trackIds.some((id, t) => id !== split.trackIds[t])) {
    throw new InputError(`${given}: expected the interactions that the model was trained on; train it again`);
  }
  const sequence = serveSasrec(model);
  const terms = hybridTerms(split, { sequence, names });
  const simple = terms.filter(({ name }) => ["markov", "popularity", "itemKnn", "itemKnnRecent"].includes(name));
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
