/**
 * The SQL that turns one source into typed canonical columns and a reason why a row cannot be used. Nothing is guessed:
 * every value comes as text, is converted by TRY_CAST and held against its range.
 *
 * @module
 */
import { type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from "@duckdb/node-api";
import { sqlName, sqlText } from "../storage/parquet.ts";
import { type CatalogColumn, LIST_COLUMNS, type ListColumn, NUMERIC_COLUMNS, type NumericColumn } from "./catalog.ts";
import { CRITICAL_COLUMNS, type Form, type ListStyle, SOURCE_COLUMNS, UNIT_FEATURES } from "./forms.ts";
import { parsePythonList } from "./python_list.ts";
import { plainText, workTitle } from "./work.ts";

/** Range of a numeric column, and the value by which sources say that they do not know. */
interface Range {
  /** Smallest value. */
  low: number;
  /** Largest value. */
  high: number;
  /** Whole numbers only. */
  whole?: boolean;
  /** Value that means missing. */
  marker?: number;
}

/** What each number may be. Loudness a little above 0 dB is real (normalisation off), key −1 is "not detected". */
export const RANGES: Readonly<Record<NumericColumn, Range>> = {
  ...Object.fromEntries(UNIT_FEATURES.map((name) => [name, { low: 0, high: 1 }])) as Record<
    typeof UNIT_FEATURES[number],
    Range
  >,
  loudness: { low: -100, high: 10 },
  tempo: { low: 1, high: 350, marker: 0 },
  key: { low: 0, high: 11, whole: true, marker: -1 },
  mode: { low: 0, high: 1, whole: true },
  time_signature: { low: 1, high: 15, whole: true, marker: 0 },
  duration_ms: { low: 1000, high: 86400000 },
  popularity: { low: 0, high: 100 },
  year: { low: 1860, high: 2100, whole: true, marker: 0 },
  explicit: { low: 0, high: 1, whole: true },
};

/** Features whose 0 is no measurement where the tempo is 0: the analysis of such a track failed as a whole. */
export const SILENT_FEATURES = ["danceability", "speechiness", "valence"] as const;

/** SQL type of a column of the checked rows. */
export function sqlType(column: CatalogColumn): string {
  if ((LIST_COLUMNS as readonly string[]).includes(column)) return "VARCHAR[]";
  if (column === "explicit") return "BOOLEAN";
  if (column === "duration_ms" || RANGES[column as NumericColumn]?.whole) return "INTEGER";
  return (NUMERIC_COLUMNS as readonly string[]).includes(column) ? "DOUBLE" : "VARCHAR";
}

/** Separates list items that a function written here gives back to DuckDB. */
const SEPARATOR = "\x1f";

/**
 * Makes `python_list`, `work_title` and `plain_text` known to a connection.
 *
 * @param connection An open connection.
 */
export function registerFunctions(connection: DuckDBConnection): void {
  const functions: Record<string, (text: string) => string | null> = {
    python_list: (text) => parsePythonList(text)?.join(SEPARATOR) ?? null,
    work_title: workTitle,
    plain_text: plainText,
  };
  for (const [name, compute] of Object.entries(functions)) {
    connection.registerScalarFunction(DuckDBScalarFunction.create({
      name,
      parameterTypes: [VARCHAR],
      returnType: VARCHAR,
      mainFunction(_info, input, output) {
        const texts = input.getColumnVector(0);
        for (let i = 0; i < input.rowCount; i++) {
          const text = texts.getItem(i) as string | null;
          output.setItem(i, text === null ? null : compute(text));
        }
        output.flush();
      },
    }));
  }
}

/** Which values a row had that stand for missing; `fix` is a sum of these. */
export const FIX = { tempo: 1, time_signature: 2, year: 4 } as const;

/**
 * A query over one source: the canonical columns asked for; `problem`, null for a good row; `fix`, what is missing by a
 * marker ({@linkcode FIX}); `work_key`, equal for takes of one work; and `source_id`, the id as it stands in the source.
 *
 * @param source SQL of the table that holds the source columns.
 * @param form The form of the source.
 * @param columns Canonical columns of the result, in order; those the form lacks are NULL.
 * @param types SQL type of each source column.
 * @param dropMissing True when a row with a missing tempo, time signature or year is a problem.
 * @returns The query.
 */
export function checkedRows(
  source: string,
  form: Form,
  columns: readonly CatalogColumn[],
  types: Readonly<Record<string, string>>,
  dropMissing: boolean,
): string {
  const has = (name: CatalogColumn) => form.columns[name] !== undefined;
  const isList = (name: CatalogColumn) => (LIST_COLUMNS as readonly string[]).includes(name);
  const given = SOURCE_COLUMNS.filter(has);
  const raw = given.map((name) => {
    const column = sqlName(form.columns[name]!);
    const alias = sqlName(`raw_${name}`);
    if (isList(name) && types[form.columns[name]!].endsWith("[]")) return `${column}::VARCHAR[] AS ${alias}`;
    const text = `CAST(${column} AS VARCHAR)`;
    const value = form.missingNA && !isNumeric(name) ? `NULLIF(trim(${text}), 'NA')` : `trim(${text})`;
    return `NULLIF(${value}, '') AS ${alias}`;
  });
  const typed = given.map((name) => `${typedValue(name, form, types)} AS ${sqlName(`v_${name}`)}`);
  const final = columns.map((name) => `${finalValue(name, has)}::${sqlType(name)} AS ${sqlName(name)}`);
  const markers = (Object.keys(FIX) as (keyof typeof FIX)[]).filter((name) =>
    has(name) || (name === "year" && has("release_date"))
  );
  const fix = markers.map((name) => `CASE WHEN (${finalValue(name, has)}) IS NULL THEN ${FIX[name]} ELSE 0 END`);
  const missing = dropMissing
    ? markers.map((name) => `WHEN (${finalValue(name, has)}) IS NULL THEN 'missing ${name}'`)
    : [];
  return `SELECT ${final.join(", ")}, raw_track_id AS source_id, (${fix.join(" + ") || "0"})::UTINYINT AS fix,
    ${problem(form, given, missing)} AS problem,
    hash(CASE WHEN regexp_full_match(v_title, '[A-Za-z0-9 ]+') AND NOT regexp_matches(v_title, '(?i)feat|ft')
      THEN lower(regexp_replace(v_title, ' +', ' ', 'g')) ELSE work_title(v_title) END,
      CASE WHEN regexp_full_match(v_artists[1], '[A-Za-z0-9 ]+')
      THEN lower(regexp_replace(v_artists[1], ' +', ' ', 'g')) ELSE plain_text(v_artists[1]) END) AS work_key
    FROM (SELECT *, ${typed.join(", ")} FROM (SELECT ${raw.join(", ")} FROM ${source}))`;
}

function isNumeric(name: CatalogColumn): name is NumericColumn {
  return (NUMERIC_COLUMNS as readonly string[]).includes(name);
}

function typedValue(name: CatalogColumn, form: Form, types: Readonly<Record<string, string>>): string {
  const raw = `raw_${name}`;
  if (name === "explicit") {
    return `CASE WHEN lower(${raw}) IN ('true', '1', '1.0') THEN 1.0 WHEN lower(${raw}) IN ('false', '0', '0.0') THEN 0.0 END`;
  }
  if (isNumeric(name)) return `CASE WHEN NOT contains(${raw}, '_') THEN TRY_CAST(${raw} AS DOUBLE) END`;
  if ((LIST_COLUMNS as readonly string[]).includes(name)) {
    const list = types[form.columns[name]!].endsWith("[]") ? raw : listOf(raw, listStyle(name as ListColumn, form));
    return `list_filter(list_transform(${list}, lambda x: trim(x)), lambda x: x <> '')`;
  }
  if (name === "track_id") return `CASE WHEN starts_with(${raw}, 'spotify:track:') THEN ${raw}[15:] ELSE ${raw} END`;
  if (name === "title" || name === "album") {
    return `CASE WHEN regexp_matches(${raw}, '[[:cntrl:]]') THEN trim(regexp_replace(${raw}, '[[:cntrl:]]+', ' ', 'g')) ELSE ${raw} END`;
  }
  return raw;
}

function listStyle(name: ListColumn, form: Form): ListStyle {
  if (name === "artists") return form.artists;
  if (name === "artist_ids") return form.artists === "python" ? "python" : "any";
  return form.name.startsWith("segue") || form.name.startsWith("own") ? "any" : "single";
}

/** Plain lists are split in SQL; what has other quotes or escapes goes to the parser. */
function listOf(raw: string, style: ListStyle): string {
  const inside = `${raw}[3:-3]`;
  const python = `CASE WHEN starts_with(${raw}, '[''') AND ends_with(${raw}, ''']') AND NOT contains(${raw}, '"')
      AND NOT contains(${raw}, '\\') AND NOT contains(replace(${inside}, ''', ''', ''), '''')
    THEN string_split(${inside}, ''', ''') ELSE string_split(python_list(${raw}), chr(31)) END`;
  switch (style) {
    case "python":
      return python;
    case "single":
      return `[${raw}]`;
    case "semicolon":
      return `string_split(${raw}, ';')`;
    case "any":
      return `CASE WHEN starts_with(${raw}, '[') THEN ${python} ELSE string_split(${raw}, ';') END`;
  }
}

function finalValue(name: CatalogColumn, has: (name: CatalogColumn) => boolean): string {
  if (name === "year" && has("release_date")) {
    const fromDate = `NULLIF(TRY_CAST(raw_release_date[1:4] AS INTEGER), 0)`;
    return has("year") ? `COALESCE(NULLIF(v_year, 0), ${fromDate})` : fromDate;
  }
  if (!has(name)) return "NULL";
  if (name === "release_date") return `CASE WHEN v_release_date[1] IN ('1', '2') THEN v_release_date END`;
  if (has("tempo") && (SILENT_FEATURES as readonly string[]).includes(name)) {
    return `CASE WHEN NOT (v_tempo = 0 AND v_${name} = 0) THEN v_${name} END`;
  }
  const marker = isNumeric(name) ? RANGES[name].marker : undefined;
  return marker === undefined ? `v_${name}` : `NULLIF(v_${name}, ${marker})`;
}

function problem(form: Form, given: readonly CatalogColumn[], missing: readonly string[]): string {
  const checks = given.flatMap((name) => check(name, form));
  const fine = checks.map(({ fine }) => `(${fine})`).join(" AND ");
  const reasons = checks.map(({ wrong, reason }) => `WHEN ${wrong} THEN ${reason}`).join("\n");
  const exact = `CASE ${reasons} ${missing.join(" ")} END`;
  return missing.length > 0 ? exact : `CASE WHEN ${fine} THEN NULL ELSE ${exact} END`;
}

/** A check: a quick test that a good value passes, the exact test of a bad one, and what to say of it. */
interface Check {
  fine: string;
  wrong: string;
  reason: string;
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
      { fine: "TRUE", wrong: `${raw} = ${sqlText(form.columns.track_id!)}`, reason: "'the header line again'" },
      {
        fine: "TRUE",
        wrong: `NOT (${good})`,
        reason: says(form.strictIds ? "22 letters and digits" : "at most 200 characters"),
      },
    ];
  }
  if (isNumeric(name)) {
    const { low, high, whole, marker } = RANGES[name];
    const inRange = `${value} BETWEEN ${low} AND ${high}${whole ? ` AND ${value} = floor(${value})` : ""}`;
    const good = marker === undefined ? inRange : `(${inRange}) OR ${value} = ${marker}`;
    const absent = `(${raw} IS NULL OR lower(${raw}) IN ('na', 'nan', 'n/a', 'null', 'none'))`;
    const kind = name === "explicit" ? "True or False" : `${whole ? "an integer" : "a number"} in [${low}, ${high}]`;
    return [
      ...(critical ? [{ fine: "TRUE", wrong: absent, reason: missing }] : []),
      {
        fine: critical ? good : `${raw} IS NULL OR ${good}`,
        wrong: `NOT ${absent} AND (${good}) IS NOT TRUE`,
        reason: says(kind),
      },
    ];
  }
  if (name === "release_date") {
    const good = `regexp_full_match(${value}, '0000(-\\d{2}){0,2}|\\d{4}|\\d{4}-\\d{2}|\\d{4}-\\d{2}-\\d{2}') AND
      (starts_with(${value}, '0000') OR (TRY_CAST(left(${value} || '-01-01', 10) AS DATE) IS NOT NULL AND
      TRY_CAST(left(${value}, 4) AS INTEGER) BETWEEN ${RANGES.year.low} AND ${RANGES.year.high}))`;
    const absent = `(${raw} IS NULL OR lower(${raw}) IN ('na', 'nan', 'none', 'null'))`;
    return [{
      fine: `${raw} IS NULL OR (${good})`,
      wrong: `NOT ${absent} AND NOT (${good})`,
      reason: says("YYYY, YYYY-MM or YYYY-MM-DD"),
    }];
  }
  if ((LIST_COLUMNS as readonly string[]).includes(name)) {
    const bad = { fine: "TRUE", wrong: `${raw} IS NOT NULL AND ${value} IS NULL`, reason: says("a list of texts") };
    return critical
      ? [{ ...bad, fine: `len(${value}) > 0` }, {
        fine: "TRUE",
        wrong: `${value} IS NULL OR len(${value}) = 0`,
        reason: missing,
      }]
      : [{ ...bad, fine: `${raw} IS NULL OR ${value} IS NOT NULL` }];
  }
  return critical ? [{ fine: `${raw} IS NOT NULL`, wrong: `${raw} IS NULL`, reason: missing }] : [];
}
