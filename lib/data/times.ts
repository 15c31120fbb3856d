/** Points in time as the files of other services write them. Nothing here depends on the zone or language of the machine. */
import { pairs } from "d3-array";
import { InputError } from "./errors.ts";

/** What stands first in dates of numbers alone: the day, or the month. */
export type DateOrder = "dmy" | "mdy";

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const CLOCK = String.raw`(?:(?:,? | at |T)(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)? ?([ap])?\.?m?\.?)?`;
const ZONE = String.raw` ?(z|utc|gmt)?([+-]\d\d:?\d\d)?`;
const pattern = (date: string) => new RegExp(`^(?:[a-z]{3,9},? )?${date}${CLOCK}${ZONE}$`, "i");
/** A year in front is followed by month and day everywhere. */
const YEAR_FIRST = pattern(String.raw`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`);
const NUMBERS = pattern(String.raw`(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d\d)`);
const DAY_WORD = pattern(String.raw`(\d{1,2})(?:st|nd|rd|th)?[- ]([a-z]{3,9})\.?,?[- ](\d{4})`);
const WORD_DAY = pattern(String.raw`([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})`);

/**
 * Reads a point in time: seconds, milliseconds or microseconds since 1970, Excel's days, ISO 8601, `01 Jan 2024,
 * 20:35`, `Jan 1, 2024 8:35 PM`, and numbers in a known order. It is UTC unless the text names a zone.
 *
 * @param order What stands first in `04/03/2021`.
 * @returns Milliseconds since 1970; NaN when it is none of these, or the order of its numbers is not known.
 */
export function readTime(value: string, order?: DateOrder): number {
  const text = value.trim().replace(/[\s\u202f]+/g, " ");
  if (/^\d+(?:\.\d+)?$/.test(text)) return timeOfNumber(Number(text));
  let found = YEAR_FIRST.exec(text);
  if (found) return timeOf(found, [1, 2, 3]);
  found = NUMBERS.exec(text);
  if (found) return order === undefined ? NaN : timeOf(found, order === "dmy" ? [3, 2, 1] : [3, 1, 2]);
  found = DAY_WORD.exec(text);
  if (found) return timeOf(found, [3, 2, 1]);
  found = WORD_DAY.exec(text);
  return found ? timeOf(found, [3, 1, 2]) : NaN;
}

/** Whether a text tells a time to the minute only: its clock has no seconds. */
export function isToTheMinute(value: string): boolean {
  return !/^\s*\d+(?:\.\d+)?\s*$|\d[:.]\d\d[:.]\d\d/.test(value.replace(/\d+[-/.]\d+[-/.]\d+/, ""));
}

/**
 * Tells the order of day and month from all dates of a column: a number above 12 is a day; else the rows of an export
 * are in the order of time, and only one reading may keep them so.
 *
 * @param asked The order that the user has said; it has to fit.
 * @returns The order, and what tells it; undefined when no date is of numbers alone.
 * @throws {InputError} When both readings are possible, or none.
 */
export function dateOrderOf(
  values: Iterable<string>,
  asked?: DateOrder,
): { order: DateOrder; told: string } | undefined {
  const dates = Array.from(values, (value) => value.trim().replace(/[\s\u202f]+/g, " ")).filter((v) => NUMBERS.test(v));
  if (dates.length === 0) return undefined;
  const wrong = (order: DateOrder) => dates.find((date) => Number.isNaN(readTime(date, order)));
  const possible = (["dmy", "mdy"] as const).filter((order) => wrong(order) === undefined);
  if (asked !== undefined) {
    if (possible.includes(asked)) return { order: asked, told: "as asked" };
    throw new InputError(`Expected dates in the order ${asked} but found ${wrong(asked)}`);
  }
  if (possible.length === 0) {
    throw new InputError(
      `Expected dates of one order but found ${wrong("dmy")}, not day before month, and ${
        wrong("mdy")
      }, not month before day`,
    );
  }
  if (possible.length === 1) {
    return { order: possible[0], told: `told by ${wrong(possible[0] === "dmy" ? "mdy" : "dmy")}` };
  }
  const sorted = possible.filter((order) => isSorted(dates.map((date) => readTime(date, order))));
  if (sorted.length === 1) return { order: sorted[0], told: "told by the order of the rows" };
  throw new InputError(
    `Expected dates that tell the day from the month but found ${dates[0]}; tell segue history ` +
      "--dates dmy or --dates mdy",
  );
}

function isSorted(times: readonly number[]): boolean {
  const steps = pairs(times, (a, b) => b - a);
  return steps.every((step) => step >= 0) || steps.every((step) => step <= 0);
}

/** Microseconds, milliseconds, seconds, days since the end of 1899. Nobody's history is from before 1973. */
function timeOfNumber(number: number): number {
  if (number >= 1e14) return number < 1e17 ? number / 1000 : NaN;
  if (number >= 1e11) return number;
  if (number >= 1e8) return 1000 * number;
  return number >= 25_569 && number < 80_000 ? Math.round((number - 25_569) * 86_400) * 1000 : NaN;
}

/** The time of what a pattern found; `places` are those of year, month and day. */
function timeOf(found: RegExpExecArray, places: readonly number[]): number {
  const [yearText, monthText, dayText] = places.map((place) => found[place]);
  const [, , , , hourText = "0", minute = "0", second = "0", half, , offset = "+00:00"] = found;
  const year = Number(yearText) + (yearText.length === 2 ? 2000 : 0);
  const month = /\d/.test(monthText) ? Number(monthText) : 1 + MONTHS.indexOf(monthText.slice(0, 3).toLowerCase());
  const hour = half === undefined ? Number(hourText) : Number(hourText) % 12 + (half.toLowerCase() === "p" ? 12 : 0);
  const date = new Date(Date.UTC(year, month - 1, Number(dayText)));
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === Number(dayText);
  if (!exists || hour > 23 || Number(minute) > 59 || Number(second) > 60) return NaN;
  const [sign, ...digits] = offset.replace(":", "");
  const [hours, minutes] = [digits.slice(0, 2).join(""), digits.slice(2).join("")].map(Number);
  const ahead = (sign === "-" ? -1 : 1) * (60 * hours + minutes);
  return date.getTime() + 1000 * (60 * (60 * hour + Number(minute) - ahead) + Number(second));
}
