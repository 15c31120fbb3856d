/** Recall of a sample of rows whose exact neighbours are known. */
import { deviation, mean } from "d3-array";

/**
 * Mean of a sample and its standard error.
 *
 * @returns Mean, and standard deviation over √count.
 */
export function meanAndError(count: number, value: (s: number) => number): { mean: number; error: number } {
  const values = Float64Array.from({ length: count }, (_, s) => value(s));
  return { mean: mean(values)!, error: (deviation(values) ?? 0) / Math.sqrt(count) };
}
