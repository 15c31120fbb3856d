import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The file of a new term that every utility has. */
const TERM = `import type { Term } from "./term.ts";

/** Whether a candidate is explicit. */
export const explicit: Term<"explicit"> = {
  name: "explicit",
  formula: "1 if it is explicit, else 0",
  range: [0, 1],
  weight: { value: -2, basis: "wish", unit: 1, means: "an explicit track, against another" },
  label: "explicit",
  plainLabel: "Explicit",
  slider: [-5, 5],
  fill({ collection, candidates }, out, first, step) {
    const { explicit } = collection.catalog.numbers;
    for (let c = 0; c < candidates.length; c++) out[first + c * step] = explicit?.[candidates[c]] === 1 ? 1 : 0;
  },
};
`;

/** The entry of a new policy. */
const POLICY = `const backwards: Policy<"backwards"> = {
  name: "backwards",
  label: "Backwards",
  description: "the library from its end",
  order: (library) => Int32Array.from(library).reverse(),
};

/** All policies. */`;

/** Says what the rooms above make of the longer registries. */
const SCRIPT = `
import { comparedPolicies, segueVariants } from "./lib/evaluation/policies.ts";
import { LISTENER_WEIGHTS } from "./lib/evaluation/scenarios.ts";
import { simulateListeners } from "./lib/listening/simulated_listeners.ts";
import { SessionRequest, Weights } from "./lib/service/schemas.ts";
import { termViews } from "./lib/service/views.ts";
import { sessionOptions } from "./lib/cli/shuffle_options.ts";
import { DEFAULT_WEIGHTS } from "./lib/score/weights.ts";
import { randomCollection } from "./test/score/small_worlds.ts";

const collection = randomCollection(60, 20, 1);
const learned = { pooled: DEFAULT_WEIGHTS, prior: undefined as never, temperature: 1 };
console.log(JSON.stringify({
  columns: simulateListeners(collection, { users: 2, steps: 3 }).sets.features,
  variants: segueVariants(learned).map(({ label }) => label),
  compared: comparedPolicies(learned).map(({ label }) => label),
  listeners: LISTENER_WEIGHTS.mean,
  wire: Weights.safeParse(DEFAULT_WEIGHTS).success && SessionRequest.safeParse({ policy: "backwards" }).success,
  slider: termViews(false).find(({ name }) => name === "explicit"),
  weights: sessionOptions(collection, { policy: "backwards", weights: "explicit=-3" }),
}));
`;

Deno.test("recipe: a file and a line make a term of every utility, an entry and a line a policy, in all rooms", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-recipe-"));
  const change = (file: string, from: string, to: string) => {
    const text = readFileSync(join(folder, file), "utf8");
    assert.ok(text.includes(from), `${file} has no ${from}`);
    writeFileSync(join(folder, file), text.replace(from, to));
  };
  try {
    for (const part of ["lib", "deno.json", "deno.lock", "test/score/small_worlds.ts"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "lib/score/terms/explicit.ts"), TERM);
    const registry = "lib/score/terms/registry.ts";
    change(registry, "  clusterDiversity,\n", "  clusterDiversity,\n  explicit,\n");
    change(registry, "import { familiarity", 'import { explicit } from "./explicit.ts";\nimport { familiarity');
    change("lib/score/policies.ts", "/** All policies. */", POLICY);
    change("lib/score/policies.ts", "freshest] as const", "freshest, backwards] as const");
    writeFileSync(join(folder, "script.ts"), SCRIPT);
    const { stdout, stderr, status } = spawnSync(process.execPath, [
      "run",
      "-A",
      "--cached-only",
      "--check",
      "script.ts",
    ], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    const seen = JSON.parse(stdout);
    assert.deepEqual(seen.columns, ["similarity", "recency", "sameArtist", "keyMatch", "clusterDiversity", "explicit"]);
    for (const label of ["without explicit", "explicit × 2", "no hard rules, without explicit"]) {
      assert.ok(seen.variants.includes(label), label);
    }
    assert.ok(seen.compared.includes("Backwards"));
    assert.equal(seen.listeners.explicit, 0);
    assert.equal(seen.wire, true);
    assert.deepEqual(seen.slider, { name: "explicit", label: "Explicit", slider: [-5, 5] });
    assert.equal(seen.weights.policy, "backwards");
    assert.equal(seen.weights.weights.explicit, -3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
