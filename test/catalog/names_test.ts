import assert from "node:assert/strict";
import fc from "fast-check";
import { findNames, nameFinder, splitKnown } from "../../lib/catalog/names.ts";
import { InputError } from "../../lib/data/errors.ts";

Deno.test("genres are found as people write them", () => {
  const names = ["indie-pop", "r-n-b", "drum-and-bass", "hip-hop", "pop", "dance pop", "indie pop"];
  const table: [typed: string, found: string[]][] = [
    ["Indie Pop", ["indie-pop", "indie pop"]],
    ["R&B", ["r-n-b"]],
    ["r and b", ["r-n-b"]],
    ["rnb", ["r-n-b"]],
    ["Drum & Bass", ["drum-and-bass"]],
    ["drum'n'bass", ["drum-and-bass"]],
    ["HipHop", ["hip-hop"]],
    ["pop", ["pop"]],
  ];
  for (const [typed, found] of table) {
    assert.deepEqual(findNames("genre", names, [typed]).map((place) => names[place]), found, typed);
  }
});

Deno.test("an artist is found without case, accents and punctuation, but one who is called exactly so is meant alone", () => {
  const names = ["MØ", "Mo", "Beyoncé", "P!nk", "Marlo, The Maker"];
  const found = (typed: string) => nameFinder("artist", names)(typed).map((place) => names[place]);
  assert.deepEqual(found("mo"), ["Mo"]);
  assert.deepEqual(found("MØ"), ["MØ"]);
  assert.deepEqual(found("beyonce"), ["Beyoncé"]);
  assert.deepEqual(found("Pink"), ["P!nk"]);
  assert.deepEqual(found("marlo the maker"), ["Marlo, The Maker"]);
  assert.deepEqual(found("Marlo"), []);
});

Deno.test("an unknown name is answered with the closest: those that hold it, then the fewest edits away", () => {
  const fails = (kind: "genre" | "artist", names: string[], typed: string, message: string) =>
    assert.throws(() => findNames(kind, names, [typed]), (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.message, message);
      return true;
    });
  fails(
    "genre",
    ["retro", "heavy-metal", "pop"],
    "Metal",
    "The catalogue has no genre 'Metal'; closest are heavy-metal; retro; pop",
  );
  fails("artist", ["Vela Norrick"], "Vela Norik", "The catalogue has no artist 'Vela Norik'; closest are Vela Norrick");
  fails("genre", [], "pop", "The catalogue has no genre 'pop'; it has none");
});

Deno.test("known names keep their commas, all else is parted there", () => {
  const known = new Set(["Marlo, The Maker", "Vela", "Crosby, Stills, Nash & Young", "Crosby"]);
  const split = (...typed: string[]) => splitKnown(typed, (name) => known.has(name.trim()));
  assert.deepEqual(split("Marlo, The Maker"), ["Marlo, The Maker"]);
  assert.deepEqual(split("Vela, Marlo, The Maker,Nobody"), ["Vela", "Marlo, The Maker", "Nobody"]);
  assert.deepEqual(split("Crosby, Stills, Nash & Young", "Vela"), ["Crosby, Stills, Nash & Young", "Vela"]);
  assert.deepEqual(split("Crosby, Vela,, "), ["Crosby", "Vela"]);
  // Whatever the names: each that is known comes back from a list of all.
  const word = fc.stringMatching(/^[a-z]{1,6}$/);
  const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(", "));
  fc.assert(fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
    const first = names[0];
    assert.deepEqual(splitKnown([first], (text) => names.includes(text.trim())), [first]);
    assert.equal(splitKnown(names, () => false).join(", "), names.join(", "));
  }));
});
