/**
 * Off-policy evaluation: what a policy would have earned, from the log of another one that wrote its probabilities
 * down.
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { mean, range, rollups, sum } from "d3-array";
import type { ChoiceSets } from "../listening/choice_sets.ts";
import { expectNumber, InputError } from "../data/errors.ts";
import { linearUtilities, softmax } from "../math/softmax.ts";
import type { IntervalEnds } from "../math/bootstrap.ts";

/** An estimate of a policy's value. */
export interface OffPolicyEstimate extends IntervalEnds {
  /** Which estimator. */
  estimator: "IPS" | "SNIPS" | "direct" | "doubly robust";
  /** Estimated mean reward. */
  value: number;
  /** Its standard error, by groups. */
  standardError: number;
  /** (Σ w)² / Σ w²: to how many picks of the policy itself the weighted log amounts (Kish 1965). */
  effectivePicks: number;
}

/**
 * Estimates the value of a policy from another one's log, with w = π / π_logged:
 *
 * | estimator | value |
 * |---|---|
 * | IPS | mean of w r (Horvitz and Thompson 1952): unbiased where π_logged is above 0 wherever π is |
 * | SNIPS | Σ w r / Σ w (Swaminathan and Joachims 2015): a little bias, no dependence on the level of r |
 * | direct | mean of Σ_j π(j) q̂(j): as good as the model q̂ |
 * | doubly robust | direct + mean of w (r − q̂) (Dudík, Langford and Li 2011): right when w or q̂ is |
 *
 * Standard errors come from the sums of the influence function over groups (linearised for SNIPS). They do not know of
 * the error of q̂ itself.
 *
 * @param log The log, one entry a pick.
 * @throws {InputError} When arrays differ in length, the log is empty, or a logged probability is not in (0, 1].
 *
 * @example
 * ```ts
 * import { evaluateOffPolicy } from "./off_policy.ts";
 * import assert from "node:assert/strict";
 *
 * // The log chose evenly, the target takes the first of two for sure, and only the first is ever kept.
 * const [ips] = evaluateOffPolicy({ reward: [1, 0], logged: [0.5, 0.5], target: [1, 0] });
 * assert.equal(ips.value, 1);
 * ```
 */
export function evaluateOffPolicy(
  log: {
    /** What was earned: 1 when the pick was kept, say. */
    reward: ArrayLike<number>;
    /** The probability with which the logging policy chose the pick, above 0. */
    logged: ArrayLike<number>;
    /** The probability with which the other policy would have. */
    target: ArrayLike<number>;
    /** A model's guess of the reward of the pick; with `guessTarget`, gives the direct and the doubly robust estimate. */
    guess?: ArrayLike<number>;
    /** The model's guess of the reward that the other policy would have earned: Σ_j π(j) q̂(j). */
    guessTarget?: ArrayLike<number>;
    /** Listener of each pick: picks of one listener depend on each other. Each pick for itself when left out. */
    groups?: ArrayLike<number>;
  },
): OffPolicyEstimate[] {
  const { reward, logged, target, guess, guessTarget, groups } = log;
  const count = reward.length;
  if (count === 0) throw new InputError("Expected at least one logged pick but found none");
  for (const [name, values] of Object.entries({ logged, target, guess, guessTarget, groups })) {
    if (values && values.length !== count) {
      throw new InputError(`Expected ${count} values of ${name}, one a pick, but found ${values.length}`);
    }
  }
  const weights = Float64Array.from({ length: count }, (_, i) => {
    if (!(logged[i] > 0)) throw new InputError(`Expected logged probabilities above 0 but found ${logged[i]}`);
    expectNumber("a logged probability", logged[i], 0, 1 + 1e-9);
    return expectNumber("a probability of the policy", target[i], 0, 1 + 1e-9) / logged[i];
  });
  const total = sum(weights);
  const effectivePicks = total ** 2 / sum(weights, (w) => w * w);
  const estimate = (estimator: OffPolicyEstimate["estimator"], value: number, influence: (i: number) => number) => {
    const standardError = clusteredError(count, influence, groups);
    const half = normalQuantile(0.975, 0, 1) * standardError;
    return { estimator, value, standardError, lower: value - half, upper: value + half, effectivePicks };
  };
  const ips = sum(weights, (w, i) => w * reward[i]) / count;
  const snips = total > 0 ? ips * count / total : NaN;
  const estimates = [
    estimate("IPS", ips, (i) => weights[i] * reward[i] - ips),
    estimate("SNIPS", snips, (i) => weights[i] * (reward[i] - snips) * count / total),
  ];
  if (guess && guessTarget) {
    const direct = mean(Array.from(guessTarget))!;
    const robust = direct + sum(weights, (w, i) => w * (reward[i] - guess[i])) / count;
    estimates.push(
      estimate("direct", direct, (i) => guessTarget[i] - direct),
      estimate("doubly robust", robust, (i) => guessTarget[i] + weights[i] * (reward[i] - guess[i]) - robust),
    );
  }
  return estimates;
}

/**
 * What a softmax policy makes of logged candidates: the probability of what was picked, and the mean of a value over
 * the candidates of each pick.
 *
 * @param sets The candidates, the pick as the chosen row.
 * @param weights The policy's weights, length K.
 * @param valueOfRow A value of each row, e.g. a guess of its reward.
 * @returns Probability of the pick and Σ_j π(j) value(j), one each a pick.
 * @throws {InputError} When the number of weights is not K.
 */
export function policyOnLog(
  sets: ChoiceSets,
  weights: ArrayLike<number>,
  valueOfRow: ArrayLike<number>,
): { probability: Float64Array; value: Float64Array } {
  const { features, values, starts, chosen } = sets;
  const width = features.length;
  if (weights.length !== width) throw new InputError(`Expected ${width} weights but found ${weights.length}`);
  const probability = new Float64Array(chosen.length);
  const value = new Float64Array(chosen.length);
  for (let n = 0; n < chosen.length; n++) {
    const p = softmax(linearUtilities(values, weights, starts[n], starts[n + 1]));
    probability[n] = p[chosen[n] - starts[n]];
    for (let j = 0; j < p.length; j++) value[n] += p[j] * valueOfRow[starts[n] + j];
  }
  return { probability, value };
}

/**
 * A model's guess of the probability that each candidate would be kept, σ(a + w·(x_j − x̄)), x̄ the mean of its
 * candidates.
 *
 * @param weights As of the features `keep, replay`, then the K: length K + 2.
 * @returns One guess a row.
 * @throws {InputError} When the number of weights is not K + 2.
 */
export function keepGuess(sets: ChoiceSets, weights: ArrayLike<number>): Float64Array {
  const { features, values, starts, chosen } = sets;
  const width = features.length;
  if (weights.length !== width + 2) throw new InputError(`Expected ${width + 2} weights but found ${weights.length}`);
  const guess = new Float64Array(values.length / width);
  const utilities = linearUtilities(values, Array.from(weights).slice(2));
  for (let n = 0; n < chosen.length; n++) {
    let centre = 0;
    for (let r = starts[n]; r < starts[n + 1]; r++) centre += utilities[r] / (starts[n + 1] - starts[n]);
    for (let r = starts[n]; r < starts[n + 1]; r++) guess[r] = 1 / (1 + Math.exp(centre - utilities[r] - weights[0]));
  }
  return guess;
}

/** Standard error of a mean whose influence is summed by group. */
function clusteredError(count: number, influence: (i: number) => number, groups?: ArrayLike<number>): number {
  const sums = rollups(range(count), (picks) => sum(picks, influence), (i) => groups?.[i] ?? i);
  if (sums.length < 2) return NaN;
  return Math.sqrt(sum(sums, ([, value]) => value ** 2) * sums.length / (sums.length - 1)) / count;
}
