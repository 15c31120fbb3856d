/**
 * Other ways to write a value than the canonical one: keys and modes by name, decimal commas, percent, seconds, dates of
 * spreadsheets. What a column means is told from all its values, so that no value is read by a guess of its own.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { sqlText } from "../data/parquet.ts";
import type { CatalogColumn } from "./catalog.ts";
import { UNIT_FEATURES } from "./forms.ts";

/** How the values of a column are to be read. */
export interface Reading {
  /** SQL of the canonical text of a value; NULL when it is not written this way. */
  sql: (value: string) => string;
  /** What the account says of it. */
  told: string;
}

/** The readings of the columns that need one. */
export type Readings = Partial<Record<CatalogColumn, Reading>>;

/** SQL that is true for a good value of a column, given as SQL of its text. */
export type GoodValue = (column: CatalogColumn, text: string) => string;

const matches = (text: string, pattern: string) => `regexp_full_match(${text}, ${sqlText(pattern)})`;
const group = (text: string, pattern: string, g: number) => `regexp_extract(${text}, ${sqlText(pattern)}, ${g})`;

const NUMBER = "\\s*([-+]?\\d*[.,]?\\d+(?:[eE][-+]?\\d+)?)\\s*(?:%|(?i:db|dbfs|lufs|bpm|ms|s|sec|min))?\\s*";
/** A number with a decimal comma, a percent sign, a unit or a typeset minus. */
const number = (text: string) =>
  `TRY_CAST(replace(${group(`replace(${text}, '−', '-')`, `^${NUMBER}$`, 1)}, ',', '.') AS DOUBLE)`;
/** Digits in groups that no decimal sign explains. */
const GROUPED = "\\d{1,3}(?:[.,' \\x{00a0}\\x{202f}’]\\d{3}){2,}|\\d{1,3}[' \\x{00a0}\\x{202f}’]\\d{3}";
const CLOCK = "\\s*(?:0 days )?(?:(\\d{1,2}):)?(\\d{1,2}):(\\d{2}(?:[.,]\\d+)?)\\s*";

/** A duration in some unit, or as `3:45`, in ms. */
function duration(text: string, unit: number): string {
  const part = (g: number) => `COALESCE(TRY_CAST(replace(${group(text, `^${CLOCK}$`, g)}, ',', '.') AS DOUBLE), 0)`;
  const grouped = `TRY_CAST(regexp_replace(${text}, '[^0-9]', '', 'g') AS DOUBLE)`;
  return `CASE WHEN ${matches(text, CLOCK)} THEN 1000 * (3600 * ${part(1)} + 60 * ${part(2)} + ${part(3)})
    WHEN ${matches(text, GROUPED)} THEN ${grouped} ELSE ${unit} * ${number(text)} END`;
}

const MINOR = "minor|min|moll|mineur|menor|minore";
const MAJOR = "major|maj|dur|majeur|mayor|maior|maggiore";
const NOTE =
  `\\s*([A-Ga-g])\\s*-?(#|♯|b|♭|sharp|flat|)(?:\\s*/\\s*[A-Ga-g][#♯b♭]?)?[\\s-]*(?i:${MAJOR}|${MINOR}|m)?\\s*`;
const CAMELOT = "\\s*(1[0-2]|[1-9])\\s*([ABab])\\s*";

function keyNumber(text: string): string {
  const sign = group(text, `^${NOTE}$`, 2);
  const place = `strpos('C.D.EF.G.A.B', upper(${group(text, `^${NOTE}$`, 1)})) - 1`;
  const wheel = `(TRY_CAST(${group(text, `^${CAMELOT}$`, 1)} AS INTEGER) + 4) * 7`;
  return `CASE WHEN ${matches(text, NOTE)}
    THEN (${place} + CASE WHEN ${sign} = '' THEN 0 WHEN ${sign} IN ('#', '♯', 'sharp') THEN 1 ELSE -1 END + 12) % 12
    WHEN ${matches(text, CAMELOT)}
    THEN (${wheel} + CASE WHEN upper(${group(text, `^${CAMELOT}$`, 2)}) = 'A' THEN 9 ELSE 0 END) % 12 END`;
}

function modeNumber(text: string): string {
  const word = (words: string) => matches(text, `(?:\\s*[A-Ga-g]\\S*[\\s-]+|\\s*[A-Ga-g][#♯b♭]?)?\\s*(?:${words})\\s*`);
  return `CASE WHEN ${word(`m|(?i:${MINOR})`)} OR ${matches(text, "\\s*(?:1[0-2]|[1-9])\\s*[Aa]\\s*")} THEN 0
    WHEN ${word(`M|(?i:${MAJOR})`)} OR ${matches(text, "\\s*(?:1[0-2]|[1-9])\\s*[Bb]\\s*")} THEN 1 END`;
}

const YES = "yes|y|t|x|ja|oui|vrai|s[ií]|sì|sim|wahr|waar|verdadero|verdadeiro|vero|explicit|はい";
const NO = "no|n|f|nein|non|faux|não|nee|falsch|onwaar|falso|clean|not explicit|いいえ";

const DAY_FIRST = "'%d %m %Y'";
const MONTH_FIRST = "'%m %d %Y'";

/** A date as text, its day and month in an order; points between them always mean day, month, year. */
function date(text: string, order: "day" | "month" | "none"): string {
  const pair = "(\\d{1,2})\\s*[/. -]\\s*(\\d{1,2})\\s*[/. -]\\s*(\\d{4})(?:[ T].*)?";
  const plain =
    `regexp_replace(trim(regexp_replace(${text}, '(?i)(\\d)(st|nd|rd|th)\\b|[,.]', '\\1 ', 'g')), '[\\s-]+', ' ', 'g')`;
  const parsed = (value: string, form: string) => `strftime(try_strptime(${value}, ${form}), '%Y-%m-%d')`;
  const numbers = [1, 2, 3].map((g) => group(text, `^\\s*${pair}$`, g)).join(" || ' ' || ");
  const written = order === "none"
    ? group(text, `^\\s*${pair}$`, 3)
    : parsed(numbers, order === "day" ? DAY_FIRST : MONTH_FIRST);
  return `CASE
    WHEN ${matches(text, "\\s*\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}(?:[ T].*)?")} THEN
      ${
    parsed(
      `regexp_replace(${group(text, "^\\s*(\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2})", 1)}, '[/.]', '-', 'g')`,
      "'%Y-%m-%d'",
    )
  }
    WHEN ${matches(text, `\\s*${pair}`)} THEN
      CASE WHEN contains(${text}, '.') THEN ${parsed(numbers, DAY_FIRST)} ELSE ${written} END
    WHEN ${matches(text, "\\s*\\d{4}\\.0+")} THEN left(trim(${text}), 4)
    WHEN ${matches(text, "\\s*[1-6]\\d{4}(?:\\.0+)?")} THEN
      strftime(DATE '1899-12-30' + TRY_CAST(TRY_CAST(${text} AS DOUBLE) AS INTEGER), '%Y-%m-%d')
    ELSE COALESCE(${parsed(plain, "['%d %b %Y', '%d %B %Y', '%b %d %Y', '%B %d %Y']")},
      strftime(try_strptime(${plain}, ['%b %Y', '%B %Y']), '%Y-%m')) END`;
}

/** A reading that keeps values which are good as they are. */
function beside(column: CatalogColumn, good: GoodValue, sql: (text: string) => string, told: string): Reading {
  return { told, sql: (text) => `CASE WHEN ${good(column, text)} THEN ${text} ELSE CAST(${sql(text)} AS VARCHAR) END` };
}

/**
 * Tells how the columns of a source are written, from all values.
 *
 * @param table SQL of the source; `values` is SQL of the text of each column in it.
 * @returns The columns whose values are not, or not all, written in the canonical way.
 */
export async function tellReadings(
  connection: DuckDBConnection,
  table: string,
  values: Partial<Record<CatalogColumn, string>>,
  names: Partial<Record<CatalogColumn, string>>,
  good: GoodValue,
): Promise<Readings> {
  const has = (column: CatalogColumn) => values[column] !== undefined;
  const units = UNIT_FEATURES.filter(has);
  const facts = await oneRow(connection, table, {
    ...Object.fromEntries(units.flatMap((name) => {
      const value = number(values[name]!);
      return [
        [`${name} large`, `count_if(${value} > 1 AND ${value} <= 100)`],
        [`${name} set`, `count_if(${value} <> 0)`],
        [`${name} fractions`, `count_if(${value} <> floor(${value}))`],
      ];
    })),
    ...(has("duration_ms") ? { duration: `COALESCE(median(${number(values.duration_ms!)}), 0)` } : {}),
  });
  const percent = units.filter((name) => facts[`${name} large`] > facts[`${name} set`] / 2);
  const candidates: [CatalogColumn, Reading][] = [];
  const forced: CatalogColumn[] = [];
  const offer = (column: CatalogColumn, reading: Reading) => has(column) && candidates.push([column, reading]);
  for (const name of units) {
    const isPercent = percent.includes(name) ||
      (percent.length > 0 && (facts[`${name} large`] > 0 || facts[`${name} fractions`] === 0));
    if (isPercent) forced.push(name);
    if (isPercent) {
      offer(name, {
        told: `${names[name]}: percent`,
        sql: (text) => `CAST(${number(text)} / 100 AS VARCHAR)`,
      });
    } else offer(name, beside(name, good, number, `${names[name]}: decimal commas or units`));
  }
  for (const name of ["loudness", "tempo", "popularity"] as const) {
    offer(name, beside(name, good, number, `${names[name]}: decimal commas or units`));
  }
  const middle = facts.duration;
  const minutes = middle > 0 && middle < 20 && /min/i.test(names.duration_ms ?? "");
  const [unit, unitName] = minutes ? [60000, "minutes"] : middle > 0 && middle < 10000 ? [1000, "seconds"] : [1, "ms"];
  offer("duration_ms", {
    told: `${names.duration_ms}: ${unit === 1 ? "minutes and seconds, or grouped digits" : unitName}`,
    sql: (text) => `CAST(${duration(text, unit)} AS VARCHAR)`,
  });
  offer("key", beside("key", good, keyNumber, `${names.key}: keys by name`));
  offer("mode", beside("mode", good, modeNumber, `${names.mode}: modes by name`));
  offer(
    "time_signature",
    beside(
      "time_signature",
      good,
      (text) => group(text, "^\\s*(\\d+)\\s*/\\s*\\d+\\s*$", 1),
      `${names.time_signature}: as 4/4`,
    ),
  );
  const words = (text: string) =>
    `CASE WHEN ${matches(text, `(?i)\\s*(?:${YES})\\s*`)} THEN '1' WHEN ${
      matches(text, `(?i)\\s*(?:${NO})\\s*`)
    } THEN '0' END`;
  offer("explicit", beside("explicit", good, words, `${names.explicit}: words for yes and no`));
  offer(
    "year",
    beside("year", good, (text) => group(text, "\\b((?:18|19|20)\\d\\d)\\b", 1), `${names.year}: the year in a date`),
  );
  const dates = (["month", "day", "none"] as const).map((order) => {
    const what = {
      month: "month before day",
      day: "day before month",
      none: "the year alone, for day and month cannot be told apart",
    }[order];
    return beside("release_date", good, (text) => date(text, order), `${names.release_date}: ${what}`);
  });
  offer("release_date", dates[2]);
  const counts = await oneRow(connection, table, {
    ...Object.fromEntries(
      Object.entries(values).map(([column, text]) => [column, `count_if(${good(column as CatalogColumn, text)})`]),
    ),
    ...Object.fromEntries(
      candidates.map(([column, { sql }], c) => [`c${c}`, `count_if(${good(column, sql(values[column]!))})`]),
    ),
    ...Object.fromEntries(
      [...units, "loudness", "tempo", "popularity"].filter((name) => has(name as CatalogColumn)).map((name) => [
        `${name} points`,
        `count_if(contains(${values[name as CatalogColumn]}, '.'))`,
      ]),
    ),
    ...(has("release_date") ? dateFacts(dates, values.release_date!, good) : {}),
  });
  const readings: Readings = {};
  for (const [c, [column, reading]] of candidates.entries()) {
    // A comma among numbers with points is no decimal comma.
    const gained = counts[`c${c}`] - counts[column] - (counts[`${column} points`] ?? 0);
    if (gained > 0 || forced.includes(column)) readings[column] = reading;
  }
  if (readings.release_date) {
    const { months, days, differ } = counts;
    if (differ + months + days === 0) {
      readings.release_date = { ...dates[0], told: `${names.release_date}: dates in another form` };
    } else readings.release_date = dates[(months > 0) === (days > 0) ? 2 : months > 0 ? 0 : 1];
  }
  return readings;
}

/** How many dates can be read with the month first alone, with the day first alone, and otherwise in the one way. */
function dateFacts([month, day]: readonly Reading[], text: string, good: GoodValue): Record<string, string> {
  const isGood = ({ sql }: Reading) => `COALESCE(${good("release_date", sql(text))}, FALSE)`;
  return {
    months: `count_if(${isGood(month)} AND NOT ${isGood(day)})`,
    days: `count_if(${isGood(day)} AND NOT ${isGood(month)})`,
    differ: `count_if(${month.sql(text)} <> ${day.sql(text)})`,
  };
}

/** The numbers of one row of a query, by name. */
async function oneRow(
  connection: DuckDBConnection,
  table: string,
  columns: Record<string, string>,
): Promise<Record<string, number>> {
  const names = Object.keys(columns);
  if (names.length === 0) return {};
  const row =
    (await connection.runAndReadAll(`SELECT ${Object.values(columns).join(", ")} FROM ${table}`)).getRows()[0];
  return Object.fromEntries(names.map((name, i) => [name, Number(row[i])]));
}
