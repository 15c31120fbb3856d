/**
 * Random utilities: why the softmax is a theory of choice and not only a formula.
 *
 * @module
 */
import { expectInteger } from "../errors.ts";
import type { Random } from "../random.ts";

/**
 * Draws from the standard Gumbel distribution (type I extreme value), F(x) = exp(−exp(−x)).
 *
 * @param random Source of randomness.
 * @returns A number; mean 0.5772 (Euler's constant), variance π²/6.
 */
export function gumbel(random: Random): number {
  return -Math.log(-Math.log(1 - random()));
}

/**
 * Shares of the alternatives when someone takes the one with the largest u_j + ε_j, ε_j independent standard Gumbel. By
 * McFadden's theorem (1974) they tend to the softmax of u as the number of draws grows.
 *
 * @param utilities The utilities u_j.
 * @param draws Number of choices to draw.
 * @param random Source of randomness.
 * @returns Share of each alternative; they sum to 1.
 * @throws {InputError} When `draws` is less than 1.
 */
export function gumbelShares(utilities: ArrayLike<number>, draws: number, random: Random): Float64Array {
  expectInteger("draws", draws, 1);
  const shares = new Float64Array(utilities.length);
  for (let d = 0; d < draws; d++) {
    let best = 0;
    let largest = -Infinity;
    for (let j = 0; j < utilities.length; j++) {
      const utility = utilities[j] + gumbel(random);
      if (utility > largest) [largest, best] = [utility, j];
    }
    shares[best] += 1 / draws;
  }
  return shares;
}
