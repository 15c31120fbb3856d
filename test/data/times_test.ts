import assert from "node:assert/strict";
import { readTime } from "../../lib/data/times.ts";

Deno.test("readTime() reads seconds, milliseconds, ISO 8601 and dates in words, UTC unless a zone is named", () => {
  const time = Date.UTC(2024, 4, 1, 10, 0);
  for (
    const text of [
      ...["1714557600", "1714557600000", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00", "2024-05-01 10:00"],
      ...["01 May 2024, 10:00", "01 May 2024 10:00", " 2024-05-01T12:00:00+02:00 ", "2024-05-01 10:00 UTC"],
    ]
  ) assert.equal(readTime(text), time, text);
  for (const text of ["", " ", "yesterday"]) assert.ok(Number.isNaN(readTime(text)), text);
});
