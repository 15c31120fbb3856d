/**
 * Intervals by the bootstrap, over sessions or whole listeners, and paired comparisons.
 *
 * @module
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { mean, quantileSorted, range, sum } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { type Random, randomInteger } from "./random.ts";

/** A 95 % interval. */
export interface IntervalEnds {
  /** Lower end of the 95 % interval. */
  lower: number;
  /** Upper end of it. */
  upper: number;
}

/** An estimate with its interval. */
export interface Interval extends IntervalEnds {
  /** The mean of what was observed. */
  estimate: number;
  /** How many values it rests on. */
  count: number;
}

/** Options of {@linkcode bootstrapMean} and {@linkcode pairedDifference}. */
export interface BootstrapOptions {
  /** Source of randomness. */
  random: Random;
  /** Number of resamples; 1,000 by default. */
  resamples?: number;
  /** Weight of each value, above 0, e.g. the plays of each session; all alike when left out. */
  weights?: ArrayLike<number>;
}

const LEVEL = 0.95;

/** Pairs below which no difference is claimed: with five, all on one side, a sign test's p is still 2 / 2⁵ > 0.05. */
const LEAST_PAIRS = 6;

/**
 * Mean with a 95 % bootstrap interval: the percentile interval (Efron, 1979), expanded for few values as Hesterberg
 * (What teachers should know about the bootstrap, The American Statistician, 2015, section 5.3) proposes, so that it is
 * as wide as Student's: its tail probability is Φ(−√(n / (n − 1)) t) with t Student's quantile of n − 1 degrees of
 * freedom. Missing values (NaN) are left out; with no value at all the estimate is NaN. With weights it is Σ w x / Σ w,
 * and every resample is weighed likewise. Cost O(values × resamples).
 *
 * @param values One value a session or a listener: what is resampled as a whole.
 * @param options Randomness, resamples, weights.
 * @returns Mean and interval; `lower ≤ estimate ≤ upper` but for the rarest of samples.
 * @throws {InputError} When the number of resamples is below 1, or there are not as many weights as values.
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Interval {
  const { random, resamples = 1000, weights } = options;
  expectInteger("resamples", resamples, 1);
  if (weights && weights.length !== values.length) {
    throw new InputError(`Expected ${values.length} weights, one a value, but found ${weights.length}`);
  }
  const known = range(values.length).filter((i) => !Number.isNaN(values[i]));
  const own = weights && Float64Array.from(known, (i) => weights[i]);
  const sums = Float64Array.from(known, (i) => (weights?.[i] ?? 1) * values[i]);
  const count = sums.length;
  if (count === 0) return { estimate: NaN, lower: NaN, upper: NaN, count };
  const drawn = new Int32Array(count);
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < count; i++) drawn[i] = randomInteger(random, count);
    means[b] = sumOver(sums, drawn) / (own ? sumOver(own, drawn) : count);
  }
  const tail = tailProbability(count);
  const sorted = Array.from(means.sort());
  return {
    estimate: sum(sums) / (own ? sum(own) : count),
    lower: quantileSorted(sorted, tail)!,
    upper: quantileSorted(sorted, 1 - tail)!,
    count,
  };
}

function sumOver(values: Float64Array, places: Int32Array): number {
  let total = 0;
  for (let i = 0; i < places.length; i++) total += values[places[i]];
  return total;
}

/** The tail probability of the expanded percentile interval; that of the plain one for a single value. */
function tailProbability(count: number): number {
  if (count < 2) return (1 - LEVEL) / 2;
  return normalCdf(-Math.sqrt(count / (count - 1)) * studentQuantile((1 + LEVEL) / 2, count - 1), 0, 1);
}

/** A paired comparison. */
export interface PairedDifference extends Interval {
  /** Share of the pairs in which the first value is the larger one; ties count half. In [0, 1]. */
  wins: number;
  /** True when the interval does not hold 0, and there are at least six pairs. */
  differs: boolean;
}

/**
 * Compares two policies on the same starts and seeds: the mean of a − b with a bootstrap interval over the pairs. What
 * the pairs have in common (library, start, listener) cancels, which an unpaired comparison would count as noise.
 *
 * @param a One value a session under one policy.
 * @param b The values of the same sessions under the other.
 * @param options Randomness, resamples, weights.
 * @returns Mean difference with its interval, and how often a is larger.
 * @throws {InputError} `Expected 10 values to pair with 10 but found 9`.
 */
export function pairedDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): PairedDifference {
  if (a.length !== b.length) {
    throw new InputError(`Expected ${a.length} values to pair with ${a.length} but found ${b.length}`);
  }
  const differences = Float64Array.from(a, (value, i) => value - b[i]);
  const interval = bootstrapMean(differences, options);
  return {
    ...interval,
    wins: mean(differences, (difference) => (Math.sign(difference) + 1) / 2) ?? NaN,
    differs: interval.count >= LEAST_PAIRS && (interval.lower > 0 || interval.upper < 0),
  };
}
