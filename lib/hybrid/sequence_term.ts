/** The term `sequence` of the utility: what SASRec expects after a listener's plays, and the weight of that term. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { mean } from "d3-array";
import { textsOf } from "../catalog/catalog.ts";
import { fitConditionalLogit } from "../choice/conditional_logit.ts";
import { logitSums } from "../choice/logit_sums.ts";
import { type Choice, collectChoices } from "../listening/choice_sets.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import { catalogRows, replay } from "./content.ts";
import { samplePlaylists } from "../sequence/ranking.ts";
import { loadNamedModel } from "../sequence/predict.ts";
import type { SasrecModel } from "../sequence/sasrec.ts";
import { serveSasrec } from "../sequence/serve.ts";
import { historyOf, type SequenceSplit, type SplitPart, targetOf } from "../sequence/split.ts";
import { loadSequenceData } from "../sequence/sasrec_stage.ts";
import { BASE_TERM_NAMES, BASE_TERMS, fillTerms } from "../score/terms/registry.ts";
import { sequence } from "../score/terms/sequence.ts";
import type { SequenceScorer } from "../score/terms/term.ts";
import { DEFAULT_WEIGHTS } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";
import { bootstrapMean, type Interval } from "../math/bootstrap.ts";
import type { UserState } from "../score/state.ts";

/** Gives, for a listener's plays so far, the function that scores candidates by the sequence model. */
export type SequenceModel = (state: UserState) => SequenceScorer;

/** A trained SASRec whose tracks are known by their ids in the catalogue. It can be sent to a worker. */
export type SequenceTerm = Omit<SasrecModel, "training">;

/** A sequence model with the weight of its term in the utility. */
export interface WeighedSequenceTerm extends SequenceTerm {
  /** Weight of the term: units of utility for one standard deviation over the candidates. */
  weight: number;
  /** How the weight was estimated; left out when it was set by hand. */
  estimate?: SequenceEstimate;
}

/** The estimated weight of the sequence term. */
export interface SequenceEstimate {
  /** The estimate. */
  weight: number;
  /** Its standard error. */
  standardError: number;
  /** Playlists whose validation target it was estimated on. */
  choices: number;
  /** Candidates of each choice. */
  candidates: number;
  /** Playlists whose test target it was tested on. */
  testChoices: number;
  /** Mean of log P(target) on the test targets with the hand-set weights alone, nats. */
  without: number;
  /** What the sequence term adds to it, nats, with a 95 % bootstrap interval over playlists. */
  gain: Interval;
}

/**
 * Loads the sequence model of a data folder, if one was trained there.
 *
 * @throws {InputError} When the model is there but not whole.
 */
export async function loadSequenceTerm(directory: string): Promise<SequenceTerm | undefined> {
  if (!existsSync(join(directory, "sasrec", "model.json"))) return undefined;
  const { model: { config, weights, trackIds }, names } = await loadNamedModel(directory);
  const catalogId = (id: string) => names.byId.get(id)?.uri?.split(":").at(-1) ?? id;
  return { config, weights, trackIds: trackIds.map(catalogId) };
}

/**
 * Loads the sequence model of a data folder, if one was trained there, and estimates the weight of its term on the
 * folder's playlists with {@linkcode estimateSequenceWeight}.
 *
 * @param options Seed of the draws, 42 by default.
 * @throws {InputError} When the model is there but not whole, its playlists are not, or the catalogue has none of its
 * tracks.
 */
export async function weighSequenceTerm(
  directory: string,
  collection: Collection,
  options: { seed?: number } = {},
): Promise<WeighedSequenceTerm | undefined> {
  const term = await loadSequenceTerm(directory);
  if (!term) return undefined;
  const { split, names } = await loadSequenceData(directory);
  const rows = catalogRows(split.trackIds, names, collection);
  const estimate = estimateSequenceWeight(collection, term, split, rows, options);
  return { ...term, weight: estimate.weight, estimate };
}

/**
 * Estimates the weight of the sequence term beside the hand-set weights, on playlists. The validation target of each
 * playlist, which the model was not trained on, is chosen among itself and tracks drawn evenly from the vocabulary (such
 * a draw keeps the estimate consistent: McFadden 1978). The hand-set utility is the offset, and the conditional logit
 * estimates one weight, that of the standardised log-probability. The gain is measured on the test targets, which
 * neither model nor weight has seen.
 *
 * @param split The playlists, split as the model was trained.
 * @param rows Row of the catalogue of each track of the split, −1 where it has none.
 * @param options Most playlists, 1,000 by default; candidates of each choice, the target among them, by default 50, as
 * many as a track has neighbours; and the seed of the draws, 42 by default.
 * @throws {InputError} When fewer than 20 playlists have their targets in the catalogue.
 */
export function estimateSequenceWeight(
  collection: Collection,
  term: SequenceTerm,
  split: SequenceSplit,
  rows: Int32Array,
  options: { playlists?: number; candidates?: number; seed?: number } = {},
): SequenceEstimate {
  const { seed = 42 } = options;
  const known = Int32Array.from(new Set(rows)).filter((row) => row >= 0);
  const candidates = expectInteger("candidates", options.candidates ?? 50, 2);
  const playlists = samplePlaylists(split.userIds.length, options.playlists ?? 1000, seed);
  const model = serveSequenceTerm(term)(collection);
  const terms = [...BASE_TERMS, sequence];
  const handSet = BASE_TERM_NAMES.map((name) => DEFAULT_WEIGHTS[name]);
  // The choices of the targets, with the sequence term as the one column.
  const build = (part: SplitPart) => {
    const random = seededRandom(seed, `sequence ${part}`);
    const choices: Choice[] = [];
    for (const playlist of playlists) {
      const target = rows[targetOf(split, playlist, part)];
      const history = Array.from(historyOf(split, playlist, part), (track) => rows[track]).filter((row) => row >= 0);
      if (target < 0 || history.length === 0) continue;
      const heard = new Set(history);
      const offered = new Set([target]);
      for (let tries = 0; offered.size < candidates && tries < 20 * candidates; tries++) {
        const track = known[randomInteger(random, known.length)];
        if (!heard.has(track)) offered.add(track);
      }
      if (offered.size < 2) continue;
      const { state, now } = replay(collection, history);
      const at = { now, sequence: model(state) };
      const filled = fillTerms(history.at(-1)!, state, Int32Array.from(offered), at, terms);
      const values = linearUtilities(filled, [...handSet.map(() => 0), 1]);
      choices.push({ values, chosen: 0, offset: linearUtilities(filled, [...handSet, 0]) });
    }
    return collectChoices(["sequence"], choices);
  };
  const validation = build("validation");
  if (validation.chosen.length < 20) {
    throw new InputError(
      `Expected at least 20 playlists whose targets are in the catalogue but found ${validation.chosen.length}`,
    );
  }
  const [{ estimate: weight, standardError }] = fitConditionalLogit(validation).coefficients;
  const test = build("test");
  const logs = [0, weight].map((value) =>
    Float64Array.from(test.chosen, (_, n) => logitSums(test, Float64Array.of(value), n, n + 1).logLikelihood)
  );
  const gains = logs[1].map((value, n) => value - logs[0][n]);
  return {
    weight,
    standardError,
    choices: validation.chosen.length,
    candidates,
    testChoices: test.chosen.length,
    without: mean(logs[0])!,
    gain: bootstrapMean(gains, { random: seededRandom(seed, "sequence gain") }),
  };
}

/**
 * Makes a sequence model ready to score the candidates of a collection. The score is the inner product of the hidden
 * state after the listener's last plays with the embedding of the candidate: its log-probability up to a constant. A
 * candidate that the model does not know gets the mean of the others, which is 0 once the scores are standardised; when
 * the model knows none of the plays, all get 0. Cost O(window² d) a call and O(d) a candidate.
 */
export function serveSequenceTerm(term: SequenceTerm): (collection: Collection) => SequenceModel {
  const server = serveSasrec(term);
  const { dimensions: d, window } = term.config;
  const { items } = term.weights;
  const codeOf = new Map(term.trackIds.map((id, code) => [id, code]));
  return (collection) => {
    const codes = Int32Array.from(textsOf(collection.catalog, "track_id"), (id) => codeOf.get(id!) ?? -1);
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
