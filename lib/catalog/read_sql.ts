/**
 * The SQL that turns one source into typed canonical columns and a reason why a row cannot be used. Nothing is guessed:
 * every value comes as text, is converted by TRY_CAST and held against its range.
 */
import { sqlName, sqlText } from "../data/parquet.ts";
import type { CatalogColumn, NumericColumn } from "./catalog.ts";
import { listOf, tidyList } from "./list_sql.ts";
import { CRITICAL_COLUMNS, type Form, SOURCE_COLUMNS } from "./forms.ts";
import type { Readings } from "./readings.ts";
import { FIX, isList, isNumeric, listStyle, RANGES, SILENT_FEATURES, sqlType } from "./rules.ts";
import { bareTitle, plainText, workKey } from "./work.ts";

/** A source as SQL sees it. */
export interface SourceColumns {
  /** SQL of the table that holds the source columns. */
  sql: string;
  /** The form of the source. */
  form: Form;
  /** SQL type of each source column. */
  types: Readonly<Record<string, string>>;
  /** False when no text holds a control character. */
  control: boolean;
  /** How columns are written that are not written as usual. */
  readings: Readings;
}

/**
 * A query over one source: the canonical columns asked for; `fix`, what is missing by a marker ({@linkcode FIX});
 * `work_key`, equal for takes of one work; `problem`, why a row cannot be used, null when it can; and `odd`, which
 * optional values cannot be used, with chr(31) between them.
 *
 * @param columns Canonical columns of the result, in order; those the form lacks are NULL.
 * @param dropMissing True when a row with a missing tempo, time signature or year is no good.
 */
export function checkedRows(source: SourceColumns, columns: readonly CatalogColumn[], dropMissing: boolean): string {
  const { form } = source;
  const final = columns.map((name) => `TRY_CAST(${finalValue(name, form)} AS ${sqlType(name)}) AS ${sqlName(name)}`);
  // The columns that may hold a marker for missing.
  const markers = (Object.keys(FIX) as (keyof typeof FIX)[]).filter((name) =>
    name in form.columns || (name === "year" && "release_date" in form.columns)
  ).map((name) => ({ name, missing: `(${finalValue(name, form)}) IS NULL` }));
  const fix = markers.map(({ name, missing }) => `CASE WHEN ${missing} THEN ${FIX[name]} ELSE 0 END`);
  const { critical, optional } = checksOf(form);
  const problems: Check[] = [
    ...critical,
    ...(dropMissing ? markers : []).map(({ name, missing }) => ({
      fine: `NOT (${missing})`,
      wrong: missing,
      reason: `'missing ${name}'`,
    })),
  ];
  const allFine = (checks: Check[]) => checks.flatMap(({ fine }) => fine ? [`(${fine})`] : []).join(" AND ") || "TRUE";
  const whens = (checks: Check[]) => checks.map(({ wrong, reason }) => `WHEN ${wrong} THEN ${reason}`);
  const odd = optional.map((check) => `CASE ${whens([check])} END`).join(", ") || "NULL";
  // DuckDB looks for the reasons only in the rows that are not fine.
  return `SELECT ${final.join(", ")}, (${fix.join(" + ") || "0"})::UTINYINT AS fix,
    CASE WHEN ${allFine(problems)} THEN NULL ELSE CASE ${whens(problems).join("\n")} END END AS problem,
    CASE WHEN ${allFine(optional)} THEN NULL ELSE NULLIF(concat_ws(chr(31), ${odd}), '') END AS odd,
    ${workKey("v_title", "v_artists[1]", "plain_title", "plain_artist")} AS work_key
    FROM (SELECT *, ${plainText("bare_title")} AS plain_title, ${plainText("v_artists[1]")} AS plain_artist
    FROM (SELECT *, ${bareTitle("v_title")} AS bare_title FROM (${typedRows(source)})))`;
}

/** A query for what is wrong with a source: for each check that some rows fail, how many, and one reason. */
export function failedChecks(source: SourceColumns): string {
  const { critical } = checksOf(source.form);
  const counted = critical.map(({ wrong, reason }) =>
    `{rows: count_if(${wrong}), reason: min(${reason}) FILTER (${wrong})}`
  );
  return `SELECT f.rows, f.reason FROM (SELECT unnest([${counted.join(", ")}]) AS f FROM (${
    typedRows(source)
  })) WHERE f.rows > 0`;
}

/** The columns of a form as texts (`raw_…`) and as typed values (`v_…`). */
function typedRows({ sql, form, types, control, readings }: SourceColumns): string {
  const given = givenColumns(form);
  const isRealList = (name: CatalogColumn) => isList(name) && types[form.columns[name]!].endsWith("[]");
  const read = given.map((name) => {
    if (isRealList(name)) return `${sqlName(form.columns[name]!)}::VARCHAR[] AS ${sqlName(`in_${name}`)}`;
    const text = sourceText(name, form, types);
    const spaced = ["track_id", "title"].includes(name) || (name === "artists" && form.artists !== "python");
    return `${spaced ? trimmed(text) : text} AS ${sqlName(`in_${name}`)}`;
  });
  const raw = given.map((name) => {
    const value = sqlName(`in_${name}`);
    const reading = readings[name];
    const nothing = form.missingNA && !isNumeric(name) ? `${value} = '' OR ${value} = 'NA'` : `${value} = ''`;
    const kept = isRealList(name) || isNumeric(name) ? value : `CASE WHEN NOT (${nothing}) THEN ${value} END`;
    return `${reading ? `COALESCE(NULLIF(${reading.sql(value)}, ''), ${kept})` : kept} AS ${sqlName(`raw_${name}`)}`;
  });
  const typed = given.map((name) => `${typedValue(name, form, isRealList(name), control)} AS ${sqlName(`v_${name}`)}`);
  return `SELECT *, ${typed.join(", ")} FROM (SELECT ${raw.join(", ")} FROM (SELECT ${read.join(", ")} FROM ${sql}))`;
}

/** The canonical columns that a form has, in order. */
export function givenColumns(form: Form): CatalogColumn[] {
  return SOURCE_COLUMNS.filter((name) => form.columns[name] !== undefined);
}

/** SQL of a value of a source as text. */
export function sourceText(name: CatalogColumn, form: Form, types: SourceColumns["types"]): string {
  return textOf(sqlName(form.columns[name]!), types[form.columns[name]!]);
}

/** SQL that is true when a text is a good value of a column that holds numbers or dates. */
export function goodValue(name: CatalogColumn, text: string): string {
  if (name === "release_date") return `COALESCE(${goodDate(text)}, FALSE)`;
  return `COALESCE(${goodNumber(name as NumericColumn, text, typedNumber(name as NumericColumn, text))}, FALSE)`;
}

/** As `trim`, which is slow, for the texts alone that may need it: those with spaces around or letters beyond ASCII. */
function trimmed(text: string): string {
  return `CASE WHEN starts_with(${text}, ' ') OR ends_with(${text}, ' ') OR strlen(${text}) > length(${text})
    THEN trim(${text}) ELSE ${text} END`;
}

/** A source value as text: a point in time as its day, for release dates are told by day at most. */
function textOf(column: string, type: string): string {
  if (type === "VARCHAR") return column;
  const value = type === "TIMESTAMP WITH TIME ZONE" ? `(${column} AT TIME ZONE 'UTC')` : column;
  return type.startsWith("TIMESTAMP") ? `CAST(CAST(${value} AS DATE) AS VARCHAR)` : `CAST(${column} AS VARCHAR)`;
}

function typedValue(name: CatalogColumn, form: Form, isRealList: boolean, control: boolean): string {
  const raw = `raw_${name}`;
  if (isNumeric(name)) {
    const number = typedNumber(name, raw);
    if (CRITICAL_COLUMNS.includes(name)) return number;
    // A value that cannot be is missing.
    return name === "explicit" ? number : `CASE WHEN ${goodNumber(name, raw, number)} THEN ${number} END`;
  }
  if (isList(name)) return isRealList ? tidyList(raw) : listOf(raw, listStyle(name, form));
  if (name === "track_id") {
    return `CASE WHEN starts_with(${raw}, 'spotify:track:') THEN ${raw}[15:]
      WHEN starts_with(${raw}, 'https://open.spotify.com/') THEN
        COALESCE(NULLIF(regexp_extract(${raw}, '/track/([0-9A-Za-z]{22})', 1), ''), ${raw}) ELSE ${raw} END`;
  }
  if (name === "release_date") return `CASE WHEN ${goodDate(raw)} THEN ${raw} END`;
  if (control && (name === "title" || name === "album")) {
    return `CASE WHEN regexp_matches(${raw}, '[[:cntrl:]]') THEN trim(regexp_replace(${raw}, '[[:cntrl:]]+', ' ', 'g')) ELSE ${raw} END`;
  }
  return raw;
}

function typedNumber(name: NumericColumn, raw: string): string {
  return name === "explicit"
    ? `CASE WHEN lower(${raw}) IN ('true', '1', '1.0') THEN 1.0 WHEN lower(${raw}) IN ('false', '0', '0.0') THEN 0.0 END`
    : `TRY_CAST(${raw} AS DOUBLE)`;
}

/** A number in its range, or its marker for missing. */
function goodNumber(name: NumericColumn, raw: string, value: string): string {
  const { low, high, whole, marker } = RANGES[name];
  const inRange = `${value} BETWEEN ${low} AND ${high}${whole ? ` AND ${value} = floor(${value})` : ""}`;
  const known = marker === undefined ? inRange : `(${inRange} OR ${value} = ${marker})`;
  // DuckDB takes 1_000 for a number.
  return name === "explicit" ? known : `${known} AND NOT contains(${raw}, '_')`;
}

function goodDate(raw: string): string {
  return `(regexp_full_match(${raw}, ${sqlText(PLAIN_DATE)}) OR
    regexp_full_match(${raw}, '0000(-\\d\\d(-\\d\\d)?)?|(1[89]|20)\\d\\d(-\\d\\d(-\\d\\d)?)?') AND
    (length(${raw}) = 4 OR starts_with(${raw}, '0') OR TRY_CAST(left(${raw} || '-01', 10) AS DATE) IS NOT NULL))`;
}

function finalValue(name: CatalogColumn, form: Form): string {
  const has = (name: CatalogColumn) => form.columns[name] !== undefined;
  if (name === "year" && has("release_date")) {
    const fromDate = `NULLIF(TRY_CAST(left(v_release_date, 4) AS INTEGER), 0)`;
    return has("year") ? `COALESCE(NULLIF(v_year, 0), ${fromDate})` : fromDate;
  }
  if (!has(name)) return "NULL";
  if (name === "release_date") return `CASE WHEN v_release_date < '3' AND v_release_date > '1' THEN v_release_date END`;
  if (has("tempo") && (SILENT_FEATURES as readonly string[]).includes(name)) {
    return `CASE WHEN NOT (v_tempo = 0 AND v_${name} = 0) THEN v_${name} END`;
  }
  const marker = isNumeric(name) ? RANGES[name].marker : undefined;
  return marker === undefined ? `v_${name}` : `NULLIF(v_${name}, ${marker})`;
}

/** A date that needs no calendar. */
const PLAIN_DATE = "(?:1[89]|20)\\d\\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|1\\d|2[0-8]))?)?";

/** A check: a quick test that a good value passes, the exact test of a bad one, and what to say of it. */
interface Check {
  fine?: string;
  wrong: string;
  reason: string;
}

/** The checks whose failure costs the row, and those whose failure costs the value. */
function checksOf(form: Form): { critical: Check[]; optional: Check[] } {
  const given = givenColumns(form);
  const isCritical = (name: CatalogColumn) => CRITICAL_COLUMNS.includes(name);
  return {
    critical: given.filter(isCritical).flatMap((name) => check(name, form)),
    optional: given.filter((name) => !isCritical(name)).flatMap((name) => check(name, form)),
  };
}

/** True for what stands for "no value" where a number or a date belongs. No IN: DuckDB makes a join of a long one. */
function absentText(raw: string): string {
  return `(${raw} IS NULL OR regexp_full_match(${raw}, '(?i)\\s*(na|nan|n/a|null|none)?\\s*'))`;
}

function check(name: CatalogColumn, form: Form): Check[] {
  const [raw, value] = [`raw_${name}`, `v_${name}`];
  const critical = CRITICAL_COLUMNS.includes(name);
  const says = (expected: string) =>
    `${sqlText(`${name}: expected ${expected} but found '`)} || left(CAST(${raw} AS VARCHAR), 60) || ''''`;
  const missing = sqlText(`missing ${name}`);
  if (name === "track_id") {
    const good = form.strictIds ? `regexp_full_match(${value}, '[0-9A-Za-z]{22}')` : `length(${value}) <= 200`;
    return [
      { fine: `${good}`, wrong: `${raw} IS NULL`, reason: missing },
      { wrong: `${raw} = ${sqlText(form.columns.track_id!)}`, reason: "'the header line again'" },
      {
        wrong: `NOT (${good})`,
        reason: says(form.strictIds ? "22 letters and digits" : "at most 200 characters"),
      },
    ];
  }
  if (isNumeric(name)) {
    const { low, high, whole } = RANGES[name];
    const good = critical ? goodNumber(name, raw, value) : `${value} IS NOT NULL`;
    const absent = absentText(raw);
    const kind = name === "explicit" ? "True or False" : `${whole ? "an integer" : "a number"} in [${low}, ${high}]`;
    return [
      ...(critical ? [{ wrong: absent, reason: missing }] : []),
      {
        fine: critical ? good : `${raw} IS NULL OR ${good}`,
        wrong: `NOT ${absent} AND (${good}) IS NOT TRUE`,
        reason: says(kind),
      },
    ];
  }
  if (name === "release_date") {
    return [{
      fine: `${raw} IS NULL OR ${value} IS NOT NULL`,
      wrong: `NOT ${absentText(raw)} AND ${value} IS NULL`,
      reason: says("YYYY, YYYY-MM or YYYY-MM-DD"),
    }];
  }
  if (isList(name)) {
    const bad = { wrong: `${raw} IS NOT NULL AND ${value} IS NULL`, reason: says("a list of texts") };
    return critical
      ? [{ ...bad, fine: `len(${value}) > 0` }, {
        wrong: `${value} IS NULL OR len(${value}) = 0`,
        reason: missing,
      }]
      : [{ ...bad, fine: `${raw} IS NULL OR ${value} IS NOT NULL` }];
  }
  return critical ? [{ fine: `${raw} IS NOT NULL`, wrong: `${raw} IS NULL`, reason: missing }] : [];
}
