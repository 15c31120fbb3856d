import assert from "node:assert/strict";
import fc from "fast-check";
import { answerVerdict } from "../../lib/plots/check.ts";

const hint = "look again.";
const wrong = "Not yet: look again.";

Deno.test("an answer is right when numbers are within the tolerance, lists number by number, texts and null as they are", () => {
  assert.equal(answerVerdict("answer1", 0.31, 0.3, { hint, tolerance: 0.011 }), "Right.");
  assert.equal(answerVerdict("answer1", 0.31, 0.3, { hint, tolerance: 0.009 }), wrong);
  assert.equal(answerVerdict<number[]>("answer1", [1, 2, NaN], [1, 2, NaN], { hint }), "Right.");
  assert.equal(answerVerdict<number[]>("answer1", [1, 2], [1, 2, 3], { hint }), wrong);
  assert.equal(answerVerdict<string | null>("answer1", null, null, { hint }), "Right.");
  assert.equal(answerVerdict("answer1", "rock", "pop", { hint }), wrong);
});

Deno.test("an answer is put to a test where there are many right ones, and asked for where there is none", () => {
  fc.assert(fc.property(fc.integer(), (n) => {
    const said = answerVerdict<number>("answer1", n, (answer) => answer % 2 === 0, { hint });
    assert.equal(said, n % 2 === 0 ? "Right." : wrong);
  }));
  assert.equal(answerVerdict<number>("answer1", undefined, () => true, { hint }), "Set `answer1` first.");
});
