/** Intervals by the bootstrap, over sessions or whole listeners, and paired comparisons. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { mean, quantileSorted, range } from "d3-array";
import { type Random, randomInteger } from "./random.ts";

/** A 95 % interval. */
export interface IntervalEnds {
  /** Its lower end. */
  lower: number;
  /** Its upper end. */
  upper: number;
}

/** An estimate with its interval. */
export interface Interval extends IntervalEnds {
  /** The mean of what was observed. */
  estimate: number;
  /** How many values it rests on. */
  count: number;
}

/** Options of the bootstrap. */
export interface BootstrapOptions {
  random: Random;
  /** Number of resamples; 1,000 by default. */
  resamples?: number;
  /** Weight of each value, above 0, e.g. the plays of each session; all alike when left out. */
  weights?: ArrayLike<number>;
  /** The plain percentile interval, for many values: it is not widened, and its ends are resamples. False by default. */
  plain?: boolean;
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
 * @returns Mean and interval; `lower ≤ estimate ≤ upper` but for the rarest of samples.
 * @throws {RangeError} When the number of resamples is below 1, or there are not as many weights as values.
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Interval {
  const { weights } = options;
  if (!weights) return bootstrapRatio(values, undefined, options);
  if (weights.length !== values.length) {
    throw new RangeError(`Expected ${values.length} weights, one a value, but found ${weights.length}`);
  }
  return bootstrapRatio(Float64Array.from(values, (value, i) => weights[i] * value), weights, options);
}

/**
 * Ratio of two sums with a 95 % bootstrap interval, as {@linkcode bootstrapMean} has it: both are summed over the same
 * resample.
 *
 * @param values What is summed above the line, one value a session, listener or playlist.
 * @param over What is summed below it; 1 for each value when left out. A ratio over 0 is 0.
 * @returns Σ values / Σ over with its interval.
 * @throws {RangeError} When the number of resamples is below 1.
 */
export function bootstrapRatio(
  values: ArrayLike<number>,
  over: ArrayLike<number> | undefined,
  { random, resamples = 1000, plain = false }: Omit<BootstrapOptions, "weights">,
): Interval {
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`Expected resamples to be an integer of at least 1 but found ${resamples}`);
  }
  const known = range(values.length).filter((i) => !Number.isNaN(values[i]));
  const above = Float64Array.from(known, (i) => values[i]);
  const below = Float64Array.from(known, (i) => over?.[i] ?? 1);
  const count = known.length;
  if (count === 0) return { estimate: NaN, lower: NaN, upper: NaN, count };
  const ratio = (places: ArrayLike<number>) => {
    let [top, bottom] = [0, 0];
    for (let i = 0; i < count; i++) {
      top += above[places[i]];
      bottom += below[places[i]];
    }
    return bottom === 0 ? 0 : top / bottom;
  };
  const drawn = new Int32Array(count);
  const found = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < count; i++) drawn[i] = randomInteger(random, count);
    found[b] = ratio(drawn);
  }
  const sorted = Array.from(found.sort());
  const tail = plain ? (1 - LEVEL) / 2 : tailProbability(count);
  const cut = Math.floor(tail * resamples);
  return {
    estimate: ratio(range(count)),
    lower: plain ? sorted[cut] : quantileSorted(sorted, tail)!,
    upper: plain ? sorted[resamples - 1 - cut] : quantileSorted(sorted, 1 - tail)!,
    count,
  };
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
 * @returns Mean difference with its interval, and how often a is larger.
 * @throws {RangeError} `Expected 10 values to pair with 10 but found 9`.
 */
export function pairedDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): PairedDifference {
  if (a.length !== b.length) {
    throw new RangeError(`Expected ${a.length} values to pair with ${a.length} but found ${b.length}`);
  }
  const differences = Float64Array.from(a, (value, i) => value - b[i]);
  const interval = bootstrapMean(differences, options);
  return {
    ...interval,
    wins: mean(differences, (difference) => (Math.sign(difference) + 1) / 2) ?? NaN,
    differs: interval.count >= LEAST_PAIRS && (interval.lower > 0 || interval.upper < 0),
  };
}
