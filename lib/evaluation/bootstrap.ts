/**
 * Intervals by the bootstrap, over sessions or whole listeners, and paired comparisons.
 *
 * @module
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { expectInteger, expectNumber, InputError } from "../errors.ts";
import { type Random, randomInteger, seededRandom } from "../random.ts";

/** An estimate with its interval. */
export interface Interval {
  /** The mean of what was observed. */
  estimate: number;
  /** Lower end. */
  lower: number;
  /** Upper end. */
  upper: number;
  /** How many values (or groups) it rests on. */
  count: number;
}

/** Options of {@linkcode bootstrapMean} and {@linkcode pairedDifference}. */
export interface BootstrapOptions {
  /** Source of randomness. */
  random: Random;
  /** Number of resamples; 1,000 by default. */
  resamples?: number;
  /** Resamples drawn once for many intervals, from {@linkcode sharedDraws}; `random` is then not used. */
  draws?: (count: number, resamples: number) => Int32Array | undefined;
  /** Level of the interval in (0, 1); 0.95 by default. */
  level?: number;
  /**
   * Group of each value, e.g. the listener of each session: groups are resampled whole, for the sessions of one
   * listener depend on each other (Davison & Hinkley, Bootstrap methods and their application, 1997, section 3.8).
   */
  groups?: ArrayLike<number>;
  /** Weight of each value, above 0, e.g. the plays of each session; all alike when left out. */
  weights?: ArrayLike<number>;
}

/** Pairs below which no difference is claimed: with five, all on one side, a sign test's p is still 2 / 2⁵ > 0.05. */
const LEAST_PAIRS = 6;

/**
 * Mean with a bootstrap interval: the percentile interval (Efron, 1979), expanded for few values as Hesterberg (What
 * teachers should know about the bootstrap, The American Statistician, 2015, section 5.3) proposes, so that it is as
 * wide as Student's: its tail probability is Φ(−√(n / (n − 1)) t) with t Student's quantile of n − 1 degrees of
 * freedom. Missing values (NaN) are left out; with no value at all the estimate is NaN. With weights it is Σ w x / Σ w,
 * and every resample is weighed likewise. Cost O(groups × resamples).
 *
 * @param values One value a session.
 * @param options Randomness, resamples, level, groups, weights.
 * @returns Mean and interval; `lower ≤ estimate ≤ upper` but for the rarest of samples.
 * @throws {InputError} When the level or the number of resamples is out of range, or groups or weights are not as many
 * as the values.
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Interval {
  const { random, resamples = 1000, level = 0.95, groups, weights } = options;
  expectInteger("resamples", resamples, 1);
  expectNumber("level", level, 1e-9, 1 - 1e-9);
  expectOneEach("groups", groups, values.length);
  expectOneEach("weights", weights, values.length);
  const { sums, counts } = sumByGroup(values, groups, weights);
  const count = sums.length;
  if (count === 0) return { estimate: NaN, lower: NaN, upper: NaN, count };
  const means = new Float64Array(resamples);
  const table = options.draws?.(count, resamples);
  const drawn = new Int32Array(count);
  for (let b = 0; b < resamples; b++) {
    if (!table) { for (let g = 0; g < count; g++) drawn[g] = randomInteger(random, count); }
    means[b] = meanOfDraws(sums, counts, table ? table.subarray(b * count, (b + 1) * count) : drawn);
  }
  means.sort();
  const tail = expandedTail(level, count);
  let total = 0;
  let size = 0;
  for (let g = 0; g < count; g++) {
    total += sums[g];
    size += counts?.[g] ?? 1;
  }
  return {
    estimate: total / size,
    lower: quantile(means, tail),
    upper: quantile(means, 1 - tail),
    count,
  };
}

/** Largest table of draws that is kept, in elements: 256 MiB. */
const LARGEST_TABLE = 2 ** 26;

/**
 * Draws the resamples of a bootstrap once for many intervals: what a metric costs is then one pass over a table instead
 * of as many random numbers. That intervals share their resamples does not change any of them.
 *
 * @param seed Seed.
 * @returns For a number of groups and of resamples the groups drawn [resamples, groups], the same at every call;
 * `undefined` when the table would be too large.
 */
export function sharedDraws(seed: number): (count: number, resamples: number) => Int32Array | undefined {
  const tables = new Map<string, Int32Array>();
  return (count, resamples) => {
    if (count * resamples > LARGEST_TABLE) return undefined;
    const key = `${count}/${resamples}`;
    let table = tables.get(key);
    if (!table) {
      const random = seededRandom(seed, `draws ${key}`);
      table = Int32Array.from({ length: count * resamples }, () => randomInteger(random, count));
      tables.set(key, table);
    }
    return table;
  };
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
 * @param options Randomness, resamples, level, groups.
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
  const differences = Float64Array.from(Array.from(a), (value, i) => value - b[i]);
  const interval = bootstrapMean(differences, options);
  let wins = 0;
  let pairs = 0;
  for (const difference of differences) {
    if (Number.isNaN(difference)) continue;
    pairs++;
    wins += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
  }
  return {
    ...interval,
    wins: pairs ? wins / pairs : NaN,
    differs: pairs >= LEAST_PAIRS && (interval.lower > 0 || interval.upper < 0),
  };
}

/**
 * Quantile of sorted values by linear interpolation: type 7 of Hyndman & Fan (1996), as NumPy's default.
 *
 * @param sorted Values sorted upwards, at least one.
 * @param p Probability in [0, 1].
 * @returns The quantile.
 * @throws {InputError} When there is no value or p is not in [0, 1].
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) throw new InputError("Expected at least one value but found none");
  const place = expectNumber("p", p, 0, 1) * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** The tail probability of the expanded percentile interval; that of the plain one for a single value. */
function expandedTail(level: number, count: number): number {
  if (count < 2) return (1 - level) / 2;
  return normalCdf(-Math.sqrt(count / (count - 1)) * studentQuantile((1 + level) / 2, count - 1), 0, 1);
}

/** Mean over the groups drawn; where every group is one value, the number of values needs no adding up. */
function meanOfDraws(sums: Float64Array, counts: Float64Array | undefined, drawn: Int32Array): number {
  let total = 0;
  for (let g = 0; g < drawn.length; g++) total += sums[drawn[g]];
  if (!counts) return total / drawn.length;
  let size = 0;
  for (let g = 0; g < drawn.length; g++) size += counts[drawn[g]];
  return total / size;
}

/** Weighted sum and weight of the values of each group; no weights where every value is a group of its own and weighs 1. */
function sumByGroup(
  values: ArrayLike<number>,
  groups?: ArrayLike<number>,
  weights?: ArrayLike<number>,
): { sums: Float64Array; counts?: Float64Array } {
  if (!groups && !weights) {
    return { sums: Float64Array.from(Array.from(values).filter((value) => !Number.isNaN(value))) };
  }
  const place = new Map<number, number>();
  const sums: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const group = groups?.[i] ?? i;
    let at = place.get(group);
    if (at === undefined) {
      place.set(group, at = sums.length);
      sums.push(0);
      counts.push(0);
    }
    const weight = weights?.[i] ?? 1;
    sums[at] += weight * values[i];
    counts[at] += weight;
  }
  return { sums: Float64Array.from(sums), counts: Float64Array.from(counts) };
}

function expectOneEach(name: string, found: ArrayLike<number> | undefined, count: number): void {
  if (found && found.length !== count) {
    throw new InputError(`Expected ${count} ${name}, one a value, but found ${found.length}`);
  }
}
