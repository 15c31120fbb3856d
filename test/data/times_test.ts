import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { type DateOrder, dateOrderOf, isToTheMinute, readTime } from "../../lib/data/times.ts";

/** One point in time as services, spreadsheets and people write it. */
const WRITTEN: [text: string, toTheMinute: boolean][] = [
  ["1714557600", false],
  ["1714557600000", false],
  ["1714557600000000", false],
  ["45413.4166666667", false],
  ["2024-05-01T10:00:00Z", false],
  ["2024-05-01T10:00:00.123Z", false],
  ["2024-05-01T10:00:00", false],
  ["2024-05-01 10:00", true],
  ["2024/5/1 10:00", true],
  ["2024-05-01 10:00 UTC", true],
  [" 2024-05-01T12:00:00+02:00 ", false],
  ["2024-05-01 05:30:00 -0430", false],
  ["01 May 2024, 10:00", true],
  ["01 May 2024 10:00", true],
  ["1st May 2024 10:00", true],
  ["01-May-2024 10:00:00", false],
  ["Wed, 01 May 2024 10:00:00 GMT", false],
  ["May 1, 2024, 10:00:00\u202fAM UTC", false],
  ["May 1, 2024 at 10:00AM", true],
];

Deno.test("readTime() reads what services write, UTC unless a zone is named", () => {
  for (const [text, toTheMinute] of WRITTEN) {
    assert.equal(readTime(text), Date.UTC(2024, 4, 1, 10, 0), text);
    assert.equal(isToTheMinute(text), toTheMinute, text);
  }
  const none = ["", " ", "yesterday", "Track 5", "Song 1 UTC", "12", "0", "-1", "1.71E+09", "04/03/2021"];
  const impossible = ["2024-13-01", "2023-02-29", "2024-05-01 25:00", "2024-05-01 10:61", "31 Apr 2024"];
  for (const text of [...none, ...impossible]) assert.ok(Number.isNaN(readTime(text)), text);
});

Deno.test("dates of numbers alone are read in the order that is said", () => {
  const time = Date.UTC(2021, 2, 4, 21, 47);
  for (const text of ["04/03/2021 21:47", "4.3.2021 21:47", "04-03-21 9:47 PM"]) {
    assert.equal(readTime(text, "dmy"), time, text);
  }
  assert.equal(readTime("03/04/2021 21:47", "mdy"), time);
  assert.ok(Number.isNaN(readTime("26/03/2021", "mdy")));
});

Deno.test("the order of day and month is told from the whole column, else asked for", () => {
  const order = (...dates: string[]) => dateOrderOf(dates);
  assert.deepEqual(order("04/03/2021", "26/03/2021"), { order: "dmy", told: "told by 26/03/2021" });
  assert.deepEqual(order("3/4/2021 9:47 PM", "3/26/2021 9:47 PM"), { order: "mdy", told: "told by 3/26/2021 9:47 PM" });
  // Only as days do these stay in the order of time, either way.
  assert.deepEqual(order("11.10.2017", "12.10.2017", "01.11.2017"), {
    order: "dmy",
    told: "told by the order of the rows",
  });
  assert.deepEqual(order("01.11.2017", "12.10.2017", "11.10.2017"), {
    order: "dmy",
    told: "told by the order of the rows",
  });
  assert.equal(order("2024-05-01", "1714557600"), undefined);
  const refuses = (dates: string[], message: RegExp, asked?: DateOrder) =>
    assert.throws(() => dateOrderOf(dates, asked), (e) => {
      assert.ok(e instanceof InputError);
      assert.match(e.message, message);
      return true;
    });
  refuses(["01/10/2017", "02/10/2017"], /found 01\/10\/2017; tell segue history --dates dmy or --dates mdy/);
  refuses(["04/26/2021", "26/04/2021"], /found 04\/26\/2021, not day before month, and 26\/04\/2021, not month before/);
  refuses(["26/04/2021"], /in the order mdy but found 26\/04\/2021/, "mdy");
  assert.deepEqual(dateOrderOf(["01/10/2017"], "mdy"), { order: "mdy", told: "as asked" });
});

Deno.test("a column in the order of time is never read the wrong way round", () => {
  const day = fc.integer({ min: 0, max: 3000 });
  const orders = fc.constantFrom<DateOrder>("dmy", "mdy");
  fc.assert(fc.property(fc.array(day, { minLength: 1, maxLength: 40 }), orders, fc.boolean(), (days, order, falls) => {
    const times = days.sort((a, b) => falls ? b - a : a - b).map((d) => Date.UTC(2015, 0, 1 + d));
    const dates = times.map((time) => {
      const [year, month, day] = new Date(time).toISOString().slice(0, 10).split("-");
      return (order === "dmy" ? [day, month, year] : [month, day, year]).join("/");
    });
    let told: { order: DateOrder } | undefined;
    try {
      told = dateOrderOf(dates);
    } catch (error) {
      assert.match(String(error), /tell segue history/);
      return;
    }
    assert.deepEqual(dates.map((date) => readTime(date, told?.order)), times);
  }));
});

Deno.test("no time depends on the zone of the machine", async () => {
  const module = new URL("../../lib/data/times.ts", import.meta.url).href;
  const texts = WRITTEN.map(([text]) => text);
  const script = `import { readTime } from "${module}";
    console.log(JSON.stringify([new Date(2024, 6, 1).getTimezoneOffset(), ${
    JSON.stringify(texts)
  }.map((t) => readTime(t)),
      readTime("01-06-2021 02:30", "dmy")]));`;
  const offsets = new Set<number>();
  for (const zone of ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script], env: { TZ: zone } }).output();
    const [offset, times, other] = JSON.parse(new TextDecoder().decode(stdout));
    offsets.add(offset);
    assert.deepEqual(times, texts.map(() => Date.UTC(2024, 4, 1, 10)), zone);
    assert.equal(other, Date.UTC(2021, 5, 1, 2, 30), zone);
  }
  assert.equal(offsets.size, 4, "the zones are in force");
});
