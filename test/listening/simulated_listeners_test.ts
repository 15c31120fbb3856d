import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { createListener, simulateListeners } from "../../lib/listening/simulated_listeners.ts";
import { InputError } from "../../lib/data/errors.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { world300 } from "./world300.ts";

Deno.test("simulateListeners() gives the same log for the same seed, and another for another", () => {
  const collection = world300();
  const options = { users: 4, steps: 8, seed: 3 };
  const a = simulateListeners(collection, options);
  assert.deepEqual(a, simulateListeners(collection, options));
  assert.notDeepEqual(a.tracks, simulateListeners(collection, { ...options, seed: 4 }).tracks);
  // More listeners do not change the first ones.
  const more = simulateListeners(collection, { ...options, users: 5 });
  assert.deepEqual(more.tracks.slice(0, a.tracks.length), a.tracks);
});

Deno.test("every simulated choice set holds its chosen track, never the current one, and no track twice", () => {
  const { sets, tracks, current, times, steps } = simulateListeners(world300(), { users: 5, steps: 20 });
  for (let n = 0; n < sets.chosen.length; n++) {
    const offered = tracks.subarray(sets.starts[n], sets.starts[n + 1]);
    assert.ok(sets.chosen[n] >= sets.starts[n] && sets.chosen[n] < sets.starts[n + 1]);
    assert.equal(new Set(offered).size, offered.length);
    assert.ok(!offered.includes(current[n]));
    if (steps[n] > 0) assert.ok(times[n] > times[n - 1]);
  }
  assert.deepEqual(sets.features, ["similarity", "recency", "sameArtist", "keyMatch", "clusterDiversity"]);
});

Deno.test("the weights of simulated listeners are learned within four standard errors, over the temperature", () => {
  const { sets } = simulateListeners(world300(), { users: 60, steps: 40, temperature: 2 });
  for (const c of fitConditionalLogit(sets).coefficients) {
    const truth = DEFAULT_WEIGHTS[c.feature as "similarity"] / 2;
    assert.ok(Math.abs(c.estimate - truth) < 4 * c.robustStandardError!, `${c.feature}: ${c.estimate}, not ${truth}`);
  }
});

Deno.test("noise listeners choose at random, and spread gives each listener weights of their own", () => {
  const noisy = simulateListeners(world300(), { users: 30, steps: 20, noise: 1 });
  for (const c of fitConditionalLogit(noisy.sets).coefficients) assert.ok(Math.abs(c.estimate) < 4.5 * c.standardError);
  const options = { users: 200, spread: { keyMatch: 2 } };
  const collection = world300();
  const weights = Array.from({ length: 200 }, (_, u) => createListener(collection, u, options).weights);
  const own = weights.map(({ keyMatch }) => keyMatch);
  const mean = own.reduce((a, b) => a + b, 0) / 200;
  const sd = Math.sqrt(own.reduce((sum, w) => sum + (w - mean) ** 2, 0) / 199);
  assert.ok(Math.abs(mean - 1) < 0.5 && Math.abs(sd - 2) < 0.4);
  assert.ok(weights.every(({ similarity }) => similarity === DEFAULT_WEIGHTS.similarity));
});

Deno.test("simulateListeners() says what is out of range", () => {
  const collection = world300();
  assert.throws(() => simulateListeners(collection, { users: 0 }), /users to be an integer of at least 1 but found 0/);
  assert.throws(() => simulateListeners(collection, { temperature: 0 }), InputError);
  assert.throws(
    () => simulateListeners(collection, { spread: { tempo: 1 } as Record<string, number> }),
    /term in spread/,
  );
});
