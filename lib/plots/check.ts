/** Checks of a reader's answers to exercises. */
import { say } from "./show.ts";

/**
 * Says in the notebook whether an answer is right.
 *
 * @param name Name of the variable that the reader sets.
 * @param answer Its value; `undefined` when it is not set yet.
 * @param expected The right answer, or a function that checks an answer when many are right.
 * @param options `hint`: what to try when it is wrong, without giving the answer away. `tolerance`: largest difference
 *   from the expected number that still counts as right.
 */
export async function checkAnswer<T extends number | string | null | object>(
  name: string,
  answer: T | undefined,
  expected: T | ((answer: T) => boolean),
  { hint, tolerance = 1e-9 }: { hint: string; tolerance?: number },
): Promise<void> {
  const right = typeof expected === "function"
    ? answer !== undefined && (expected as (answer: T) => boolean)(answer)
    : isNear(answer, expected, tolerance);
  await say(answer === undefined ? `Set \`${name}\` first.` : right ? "Right." : `Not yet: ${hint}`);
}

function isNear(answer: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof answer === "number" && typeof expected === "number") {
    return Object.is(answer, expected) || Math.abs(answer - expected) <= tolerance;
  }
  if (Array.isArray(answer) && Array.isArray(expected)) {
    return answer.length === expected.length && answer.every((value, i) => isNear(value, expected[i], tolerance));
  }
  return answer === expected;
}
