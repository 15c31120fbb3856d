/** The softmax with a temperature, and the linear utilities that it is taken of. */

/**
 * Linear utilities of rows of features: u_j = Σ_k w_k x_jk. Cost O(rows · K).
 *
 * @param values The features, row-major, K a row.
 * @param from First row; 0 when left out.
 * @param to Behind the last row; all rows when left out.
 * @param out Where to write; a new array when left out.
 * @returns One utility a row: `out`.
 */
export function linearUtilities(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  from: number = 0,
  to: number = values.length / weights.length,
  out: Float64Array = new Float64Array(to - from),
): Float64Array {
  const width = weights.length;
  for (let row = from, at = from * width; row < to; row++) {
    let utility = 0;
    for (let k = 0; k < width; k++) utility += weights[k] * values[at++];
    out[row - from] = utility;
  }
  return out;
}

/**
 * Softmax with a temperature: p_j = exp(u_j / T) / Σ_k exp(u_k / T), computed from u_j − max u so that nothing
 * overflows. Adding a constant to all utilities changes nothing.
 *
 * @param utilities The utilities, at least one, all finite.
 * @param temperature T in [0, ∞]. 0 puts all probability on the largest utility (evenly on ties), ∞ is uniform.
 * @param out Where to write; a new array when left out. It may be `utilities`.
 * @returns The probabilities: `out`.
 * @throws {RangeError} When the temperature is negative or NaN, or a utility is not finite.
 */
export function softmax(
  utilities: ArrayLike<number>,
  temperature: number = 1,
  out: Float64Array = new Float64Array(utilities.length),
): Float64Array {
  if (!(temperature >= 0)) {
    throw new RangeError(`Expected temperature to be a number of at least 0 but found ${temperature}`);
  }
  for (let c = 0; c < out.length; c++) {
    if (!Number.isFinite(utilities[c])) {
      throw new RangeError(`Expected finite utilities but found ${utilities[c]}`);
    }
    out[c] = utilities[c];
  }
  softmaxInPlace(out, out.length, temperature);
  return out;
}

/**
 * {@linkcode softmax} for inner loops: it checks nothing, allocates nothing, and returns the logarithm of the sum.
 *
 * @param values The utilities; the first `count` become probabilities.
 * @param count Number of utilities, at least 1; all when left out.
 * @param temperature T in (0, ∞]; with 0 the probabilities are those of `softmax`, but the sum means nothing.
 * @returns ln Σ_k exp(u_k / T), so that ln p_j = u_j / T minus this.
 */
export function softmaxInPlace(values: Float64Array, count: number = values.length, temperature: number = 1): number {
  let largest = -Infinity;
  for (let c = 0; c < count; c++) if (values[c] > largest) largest = values[c];
  let total = 0;
  for (let c = 0; c < count; c++) {
    const below = values[c] - largest;
    values[c] = below === 0 ? 1 : Math.exp(below / temperature);
    total += values[c];
  }
  for (let c = 0; c < count; c++) values[c] /= total;
  return largest / temperature + Math.log(total);
}
