/**
 * The part of a tournament that belongs to one listener. As a worker it gets a scenario with its policies and answers
 * with the measures; the same function is called directly where there are no workers.
 *
 * @module
 */
import { measureRun, type RunMeasures } from "./metrics.ts";
import { playScenario } from "./play.ts";
import type { TournamentPolicy } from "./policies.ts";
import { type Scenario, scenarioWorld } from "./scenarios.ts";

/**
 * Plays every policy to one listener and measures it.
 *
 * @param scenario The listener.
 * @param policies The policies.
 * @returns One entry a policy, in their order.
 */
export function measurePolicies(scenario: Scenario, policies: readonly TournamentPolicy[]): RunMeasures[] {
  const world = scenarioWorld(scenario);
  return policies.map((policy) => measureRun(world, scenario, playScenario(world, scenario, policy)));
}

const scope = globalThis as unknown as {
  WorkerGlobalScope?: unknown;
  onmessage: (event: MessageEvent<{ scenario: Scenario; policies: TournamentPolicy[] }>) => void;
  postMessage: (message: RunMeasures[], transfer: Transferable[]) => void;
};

// The module is also imported by the main thread, where nobody sends it messages.
if (scope.WorkerGlobalScope) {
  scope.onmessage = ({ data }) => {
    const measures = measurePolicies(data.scenario, data.policies);
    const buffers = measures.flatMap(({ values, repeats, similarities, heard }) =>
      [values, repeats, similarities, heard].map(({ buffer }) => buffer as ArrayBuffer)
    );
    scope.postMessage(measures, buffers);
  };
}
