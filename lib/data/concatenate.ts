/** Typed arrays one behind another. */

/** The classes of arrays that are put together. */
type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/**
 * Copies arrays one behind another.
 *
 * @returns A new array, as long as all parts together, that starts at byte 0 of a buffer of its own.
 *
 * @example
 * ```ts
 * import { concatenate } from "./concatenate.ts";
 * import assert from "node:assert/strict";
 *
 * const all = concatenate(Float64Array, [Float64Array.of(1, 2), Float64Array.of(3)]);
 * assert.deepEqual([...all], [1, 2, 3]);
 * ```
 */
export function concatenate<T extends NumberArray>(
  type: new (length: number) => T,
  parts: readonly ArrayLike<number>[],
): T {
  const all = new type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
