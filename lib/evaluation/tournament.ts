/**
 * The tournament: every policy plays to the same listeners, from the same starts, at the same hours.
 *
 * @module
 */
import { fitConditionalLogit } from "../choice/conditional_logit.ts";
import { simulateListeners } from "../choice/listeners.ts";
import { expectInteger } from "../errors.ts";
import { startProgress } from "../progress.ts";
import type { Weights } from "../shuffle/weights.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import { METRIC_NAMES, type MetricName, REPEAT_KINDS, type RunMeasures, SIMILARITY_BINS } from "./metrics.ts";
import { contestants, segueVariants, type TournamentPolicy } from "./policies.ts";
import {
  drawScenario,
  type LibraryKind,
  LISTENER_WEIGHTS,
  type ListeningPattern,
  PATTERN_SESSIONS,
  type Scenario,
} from "./scenarios.ts";
import { type SequenceTerm, serveSequenceTerm } from "./sequence_term.ts";
import { measurePolicies } from "./tournament_worker.ts";

/** How a tournament is held. */
export interface TournamentOptions {
  /** Number of simulated listeners; 96 by default, 8 for each kind of library and listening pattern. */
  listeners?: number;
  /** On how many of them the variants of Segue are played as well; half of the listeners by default, 0 for none. */
  variantListeners?: number;
  /** Tracks of a library that is not tiny; 300 by default. */
  librarySize?: number;
  /** Seed of everything random; 42 by default. */
  seed?: number;
  /** Workers; 2 by default, 1 works on the thread at hand. The result does not depend on it. */
  workers?: number;
  /** Learned weights; by default they are learned from choices of 200 other simulated listeners of the same kind. */
  learned?: Weights;
  /** A trained sequence model; with it Segue plays with the sequence term as well. */
  sequence?: SequenceTerm;
}

/** A listener of a tournament. */
export interface TournamentListener {
  /** Number of the listener. */
  listener: number;
  /** Kind of the library. */
  library: LibraryKind;
  /** Listening pattern. */
  pattern: ListeningPattern;
  /** The genre or artist that the library is about; empty for the other kinds. */
  about: string;
  /** Tracks of the library. */
  librarySize: number;
  /** The listener's own weights. */
  weights: Weights;
}

/** What came of a tournament. Missing values are NaN: not every policy plays to every listener. */
export interface Tournament {
  /** The seed. */
  seed: number;
  /** The policies, contestants first. */
  policies: TournamentPolicy[];
  /** The listeners. */
  listeners: TournamentListener[];
  /** How many of the listeners, from the first, the variants were played to. */
  variantListeners: number;
  /** The learned weights. */
  learned: Weights;
  /** Metrics [policies, listeners, metrics], in the order of {@linkcode METRIC_NAMES}. */
  values: Float64Array;
  /** Repeat rates [policies, listeners, 4, 50]: kinds as {@linkcode REPEAT_KINDS}, windows 1 … 50. */
  repeats: Float32Array;
  /** Distribution of the similarity of consecutive plays [policies, listeners, 40], equal bins over [−1, 1]. */
  similarities: Float32Array;
  /** Share of the library heard after each play [policies, listeners, plays]. */
  heard: Float32Array;
  /** Plays of each run. */
  plays: number;
  /** Workers that were used. */
  workers: number;
  /** Wall-clock seconds of learning and playing. */
  seconds: number;
}

/** Weight of the sequence term: a candidate one standard deviation more probable to the model is e times as likely. */
const SEQUENCE_WEIGHT = 1;

/** Listeners and choices of each from whom the weights are learned. */
const TRAINING = { users: 200, steps: 60 };

/**
 * Holds a tournament. Listeners go round the 12 cells of {@linkcode LIBRARY_KINDS} × {@linkcode LISTENING_PATTERNS}; every
 * contestant plays 200 tracks to each of them, the variants of Segue to a part of them. Cost O(listeners × policies ×
 * plays × library); two workers share the listeners.
 *
 * @param world The whole world.
 * @param options Listeners, seed, workers.
 * @returns All metrics of all runs.
 * @throws {InputError} When an option is out of range or the catalogue has fewer than 20 tracks.
 *
 * @example
 * ```ts ignore
 * const tournament = await runTournament(await loadShuffleWorld("data/work/small"), { listeners: 24 });
 * console.table(summarize(tournament).filter(({ metric }) => metric === "regret"));
 * ```
 */
export async function runTournament(world: ShuffleWorld, options: TournamentOptions = {}): Promise<Tournament> {
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
  const learned = options.learned ?? learnWeights(world, seed);
  const main = contestants(learned, options.sequence && SEQUENCE_WEIGHT);
  const variants = variantListeners > 0 ? segueVariants(learned) : [];
  const policies = [...main, ...variants];
  const plays = PATTERN_SESSIONS.binge.plays;
  const width = METRIC_NAMES.length;
  const cells = policies.length * count;
  const repeats = REPEAT_KINDS.length * 50;
  const tournament: Tournament = {
    seed,
    policies,
    listeners: [],
    variantListeners,
    learned,
    values: new Float64Array(cells * width).fill(NaN),
    repeats: new Float32Array(cells * repeats).fill(NaN),
    similarities: new Float32Array(cells * SIMILARITY_BINS).fill(NaN),
    heard: new Float32Array(cells * plays).fill(NaN),
    plays,
    workers,
    seconds: 0,
  };
  const draw = (listener: number) => {
    const scenario = drawScenario(world, listener, { seed, librarySize: options.librarySize });
    const { library, pattern, about, weights, tracks } = scenario;
    tournament.listeners[listener] = { listener, library, pattern, about, librarySize: tracks.length, weights };
    return { scenario, policies: listener < variantListeners ? policies : main };
  };
  const keep = (listener: number, measures: RunMeasures[]) => {
    measures.forEach((measure, p) => {
      const cell = p * count + listener;
      tournament.values.set(measure.values, cell * width);
      tournament.repeats.set(measure.repeats, cell * repeats);
      tournament.similarities.set(measure.similarities, cell * SIMILARITY_BINS);
      tournament.heard.set(measure.heard, cell * plays);
    });
  };
  await playToAll(count, workers, draw, keep, options.sequence);
  tournament.seconds = (performance.now() - begin) / 1000;
  return tournament;
}

/**
 * Learns weights from the choices of simulated listeners by the conditional logit: other people than those of the
 * tournament, but of the same kind.
 *
 * @param world The whole world.
 * @param seed Seed of the choices.
 * @returns The estimates.
 */
export function learnWeights(world: ShuffleWorld, seed: number): Weights {
  const { mean, spread } = LISTENER_WEIGHTS;
  const { sets } = simulateListeners(world, { ...TRAINING, seed, weights: mean, spread });
  const weights = { ...mean };
  for (const { feature, estimate } of fitConditionalLogit(sets).coefficients) {
    weights[feature as keyof Weights] = estimate;
  }
  return weights;
}

/**
 * Values of a metric: one a listener, in the order of the listeners.
 *
 * @param tournament The tournament.
 * @param policy Name of the policy.
 * @param metric Name of the metric.
 * @returns The values; NaN where the policy was not played.
 */
export function valuesOf(tournament: Tournament, policy: string, metric: MetricName): Float64Array {
  const p = tournament.policies.findIndex(({ name }) => name === policy);
  const m = METRIC_NAMES.indexOf(metric);
  const count = tournament.listeners.length;
  return Float64Array.from(
    { length: count },
    (_, l) => p < 0 ? NaN : tournament.values[(p * count + l) * METRIC_NAMES.length + m],
  );
}

interface Job {
  scenario: Scenario;
  policies: TournamentPolicy[];
}

/** Plays to every listener, on workers where there are any; each worker takes the next listener when it is free. */
async function playToAll(
  count: number,
  workers: number,
  draw: (listener: number) => Job,
  keep: (listener: number, measures: RunMeasures[]) => void,
  sequence?: SequenceTerm,
): Promise<void> {
  const bar = startProgress("tournament", count);
  let next = 0;
  let done = 0;
  const finish = (listener: number, measures: RunMeasures[]) => {
    keep(listener, measures);
    bar.update(++done);
  };
  const threads = workers > 1 && typeof Worker !== "undefined"
    ? Array.from({ length: Math.min(workers, count) }, startWorker)
    : [];
  try {
    if (threads.length === 0) {
      const serve = sequence && serveSequenceTerm(sequence);
      for (let listener = 0; listener < count; listener++) {
        const { scenario, policies } = draw(listener);
        finish(listener, measurePolicies(scenario, policies, serve));
      }
    }
    await Promise.all(threads.map(async (thread) => {
      if (sequence) thread.postMessage(sequence);
      while (next < count) {
        const listener = next++;
        finish(listener, await ask(thread, draw(listener)));
      }
    }));
  } finally {
    for (const thread of threads) thread.terminate();
    bar.stop();
  }
}

function startWorker(): Worker {
  return new Worker(new URL("tournament_worker.ts", import.meta.url), { type: "module" });
}

function ask(worker: Worker, job: Job): Promise<RunMeasures[]> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<RunMeasures[]>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A worker of the tournament failed: ${event.message}`));
    };
    worker.postMessage(job);
  });
}
