/**
 * Halton sequences: points that fill a space more evenly than random ones, for simulated likelihoods.
 *
 * @module
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { expectInteger, InputError } from "../errors.ts";
import type { Random } from "../random.ts";

const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];

/** The first points of the sequence are close to a line in higher dimensions; they are left out (Train 2009, §9.3.3). */
const BURN_IN = 100;

/**
 * Element of the one-dimensional Halton sequence: the digits of the index in a base, mirrored at the point.
 *
 * @param index Index from 1.
 * @param base A prime.
 * @returns A value in (0, 1): in base 2 the sequence 1/2, 1/4, 3/4, 1/8, …
 */
export function halton(index: number, base: number): number {
  let value = 0;
  let fraction = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    value += fraction * (rest % base);
    fraction /= base;
  }
  return value;
}

/**
 * Standard normal draws from Halton points, a different stretch of the sequence for each of some units, shifted as a
 * whole by random amounts (modulo 1).
 *
 * @param units Number of units, e.g. listeners.
 * @param draws Draws of each unit.
 * @param dimensions Number of dimensions, at most 15.
 * @param random Source of the shifts.
 * @returns The draws [units, draws, dimensions], row-major.
 * @throws {InputError} When there are more dimensions than primes kept.
 */
export function haltonNormals(units: number, draws: number, dimensions: number, random: Random): Float64Array {
  expectInteger("draws", draws, 1);
  if (dimensions > PRIMES.length) {
    throw new InputError(`Expected at most ${PRIMES.length} random coefficients but found ${dimensions}`);
  }
  const normals = new Float64Array(units * draws * dimensions);
  for (let d = 0; d < dimensions; d++) {
    const shift = random();
    for (let i = 0; i < units * draws; i++) {
      const point = (halton(BURN_IN + i + 1, PRIMES[d]) + shift) % 1;
      normals[i * dimensions + d] = normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, point)), 0, 1);
    }
  }
  return normals;
}
