/**
 * The A/B test: two arms compared listener by listener, what goes wrong session by session, how many listeners it
 * takes, and how a pre-period makes it fewer.
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import studentCdf from "@stdlib/stats-base-dists-t-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { deviation, group, mean, range, rollups, sum, variance } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { type Random, randomInteger, shuffleInPlace } from "../math/random.ts";
import type { IntervalEnds } from "../math/bootstrap.ts";
import type { FeedbackLog } from "./feedback.ts";

/** The power that an experiment is planned for. */
const POWER = 0.8;

/**
 * Compares two arms by Welch's t-test (Welch 1947): variances may differ. Each value must be of a unit that was
 * randomised on its own: a listener.
 *
 * @param control One value a unit of the control, at least 2.
 * @param treatment One value a unit of the treatment, at least 2.
 * @returns Mean of the treatment minus mean of the control, with its standard error, two-sided p-value and 95 % interval;
 * p is 1 when nothing varies and nothing differs.
 * @throws {InputError} When an arm has fewer than 2 values.
 *
 * @example
 * ```ts
 * import { compareArms } from "./experiment.ts";
 * import assert from "node:assert/strict";
 *
 * const { difference, standardError } = compareArms([1, 2, 3], [2, 4, 6]);
 * assert.equal(difference, 2);
 * assert(Math.abs(standardError - Math.sqrt(1 / 3 + 4 / 3)) < 1e-12);
 * ```
 */
export function compareArms(
  control: ArrayLike<number>,
  treatment: ArrayLike<number>,
): IntervalEnds & { difference: number; standardError: number; p: number } {
  const [a, b] = [enough(control), enough(treatment)];
  const difference = mean(b)! - mean(a)!;
  const [va, vb] = [variance(a)! / a.length, variance(b)! / b.length];
  const standardError = Math.sqrt(va + vb);
  if (standardError === 0) {
    const p = difference === 0 ? 1 : 0;
    return { difference, standardError, p, lower: difference, upper: difference };
  }
  const degreesOfFreedom = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  const half = studentQuantile(0.975, degreesOfFreedom) * standardError;
  return {
    difference,
    standardError,
    p: 2 * studentCdf(-Math.abs(difference) / standardError, degreesOfFreedom),
    lower: difference - half,
    upper: difference + half,
  };
}

/**
 * CUPED (Deng, Xu, Kohavi and Walker 2013): y − θ (x − x̄) with θ = cov(x, y) / var(x). x was measured before the
 * experiment, so it cannot depend on the arm, and the difference of the arms keeps its expectation. Adjust both arms
 * together.
 *
 * @param outcome The metric in the experiment, one value a unit.
 * @param covariate The same metric before it, one value a unit.
 * @returns Adjusted values, one a unit, of the same mean; and the correlation of outcome and covariate: its square is
 * the share of the variance that is gone.
 * @throws {InputError} When the lengths differ or there are fewer than 2 units.
 */
export function cuped(
  outcome: ArrayLike<number>,
  covariate: ArrayLike<number>,
): { values: Float64Array; correlation: number } {
  if (outcome.length !== covariate.length) {
    throw new InputError(`Expected ${outcome.length} values of the pre-period but found ${covariate.length}`);
  }
  const [y, x] = [enough(outcome), enough(covariate)];
  const [my, mx] = [mean(y)!, mean(x)!];
  const covariance = sum(y, (value, i) => (value - my) * (x[i] - mx)) / (y.length - 1);
  const [sy, sx] = [deviation(y)!, deviation(x)!];
  const theta = sx > 0 ? covariance / sx ** 2 : 0;
  const correlation = sx > 0 && sy > 0 ? covariance / (sx * sy) : 0;
  return { values: y.map((value, i) => value - theta * (x[i] - mx)), correlation };
}

/**
 * A/A experiments: listeners are split in halves at random, nothing is done, and the halves are compared. The right
 * analysis finds a difference in 5 % of them. Sessions of one listener are alike, so counting them as independent finds
 * too many.
 *
 * @param options `unit`: what is counted as one observation; `experiments`: how many, 1,000 by default.
 * @returns The share of the experiments with p < 0.05, with its interval (Wilson), and how many they were.
 * @throws {InputError} When the lengths differ or there are fewer than 4 listeners.
 */
export function falsePositives(
  values: ArrayLike<number>,
  listeners: ArrayLike<number>,
  options: { unit: "listener" | "session"; random: Random; experiments?: number },
): IntervalEnds & { rate: number; experiments: number } {
  const experiments = expectInteger("experiments", options.experiments ?? 1000, 1);
  const groups = groupValues(values, listeners);
  if (groups.length < 4) throw new InputError(`Expected at least 4 listeners but found ${groups.length}`);
  const observed = options.unit === "session" ? groups : groups.map((group) => [mean(group)!]);
  const order = Int32Array.from(groups, (_, g) => g);
  const half = groups.length >> 1;
  let found = 0;
  for (let e = 0; e < experiments; e++) {
    shuffleInPlace(order, options.random);
    const arm = (from: number, to: number) => Array.from(order.subarray(from, to)).flatMap((g) => observed[g]);
    if (compareArms(arm(0, half), arm(half, order.length)).p < 0.05) found++;
  }
  return { ...wilson(found, experiments), experiments };
}

/**
 * By how much the variance of a mean over sessions is larger than that of as many independent values: Kish's design
 * effect, from the sum over listeners of the squared sums of residuals.
 *
 * @returns The ratio of the variances; 1 when sessions of a listener are no more alike than others.
 * @throws {InputError} When the lengths differ or there are fewer than 2 listeners.
 */
export function designEffect(values: ArrayLike<number>, listeners: ArrayLike<number>): number {
  const groups = groupValues(values, listeners);
  if (groups.length < 2) throw new InputError(`Expected at least 2 listeners but found ${groups.length}`);
  const all = enough(values);
  const [centre, spread] = [mean(all)!, variance(all)! / all.length];
  const clustered = sum(groups, (group) => sum(group, (value) => value - centre) ** 2) / all.length ** 2 *
    groups.length / (groups.length - 1);
  return spread > 0 ? clustered / spread : 1;
}

/** What it takes to find a difference. */
export interface PowerAnalysis {
  /** The difference to be found: mean of the treatment minus mean of the control. */
  effect: number;
  /** For each size the share of the experiments that found it (p < 0.05, in its direction), with its interval (Wilson). */
  points: (IntervalEnds & { listeners: number; power: number })[];
  /**
   * Listeners an arm at which these points reach a power of 0.8, rounded up; NaN when fewer than 2 of them lie between 0
   * and 1, or they do not rise.
   */
  needed: number;
  /** The textbook's n = 2 s² (z_{1−α/2} + z_{power})² / Δ² for the same power, rounded up. */
  byFormula: number;
  /** Power by the normal approximation, Φ(|Δ| / (s √(2/n)) − z_{0.975}), for n listeners an arm. */
  formula(listeners: number): number;
}

/**
 * Power by simulation: experiments of n listeners an arm are drawn from a population (with replacement) and analysed
 * as the real one will be, by Welch's test, after CUPED where there is a pre-period. No formula for the variance is
 * trusted; what the formula says, with s the standard deviation within the arms, is told beside it.
 *
 * @param population What each listener would do under control and under treatment, and did `before` the experiment, for
 * {@linkcode cuped}: one value a listener.
 * @param options `sizes`: listeners an arm; `experiments` of each size, 400 by default.
 * @throws {InputError} When the arrays differ in length, have the same mean under both, or a size is below 2.
 */
export function simulatePower(
  population: { control: ArrayLike<number>; treatment: ArrayLike<number>; before?: ArrayLike<number> },
  options: { sizes: readonly number[]; random: Random; experiments?: number },
): PowerAnalysis {
  const { control, treatment, before } = population;
  const count = control.length;
  if (treatment.length !== count || (before && before.length !== count)) {
    throw new InputError(`Expected as many outcomes under treatment as under control: ${count}`);
  }
  const experiments = expectInteger("experiments", options.experiments ?? 400, 1);
  const effect = mean(enough(treatment))! - mean(enough(control))!;
  if (!(Math.abs(effect) > 0)) throw new InputError(`Expected an effect but found ${effect}`);
  const points = options.sizes.map((size) => {
    expectInteger("listeners", size, 2);
    const outcome = new Float64Array(2 * size);
    const covariate = new Float64Array(2 * size);
    let found = 0;
    for (let e = 0; e < experiments; e++) {
      for (let i = 0; i < 2 * size; i++) {
        const who = randomInteger(options.random, count);
        outcome[i] = i < size ? control[who] : treatment[who];
        if (before) covariate[i] = before[who];
      }
      const values = before ? cuped(outcome, covariate).values : outcome;
      const { p, difference } = compareArms(values.subarray(0, size), values.subarray(size));
      if (p < 0.05 && Math.sign(difference) === Math.sign(effect)) found++;
    }
    const { rate, lower, upper } = wilson(found, experiments);
    return { listeners: size, power: rate, lower, upper };
  });
  const both = Float64Array.from([...Array.from(control), ...Array.from(treatment)]);
  const values = before ? cuped(both, [...Array.from(before), ...Array.from(before)]).values : both;
  const s = Math.sqrt((variance(values.subarray(0, count))! + variance(values.subarray(count))!) / 2);
  const z = normalQuantile(0.975, 0, 1);
  return {
    effect,
    points,
    needed: listenersForPower(points),
    byFormula: Math.ceil(2 * (s * (z + normalQuantile(POWER, 0, 1)) / effect) ** 2),
    formula: (listeners) => normalCdf(Math.abs(effect) / (s * Math.sqrt(2 / listeners)) - z, 0, 1),
  };
}

/**
 * Where a simulated curve reaches the power: a straight line of the probit of the power in the root of the number is
 * fitted through all points that are neither 0 nor 1, as the normal approximation has it.
 */
function listenersForPower(points: PowerAnalysis["points"]): number {
  const usable = points.filter((point) => point.power > 0 && point.power < 1);
  if (usable.length < 2) return NaN;
  const x = usable.map(({ listeners }) => Math.sqrt(listeners));
  const y = usable.map((point) => normalQuantile(point.power, 0, 1));
  // A point in the middle says most of where the curve crosses: weights of the binomial and the density of the probit.
  const w = usable.map((point, i) => Math.exp(-(y[i] ** 2)) / (point.power * (1 - point.power)));
  const [mx, my] = [x, y].map((values) => sum(w, (weight, i) => weight * values[i]) / sum(w));
  const slope = sum(w, (weight, i) => weight * (x[i] - mx) * (y[i] - my)) /
    sum(w, (weight, i) => weight * (x[i] - mx) ** 2);
  if (!(slope > 0)) return NaN;
  return Math.ceil((mx + (normalQuantile(POWER, 0, 1) - my) / slope) ** 2);
}

/**
 * Sums a log up by listener: the unit that is randomised.
 *
 * @param to One past the last session counted; all that follow when left out.
 * @returns One value a listener with at least one such session: the share of the picks that were skipped; and as means
 * over the sessions the picks played to the end, the replays, and the different artists over picks.
 */
export function listenerOutcomes(
  log: FeedbackLog,
  from: number = 0,
  to: number = Infinity,
): Record<"skipRate" | "completed" | "replays" | "artists", Float64Array> & { listeners: Int32Array } {
  const of = sessionOutcomes(log, from, to);
  const people = [...group(range(of.listener.length), (s) => of.listener[s]).values()];
  const each = (value: (sessions: number[]) => number) => Float64Array.from(people, value);
  return {
    listeners: Int32Array.from(people, ([first]) => of.listener[first]),
    skipRate: each((sessions) => sum(sessions, (s) => of.skips[s]) / sum(sessions, (s) => of.picks[s])),
    completed: each((sessions) => mean(sessions, (s) => of.picks[s] - of.skips[s])!),
    replays: each((sessions) => mean(sessions, (s) => of.replays[s])!),
    artists: each((sessions) => mean(sessions, (s) => of.artists[s])!),
  };
}

/**
 * Sums a log up by session.
 *
 * @returns One value a session: its listener, how many picks, skips and replays, and the different artists over picks.
 */
export function sessionOutcomes(
  log: FeedbackLog,
  from: number = 0,
  to: number = Infinity,
): Record<"picks" | "skips" | "replays" | "artists", Float64Array> & { listener: Int32Array } {
  const picks = range(log.listener.length).filter((p) => log.session[p] >= from && log.session[p] < to);
  const sessions = [...group(picks, (p) => `${log.listener[p]} ${log.session[p]}`).values()];
  const each = (value: (picks: number[]) => number) => Float64Array.from(sessions, value);
  return {
    listener: Int32Array.from(sessions, ([first]) => log.listener[first]),
    picks: each((picks) => picks.length),
    skips: each((picks) => sum(picks, (p) => log.skipped[p])),
    replays: each((picks) => sum(picks, (p) => log.replayed[p])),
    artists: each((picks) => log.artists[picks.at(-1)!]),
  };
}

/** Share with Wilson's 95 % interval (Wilson 1927). */
function wilson(found: number, count: number): IntervalEnds & { rate: number } {
  const z = normalQuantile(0.975, 0, 1);
  const rate = found / count;
  const centre = (rate + z * z / (2 * count)) / (1 + z * z / count);
  const half = z / (1 + z * z / count) * Math.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count));
  return { rate, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}

function enough(values: ArrayLike<number>): Float64Array {
  if (values.length < 2) throw new InputError(`Expected at least 2 values but found ${values.length}`);
  return new Float64Array(values);
}

function groupValues(values: ArrayLike<number>, groups: ArrayLike<number>): number[][] {
  if (values.length !== groups.length) {
    throw new InputError(`Expected ${values.length} listeners, one a session, but found ${groups.length}`);
  }
  return rollups(range(values.length), (own) => own.map((i) => values[i]), (i) => groups[i]).map(([, own]) => own);
}
