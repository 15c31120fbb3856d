/**
 * The tournament: every policy plays to the same listeners, from the same starts, at the same hours.
 *
 * @module
 */
import { descending, deviation, least, mean } from "d3-array";
import { fitConditionalLogit } from "../choice/conditional_logit.ts";
import { simulateListeners } from "../listening/simulated_listeners.ts";
import { fitTastePrior, type TastePrior } from "../choice/personal.ts";
import { weightsOfFit } from "../choice/weights_file.ts";
import { expectInteger } from "../data/errors.ts";
import { startProgress } from "../data/progress.ts";
import type { Weights } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import type { MetricName, RunMeasures } from "./metrics.ts";
import {
  contestants,
  LEARNED_TEMPERATURES,
  type LearnedParts,
  segueVariants,
  type TournamentPolicy,
} from "./policies.ts";
import { drawScenario, LISTENER_WEIGHTS, PATTERN_SESSIONS, type Scenario, type ScenarioOptions } from "./scenarios.ts";
import {
  type SequenceEstimate,
  type SequenceTerm,
  serveSequenceTerm,
  type WeighedSequenceTerm,
} from "../hybrid/sequence_term.ts";
import { measurePolicies } from "./comparison_worker.ts";
import { askWorker, startWorkers } from "../math/workers.ts";

/** How a tournament is held. */
export interface TournamentOptions extends ScenarioOptions {
  /** Number of simulated listeners; 96 by default, 8 for each kind of library and listening pattern. */
  listeners?: number;
  /** On how many of them the variants of Segue are played as well; half of the listeners by default, 0 for none. */
  variantListeners?: number;
  /** Workers; 2 by default, 1 works on the thread at hand. The result does not depend on it. */
  workers?: number;
  /** Weights learned elsewhere, in place of those learned here from all listeners at once. */
  learned?: Weights;
  /** Other listeners of the same kind, from whose choices weights are learned; 200 by default. */
  teachers?: number;
  /** Other listeners again, on whom the temperature of the learned weights is chosen; 24 by default. */
  validators?: number;
  /** A trained sequence model; with it Segue plays with the sequence term as well. */
  sequence?: WeighedSequenceTerm;
  /** Who plays; `workers` threads of this process by default. The result does not depend on it. */
  crew?: TournamentCrew;
}

/** What is played to one listener. It can be sent to a worker. */
export interface TournamentJob {
  /** The listener. */
  scenario: Scenario;
  /** The policies that play. */
  policies: TournamentPolicy[];
}

/** Who plays. */
export interface TournamentCrew {
  /**
   * Plays to every listener; each worker takes the next listener when it is free.
   *
   * @param label Name of the progress bar.
   * @param count Number of listeners.
   * @param draw Draws a listener.
   * @returns What was measured: for every listener an entry a policy.
   */
  play(label: string, count: number, draw: (listener: number) => TournamentJob): Promise<RunMeasures[][]>;
  /** Ends the workers. */
  dismiss(): void;
}

/** A listener of a tournament. */
export interface TournamentListener extends Pick<Scenario, "listener" | "library" | "pattern" | "about" | "weights"> {
  /** Tracks of the library. */
  librarySize: number;
}

/** What came of a tournament. */
export interface Tournament {
  /** The seed. */
  seed: number;
  /** The policies, contestants first. */
  policies: TournamentPolicy[];
  /** The listeners. */
  listeners: TournamentListener[];
  /** How many of the listeners, from the first, the variants were played to. */
  variantListeners: number;
  /** What was learned from other listeners. */
  learned: LearnedWeights;
  /** How the temperature of the weights learned from each listener was chosen. */
  tuned: TunedTemperature;
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

/** What is learned from listeners who take no part in the tournament. */
export interface LearnedWeights extends Pick<LearnedParts, "pooled" | "prior"> {
  /** Number of listeners learned from. */
  listeners: number;
  /** Number of their choices. */
  choices: number;
}

/** The choice of a temperature on listeners who take no part in the tournament. */
export interface TunedTemperature {
  /** The temperature chosen. */
  temperature: number;
  /** Number of listeners it was chosen on. */
  listeners: number;
  /** What was tried: mean regret, and how much more it is than the least, with the standard error of that difference. */
  tried: { temperature: number; regret: number; excess: number; standardError: number }[];
}

/** Choices of each listener from whom weights are learned. */
const CHOICES = 60;

/** Added to the seed for the listeners on whom the temperature is chosen: other people than those of the tournament. */
const VALIDATION_SEED = 1_000_003;

/**
 * Holds a tournament. Listeners go round the 12 cells of {@linkcode LIBRARY_KINDS} × {@linkcode LISTENING_PATTERNS};
 * every contestant plays 200 tracks to each of them, the variants of Segue to a part of them. Cost O(listeners ×
 * policies × plays × library); two workers share the listeners.
 *
 * @param collection The whole collection.
 * @param options Listeners, seed, workers.
 * @returns All metrics of all runs.
 * @throws {InputError} When an option is out of range or the catalogue has fewer than 20 tracks.
 *
 * @example
 * ```ts ignore
 * const tournament = await runTournament(await loadCollection("data/work/small"), { listeners: 24 });
 * console.table(summarize(tournament).filter(({ metric }) => metric === "regret"));
 * ```
 */
export async function runTournament(collection: Collection, options: TournamentOptions = {}): Promise<Tournament> {
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
  const librarySize = options.librarySize;
  const found = learnWeights(collection, seed, options.teachers);
  const learned = { ...found, pooled: options.learned ?? found.pooled };
  const crew = options.crew ?? hireWorkers(Math.min(workers, count), options.sequence);
  try {
    const tuned = await tuneTemperature(collection, learned.prior, crew, {
      seed,
      librarySize,
      count: options.validators,
    });
    const { temperature } = tuned;
    const parts = { ...learned, temperature, sequence: options.sequence?.weight };
    const main = contestants(parts);
    const policies = [...main, ...(variantListeners > 0 ? segueVariants(parts) : [])];
    const listeners: TournamentListener[] = [];
    const measures = await crew.play("tournament", count, (listener) => {
      const scenario = drawScenario(collection, listener, { seed, librarySize });
      const { library, pattern, about, weights, tracks } = scenario;
      listeners[listener] = { listener, library, pattern, about, librarySize: tracks.length, weights };
      return { scenario, policies: listener < variantListeners ? policies : main };
    });
    const runsOf = (p: number) => measures.flatMap((own) => own.slice(p, p + 1));
    return {
      seed,
      policies,
      listeners,
      variantListeners,
      learned,
      tuned,
      sequence: options.sequence?.estimate,
      runs: Object.fromEntries(policies.map(({ name }, p) => [name, runsOf(p)])),
      plays: PATTERN_SESSIONS.binge.plays,
      workers,
      seconds: (performance.now() - begin) / 1000,
    };
  } finally {
    crew.dismiss();
  }
}

/**
 * Learns weights from the choices of simulated listeners: other people than those of the tournament, but of the same
 * kind. Once for all of them together by the conditional logit, and once how they differ, so that anyone's own weights
 * can be learned from few choices.
 *
 * @param collection The whole collection.
 * @param seed Seed of the choices.
 * @param listeners Number of listeners, each with 60 choices; 200 by default.
 * @returns What was learned.
 */
function learnWeights(collection: Collection, seed: number, listeners: number = 200): LearnedWeights {
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
 * part in the tournament: every temperature plays to each of them, and of those whose mean regret is within one
 * standard error of the least the highest is taken, for it leaves most to chance (the rule of one standard error:
 * Breiman et al., Classification and regression trees, 1984, section 3.4.3).
 */
async function tuneTemperature(
  collection: Collection,
  prior: TastePrior,
  crew: TournamentCrew,
  { seed, librarySize, count = 24 }: { seed: number; librarySize?: number; count?: number },
): Promise<TunedTemperature> {
  const listeners = expectInteger("validators", count, 2);
  const temperatures = [1, ...LEARNED_TEMPERATURES].sort(descending);
  const policies = temperatures.map((temperature): TournamentPolicy => ({
    name: `temperature ${temperature}`,
    label: "",
    group: "variant",
    policy: "segue",
    prior,
    temperature,
  }));
  const measures = await crew.play("temperature", listeners, (listener) => ({
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
 * @param tournament The tournament.
 * @param policy Name of the policy.
 * @param metric Name of the metric.
 * @returns The values; NaN where the policy was not played.
 */
export function valuesOf({ runs, listeners }: Tournament, policy: string, metric: MetricName): Float64Array {
  return Float64Array.from(listeners, (_, l) => runs[policy]?.[l]?.values[metric] ?? NaN);
}

function hireWorkers(wanted: number, sequence?: SequenceTerm): TournamentCrew {
  const threads = startWorkers(new URL("comparison_worker.ts", import.meta.url), wanted);
  const serve = threads.length === 0 && sequence ? serveSequenceTerm(sequence) : undefined;
  if (sequence) { for (const thread of threads) thread.postMessage(sequence); }
  const players = threads.length > 0
    ? threads.map((thread) => (job: TournamentJob) => askWorker<RunMeasures[]>(thread, job))
    : [({ scenario, policies }: TournamentJob) => measurePolicies(scenario, policies, serve)];
  return {
    async play(label, count, draw) {
      const bar = startProgress(label, count);
      const measures: RunMeasures[][] = [];
      let [next, done] = [0, 0];
      try {
        await Promise.all(players.map(async (play) => {
          while (next < count) {
            const listener = next++;
            measures[listener] = await play(draw(listener));
            bar.update(++done);
          }
        }));
      } finally {
        bar.stop();
      }
      return measures;
    },
    dismiss() {
      for (const thread of threads) thread.terminate();
    },
  };
}
