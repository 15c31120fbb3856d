import assert from "node:assert/strict";
import { measureRun } from "../../lib/metrics/measure.ts";
import type { Run } from "../../lib/metrics/metric.ts";
import { METRICS } from "../../lib/metrics/registry.ts";
import { scenarioPlayer } from "../../lib/evaluation/play.ts";
import { comparedPolicies, segueVariants } from "../../lib/evaluation/policies.ts";
import { drawScenario, type Scenario, scenarioCollection } from "../../lib/evaluation/scenarios.ts";
import { BASE_TERM_NAMES } from "../../lib/score/terms/registry.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection, smallCollection } from "../score/small_worlds.ts";

const whole = randomCollection(200, 10, 2);
const learned = {
  pooled: DEFAULT_WEIGHTS,
  prior: {
    features: BASE_TERM_NAMES,
    mean: new Float64Array(5),
    basis: new Float64Array(5).fill(1),
    rank: 1,
    shares: Float64Array.of(1),
  },
  temperature: 0.5,
};
const policies = comparedPolicies(learned);

Deno.test("every policy plays the same starts, at the same hours, to the same number of tracks", async () => {
  const scenario = drawScenario(whole, 5, { librarySize: 60 });
  const collection = await scenarioCollection(scenario);
  for (const policy of policies) {
    const { plays, utilities } = scenarioPlayer(collection, scenario)(policy);
    assert.equal(plays.length, 200);
    scenario.starts.forEach((start, s) => {
      assert.equal(plays[s * scenario.plays], start, policy.name);
      assert.ok(Number.isNaN(utilities[s * scenario.plays]));
    });
  }
});

Deno.test("the listener's regret is never negative, and less under their own weights than under vanilla", async () => {
  const regret = (run: Run) => {
    const lost = run.best.map((best, p) => best - run.utilities[p]).filter((value) => !Number.isNaN(value));
    assert.ok(lost.every((value) => value >= 0));
    return lost.reduce((sum, value) => sum + value, 0) / lost.length;
  };
  const scenario = drawScenario(whole, 1, { librarySize: 60 });
  const collection = await scenarioCollection(scenario);
  const of = (name: string) => regret(scenarioPlayer(collection, scenario)(policies.find((p) => p.name === name)!));
  assert.ok(of("segue-own") < of("vanilla"));
});

Deno.test("a listener to whom everything is equal has utility 0 and regret 0", async () => {
  const drawn = drawScenario(whole, 0, { librarySize: 60 });
  const weights = { similarity: 0, recency: 0, sameArtist: 0, keyMatch: 0, clusterDiversity: 0 };
  const scenario: Scenario = { ...drawn, weights, liking: new Float64Array(drawn.tracks.length) };
  const run = scenarioPlayer(await scenarioCollection(scenario), scenario)(policies[0]);
  assert.ok(run.utilities.filter((value) => !Number.isNaN(value)).every((value) => value === 0));
  assert.ok(run.best.filter((value) => !Number.isNaN(value)).every((value) => value === 0));
});

Deno.test("utility of a pick is w · x plus the liking of the track, as worked out by hand", () => {
  // Two tracks at right angles by different artists, three apart on the circle of fifths, in clusters of their own: from
  // one to the other similarity 0, recency 0, artist 0, key match 1/2, and nothing of its cluster among the last plays.
  const collection = smallCollection([{ vector: [1, 0], key: 0 }, { vector: [0, 1], key: 9, mode: 1, cluster: 1 }]);
  const scenario: Scenario = {
    ...drawScenario(whole, 0),
    starts: Int32Array.of(0),
    times: Float64Array.of(0),
    seeds: Int32Array.of(1),
    plays: 2,
    weights: { similarity: 5, recency: 3, sameArtist: -1, keyMatch: 4, clusterDiversity: 2 },
    liking: Float64Array.of(0, 0.25),
  };
  const run = scenarioPlayer(collection, scenario)(policies[0]);
  assert.deepEqual([...run.plays], [0, 1]);
  assert.ok(Math.abs(run.utilities[1] - (4 * 0.5 + 2 + 0.25)) < 1e-12);
  assert.equal(run.best[1], run.utilities[1]);
});

Deno.test("every metric of every policy lies within its range", async () => {
  for (const listener of [0, 2, 11]) {
    const scenario = drawScenario(whole, listener, { librarySize: 60 });
    const collection = await scenarioCollection(scenario);
    for (const policy of [...policies, ...segueVariants(learned).slice(0, 3)]) {
      const { values, repeats, similarities, heard } = measureRun(scenarioPlayer(collection, scenario)(policy));
      for (const { name, range: [low, high] } of METRICS) {
        assert.ok(values[name] >= low - 1e-9 && values[name] <= high + 1e-9, `${policy.name} ${name} ${values[name]}`);
      }
      assert.ok(Math.abs(values.trackRepeat - repeats.track[49]) < 1e-12);
      assert.ok(Math.abs(similarities.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
      assert.ok(Math.abs(heard[199] - values.coverage) < 1e-12);
    }
  }
});

Deno.test("vanilla hears a tiny library through in a binge in exactly its size, and repeats no track before", async () => {
  const scenario = drawScenario(whole, 2);
  assert.deepEqual([scenario.library, scenario.pattern], ["tiny", "binge"]);
  const collection = await scenarioCollection(scenario);
  const { values, repeats } = measureRun(scenarioPlayer(collection, scenario)(policies[0]));
  assert.equal(values.allHeard, 40);
  assert.equal(values.halfHeard, 20);
  assert.equal(repeats.track[0], 0);
});
