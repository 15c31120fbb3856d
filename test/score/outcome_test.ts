import assert from "node:assert/strict";
import { outcomeOf } from "../../lib/score/outcome.ts";

Deno.test("a stream is kept from 30 s on, or from 90 % of a shorter track", () => {
  const cases: [played: number, duration: number, outcome: string][] = [
    [30_000, 240_000, "kept"],
    [29_999, 240_000, "skipped"],
    [18_000, 20_000, "kept"],
    [17_999, 20_000, "skipped"],
    [29_999, NaN, "skipped"],
    [30_000, NaN, "kept"],
    [0, 240_000, "skipped"],
    [NaN, 240_000, "unknown"],
  ];
  for (const [played, duration, outcome] of cases) assert.equal(outcomeOf(played, duration), outcome);
});
