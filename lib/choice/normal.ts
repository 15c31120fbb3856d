/**
 * The standard normal distribution.
 *
 * @module
 */

/** Its quantile at 0.975: a 95 % interval is the estimate ± so many standard errors. */
export const NORMAL_975 = 1.959963984540054;
