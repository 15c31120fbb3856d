import assert from "node:assert/strict";
import fc from "fast-check";
import { knownArtists, parsePythonList, splitCounted, splitCredit, splitCredits } from "../../lib/catalog/credits.ts";
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

const NOBODY = knownArtists([]);

Deno.test("Lists, semicolons and guests always separate", () => {
  const cases: [string, string[]][] = [
    ["Mira Holt feat. Odd Sven", ["Mira Holt", "Odd Sven"]],
    ["Mira Holt (feat. Odd Sven)", ["Mira Holt", "Odd Sven"]],
    ["Mira Holt [ft Odd Sven]", ["Mira Holt", "Odd Sven"]],
    ["Mira Holt FEATURING Odd Sven", ["Mira Holt", "Odd Sven"]],
    ["Mira Holt ft. Odd Sven; Pell", ["Mira Holt", "Odd Sven", "Pell"]],
    ["Mira Holt;Odd Sven ; ", ["Mira Holt", "Odd Sven"]],
    [`["Mira, Holt", "Odd & Sven"]`, ["Mira, Holt", "Odd & Sven"]],
    [`['Mira, Holt', "Odd's"]`, ["Mira, Holt", "Odd's"]],
    [String.raw`["A\/B", "\u00d6d"]`, ["A/B", "Öd"]],
    ["Mira Holt", ["Mira Holt"]],
    ["Little Feat", ["Little Feat"]],
    ["Ft. Lowell Band", ["Ft. Lowell Band"]],
    ["10,000 Lanterns", ["10,000 Lanterns"]],
    ["+44 Lane", ["+44 Lane"]],
    ["", []],
  ];
  for (const [credit, artists] of cases) assert.deepEqual(splitCredit(credit, NOBODY), { artists, inDoubt: false });
});

Deno.test("A sign separates beside an artist who is known, and in doubt the name stays whole", () => {
  const known = knownArtists(["Mira Holt", "Lys & Ferrow", "Tyne, The Maker", "Little Feat"]);
  const cases: [string, string[], boolean?][] = [
    ...[",", ", ", " & ", " x ", " × ", " + ", "/", " / ", " and ", " with ", " w/ ", " vs. ", ", and ", "、"]
      .map((sign): [string, string[]] => [`New One${sign}MIRA HOLT`, ["New One", "MIRA HOLT"]]),
    ["New One, Lys & Ferrow", ["New One", "Lys & Ferrow"]],
    ["Tyne, The Maker & New One", ["Tyne, The Maker", "New One"]],
    ["Mira Holt, New One, Other", ["Mira Holt", "New One", "Other"]],
    ["Mira Holt, New One & Other", ["Mira Holt", "New One & Other"], true],
    ["New One, Mira Holt & Other", ["New One", "Mira Holt", "Other"]],
    ["Little Feat & Mira Holt", ["Little Feat", "Mira Holt"]],
    ["Mira Holt feat. New One & Other", ["Mira Holt", "New One & Other"], true],
    ["Lys and Ferrow", ["Lys and Ferrow"]],
    ["Wind, Rain & Snow", ["Wind, Rain & Snow"], true],
    ["New One + The Others", ["New One + The Others"], true],
  ];
  for (const [credit, artists, inDoubt = false] of cases) {
    assert.deepEqual(splitCredit(credit, known), { artists, inDoubt }, credit);
  }
});

Deno.test("The credits of a file are judged by each other, whatever their order", () => {
  const credits = [
    "Mira",
    "Mira, Odd",
    "Lys & Ferrow",
    "Zed, Lys & Ferrow",
    "Pell, Quint",
    "['Pell', 'Ruo']",
    "Sy & Ty",
  ];
  const found = new Map(splitCredits(credits, ["Ty"]));
  assert.deepEqual([...found].map(([, { artists }]) => artists), [
    ...[["Mira"], ["Pell", "Ruo"], ["Mira", "Odd"]],
    ...[["Lys & Ferrow"], ["Pell", "Quint"], ["Sy", "Ty"], ["Zed", "Lys & Ferrow"]],
  ]);
  assert.deepEqual([...found].filter(([, { inDoubt }]) => inDoubt).map(([credit]) => credit), ["Lys & Ferrow"]);
  fc.assert(fc.property(fc.shuffledSubarray(credits, { minLength: credits.length }), (shuffled) => {
    const again = splitCredits(shuffled, ["Ty"]);
    for (const [credit, what] of found) assert.deepEqual(again.get(credit), what);
  }));
});

Deno.test("Known artists joined by any sign come apart again, in their order", () => {
  const name = fc.stringMatching(/^[A-Z][a-z]{2,7} [A-Z][a-z]{2,7}$/);
  const sign = fc.constantFrom(", ", ",", " & ", " x ", " + ", " / ", " and ", " with ", " feat. ", ";", " ft ");
  fc.assert(fc.property(
    fc.uniqueArray(name, { minLength: 1, maxLength: 5, selector: (text) => text.toLowerCase() }),
    fc.array(sign, { minLength: 4, maxLength: 4 }),
    (names, signs) => {
      fc.pre(!names.some((text) => /\b(?:and|with|feat|vs)\b/i.test(text)));
      const credit = names.reduce((text, next, i) => i === 0 ? next : text + signs[i - 1] + next, "");
      assert.deepEqual(splitCredit(credit, knownArtists(names)), { artists: names, inDoubt: false });
    },
  ));
});

Deno.test("A credit whose number of artists is known is separated into that many", () => {
  assert.deepEqual(splitCounted("Wind, Rain & Snow", 1), ["Wind, Rain & Snow"]);
  assert.deepEqual(splitCounted("Wind, Rain & Snow", 2), ["Wind", "Rain & Snow"]);
  assert.deepEqual(splitCounted("Wind, Rain & Snow", 3), ["Wind", "Rain", "Snow"]);
  assert.equal(splitCounted("Wind, Rain & Snow", 4), undefined);
});
