/**
 * The softmax with a temperature.
 *
 * @module
 */
import { InputError } from "../errors.ts";

/**
 * Softmax with a temperature: p_j = exp(u_j / T) / Σ_k exp(u_k / T), reckoned from u_j − max u so that nothing
 * overflows. Adding a constant to all utilities changes nothing.
 *
 * @param utilities The utilities, at least one, all finite.
 * @param temperature T in [0, ∞]. 0 puts all probability on the largest utility (evenly on ties), ∞ is uniform.
 * @param out Where to write; a new array when left out.
 * @returns The probabilities: `out`.
 * @throws {InputError} When the temperature is negative or NaN, or a utility is not finite.
 */
export function softmax(
  utilities: ArrayLike<number>,
  temperature: number = 1,
  out: Float64Array = new Float64Array(utilities.length),
): Float64Array {
  if (!(temperature >= 0)) {
    throw new InputError(`Expected temperature to be a number of at least 0 but found ${temperature}`);
  }
  let largest = -Infinity;
  for (let c = 0; c < out.length; c++) {
    if (!Number.isFinite(utilities[c])) {
      throw new InputError(`Expected finite utilities but found ${utilities[c]}; the weights are too large`);
    }
    if (utilities[c] > largest) largest = utilities[c];
  }
  let total = 0;
  for (let c = 0; c < out.length; c++) {
    const below = utilities[c] - largest;
    out[c] = below === 0 ? 1 : Math.exp(below / temperature);
    total += out[c];
  }
  for (let c = 0; c < out.length; c++) out[c] /= total;
  return out;
}
