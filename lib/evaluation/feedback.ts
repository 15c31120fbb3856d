/**
 * Sessions that are answered: a policy plays, a simulated listener keeps, skips or replays, and both go on from there.
 */
import { max, mean, range, rollups, sort, sum } from "d3-array";
import { createListener } from "../listening/simulated_listeners.ts";
import { feedbackChoices, type FeedbackOutcome, type OnlineLearner } from "../choice/online.ts";
import { type Choice, type ChoiceSets, collectChoices } from "../listening/choice_sets.ts";
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { randomInteger, seededRandom } from "../math/random.ts";
import { BASE_TERM_NAMES } from "../score/terms/registry.ts";
import { recommendNext } from "../score/recommend.ts";
import { durationOf } from "../score/session.ts";
import { checkWeights, type Weights } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";

/** Who chooses what is played to one listener. */
export interface FeedbackPlayer {
  /** The weights to choose by in a session, counted from 0; of the base terms alone. */
  weights(session: number): Weights;
  /**
   * What the listener did with a pick.
   *
   * @param difference Values of the base terms for the pick minus their means over the candidates.
   */
  heard?(difference: Float64Array, outcome: FeedbackOutcome): void;
}

/** What was played and what came of it; one entry a pick, listener by listener. */
export interface FeedbackLog {
  /** Listener of each pick. */
  listener: Int32Array;
  /** Session of each pick, from 0 for every listener. */
  session: Int32Array;
  /** 1 where the listener skipped. */
  skipped: Uint8Array;
  /** 1 where the listener played it again. */
  replayed: Uint8Array;
  /** The probability with which the policy chose the pick. */
  probability: Float64Array;
  /** The listener's true probability of keeping the pick. */
  keep: Float64Array;
  /** The highest such probability among the candidates. */
  bestKeep: Float64Array;
  /** Features of each pick minus their means over its candidates, [picks, 5] row-major. */
  differences: Float64Array;
  /** Number of different artists in the session so far over the number of picks so far: 1 when none came twice. */
  artists: Float64Array;
  /** The candidates of every pick, the pick as chosen row, listeners as clusters; when asked for. */
  sets?: ChoiceSets;
  /** The listener's true probability of keeping each candidate, one a row of `sets`; when asked for. */
  keepOfRow?: Float64Array;
}

/**
 * Log-odds of keeping a track that is like the mean candidate. At this level a pick drawn blindly from the candidates is skipped about every second time, as 48.6 % of all plays on
 * a large service are (Lamere 2014, The Skip); see the test.
 */
const KEEP_LEVEL = -0.7;

/** Log-odds of replaying such a track once it was kept. At this level about a tenth of what the hand-set weights choose is played again. An assumption of ours. */
const REPLAY_LEVEL = -5.5;

const OFFER = { neighbors: 12, familiar: 8, liked: 60 };
const HOUR = 3_600_000;
const HEARD_OF_A_SKIP = 15_000;
/** Hours between the starts of sessions: uniform between these. */
const PAUSE: readonly [number, number] = [6, 30];

/**
 * Plays sessions to simulated listeners. A pick j is drawn with P(j) = softmax(θ·x) over the candidates, θ the
 * player's weights, and its probability is logged. The listener with weights w keeps it with probability σ(a + w·(x_j −
 * x̄)), x̄ the mean of the candidates, and replays what was kept with σ(b + w·(x_j − x̄)). Skips, plays and replays
 * enter the listener's state, so that what was played changes what will be offered. Cost O(picks · candidates).
 *
 * @throws {InputError} When an option is out of range.
 */
export function playWithFeedback(
  collection: Collection,
  player: (listener: number) => FeedbackPlayer,
  options: {
    listeners: number;
    /** Number of the first listener. Default 0. */
    first?: number;
    /** Sessions of a listener: a number, or one for each listener. */
    sessions: number | ((listener: number) => number);
    /** Picks of a session. Default 12. */
    plays?: number;
    /** The listener's own weights of the base terms; they may drift from session to session. */
    tastes: (listener: number, session: number) => ArrayLike<number>;
    /** Keep the candidates of every pick: off-policy evaluation needs them. Default false. */
    candidates?: boolean;
    /** Seed; every session of every listener has a stream of its own, the same for all policies. Default 42. */
    seed?: number;
  },
): FeedbackLog {
  const { first = 0, seed = 42 } = options;
  const listeners = expectInteger("listeners", options.listeners, 1);
  const plays = expectInteger("plays", options.plays ?? 12, 1);
  const { sessions } = options;
  const counts = Int32Array.from(
    { length: listeners },
    (_, u) => expectInteger("sessions", typeof sessions === "number" ? sessions : sessions(first + u), 1),
  );
  const { offsets, codes } = collection.artists;
  const log = emptyLog(sum(counts) * plays);
  const offered: (Choice & { keepOf: Float64Array })[] = [];
  let p = 0;
  for (let u = 0; u < listeners; u++) {
    const number = first + u;
    const person = createListener(collection, number, { ...OFFER, seed });
    const { state, liked } = person;
    const mine = player(number);
    let now = person.start;
    for (let session = 0; session < counts[u]; session++) {
      const random = seededRandom(seed, `listener ${number} session ${session}`);
      const taste = options.tastes(number, session);
      if (taste.length !== BASE_TERM_NAMES.length) {
        throw new InputError(
          `Expected ${BASE_TERM_NAMES.length} weights of listener ${number} but found ${taste.length}`,
        );
      }
      const heard = new Set<number>();
      now += (PAUSE[0] + (PAUSE[1] - PAUSE[0]) * random()) * HOUR;
      let current = liked[randomInteger(random, liked.length)];
      state.play(current, now);
      now += durationOf(collection, current);
      for (let i = 0; i < plays; i++, p++) {
        const candidates = person.offer(current, random);
        const shown = recommendNext(current, state, mine.weights(session), { candidates, now });
        if (shown.terms.length > BASE_TERM_NAMES.length) {
          throw new InputError(
            `Expected weights of ${BASE_TERM_NAMES.join(", ")} alone but found ${shown.terms.at(-1)!.name}`,
          );
        }
        const pick = shown.sample(random);
        const { difference, odds } = answerTo(shown.values, pick.index, taste);
        const keepOf = odds.map((value) => sigmoid(KEEP_LEVEL + value));
        const kept = random() < keepOf[pick.index];
        const again = random() < sigmoid(REPLAY_LEVEL + odds[pick.index]) && kept;
        for (let a = offsets[pick.track]; a < offsets[pick.track + 1]; a++) heard.add(codes[a]);
        log.listener[p] = number;
        log.session[p] = session;
        log.skipped[p] = kept ? 0 : 1;
        log.replayed[p] = again ? 1 : 0;
        log.probability[p] = pick.probability;
        log.keep[p] = keepOf[pick.index];
        log.bestKeep[p] = max(keepOf)!;
        log.differences.set(difference, p * BASE_TERM_NAMES.length);
        log.artists[p] = Math.min(1, heard.size / (i + 1));
        if (options.candidates) offered.push({ values: shown.values, chosen: pick.index, cluster: number, keepOf });
        mine.heard?.(difference, kept ? again ? "replay" : "keep" : "skip");
        state.play(pick.track, now);
        if (!kept) state.skip(pick.track, now + HEARD_OF_A_SKIP);
        now += kept ? durationOf(collection, pick.track) : HEARD_OF_A_SKIP;
        if (again) {
          state.play(pick.track, now);
          now += durationOf(collection, pick.track);
        }
        current = pick.track;
      }
    }
  }
  if (!options.candidates) return log;
  const keepOfRow = concatenate(Float64Array, offered.map(({ keepOf }) => keepOf));
  return { ...log, sets: collectChoices(BASE_TERM_NAMES, offered), keepOfRow };
}

/** A player who always chooses by the same weights. */
export function fixedPlayer(weights: Weights): FeedbackPlayer {
  return { weights: () => weights };
}

/**
 * A player who learns from what the listener does.
 *
 * @param learner Weights of the columns of {@linkcode feedbackSets}; it is updated at every pick.
 */
export function learningPlayer(learner: OnlineLearner): FeedbackPlayer {
  return {
    weights: () => weightsFrom(learner.weights.subarray(2)),
    heard(difference, outcome) {
      for (const { values, chosen } of feedbackChoices(difference, outcome)) learner.update(values, chosen);
    },
  };
}

/**
 * Weights by name from the order of the base terms.
 *
 * @throws {InputError} When one is missing or not finite.
 */
export function weightsFrom(values: ArrayLike<number>): Weights {
  return checkWeights(Object.fromEntries(BASE_TERM_NAMES.map((name, f) => [name, values[f]])) as Weights);
}

/**
 * Skips, plays and replays of a log as binary choice sets: what {@linkcode feedbackChoices} says of each pick,
 * listeners as clusters. Fit them by {@linkcode fitConditionalLogit} or {@linkcode fitTastePrior}.
 *
 * @returns Choice sets with the features `keep, replay`, then the base terms.
 */
export function feedbackSets(log: FeedbackLog): ChoiceSets {
  const width = BASE_TERM_NAMES.length;
  const choices = Array.from(log.listener, (cluster, p) => {
    const difference = log.differences.subarray(p * width, (p + 1) * width);
    const outcome = log.skipped[p] ? "skip" : log.replayed[p] ? "replay" : "keep";
    return feedbackChoices(difference, outcome).map((choice) => ({ ...choice, cluster }));
  });
  return collectChoices(["keep", "replay", ...BASE_TERM_NAMES], choices.flat());
}

/** What the listener thinks of each candidate against their mean, w·(x_j − x̄), and the pick's terms against it. */
function answerTo(values: Float64Array, picked: number, taste: ArrayLike<number>) {
  const width = BASE_TERM_NAMES.length;
  const count = values.length / width;
  const means = new Float64Array(width);
  for (let j = 0; j < count; j++) for (let k = 0; k < width; k++) means[k] += values[j * width + k] / count;
  const level = linearUtilities(means, taste)[0];
  return {
    odds: linearUtilities(values, taste).map((utility) => utility - level),
    difference: means.map((centre, k) => values[picked * width + k] - centre),
  };
}

function emptyLog(picks: number): FeedbackLog {
  return {
    listener: new Int32Array(picks),
    session: new Int32Array(picks),
    skipped: new Uint8Array(picks),
    replayed: new Uint8Array(picks),
    probability: new Float64Array(picks),
    keep: new Float64Array(picks),
    bestKeep: new Float64Array(picks),
    differences: new Float64Array(picks * BASE_TERM_NAMES.length),
    artists: new Float64Array(picks),
  };
}

function sigmoid(odds: number): number {
  return 1 / (1 + Math.exp(-odds));
}

/**
 * What was lost against the best candidate, session by session. Listeners must have as many sessions each.
 *
 * @returns One row a session: one value a listener, the keep probability of the best candidate minus that of the pick as
 * the mean over the session.
 */
export function regretBySession(log: FeedbackLog): { session: number; regret: Float64Array }[] {
  const lost = (picks: number[]) => mean(picks, (p) => log.bestKeep[p] - log.keep[p])!;
  const sessions = rollups(range(log.listener.length), lost, (p) => log.session[p], (p) => log.listener[p]);
  return sort(sessions, ([session]) => session).map(([session, listeners]) => ({
    session,
    regret: Float64Array.from(listeners, ([, regret]) => regret),
  }));
}
