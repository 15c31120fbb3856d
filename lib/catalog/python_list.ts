/**
 * Lists of texts as Python prints them: `['A', "B's"]`. Swapping quotes and reading the result as JSON fails on names
 * with apostrophes, so this is a parser of the literal itself.
 *
 * @module
 */

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
 * Parses a Python list literal of strings.
 *
 * @param text The literal, e.g. `['Guns N\' Roses', "Destiny's Child"]`.
 * @returns The strings, or `undefined` when the text is not such a literal.
 *
 * @example
 * ```ts
 * import { parsePythonList } from "./python_list.ts";
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
