/**
 * Words for the sentences that are made from numbers.
 *
 * @module
 */

const AND = new Intl.ListFormat("en-GB");

/**
 * Parts as people list them.
 *
 * @param parts The parts.
 * @returns `a`, `a and b`, `a, b and c`.
 */
export function list(parts: Iterable<string>): string {
  return AND.format(parts);
}

/**
 * Begins with a capital letter.
 *
 * @param text The text, not empty.
 * @returns The same with its first letter large.
 */
export function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
