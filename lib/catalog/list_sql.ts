/** SQL of the texts that stand in one field: artists, their ids, genres. */
import { type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from "@duckdb/node-api";
import { sqlText } from "../data/parquet.ts";
import { parsePythonList } from "./credits.ts";
import type { ListStyle } from "./forms.ts";

/** Separates list items that a function written here gives back to DuckDB. */
const SEPARATOR = "\x1f";

/**
 * Makes functions known to a connection that take a text apart, and give its items with a separator between, or null:
 * `python_list` a Python list literal, `credit_list` a credit as `credits` says.
 */
export function registerLists(connection: DuckDBConnection, credits: ReadonlyMap<string, readonly string[]>): void {
  const register = (name: string, itemsOf: (text: string) => readonly string[] | undefined) =>
    connection.registerScalarFunction(DuckDBScalarFunction.create({
      name,
      parameterTypes: [VARCHAR],
      returnType: VARCHAR,
      mainFunction(_info, input, output) {
        const texts = input.getColumnVector(0);
        for (let i = 0; i < input.rowCount; i++) {
          const text = texts.getItem(i) as string | null;
          output.setItem(i, text === null ? null : itemsOf(text)?.join(SEPARATOR) ?? null);
        }
        output.flush();
      },
    }));
  register("python_list", parsePythonList);
  register("credit_list", (credit) => credits.get(credit) ?? [credit]);
}

/** What every credit of several artists has, but for printed lists. */
const SIGNS = "[;,&+/，、＆×]|(?i:[\\s([](?:x|vs|and|with|w|feat|ft|featuring)[\\s./])";

/** SQL that is true for a text that may hold several artists, and is no printed list. */
export function maybeJoined(text: string): string {
  return `(NOT starts_with(${text}, '[') AND regexp_matches(${text}, ${sqlText(SIGNS)}))`;
}

/** SQL of a list whose items are trimmed and not empty. */
export function tidyList(list: string): string {
  return `list_filter(list_transform(${list}, lambda x: trim(x)), lambda x: x <> '')`;
}

/** A Python list of texts without quotes, escapes, brackets and outer spaces: such a list is split in SQL. */
const PLAIN_ITEM = `'(?:[^'"\\\\\\[\\] ]|[^'"\\\\\\[\\] ][^'"\\\\\\[\\]]*[^'"\\\\\\[\\] ])'`;
const PLAIN_LIST = `\\[${PLAIN_ITEM}(?:, ${PLAIN_ITEM})*\\]`;

/**
 * SQL of the list that a text holds in some style. Lists of plain texts are taken apart in SQL, the others by
 * `python_list`, which {@linkcode registerLists} makes known. Items are trimmed and not empty.
 */
export function listOf(raw: string, style: ListStyle): string {
  const split = `string_split(substring(${raw}, 3, length(${raw}) - 4), ''', ''')`;
  const parsed = tidyList(`string_split(python_list(${raw}), chr(31))`);
  const python = `CASE WHEN regexp_full_match(${raw}, ${sqlText(PLAIN_LIST)}) THEN ${split}
    ELSE ${parsed} END`;
  switch (style) {
    case "python":
      return python;
    case "single":
      return `CASE WHEN ${raw} IS NOT NULL THEN [${raw}] END`;
    case "semicolon":
      return tidyList(`string_split(${raw}, ';')`);
    case "any":
      return `CASE WHEN starts_with(${raw}, '[') THEN ${python} ELSE ${
        tidyList(`string_split_regex(${raw}, CASE WHEN contains(${raw}, ';') THEN ';' ELSE '[,|]' END)`)
      } END`;
    case "credit":
      return `CASE WHEN starts_with(${raw}, '[') THEN ${python}
        WHEN ${maybeJoined(raw)} THEN ${tidyList(`string_split(credit_list(${raw}), chr(31))`)} ELSE [${raw}] END`;
  }
}
