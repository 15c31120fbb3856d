/** Plays a policy to one simulated listener, whose utility of every pick is known. */
import { max, mean } from "d3-array";
import { simulateListeners } from "../listening/simulated_listeners.ts";
import { type TastePrior, userTaste } from "../choice/personal.ts";
import { cosine, row } from "../math/matrix.ts";
import { BASE_TERM_NAMES, BASE_TERMS, fillTerms } from "../score/terms/registry.ts";
import { durationOf, Session } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import type { Weights } from "../score/weights.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";
import type { SequenceModel } from "../hybrid/sequence_term.ts";
import type { Run, RunTracks } from "../metrics/metric.ts";
import { weightsFrom } from "./feedback.ts";
import type { ComparedPolicy } from "./policies.ts";
import type { Scenario } from "./scenarios.ts";

/** Choices that each listener made before the comparison. */
export const PAST_CHOICES = 60;

/**
 * Plays all sessions of a scenario under a policy. Starts, times and seeds come from the scenario, so that policies are
 * compared on the same listener in the same hours. At every pick the listener's own utility,
 * u(j) = w · x(j | current, state) + liking(j), is reckoned for all tracks of the library: the utility of the pick and
 * its regret, max u − u(pick), follow. Cost O(plays × library × d), and once for all policies O(library² d).
 *
 * @param sequence The sequence model; needed when a policy's weights have a `sequence`.
 * @returns Plays a policy; gives the plays, the listener's utilities, and what metrics need to know of the tracks.
 */
export function scenarioPlayer(
  collection: Collection,
  scenario: Scenario,
  sequence?: SequenceModel,
): (policy: ComparedPolicy) => Run {
  const sessions = scenario.starts.length;
  const total = sessions * scenario.plays;
  const utilitiesAfter = listenerOf(collection, scenario);
  const tracks = runTracks(collection, scenario);
  let learned: Weights | undefined;
  return (policy) => {
    const run: Run = {
      ...tracks,
      sessionPlays: scenario.plays,
      plays: new Int32Array(total),
      utilities: new Float64Array(total).fill(NaN),
      best: new Float64Array(total).fill(NaN),
      blind: new Float64Array(total).fill(NaN),
      relaxed: new Uint8Array(total),
    };
    const state = new UserState(collection);
    if (policy.prior) learned ??= personalWeights(collection, scenario, policy.prior);
    const weights = policy.own ? scenario.weights : policy.prior ? learned : policy.weights;
    for (let s = 0, p = 0; s < sessions; s++) {
      const session = new Session(state, {
        policy: policy.policy,
        weights,
        temperature: policy.temperature,
        rules: policy.rules,
        sequence: weights?.sequence === undefined ? undefined : sequence?.(state),
        count: scenario.plays,
        from: scenario.starts[s],
        seed: scenario.seeds[s],
        start: scenario.times[s],
      });
      let at = scenario.times[s];
      for (let i = 0; i < scenario.plays; i++, p++) {
        const utilities = i > 0 ? utilitiesAfter(run.plays[p - 1], state, at) : undefined;
        const pick = session.next();
        run.plays[p] = pick.track;
        if (utilities) {
          run.utilities[p] = utilities[pick.track];
          const others = utilities.filter((_, track) => track !== run.plays[p - 1]);
          run.best[p] = Math.max(run.utilities[p], max(others)!);
          run.blind[p] = mean(others)!;
        }
        for (const { kept } of pick.relaxed) run.relaxed[p] = Math.max(run.relaxed[p], kept === null ? 2 : 1);
        at = pick.at + durationOf(collection, pick.track);
      }
    }
    return run;
  };
}

/** What metrics need to know of the tracks. */
function runTracks(collection: Collection, { knownness }: Scenario): RunTracks {
  const { library, artists, workOf, albumOf, embedding, clusters, clusterCount, keys } = collection;
  const { texts, numbers } = collection.catalog;
  const codesBy = (codeOf: (track: TrackIndex) => number) =>
    Int32Array.from({ length: collection.trackCount }, (_, track) => codeOf(track));
  return {
    library,
    labels: {
      track: codesBy((track) => track),
      work: codesBy(workOf),
      artist: artists,
      album: texts.album_id || texts.album ? codesBy(albumOf) : undefined,
    },
    ...{ embedding, clusters, clusterCount, keys, numbers, knownness },
  };
}

/**
 * Learns a listener's weights from {@linkcode PAST_CHOICES} choices that they made in their own library before the
 * comparison, and from how listeners differ: the mode of the posterior (see {@linkcode userTaste}). The choices follow
 * the listener's true weights with Gumbel noise, P(j) = softmax(w · x_j); nothing of the comparison itself is seen.
 * Cost O(choices × candidates × K²).
 */
function personalWeights(collection: Collection, { seeds, weights }: Scenario, prior: TastePrior): Weights {
  const { sets } = simulateListeners(collection, { users: 1, steps: PAST_CHOICES, seed: seeds[0], weights });
  return weightsFrom(userTaste(sets, prior).weights);
}

/** The listener's utility of every track of the library as the next one. */
function listenerOf(collection: Collection, { weights, liking }: Scenario) {
  const n = collection.trackCount;
  const similarities = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      similarities[i * n + j] = similarities[j * n + i] = cosine(
        row(collection.embedding, i),
        row(collection.embedding, j),
      );
    }
  }
  const values = new Float64Array(n * BASE_TERM_NAMES.length);
  const own = BASE_TERM_NAMES.map((name) => weights[name]);
  return (current: TrackIndex, state: UserState, now: number): Float64Array => {
    const found = similarities.subarray(current * n, (current + 1) * n);
    fillTerms(current, state, collection.library, { now }, BASE_TERMS, found, values);
    return linearUtilities(values, own).map((utility, track) => utility + liking[track]);
  };
}
