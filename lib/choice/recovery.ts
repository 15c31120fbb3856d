/** Monte Carlo: are the true weights recovered, and do the intervals cover them as often as they claim? */
import { deviation, mean, range } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { fitConditionalLogit } from "./conditional_logit.ts";
import { type Coefficient, NORMAL_975 } from "./coefficient.ts";
import { ifIdentified } from "./maximum.ts";
import { type ChoiceSets, takeSets } from "../listening/choice_sets.ts";

/** What a Monte Carlo gave. */
export interface RecoveryReport {
  /** Number of worlds. */
  worlds: number;
  /** One row a weight. */
  weights: {
    feature: string;
    truth: number;
    mean: number;
    /** Mean of estimate − truth. */
    bias: number;
    /** Standard error of the bias, from the spread over worlds. */
    biasError: number;
    /** Root mean square of estimate − truth. */
    rmse: number;
    /** Standard deviation of the estimates over worlds. */
    deviation: number;
    /** Mean of the standard errors that the fits reported: near `deviation` when they are right. */
    meanStandardError: number;
    /** Share of worlds whose 95 % interval held the truth. */
    coverage: number;
    estimates: number[];
    standardErrors: number[];
  }[];
  /** Between which coverages 95 % of right models lie with this many worlds (binomial, normal approximation). */
  coverageBand: [low: number, high: number];
}

/**
 * Simulates worlds, fits each, and compares the estimates with the truth.
 *
 * @param truth The true weight of every feature, in the order of the estimates.
 * @param worlds Number of worlds, at least 2.
 * @param fit Simulates world number w and gives the coefficients of its fit; by convention w seeds it.
 * @throws {InputError} When there are fewer than 2 worlds, or the fit has another number of weights than the truth.
 */
export function recoverWeights(
  truth: Readonly<Record<string, number>>,
  worlds: number,
  fit: (world: number) => readonly Pick<Coefficient, "estimate" | "standardError" | "robustStandardError">[],
): RecoveryReport {
  expectInteger("worlds", worlds, 2);
  const features = Object.keys(truth);
  const fits = Array.from({ length: worlds }, (_, w) => {
    const found = fit(w);
    if (found.length === features.length) return found;
    throw new InputError(`Expected ${features.length} estimates but found ${found.length}`);
  });
  const margin = NORMAL_975 * Math.sqrt(0.95 * 0.05 / worlds);
  return {
    worlds,
    weights: features.map((feature, k) => {
      const found = fits.map((coefficients) => coefficients[k]);
      const estimates = found.map(({ estimate }) => estimate);
      const errors = found.map(({ standardError, robustStandardError }) => robustStandardError ?? standardError);
      const away = estimates.map((estimate) => estimate - truth[feature]);
      const spread = deviation(estimates)!;
      return {
        feature,
        truth: truth[feature],
        mean: mean(estimates)!,
        bias: mean(estimates)! - truth[feature],
        biasError: spread / Math.sqrt(worlds),
        rmse: Math.sqrt(mean(away, (value) => value ** 2)!),
        deviation: spread,
        meanStandardError: mean(errors)!,
        coverage: mean(away, (value, w) => Math.abs(value) <= NORMAL_975 * errors[w] ? 1 : 0)!,
        estimates,
        standardErrors: errors,
      };
    }),
    coverageBand: [0.95 - margin, Math.min(1, 0.95 + margin)],
  };
}

/** An estimate beside the truth. */
export interface EstimateRow extends Pick<Coefficient, "feature" | "estimate" | "standardError" | "lower" | "upper"> {
  /** Which model. */
  model: string;
  /** True weight. */
  truth: number;
  /** Whether the interval holds the truth. */
  covered: boolean;
}

/**
 * Puts the estimates of models beside the truth.
 *
 * @param models Coefficients by the name of the model.
 */
export function compareEstimates(
  truth: Readonly<Record<string, number>>,
  models: Readonly<Record<string, readonly Coefficient[]>>,
): EstimateRow[] {
  return Object.entries(models).flatMap(([model, coefficients]) =>
    coefficients.map(({ feature, estimate, standardError, robustStandardError, lower, upper }) => ({
      model,
      feature,
      truth: truth[feature],
      estimate,
      standardError: robustStandardError ?? standardError,
      lower,
      upper,
      covered: lower <= truth[feature] && truth[feature] <= upper,
    }))
  );
}

/**
 * How the error shrinks with the number of choices: every world is fitted to its first choices, so many at a time.
 *
 * @param worlds The choice sets of each world, of the same number of sets.
 * @param sizes Numbers of choices, none above the number of sets.
 * @returns One row a size and feature: the median of |estimate − truth|, which the few worlds that leave a weight nearly
 * unidentified do not rule; and the share of worlds where so many choices identified all weights, the rest being left
 * out of the median.
 * @throws {InputError} When a size exceeds the number of sets.
 */
export function errorBySize(
  truth: Readonly<Record<string, number>>,
  worlds: readonly ChoiceSets[],
  sizes: readonly number[],
): { choices: number; feature: string; medianError: number; identified: number }[] {
  return sizes.flatMap((choices) => {
    expectInteger("choices", choices, 1, Math.min(...worlds.map((sets) => sets.chosen.length)));
    const fits = worlds.flatMap((sets) => {
      const part = { ...takeSets(sets, range(choices)), cluster: undefined };
      return ifIdentified(() => fitConditionalLogit(part)) ?? [];
    });
    return Object.keys(truth).map((feature, k) => {
      const errors = fits.map((fit) => Math.abs(fit.coefficients[k].estimate - truth[feature])).sort((a, b) => a - b);
      const medianError = errors[errors.length >> 1] ?? NaN;
      return { choices, feature, medianError, identified: fits.length / worlds.length };
    });
  });
}
