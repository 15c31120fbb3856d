/** Errors that a user can mend. Everything else that is thrown is a fault of ours. */

/**
 * The user's input is wrong. The message is one line: what is wrong, where, and what to do.
 * The command line prints it and ends with exit code 2.
 */
export class InputError extends Error {
  /** Always `"InputError"`. */
  override readonly name = "InputError";
}

/**
 * Checks that a number is an integer within a closed range.
 *
 * @param name What the value is called in the error, e.g. `"k"`.
 * @throws {InputError} `Expected k to be an integer in [1, 19999] but found 0`.
 */
export function expectInteger(
  name: string,
  value: number,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `in [${minimum}, ${maximum}]`;
    throw new InputError(`Expected ${name} to be an integer ${range} but found ${value}`);
  }
  return value;
}

/**
 * Checks that a number is finite and within a closed range.
 *
 * @param name What the value is called in the error, e.g. `"temperature"`.
 * @throws {InputError} `Expected variance to be a number in [0, 1] but found 2`.
 */
export function expectNumber(
  name: string,
  value: number,
  minimum: number = -Infinity,
  maximum: number = Infinity,
): number {
  if (!Number.isFinite(value) || value < minimum || value > maximum) {
    const range = minimum === -Infinity && maximum === Infinity
      ? "finite"
      : maximum === Infinity
      ? `a number of at least ${minimum}`
      : `a number in [${minimum}, ${maximum}]`;
    throw new InputError(`Expected ${name} to be ${range} but found ${value}`);
  }
  return value;
}

/**
 * Names a file in what is wrong with its numbers.
 *
 * @throws {InputError} `X_raw.npy: …` where `use` throws an `InputError` or a `RangeError`.
 */
export async function aboutFile<T>(path: string, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof RangeError)) throw error;
    throw new InputError(`${path}: ${error.message}`);
  }
}
