/**
 * The part of a tournament that belongs to one listener. As a worker it gets a scenario with its policies and answers
 * with the measures; the same function is called directly where there are no workers.
 *
 * @module
 */
import type { Collection } from "../score/collection.ts";
import { measureRun, type RunMeasures } from "./metrics.ts";
import { scenarioPlayer } from "./play.ts";
import type { TournamentPolicy } from "./policies.ts";
import { type Scenario, scenarioCollection } from "./scenarios.ts";
import { type SequenceModel, type SequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import type { TournamentJob } from "./comparison.ts";

/**
 * Plays every policy to one listener and measures it.
 *
 * @param scenario The listener.
 * @param policies The policies.
 * @param serve The sequence model, when a policy has the sequence term.
 * @returns One entry a policy, in their order.
 */
export async function measurePolicies(
  scenario: Scenario,
  policies: readonly TournamentPolicy[],
  serve?: (collection: Collection) => SequenceModel,
): Promise<RunMeasures[]> {
  const collection = await scenarioCollection(scenario);
  const play = scenarioPlayer(collection, scenario, serve?.(collection));
  return policies.map((policy) => measureRun(collection, scenario, play(policy)));
}

const scope = globalThis as unknown as {
  WorkerGlobalScope?: unknown;
  onmessage: (event: MessageEvent<TournamentJob | SequenceTerm>) => Promise<void>;
  postMessage: (message: RunMeasures[]) => void;
};

// The module is also imported by the main thread, where nobody sends it messages.
if (scope.WorkerGlobalScope) {
  let serve: ReturnType<typeof serveSequenceTerm> | undefined;
  scope.onmessage = async ({ data }) => {
    if ("config" in data) serve = serveSequenceTerm(data);
    else scope.postMessage(await measurePolicies(data.scenario, data.policies, serve));
  };
}
