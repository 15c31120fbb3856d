/** Taking apart what stands in one field for several names: artists, their ids, genres. */
import { type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from "@duckdb/node-api";
import { sqlText } from "../data/parquet.ts";
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

const ESCAPES: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};
const STRING = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|\]$)/gsy;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs;

/**
 * Parses a list of strings as Python prints it. Swapping quotes and reading the result as JSON fails on names with
 * apostrophes, so this is a parser of the literal itself.
 *
 * @param text The literal, e.g. `['Guns N\' Roses', "Destiny's Child"]`.
 * @returns The strings, or `undefined` when the text is not such a literal.
 *
 * @example
 * ```ts
 * import { parsePythonList } from "./credits.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parsePythonList(`['A', "B's"]`), ["A", "B's"]);
 * assert.equal(parsePythonList("A;B"), undefined);
 * ```
 */
export function parsePythonList(text: string): string[] | undefined {
  const literal = text.trim();
  if (!literal.startsWith("[") || !literal.endsWith("]")) return undefined;
  const items: string[] = [];
  STRING.lastIndex = 1;
  while (!/^\s*\]$/.test(literal.slice(STRING.lastIndex))) {
    const found = STRING.exec(literal);
    if (!found) return undefined;
    const item = unescapeText(found[1] ?? found[2]);
    if (item === undefined) return undefined;
    items.push(item);
    if (found[3] !== ",") break;
  }
  return items;
}

function unescapeText(text: string): string | undefined {
  if (!text.includes("\\")) return text;
  let known = true;
  const plain = text.replace(ESCAPE, (_all, two, four, eight, one) => {
    const code = two ?? four ?? eight;
    if (code !== undefined) {
      const point = parseInt(code, 16);
      if (point <= 0x10ffff) return String.fromCodePoint(point);
    } else if (one in ESCAPES) return ESCAPES[one];
    known = false;
    return "";
  });
  return known ? plain : undefined;
}
