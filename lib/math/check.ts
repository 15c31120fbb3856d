/** Checks of numbers in this room, which knows no user: a wrong number is a `RangeError`. */

/**
 * Checks that a number is an integer within a closed range.
 *
 * @param name What the value is called in the error, e.g. `"k"`.
 * @throws {RangeError} `Expected k to be an integer in [1, 19999] but found 0`.
 */
export function checkInteger(name: string, value: number, minimum: number, maximum: number = Infinity): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  const range = maximum === Infinity ? `of at least ${minimum}` : `in [${minimum}, ${maximum}]`;
  throw new RangeError(`Expected ${name} to be an integer ${range} but found ${value}`);
}
