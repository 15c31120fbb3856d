import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { measureHouse } from "./house.ts";

/** Measures a library of a few files. */
function measure(files: Record<string, string>, map = "The map.\n") {
  const lib = mkdtempSync(join(tmpdir(), "segue-house-"));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(lib, file)), { recursive: true });
      writeFileSync(join(lib, file), text);
    }
    const rooms = new Set(Object.keys(files).map((file) => file.replace(/\/.*/, "/")));
    if (map) writeFileSync(join(lib, "README.md"), [...rooms].map((room) => `\`${room}\`\n`).join("") + map);
    return measureHouse(lib);
  } finally {
    rmSync(lib, { recursive: true });
  }
}

Deno.test("measureHouse() lets a room use lower floors, and finds what leads up, to a sibling or to what is forbidden", () => {
  const findings = (file: string, target: string) => measure({ [file]: `import "${target}";\n` }).findings.length;
  assert.equal(findings("score/walk.ts", "../graph/graph.ts"), 0);
  assert.equal(findings("graph/graph.ts", "../score/walk.ts"), 1, "up");
  assert.equal(findings("graph/graph.ts", "../embedding/split.ts"), 1, "to a sibling");
  assert.equal(findings("metrics/ranking.ts", "../math/shares.ts"), 0);
  assert.equal(findings("metrics/ranking.ts", "../data/errors.ts"), 1, "forbidden");
  assert.equal(findings("service/web/main.tsx", "../../evaluation/summary.ts"), 1, "forbidden, in a page");
  assert.equal(findings("cli/main.ts", "../prepare.ts"), 0);
  assert.equal(findings("score/walk.ts", "../prepare.ts"), 1, "up to a file");
  assert.equal(measure({ "shed/a.ts": "" }).findings.length, 1, "a room that is not in the plan");
});

Deno.test("measureHouse() finds a circle, made of types too", () => {
  const circle = {
    "score/a.ts": 'import type { B } from "./b.ts";\n',
    "score/b.ts": 'import type { A } from "./a.ts";\n',
  };
  assert.match(measure(circle).findings.join(), /a\.ts -> score\/b\.ts -> score\/a\.ts/);
});

Deno.test("measureHouse() counts lines and exported names and finds what is over the limits", () => {
  const long = "\n".repeat(401);
  const house = measure({
    "mod.ts": 'export { a, type B } from "./score/mod.ts";\nexport const c = 1;\n',
    "score/mod.ts": `export {\n  // Names.\n  a,\n  type B,\n} from "./a.ts";\n`,
    "score/a.ts": long,
    "score/kernel.as": long,
  });
  assert.equal(house.names, 3);
  assert.deepEqual(house.namesOfRooms, { score: 2 });
  assert.equal(house.longest, 401);
  assert.equal(house.lines, 2 + 5 + 2 * 401 + 3);
  assert.equal(house.findings.length, 1);
  assert.match(measure({ "mod.ts": 'export * from "./a.ts";\n' }).findings.join("\n"), /names: Infinity/);
});

Deno.test("measureHouse() finds what the map leaves out, and what it names and is not there", () => {
  const files = { "score/a.ts": "" };
  assert.deepEqual(measure(files).findings, []);
  assert.match(measure(files, "").findings.join(), /map, is missing/);
  assert.match(measure(files, "See `score/b.ts`.\n").findings.join(), /names score\/b\.ts/);
});
