/** SQL of the texts that stand in one field: artists, their ids, genres. */
import { type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from "@duckdb/node-api";
import { sqlText } from "../data/parquet.ts";
import { parsePythonList } from "./credits.ts";
import type { ListStyle } from "./forms.ts";

/** Separates list items that a function written here gives back to DuckDB. */
const SEPARATOR = "\x1f";

/** Makes `python_list` known to a connection: a Python list literal as its items with a separator between, or null. */
export function registerPythonList(connection: DuckDBConnection): void {
  connection.registerScalarFunction(DuckDBScalarFunction.create({
    name: "python_list",
    parameterTypes: [VARCHAR],
    returnType: VARCHAR,
    mainFunction(_info, input, output) {
      const texts = input.getColumnVector(0);
      for (let i = 0; i < input.rowCount; i++) {
        const text = texts.getItem(i) as string | null;
        output.setItem(i, text === null ? null : parsePythonList(text)?.join(SEPARATOR) ?? null);
      }
      output.flush();
    },
  }));
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
 * `python_list`, which {@linkcode registerPythonList} makes known. Items are trimmed and not empty.
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
      return `CASE WHEN starts_with(${raw}, '[') THEN ${python} ELSE ${tidyList(`string_split(${raw}, ';')`)} END`;
  }
}
