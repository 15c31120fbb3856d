/** The comparison: every policy plays to the same listeners, from the same starts, at the same hours. */
import { descending, deviation, least, mean } from "d3-array";
import { fitConditionalLogit } from "../choice/conditional_logit.ts";
import { simulateListeners } from "../listening/simulated_listeners.ts";
import { fitTastePrior, type TastePrior } from "../choice/personal.ts";
import { weightsOfFit } from "../choice/weights_file.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import type { SequenceEstimate, WeighedSequenceTerm } from "../hybrid/sequence_term.ts";
import type { RunMeasures } from "../metrics/measure.ts";
import type { Metric } from "../metrics/metric.ts";
import { type MetricName, METRICS } from "../metrics/registry.ts";
import type { Collection } from "../score/collection.ts";
import type { Policy } from "../score/policies.ts";
import type { Weights } from "../score/weights.ts";
import { comparedPolicies, type ComparedPolicy, LEARNED_TEMPERATURES, segueVariants } from "./policies.ts";
import { type ComparisonRunner, threadRunner } from "./runner.ts";
import { drawScenario, LISTENER_WEIGHTS, PATTERN_SESSIONS, type Scenario } from "./scenarios.ts";

/** How policies are compared. */
export interface ComparisonOptions {
  /** Tracks of a library that is not tiny; 300 by default, fewer in a small catalogue. */
  librarySize?: number;
  /** Seed of everything random; listener i has a stream of its own. 42 by default. */
  seed?: number;
  /** Number of simulated listeners; 96 by default, 8 for each kind of library and listening pattern. */
  listeners?: number;
  /** On how many of them the variants of Segue are played as well; half of the listeners by default, 0 for none. */
  variantListeners?: number;
  /** Workers; 2 by default, 1 works on the thread at hand. The result does not depend on it. */
  workers?: number;
  /** Weights learned elsewhere, in place of those learned here from all listeners at once. */
  learned?: Weights;
  /** Other listeners of the same kind, from whose choices weights are learned; 200 by default. */
  trainingListeners?: number;
  /** Other listeners again, on whom the temperature of the learned weights is chosen; 24 by default. */
  validationListeners?: number;
  /** A trained sequence model; with it Segue plays with the sequence term as well. */
  sequence?: WeighedSequenceTerm;
  /** Who does the work; `workers` threads of this process by default. The result does not depend on it. */
  runner?: ComparisonRunner;
  /** Metrics in place of those of the registry; then all is done on this thread, without a `runner`. */
  metrics?: readonly Metric[];
  /** Policies in place of those of the registry; then all is done on this thread, without a `runner`. */
  policies?: readonly Policy[];
}

/** A listener of a comparison. */
export interface ComparedListener extends Pick<Scenario, "listener" | "library" | "pattern" | "about" | "weights"> {
  /** Tracks of the library. */
  librarySize: number;
}

/** What came of a comparison. */
export interface Comparison {
  /** The seed. */
  seed: number;
  /** The metrics that were measured. */
  metrics: readonly Metric[];
  /** The policies; the variants of Segue after the others. */
  policies: ComparedPolicy[];
  /** The listeners. */
  listeners: ComparedListener[];
  /** How many of the listeners, from the first, the variants were played to. */
  variantListeners: number;
  /** What was learned from listeners who take no part, and how many they and their choices were. */
  learned: {
    /** Weights learned from all of them at once. */
    pooled: Weights;
    /** How they differ: with it each listener's weights are learned from that listener's past choices. */
    prior: TastePrior;
    listeners: number;
    choices: number;
  };
  /** How the temperature of the weights learned from each listener was chosen, on listeners who take no part. */
  tuned: {
    /** The temperature chosen. */
    temperature: number;
    listeners: number;
    /** What was tried: mean regret, and how much more it is than the least, with the standard error of that difference. */
    tried: { temperature: number; regret: number; excess: number; standardError: number }[];
  };
  /** The estimated weight of the sequence term, when it took part. */
  sequence?: SequenceEstimate;
  /** What was measured: by the name of the policy, a run for each listener to whom it played, from the first. */
  runs: Record<string, RunMeasures[]>;
  /** Plays of each run. */
  plays: number;
  /** Workers that were used. */
  workers: number;
  /** Wall-clock seconds of learning and playing. */
  seconds: number;
}

/** Choices of each listener from whom weights are learned. */
const CHOICES = 60;

/** Added to the seed for the listeners on whom the temperature is chosen: other people than those of the comparison. */
const VALIDATION_SEED = 1_000_003;

/**
 * Compares policies. Listeners go round the 12 cells of {@linkcode LIBRARY_KINDS} × {@linkcode LISTENING_PATTERNS};
 * every policy plays 200 tracks to each of them, the variants of Segue to a part of them. Cost O(listeners ×
 * policies × plays × library); two workers share the listeners.
 *
 * @throws {InputError} When an option is out of range or the catalogue has fewer than 20 tracks.
 */
export async function comparePolicies(collection: Collection, options: ComparisonOptions = {}): Promise<Comparison> {
  const begin = performance.now();
  const count = expectInteger("listeners", options.listeners ?? 96, 1);
  const variantListeners = expectInteger(
    "variantListeners",
    options.variantListeners ?? Math.ceil(count / 2),
    0,
    count,
  );
  const seed = expectInteger("seed", options.seed ?? 42, 0);
  const workers = expectInteger("workers", options.workers ?? 2, 1, 64);
  const found = learnWeights(collection, seed, options.trainingListeners);
  const learned = { ...found, pooled: options.learned ?? found.pooled };
  const { metrics, sequence, librarySize } = options;
  const here = metrics !== undefined || options.policies !== undefined;
  if (here && options.runner) throw new InputError("Expected metrics and policies of the registry with a runner");
  const runner = options.runner ?? threadRunner(here ? 1 : Math.min(workers, count), sequence, metrics);
  try {
    const tuned = await tuneTemperature(collection, learned, runner, options);
    const parts = { ...learned, temperature: tuned.temperature, sequence: sequence?.weight };
    const main = comparedPolicies(parts, options.policies);
    const policies = [...main, ...(variantListeners > 0 ? segueVariants(parts) : [])];
    const listeners: ComparedListener[] = [];
    const measures = await runner.run("comparison", count, (listener) => {
      const scenario = drawScenario(collection, listener, { seed, librarySize });
      const { library, pattern, about, weights, tracks } = scenario;
      listeners[listener] = { listener, library, pattern, about, librarySize: tracks.length, weights };
      return { scenario, policies: listener < variantListeners ? policies : main };
    });
    const runsOf = (p: number) => measures.flatMap((own) => own.slice(p, p + 1));
    return {
      seed,
      metrics: metrics ?? METRICS,
      policies,
      listeners,
      variantListeners,
      learned,
      tuned,
      sequence: sequence?.estimate,
      runs: Object.fromEntries(policies.map(({ name }, p) => [name, runsOf(p)])),
      plays: PATTERN_SESSIONS.binge.plays,
      workers,
      seconds: (performance.now() - begin) / 1000,
    };
  } finally {
    runner.close();
  }
}

/**
 * Learns weights from the choices of simulated listeners: other people than those of the comparison, but of the same
 * kind. Once for all of them together by the conditional logit, and once how they differ, so that anyone's own weights
 * can be learned from few choices.
 */
function learnWeights(collection: Collection, seed: number, listeners: number = 200): Comparison["learned"] {
  const { mean: weights, spread } = LISTENER_WEIGHTS;
  const { sets } = simulateListeners(collection, { users: listeners, steps: CHOICES, seed, weights, spread });
  return {
    pooled: weightsOfFit(fitConditionalLogit(sets)),
    prior: fitTastePrior(sets, { rounds: 30 }),
    listeners,
    choices: sets.chosen.length,
  };
}

/**
 * Chooses the temperature of the weights that are learned from each listener, on listeners of the same kind who take no
 * part in the comparison: every temperature plays to each of them, and of those whose mean regret is within one
 * standard error of the least the highest is taken, for it leaves most to chance (the rule of one standard error:
 * Breiman et al., Classification and regression trees, 1984, section 3.4.3).
 */
async function tuneTemperature(
  collection: Collection,
  { prior }: Comparison["learned"],
  runner: ComparisonRunner,
  { seed = 42, librarySize, validationListeners = 24 }: ComparisonOptions,
): Promise<Comparison["tuned"]> {
  const listeners = expectInteger("validationListeners", validationListeners, 2);
  const temperatures = [1, ...LEARNED_TEMPERATURES].sort(descending);
  const policies = temperatures.map((temperature): ComparedPolicy => ({
    name: `temperature ${temperature}`,
    label: "",
    group: "variant",
    policy: "segue",
    prior,
    temperature,
  }));
  const measures = await runner.run("temperature", listeners, (listener) => ({
    scenario: drawScenario(collection, listener, { seed: seed + VALIDATION_SEED, librarySize }),
    policies,
  }));
  const regrets = temperatures.map((_, t) => Float64Array.from(measures, (own) => own[t].values.regret));
  const best = least(regrets, (values) => mean(values))!;
  const tried = temperatures.map((temperature, t) => {
    const differences = regrets[t].map((regret, l) => regret - best[l]);
    return {
      temperature,
      regret: mean(regrets[t])!,
      excess: mean(differences)!,
      standardError: deviation(differences)! / Math.sqrt(listeners),
    };
  });
  const { temperature } = tried.find(({ excess, standardError }) => excess <= standardError)!;
  return { temperature, listeners, tried };
}

/**
 * Values of a metric: one a listener, in the order of the listeners.
 *
 * @returns The values; NaN where the policy was not played.
 */
export function valuesOf({ runs, listeners }: Comparison, policy: string, metric: MetricName): Float64Array {
  return Float64Array.from(listeners, (_, l) => runs[policy]?.[l]?.values[metric] ?? NaN);
}
