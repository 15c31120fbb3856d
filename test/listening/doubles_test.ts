import assert from "node:assert/strict";
import fc from "fast-check";
import { type FiledListening, withoutDoubles } from "../../lib/listening/doubles.ts";

/** An entry of track "a": start and length in seconds. */
function entry(file: number, start: number, played = NaN, more: Partial<FiledListening> = {}): FiledListening {
  const reference = { title: "a" };
  return { reference, start: 1000 * start, played: 1000 * played, skipped: null, shuffle: null, file, ...more };
}

function join(...entries: FiledListening[]) {
  const { entries: kept, doubles } = withoutDoubles(entries, ({ reference }) => reference.title!);
  return { starts: kept.map(({ start }) => start / 1000), doubles, kept };
}

const none = { offline: 0, overlapping: 0, acrossFiles: 0 };
const minute = { toTheMinute: true };

Deno.test("two true plays in a row stay two, in every form", () => {
  const two = (a: FiledListening, b: FiledListening) => {
    const { starts, doubles } = join(a, b);
    assert.deepEqual([starts.length, doubles], [2, none]);
  };
  two(entry(0, 0, 200), entry(0, 200, 200));
  two(entry(0, 0, 200), entry(0, 199, 200));
  two(entry(0, 0, 40), entry(0, 41, 40));
  two(entry(0, 0), entry(0, 70));
  // Ends in the same minute: 35 s and 40 s may have been one after the other.
  two(entry(0, 0, 40, minute), entry(0, 5, 35, minute));
  two(entry(0, 0, 3), entry(0, 4, 200));
  // Of the old exports every entry has the offline time 0, which the form reads as none.
  two(entry(0, 0, 200, { offline: 7 }), entry(0, 200, 200, { offline: 8 }));
  two(entry(0, 0, 200, { offline: 7 }), entry(0, 300, 150, { offline: 7 }));
  // A play that goes over the border of two files of one export.
  two(entry(0, 0, 20), entry(1, 21, 200));
  two(entry(0, 0), entry(1, 90));
  two(entry(0, 0, 200), entry(1, 150, 200, minute));
});

Deno.test("within a file equal offline times and overlapping plays are one play", () => {
  assert.deepEqual(
    join(entry(0, 0, 200, { offline: 7 }), entry(0, 4, 200, { offline: 7 }), entry(0, 900, 200, { offline: 7 }))
      .doubles,
    { ...none, offline: 2 },
  );
  assert.deepEqual(join(entry(0, 0, 200), entry(0, 99, 200)).doubles, { ...none, overlapping: 1 });
  assert.deepEqual(join(entry(0, 0, 200), entry(0, 101, 200)).doubles, none);
  assert.deepEqual(join(entry(0, 0), entry(0, 0)).doubles, { ...none, overlapping: 1 });
  assert.deepEqual(join(entry(0, 0, 191, minute), entry(0, 0, 191, minute)).doubles, { ...none, overlapping: 1 });
  const { kept } = join(entry(0, 1, 10), entry(0, 0, 200));
  assert.deepEqual(kept.map(({ played }) => played), [200_000], "the longer one is kept");
});

Deno.test("across files starts within 90 s are one play, 150 s for times to the minute", () => {
  const across = { ...none, acrossFiles: 1 };
  assert.deepEqual(join(entry(0, 0), entry(1, 89)).doubles, across);
  assert.deepEqual(join(entry(0, 0, 200), entry(1, 89)).doubles, across);
  assert.deepEqual(join(entry(0, 0, 200), entry(1, 149, NaN, minute)).doubles, across);
  assert.deepEqual(join(entry(0, 0, 200), entry(1, 150, NaN, minute)).doubles, none);
  // A stream of 5 s, told again to the minute.
  assert.deepEqual(join(entry(0, 0, 5), entry(1, -41, 5, minute)).doubles, across);
  const { kept } = join(entry(0, 10, NaN, minute), entry(1, 0, 200), entry(2, 30));
  assert.deepEqual(kept, [entry(1, 0, 200)], "the one of known length is kept");
  assert.deepEqual(join(entry(0, 0), { ...entry(1, 0), reference: { title: "b" } }).doubles, none);
});

Deno.test("plays are joined one to one: as many remain as the fuller file has", () => {
  const gaps = fc.array(fc.integer({ min: 30, max: 400 }), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(gaps, fc.boolean(), fc.integer(), (lengths, told, seed) => {
    // Plays right after one another; the second file tells each to the minute and lacks some.
    let at = 1_000_000;
    const plays = lengths.map((played) => {
      const play = { start: at, played };
      at += played;
      return play;
    });
    const first = plays.map(({ start, played }) => entry(0, start, played));
    const second = plays.filter((_, i) => (seed >> (i % 31)) & 1).map(({ start, played }) => {
      const end = Math.floor((start + played) / 60) * 60;
      return told ? entry(1, end - played, played, minute) : entry(1, start);
    });
    const { entries, doubles } = withoutDoubles([...first, ...second], () => "a");
    assert.deepEqual(entries.map(({ start, file }) => [start, file]), first.map(({ start }) => [start, 0]));
    assert.deepEqual(doubles, { ...none, acrossFiles: second.length });
    const again = withoutDoubles(entries, () => "a");
    assert.deepEqual(again, { entries, doubles: none });
  }));
});
