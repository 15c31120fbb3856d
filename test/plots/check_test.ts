import assert from "node:assert/strict";
import fc from "fast-check";
import { checkAnswer } from "../../lib/plots/check.ts";

const hint = "look again.";

Deno.test("checkAnswer() takes numbers within the tolerance, lists number by number, texts and null as they are", async () => {
  assert.equal(await checkAnswer("answer1", 0.31, 0.3, { hint, tolerance: 0.011 }), true);
  assert.equal(await checkAnswer("answer1", 0.31, 0.3, { hint, tolerance: 0.009 }), false);
  assert.equal(await checkAnswer<number[]>("answer1", [1, 2, NaN], [1, 2, NaN], { hint }), true);
  assert.equal(await checkAnswer<number[]>("answer1", [1, 2], [1, 2, 3], { hint }), false);
  assert.equal(await checkAnswer<string | null>("answer1", null, null, { hint }), true);
  assert.equal(await checkAnswer("answer1", "rock", "pop", { hint }), false);
});

Deno.test("checkAnswer() asks a test where there are many right answers, and takes no answer as wrong", async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), async (n) => {
    assert.equal(await checkAnswer<number>("answer1", n, (answer) => answer % 2 === 0, { hint }), n % 2 === 0);
  }));
  assert.equal(await checkAnswer<number>("answer1", undefined, () => true, { hint }), false);
});
