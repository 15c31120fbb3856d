import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePythonList } from "../../lib/catalog/credits.ts";
import { runPython } from "../python.ts";

/** A list of texts as a literal in single quotes, which parsePythonList() and `ast.literal_eval` read. */
function formatPythonList(items: readonly string[]): string {
  const quote = (item: string) => `'${item.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
  return `[${items.map(quote).join(", ")}]`;
}

Deno.test("Lists as Python prints them are parsed", () => {
  assert.deepEqual(parsePythonList(`['A', "B's", 'C "D"']`), ["A", "B's", 'C "D"']);
  assert.deepEqual(parsePythonList(`['O\\'Neill', 'back\\\\slash', 'no\\xa0break', '\\u200bx']`), [
    "O'Neill",
    "back\\slash",
    "no\u00a0break",
    "\u200bx",
  ]);
  assert.deepEqual(parsePythonList("[]"), []);
  assert.deepEqual(parsePythonList("['A, B', ']']"), ["A, B", "]"]);
});

Deno.test("What is no list literal gives undefined", () => {
  for (const text of ["A;B", "['A'", "['A' 'B']", "['A', B]", "[A]", "['A\\q']", "['A']x", "", "['A',, 'B']"]) {
    assert.equal(parsePythonList(text), undefined, text);
  }
});

Deno.test("Formatting and parsing undo each other", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (items) => {
    assert.deepEqual(parsePythonList(formatPythonList(items)), items);
  }));
});

Deno.test("Python's own repr is parsed, and the literals that are tried above are read by ast.literal_eval", () => {
  const items = [
    "A",
    "B's",
    "both ' and \"",
    "back\\slash",
    "tab\tline\n",
    "no\u00a0break",
    "東京",
    "😀",
    "\u200b",
    "",
  ];
  const [printed, read] = runPython(
    "import ast, json, sys\nprint(json.dumps([repr(json.loads(sys.argv[1])), ast.literal_eval(sys.argv[2])]))",
    [JSON.stringify(items), formatPythonList(items)],
  ).trim().split("\n").map((line) => JSON.parse(line))[0];
  assert.deepEqual(parsePythonList(printed), items);
  assert.deepEqual(read, items);
});
