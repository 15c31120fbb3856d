import assert from "node:assert/strict";
import fc from "fast-check";
import { checkAnswer } from "../../lib/plots/check.ts";

const hint = "look again.";
const wrong = "Not yet: look again.";

/** What a notebook would show. */
const shown: unknown[] = [];
const broadcast = (_: string, content: { data: Record<string, unknown> }) => {
  shown.push(content.data["text/markdown"]);
  return Promise.resolve();
};
const runtime = Object.create(Deno, { jupyter: { value: { broadcast } } });
Object.defineProperty(globalThis, "Deno", { value: runtime });

async function verdict<T extends number | string | null | object>(
  ...[answer, expected, tolerance]: [T | undefined, T | ((answer: T) => boolean), number?]
): Promise<unknown> {
  await checkAnswer<T>("answer1", answer, expected, { hint, tolerance });
  return shown.pop();
}

Deno.test("an answer is right when numbers are within the tolerance, lists number by number, texts and null as they are", async () => {
  assert.equal(await verdict(0.31, 0.3, 0.011), "Right.");
  assert.equal(await verdict(0.31, 0.3, 0.009), wrong);
  assert.equal(await verdict<number[]>([1, 2, NaN], [1, 2, NaN]), "Right.");
  assert.equal(await verdict<number[]>([1, 2], [1, 2, 3]), wrong);
  assert.equal(await verdict<string | null>(null, null), "Right.");
  assert.equal(await verdict("rock", "pop"), wrong);
});

Deno.test("an answer is put to a test where there are many right ones, and asked for where there is none", async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), async (n) => {
    const said = await verdict<number>(n, (answer) => answer % 2 === 0);
    assert.equal(said, n % 2 === 0 ? "Right." : wrong);
  }));
  assert.equal(await verdict<number>(undefined, () => true), "Set `answer1` first.");
});
