/** A line of a table of estimates. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";

/** One line of the table of estimates. */
export interface Coefficient {
  /** Name of the feature. */
  feature: string;
  /** Weight, in units of utility per unit of the feature. */
  estimate: number;
  /** Classical standard error, from the inverse information. */
  standardError: number;
  /** Standard error robust to dependence within clusters (sandwich, G / (G − 1)); only with clusters. */
  robustStandardError?: number;
  /** Estimate over its standard error: the robust one where there is one. */
  z: number;
  /** Two-sided p-value of z under the standard normal. */
  p: number;
  /** Lower end of the 95 % interval. */
  lower: number;
  /** Upper end of the 95 % interval. */
  upper: number;
}

/** Quantile of the standard normal at 0.975: a 95 % interval is the estimate ± so many standard errors. */
export const NORMAL_975: number = normalQuantile(0.975, 0, 1);

/**
 * Test and interval of an estimate.
 *
 * @param robustStandardError Its robust standard error, which then rules test and interval.
 */
export function describeEstimate(
  feature: string,
  estimate: number,
  standardError: number,
  robustStandardError?: number,
): Coefficient {
  const error = robustStandardError ?? standardError;
  return {
    feature,
    estimate,
    standardError,
    ...(robustStandardError !== undefined && { robustStandardError }),
    z: estimate / error,
    p: 2 * normalCdf(-Math.abs(estimate / error), 0, 1),
    lower: estimate - NORMAL_975 * error,
    upper: estimate + NORMAL_975 * error,
  };
}
