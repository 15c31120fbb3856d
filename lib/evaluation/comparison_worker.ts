/**
 * The part of a comparison that belongs to one listener. As a worker it gets jobs and answers with the measures; the
 * same function is called directly where there are no workers.
 */
import type { Collection } from "../score/collection.ts";
import { type SequenceModel, type SequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import { measureRun, type RunMeasures } from "../metrics/measure.ts";
import type { Metric } from "../metrics/metric.ts";
import { scenarioPlayer } from "./play.ts";
import type { ComparedPolicy } from "./policies.ts";
import { type Scenario, scenarioCollection } from "./scenarios.ts";

/** What is played to one listener. It can be sent to a worker. */
export interface ListenerJob {
  /** The listener. */
  scenario: Scenario;
  /** The policies that play. */
  policies: ComparedPolicy[];
}

/**
 * Plays every policy to one listener and measures it.
 *
 * @param serve The sequence model, when a policy has the sequence term.
 * @returns One entry a policy, in their order.
 */
export async function measurePolicies(
  { scenario, policies }: ListenerJob,
  serve?: (collection: Collection) => SequenceModel,
  metrics?: readonly Metric[],
): Promise<RunMeasures[]> {
  const collection = await scenarioCollection(scenario);
  const play = scenarioPlayer(collection, scenario, serve?.(collection));
  return policies.map((policy) => measureRun(play(policy), metrics));
}

const scope = globalThis as unknown as {
  WorkerGlobalScope?: unknown;
  onmessage: (event: MessageEvent<ListenerJob | SequenceTerm>) => Promise<void>;
  postMessage: (message: RunMeasures[]) => void;
};

// The module is also imported by the main thread, where nobody sends it messages.
if (scope.WorkerGlobalScope) {
  let serve: ReturnType<typeof serveSequenceTerm> | undefined;
  scope.onmessage = async ({ data }) => {
    if ("config" in data) serve = serveSequenceTerm(data);
    else scope.postMessage(await measurePolicies(data, serve));
  };
}
